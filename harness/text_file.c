#include "harness/text_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"

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

char *text_file_read(const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    struct buf text = { 0 };
    char piece[4096];
    size_t got;

    if (!file) {
        err_set_errno(err, ERR_IO, path);
        return NULL;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(&text, piece, got);
    fclose(file);
    return buf_take(&text);
}
