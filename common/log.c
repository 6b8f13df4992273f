#include "common/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "common/buf.h"

/* Set once, before the first thread. */
static const char *log_program = "gatedrill";
static enum log_level log_most = LOG_WARNING;

void log_init(const char *program, enum log_level most)
{
    log_program = program;
    log_most = most;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    struct buf line = { 0 };
    size_t start;
    ssize_t written;
    va_list args;

    if (level > log_most)
        return;
    buf_printf(&line, "%s: %s: ", log_program, names[level]);
    start = line.length;
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    /* One message stays one line, whatever a peer put into it. */
    for (size_t i = start; i < line.length; i++) {
        if ((unsigned char)line.data[i] < ' ' || line.data[i] == 127)
            line.data[i] = ' ';
    }
    buf_add_text(&line, "\n");
    /* One write, so that lines of several threads do not mix. Nobody is left
     * to tell when stderr itself fails. */
    written = write(STDERR_FILENO, line.data, line.length);
    (void)written;
    buf_release(&line);
}
