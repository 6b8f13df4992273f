#include "harness/text_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool text_file_write(const char *path, const char *text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t length = strlen(text);
    bool ok;

    if (fd < 0) {
        err_set_errno(err, ERR_IO, path);
        return false;
    }
    ok = write(fd, text, length) == (ssize_t)length;
    if (!ok)
        err_set_errno(err, ERR_IO, path);
    close(fd);
    return ok;
}

bool text_file_append_to(struct buf *out, const char *path, struct err *err)
{
    FILE *file = fopen(path, "rbe");
    char piece[16384];
    size_t got;
    bool whole;

    if (!file) {
        err_set_errno(err, ERR_IO, path);
        return false;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(out, piece, got);
    whole = !ferror(file);
    if (!whole)
        err_set_errno(err, ERR_IO, path);
    fclose(file);
    return whole;
}

char *text_file_read(const char *path, struct err *err)
{
    struct buf text = { 0 };

    if (text_file_append_to(&text, path, err))
        return buf_take(&text);
    buf_release(&text);
    return NULL;
}
