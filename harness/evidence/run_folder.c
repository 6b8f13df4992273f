#include "harness/evidence/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "harness/text_file.h"

static const char *const line_names[RUN_FOLDER_LINES] = { "records.jsonl",
                                                          "history.jsonl" };

static char *path_in(const struct run_folder *folder, const char *name)
{
    return xasprintf("%s/%s", folder->path, name);
}

/* mkdir -p for everything above the last '/' of path. */
static bool make_parents(const char *path, struct err *err)
{
    char *copy = xstrdup(path);
    bool made = true;

    for (char *at = strchr(copy + 1, '/'); at && made;
         at = strchr(at + 1, '/')) {
        *at = '\0';
        made = mkdir(copy, 0777) == 0 || errno == EEXIST;
        if (!made)
            err_set_errno(err, ERR_IO, copy);
        *at = '/';
    }
    free(copy);
    return made;
}

static bool make_folder(const char *path, mode_t mode, struct err *err)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return true;
    err_set_errno(err, ERR_IO, path);
    return false;
}

static bool open_lines(struct run_folder *folder, struct err *err)
{
    for (size_t i = 0; i < RUN_FOLDER_LINES; i++) {
        char *path = path_in(folder, line_names[i]);

        snprintf(folder->lines[i].name, sizeof folder->lines[i].name, "%s",
                 line_names[i]);
        folder->lines[i].fd =
            open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (folder->lines[i].fd < 0)
            err_set_errno(err, ERR_IO, path);
        free(path);
        if (folder->lines[i].fd < 0)
            return false;
    }
    return true;
}

static bool make_folders(struct run_folder *folder, struct err *err)
{
    static const struct {
        const char *name;
        mode_t mode;
    } below[] = { { "records", 0777 },
                  { "inputs", 0777 },
                  { "quarantine", 0700 } };
    char *probe = path_in(folder, "run.json");
    bool taken = access(probe, F_OK) == 0;
    bool made;

    free(probe);
    if (taken) {
        err_set(err, ERR_STATE, folder->path,
                "this folder already holds a run; name another with --out");
        return false;
    }
    made =
        make_parents(folder->path, err) && make_folder(folder->path, 0777, err);
    for (size_t i = 0; i < sizeof below / sizeof below[0] && made; i++) {
        char *path = path_in(folder, below[i].name);

        made = make_folder(path, below[i].mode, err);
        free(path);
    }
    return made;
}

void run_folder_init(struct run_folder *out)
{
    *out = (struct run_folder){ 0 };
    for (size_t i = 0; i < RUN_FOLDER_LINES; i++)
        out->lines[i].fd = -1;
    pthread_mutex_init(&out->lock, NULL);
    pthread_rwlock_init(&out->forbidding, NULL);
}

bool run_folder_open(struct run_folder *out, const char *path, struct err *err)
{
    run_folder_init(out);
    out->path = xstrdup(path);
    if (make_folders(out, err) && open_lines(out, err))
        return true;
    run_folder_close(out);
    return false;
}

void run_folder_close(struct run_folder *folder)
{
    if (!folder)
        return;
    for (size_t i = 0; folder->path && i < RUN_FOLDER_LINES; i++)
        if (folder->lines[i].fd >= 0)
            close(folder->lines[i].fd);
    forbidden_release(&folder->forbidden);
    free(folder->path);
    pthread_mutex_destroy(&folder->lock);
    pthread_rwlock_destroy(&folder->forbidding);
    *folder = (struct run_folder){ 0 };
}

void run_folder_forbid(struct run_folder *folder, const struct canary *secret)
{
    pthread_rwlock_wrlock(&folder->forbidding);
    forbidden_add(&folder->forbidden, secret);
    pthread_rwlock_unlock(&folder->forbidding);
}

/* The self-scan: no file of ours may hold a credential, a prompt or a
 * completion. */
bool run_folder_allows(struct run_folder *folder, const char *name,
                       const char *text, size_t length, struct err *err)
{
    struct forbidden_place place;
    const char *id;

    pthread_rwlock_rdlock(&folder->forbidding);
    id = forbidden_find(&folder->forbidden, text, length, &place);
    if (id)
        err_set(err, ERR_STATE, name,
                "not written: it would hold the secret \"%s\" (%s, at byte "
                "%zu); the gateway or a message of ours has put it there",
                id, place.coding, place.from);
    pthread_rwlock_unlock(&folder->forbidding);
    return !id;
}

void run_folder_conceal(struct run_folder *folder, struct buf *text)
{
    pthread_rwlock_rdlock(&folder->forbidding);
    forbidden_conceal(&folder->forbidden, text);
    pthread_rwlock_unlock(&folder->forbidding);
}

static void describe(struct buf *out, const struct run_folder *folder)
{
    buf_printf(out, "%lld records and %lld files are whole in %s",
               (long long)folder->lines[0].count, (long long)folder->file_count,
               folder->path);
}

/* The world's error, and what is safe in spite of it. */
static bool fail_io(const struct run_folder *folder, const char *path,
                    struct err *err)
{
    char reason[128];
    struct buf safe = { 0 };
    const char *words = strerror_r(errno, reason, sizeof reason);

    describe(&safe, folder);
    err_set(err, ERR_IO, path, "%s; %s", words, buf_text(&safe));
    buf_release(&safe);
    return false;
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

/* Makes a rename last: the folder is a file too. */
static bool sync_folder_of(const char *path)
{
    char *folder = xstrdup(path);
    char *slash = strrchr(folder, '/');
    bool synced;
    int fd;

    if (slash)
        *slash = '\0';
    fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return false;
    synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

static bool write_whole(const char *path, const char *text, size_t length,
                        mode_t mode)
{
    char *temporary = xasprintf("%s.tmp", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool written = fd >= 0 && write_all(fd, text, length) && fsync(fd) == 0;
    int problem = errno;

    if (fd >= 0 && close(fd) != 0 && written) {
        problem = errno;
        written = false;
    }
    if (written && rename(temporary, path) != 0) {
        problem = errno;
        written = false;
    }
    if (!written) {
        unlink(temporary);
        errno = problem;
    }
    free(temporary);
    return written && sync_folder_of(path);
}

static bool name_allowed(const char *name, struct err *err)
{
    if (*name && *name != '/' && !strstr(name, ".."))
        return true;
    err_set(err, ERR_STATE, name, "not a name below the run's folder");
    return false;
}

static bool allowed_in(struct run_folder *folder, const char *name,
                       const char *text, size_t length, struct err *err)
{
    return name_allowed(name, err) &&
           run_folder_allows(folder, "a file's name", name, strlen(name),
                             err) &&
           run_folder_allows(folder, name, text, length, err);
}

bool run_folder_write(struct run_folder *folder, const char *name,
                      const char *text, size_t length, struct err *err)
{
    char *path = path_in(folder, name);
    bool fresh = access(path, F_OK) != 0;
    bool written = allowed_in(folder, name, text, length, err);

    if (written && strchr(name, '/'))
        written = make_parents(path, err);
    if (written)
        written = write_whole(path, text, length, 0644);
    else
        goto done;
    pthread_mutex_lock(&folder->lock);
    if (!written)
        fail_io(folder, path, err);
    else if (fresh)
        folder->file_count++;
    pthread_mutex_unlock(&folder->lock);

done:
    free(path);
    return written;
}

/* Under the lock, since the slow part, waiting for the disk, is done by many
 * threads at once: whole lines, one after the other. */
static bool append_line(struct run_folder *folder, size_t index,
                        const char *line)
{
    int fd = folder->lines[index].fd;
    off_t before = lseek(fd, 0, SEEK_END);
    char *whole = xasprintf("%s\n", line);
    bool written = write_all(fd, whole, strlen(whole));
    int problem = errno;

    free(whole);
    /* A torn line would spoil the file for whoever reads it next. */
    if (!written && (before < 0 || ftruncate(fd, before) != 0))
        log_line(LOG_ERROR, "%s: a torn line could not be taken back",
                 folder->lines[index].name);
    errno = problem;
    return written;
}

static bool append_fail(struct run_folder *folder, size_t index,
                        struct err *err)
{
    int problem = errno;
    char *path = path_in(folder, folder->lines[index].name);

    pthread_mutex_lock(&folder->lock);
    errno = problem;
    fail_io(folder, path, err);
    pthread_mutex_unlock(&folder->lock);
    free(path);
    return false;
}

static bool append_to(struct run_folder *folder, size_t index, const char *line,
                      struct err *err)
{
    bool written;

    if (!allowed_in(folder, folder->lines[index].name, line, strlen(line), err))
        return false;
    pthread_mutex_lock(&folder->lock);
    written = append_line(folder, index, line);
    pthread_mutex_unlock(&folder->lock);
    if (!written || fdatasync(folder->lines[index].fd) != 0)
        return append_fail(folder, index, err);
    pthread_mutex_lock(&folder->lock);
    folder->lines[index].count++;
    pthread_mutex_unlock(&folder->lock);
    return true;
}

bool run_folder_append(struct run_folder *folder, const char *name,
                       const char *line, struct err *err)
{
    for (size_t i = 0; i < RUN_FOLDER_LINES; i++)
        if (strcmp(folder->lines[i].name, name) == 0)
            return append_to(folder, i, line, err);
    err_set(err, ERR_STATE, name, "not a file of lines of this folder");
    return false;
}

bool run_folder_copy(struct run_folder *folder, const char *name,
                     const char *from, struct err *err)
{
    struct buf text = { 0 };
    bool copied =
        text_file_append_to(&text, from, err) &&
        run_folder_write(folder, name, buf_text(&text), text.length, err);

    buf_release(&text);
    return copied;
}

bool run_folder_quarantine(struct run_folder *folder, const char *name,
                           const char *from, struct err *err)
{
    struct buf text = { 0 };
    char *path = xasprintf("%s/quarantine/%s", folder->path, name);
    bool kept = name_allowed(name, err) && !strchr(name, '/');

    if (!kept)
        err_set(err, ERR_STATE, name, "not a name for quarantine");
    kept =
        kept &&
        run_folder_allows(folder, "a file's name", name, strlen(name), err) &&
        text_file_append_to(&text, from, err);
    pthread_mutex_lock(&folder->lock);
    if (kept && !write_whole(path, buf_text(&text), text.length, 0600))
        kept = fail_io(folder, path, err);
    pthread_mutex_unlock(&folder->lock);
    if (text.data)
        xwipe(text.data, text.length);
    buf_release(&text);
    free(path);
    return kept;
}
