#include "harness/leaks/trail.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/leaks/trail_parts.h"

static void fail(struct trail *trail, const char *what)
{
    if (!trail->problem[0])
        snprintf(trail->problem, sizeof trail->problem, "%s", what);
}

void trail_tail(char out[static DIGEST_HEX_SIZE], int fd, int64_t end)
{
    char bytes[TRAIL_TAIL_BYTES];
    int64_t from = end > TRAIL_TAIL_BYTES ? end - TRAIL_TAIL_BYTES : 0;
    size_t length = 0;

    while (length < (size_t)(end - from)) {
        ssize_t got = pread(fd, bytes + length, (size_t)(end - from) - length,
                            from + (int64_t)length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    digest_sha256(out, bytes, length);
    xwipe(bytes, sizeof bytes);
}

static bool is_known(const struct trail *trail, const struct stat *status)
{
    for (size_t i = 0; i < trail->count; i++)
        if (trail->items[i].inode == status->st_ino &&
            trail->items[i].device == status->st_dev)
            return true;
    return false;
}

static struct trail_file *add_file(struct trail *trail, const char *path,
                                   const struct stat *status)
{
    struct trail_file *file;

    trail->items = xgrow(trail->items, trail->count, &trail->capacity,
                         sizeof *trail->items);
    file = &trail->items[trail->count++];
    *file = (struct trail_file){ .device = status->st_dev,
                                 .inode = status->st_ino,
                                 .size = status->st_size,
                                 .path = xstrdup(path),
                                 .fd = -1 };
    return file;
}

/* A file that is not there is no problem: nothing was written. */
static void fail_errno(struct trail *trail)
{
    if (errno != ENOENT)
        fail(trail, strerrordesc_np(errno));
}

/* The descriptor says which file was looked at, whatever is renamed by then. */
static void open_file(struct trail *trail, const char *path)
{
    struct trail_file *file;
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &status) != 0) {
        fail_errno(trail);
        if (fd >= 0)
            close(fd);
        return;
    }
    if (is_known(trail, &status)) {
        close(fd);
        return;
    }
    file = add_file(trail, path, &status);
    file->fd = fd;
    if (file->size)
        trail_tail(file->tail, fd, file->size);
}

static void look_at(struct trail *trail, const char *path, bool open, bool only)
{
    struct stat status;

    if (trail->count == TRAIL_FILES_MOST) {
        fail(trail, "are more than 256 files");
        return;
    }
    if (stat(path, &status) != 0) {
        fail_errno(trail);
        return;
    }
    if (!S_ISREG(status.st_mode)) {
        if (only || !S_ISDIR(status.st_mode))
            fail(trail, "is not a regular file");
        return;
    }
    if (open)
        open_file(trail, path);
    else if (!is_known(trail, &status))
        add_file(trail, path, &status);
}

void trail_look(struct trail *out, const char *pattern, bool open)
{
    glob_t found;

    *out = (struct trail){ 0 };
    if (!strpbrk(pattern, "*?[")) {
        look_at(out, pattern, open, true);
        return;
    }
    switch (glob(pattern, GLOB_NOSORT, NULL, &found)) {
    case 0:
        for (size_t i = 0; i < found.gl_pathc; i++)
            look_at(out, found.gl_pathv[i], open, false);
        break;
    case GLOB_NOMATCH:
        break;
    default:
        fail(out, "the folder cannot be read");
    }
    globfree(&found);
}

void trail_release(struct trail *trail)
{
    for (size_t i = 0; i < trail->count; i++) {
        if (trail->items[i].fd >= 0)
            close(trail->items[i].fd);
        free(trail->items[i].path);
    }
    free(trail->items);
    *trail = (struct trail){ 0 };
}

const struct trail_file *trail_find(const struct trail *trail,
                                    const struct trail_file *file)
{
    for (size_t i = 0; i < trail->count; i++)
        if (trail->items[i].inode == file->inode &&
            trail->items[i].device == file->device)
            return &trail->items[i];
    return NULL;
}

bool trail_grew(const struct trail *before, const struct trail *after)
{
    for (size_t i = 0; i < after->count; i++) {
        const struct trail_file *old = trail_find(before, &after->items[i]);

        if (after->items[i].size > (old ? old->size : 0))
            return true;
    }
    return false;
}
