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

static void (*_Atomic log_concealing)(struct buf *line);

void log_conceal(void (*conceal)(struct buf *line))
{
    log_concealing = conceal;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    void (*conceal)(struct buf *) = log_concealing;
    struct buf line = { 0 }, whole = { 0 };
    ssize_t written;
    va_list args;

    if (level > log_most)
        return;
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    if (conceal)
        conceal(&line);
    /* One message stays one line, whatever a peer put into it. */
    for (size_t i = 0; i < line.length; i++) {
        if ((unsigned char)line.data[i] < ' ' || line.data[i] == 127)
            line.data[i] = ' ';
    }
    buf_printf(&whole, "%s: %s: %s\n", log_program, names[level],
               buf_text(&line));
    /* One write, so that lines of several threads do not mix. Nobody is left
     * to tell when stderr itself fails. */
    written = write(STDERR_FILENO, whole.data, whole.length);
    (void)written;
    buf_release(&line);
    buf_release(&whole);
}
