#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/leaks/process_table.h"
#include "harness/leaks/source.h"

/* A file of /proc, whole. False and errno when it cannot be read. */
static bool read_whole(struct buf *out, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char bytes[16384];
    ssize_t got = -1;

    if (fd < 0)
        return false;
    do {
        got = read(fd, bytes, sizeof bytes);
        if (got > 0)
            buf_add(out, bytes, (size_t)got);
    } while (got > 0 || (got < 0 && errno == EINTR));
    xwipe(bytes, sizeof bytes);
    close(fd);
    return got == 0;
}

/* Texts that end with a NUL, each a piece of its own. */
static void add_texts(struct page *page, const char *bytes, size_t length,
                      size_t place)
{
    for (size_t at = 0; at < length;) {
        size_t text = strnlen(bytes + at, length - at);

        page_add(page, bytes + at, text, place);
        at += text + 1;
    }
}

/* The program's name, by which a finding says where it was. */
static void name_process(char *out, size_t size, pid_t pid)
{
    struct buf name = { 0 };
    char path[48];

    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    read_whole(&name, path);
    snprintf(out, size, "%.*s", (int)strcspn(buf_text(&name), "\n"),
             buf_text(&name));
    buf_release(&name);
}

/* One that ended while it was looked at is none. */
static void add_process(struct page *page, pid_t pid, const char *file)
{
    struct buf text = { 0 };
    char path[48], name[PAGE_PLACE_SIZE];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    if (!read_whole(&text, path) && errno != ENOENT && errno != ESRCH)
        page_fail(page, "%s of a process cannot be read: %s", file,
                  strerrordesc_np(errno));
    if (text.length) {
        name_process(name, sizeof name, pid);
        add_texts(page, text.data, text.length, page_place(page, name));
        xwipe(text.data, text.length);
    }
    buf_release(&text);
}

static void add_processes(struct page *page, const struct source_target *target,
                          const char *file)
{
    struct process_list list;

    process_list_take(&list, target->group);
    for (size_t i = 0; i < list.count; i++)
        add_process(page, list.items[i], file);
    process_list_release(&list);
}

static void fetch_arguments(struct page *page,
                            const struct source_target *target)
{
    add_processes(page, target, "cmdline");
}

static void fetch_environment(struct page *page,
                              const struct source_target *target)
{
    add_processes(page, target, "environ");
}

const struct source source_arguments = { .name = "process arguments",
                                         .standing = true,
                                         .fetch = fetch_arguments };
const struct source source_environment = { .name = "process environment",
                                           .standing = true,
                                           .fetch = fetch_environment };
