/* gatedrill-mock: options, signals, the ready line. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/core_files.h"
#include "common/json.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "mockserver/admin.h"
#include "mockserver/alone.h"
#include "mockserver/lease.h"
#include "mockserver/mock.h"
#include "mockserver/options.h"

#define EXIT_USAGE  2
#define EXIT_BROKEN 4

static void complain(const struct err *err)
{
    if (err->where[0])
        log_line(LOG_ERROR, "%s: %s", err->where, err->text);
    else
        log_line(LOG_ERROR, "%s", err->text);
}

struct stopper {
    struct loop_watch watch;
    struct loop *loop;
    int fd;
};

static void stopper_ready(struct loop_watch *watch, uint32_t events)
{
    struct stopper *stopper =
        (struct stopper *)(void *)((char *)watch -
                                   offsetof(struct stopper, watch));

    (void)events;
    stopper->loop->stopped = true;
}

/* SIGTERM and SIGINT end the loop; a client that left must not end us. */
static bool stopper_init(struct stopper *stopper, struct loop *loop,
                         struct err *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    stopper->watch.ready = stopper_ready;
    stopper->loop = loop;
    stopper->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (stopper->fd >= 0 &&
        loop_watch(loop, stopper->fd, EPOLLIN, &stopper->watch))
        return true;
    err_set_errno(err, ERR_IO, "signals");
    return false;
}

static void print_ready(const struct mock *mock, const struct admin *admin,
                        const struct options *options)
{
    struct json *line = json_new_object();
    struct json *listeners;
    char *text;

    json_add_bool(line, "ready", true);
    json_add_text(line, "admin", admin->url);
    listeners = json_add_object(line, "listeners");
    alone_list(mock, &options->advertise, listeners);
    text = json_print(line);
    printf("%s\n", text);
    fflush(stdout);
    free(text);
    json_free(line);
}

static bool serve(struct mock *mock, const struct options *options,
                  struct err *err)
{
    const struct dialect *dialect =
        options->dialect ? dialect_find(options->dialect) : dialects[0];
    struct stopper stopper = { .fd = -1 };
    struct admin admin = { .listen_fd = -1 };
    bool served = false;

    if (!dialect) {
        struct buf known = { 0 };

        for (size_t i = 0; dialects[i]; i++)
            buf_printf(&known, "%s%s", i ? ", " : "", dialects[i]->name);
        err_set(err, ERR_USAGE, "--dialect",
                "there is no dialect \"%s\"; known are %s", options->dialect,
                buf_text(&known));
        buf_release(&known);
        return false;
    }
    if (mock_init(mock, dialect, options->seed, options->journal, err) &&
        stopper_init(&stopper, &mock->loop, err) &&
        admin_start(&admin, mock, options->admin, options->admin_token_file,
                    err) &&
        alone_open(mock, options, err)) {
        print_ready(mock, &admin, options);
        mock_run(mock);
        served = true;
    }
    mock_release(mock);
    admin_stop(&admin);
    loop_release(&mock->loop);
    if (stopper.fd >= 0)
        close(stopper.fd);
    return served;
}

int main(int argc, char **argv)
{
    struct options options;
    struct mock *mock;
    struct err err = { 0 };
    bool served;

    log_init("gatedrill-mock", LOG_WARNING);
    core_files_forbid();
    json_wipe_freed();
    if (!options_read(&options, argc, argv, &err)) {
        complain(&err);
        return EXIT_USAGE;
    }
    if (options.help || options.version) {
        if (options.help)
            options_write_help(stdout);
        else
            puts("gatedrill-mock " GATEDRILL_VERSION);
        options_release(&options);
        return EXIT_SUCCESS;
    }
    mock = xcalloc(1, sizeof *mock);
    served = serve(mock, &options, &err);
    free(mock);
    options_release(&options);
    if (served)
        return EXIT_SUCCESS;
    complain(&err);
    return err.code == ERR_IO || err.code == ERR_NET ? EXIT_BROKEN : EXIT_USAGE;
}
