#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/launch/process.h"
#include "harness/leaks/source.h"

#define COMMAND_MS  5000
#define PIECE_BYTES 65536

static void take(struct page *page, int fd)
{
    struct buf text = { 0 };
    char *piece = xcalloc(PIECE_BYTES, 1);
    ssize_t got = 1;

    for (off_t at = 0; got > 0 && text.length <= PAGE_BYTES_MOST; at += got) {
        got = pread(fd, piece, PIECE_BYTES, at);
        if (got > 0)
            buf_add(&text, piece, (size_t)got);
    }
    if (got < 0)
        page_fail(page, "its output cannot be read: %s",
                  strerrordesc_np(errno));
    page_add_text(page, buf_text(&text), text.length);
    if (text.data)
        xwipe(text.data, text.length);
    buf_release(&text);
    xwipe(piece, PIECE_BYTES);
    free(piece);
}

/* No shell; what it prints goes into memory that has no name. */
static void fetch(struct page *page, const struct source_target *target)
{
    int fd = memfd_create("command", MFD_CLOEXEC);
    struct process_spec spec = { .argv = target->words,
                                 .environment = target->environment,
                                 .folder = target->folder,
                                 .stdout_fd = fd };
    struct err err = { 0 };
    int status;

    if (fd < 0) {
        page_fail(page, "%s", strerrordesc_np(errno));
        return;
    }
    status = process_run(&spec, COMMAND_MS, &err);
    if (status < 0)
        page_fail(page, "the command could not be run: %.60s", err.text);
    else if (status)
        page_fail(page, "the command ended with exit status %d", status);
    take(page, fd);
    close(fd);
}

const struct source source_command = { .name = "command", .fetch = fetch };
