/* log: one line a message on stderr. Never a credential, prompt or completion:
 * callers pass names, sizes and fingerprints. */
#ifndef GATEDRILL_COMMON_LOG_H
#define GATEDRILL_COMMON_LOG_H

#include "common/buf.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* The program's name before each line, and the most talkative level shown
 * (default LOG_WARNING). */
void log_init(const char *program, enum log_level most);
/* What goes over each message before it is written, to take out what must not
 * be; NULL: nothing. Called by the thread that logs. */
void log_conceal(void (*conceal)(struct buf *line));
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
