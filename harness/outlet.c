#include "harness/outlet.h"

#include <stdarg.h>
#include <stdlib.h>

#include "common/log.h"

/* The one thing that every way out of the program must know. */
static struct run_folder *_Atomic guarding;

static void conceal(struct buf *line)
{
    struct run_folder *folder = guarding;

    if (folder)
        run_folder_conceal(folder, line);
}

void outlet_guard(struct run_folder *folder)
{
    guarding = folder;
    log_conceal(folder ? conceal : NULL);
}

void outlet_say(FILE *out, const char *format, ...)
{
    struct buf text = { 0 };
    va_list args;

    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    conceal(&text);
    if (text.length)
        fwrite(text.data, 1, text.length, out);
    buf_release(&text);
}

bool outlet_stream(FILE *out, const char *name, const struct buf *text,
                   struct err *err)
{
    struct run_folder *folder = guarding;

    if (folder &&
        !run_folder_allows(folder, name, buf_text(text), text->length, err))
        return false;
    if (fwrite(buf_text(text), 1, text->length, out) == text->length &&
        fflush(out) == 0)
        return true;
    err_set_errno(err, ERR_IO, name);
    return false;
}

bool outlet_file(const char *path, const struct buf *text, struct err *err)
{
    struct run_folder *folder = guarding;
    FILE *out;
    bool written;

    /* Before it is opened: what was there stays. */
    if (folder &&
        !run_folder_allows(folder, path, buf_text(text), text->length, err))
        return false;
    out = fopen(path, "we");
    if (!out) {
        err_set_errno(err, ERR_IO, path);
        return false;
    }
    written = outlet_stream(out, path, text, err);
    if (fclose(out) != 0 && written) {
        err_set_errno(err, ERR_IO, path);
        written = false;
    }
    return written;
}
