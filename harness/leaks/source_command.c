#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/launch/process.h"
#include "harness/leaks/source.h"

#define COMMAND_MS  5000
#define PIECE_BYTES 65536

/* All that is there. False when no more will come. */
static bool take(struct buf *text, int fd)
{
    char *piece = xcalloc(PIECE_BYTES, 1);
    ssize_t got = 1;

    while (got > 0 && text->length <= PAGE_BYTES_MOST) {
        got = read(fd, piece, PIECE_BYTES);
        if (got > 0)
            buf_add(text, piece, (size_t)got);
    }
    xwipe(piece, PIECE_BYTES);
    free(piece);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Until it ends, prints too much or takes too long. Its children may hold the
 * pipe longer than it. */
static void collect(struct buf *text, int fd, const struct process *process)
{
    int64_t until_ns = clock_now_ns() + COMMAND_MS * NS_PER_MS;
    int64_t left_ms = COMMAND_MS;
    struct pollfd waits[] = { { .fd = fd, .events = POLLIN },
                              { .fd = process->pidfd, .events = POLLIN } };

    while (left_ms > 0 && text->length <= PAGE_BYTES_MOST &&
           !waits[1].revents) {
        if (poll(waits, sizeof waits / sizeof *waits, (int)left_ms) < 0 &&
            errno != EINTR)
            return;
        if (!take(text, fd))
            waits[0].fd = -1;
        left_ms = (until_ns - clock_now_ns()) / NS_PER_MS;
    }
}

static void add(struct page *page, const struct buf *text,
                const struct process *process)
{
    char how[64];

    if (text->length > PAGE_BYTES_MOST) {
        page_fail(page, "is longer than 64 MiB");
        return;
    }
    if (!process_has_ended(process, how, sizeof how))
        page_fail(page, "the command was still running after %d ms",
                  COMMAND_MS);
    else if (strcmp(how, "exit status 0") != 0)
        page_fail(page, "the command ended with %s", how);
    page_add_text(page, buf_text(text), text->length);
}

/* No shell. */
static void fetch(struct page *page, const struct source_target *target)
{
    struct process_spec spec = { .argv = target->words,
                                 .environment = target->environment,
                                 .folder = target->folder };
    struct process process;
    struct buf text = { 0 };
    struct err err = { 0 };
    int ends[2];
    bool started;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        page_fail(page, "%s", strerrordesc_np(errno));
        return;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    spec.stdout_fd = ends[1];
    started = process_start(&process, &spec, &err);
    close(ends[1]);
    if (started) {
        collect(&text, ends[0], &process);
        add(page, &text, &process);
        process_stop(&process, SIGKILL, 0);
    } else {
        page_fail(page, "the command could not be run: %.60s", err.text);
    }
    close(ends[0]);
    if (text.data)
        xwipe(text.data, text.length);
    buf_release(&text);
}

const struct source source_command = { .name = "command", .fetch = fetch };
