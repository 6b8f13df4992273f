/*
 * gatedrill-refgw: a small LLM gateway that does what its runbook says: the
 * executable meaning of the runbook's words, and the first gateway a newcomer
 * drills. Not a product.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/cli.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/debug.h"
#include "tests/refgateway/bug_place.h"
#include "tests/refgateway/front.h"
#include "tests/refgateway/listen.h"
#include "tests/refgateway/scrape.h"
#include "tests/refgateway/semconv.h"

#define EXIT_RUNTIME 1
#define EXIT_INPUT   2

struct options {
    const char *listen, *metrics, *config, *runbook, *access_log, *spend_log;
    int64_t seed, access_log_most;
    const char *bug;
    bool list_bugs, help, version;
};

static int report(const struct err *err)
{
    fprintf(stderr, "gatedrill-refgw: %s%s%s\n", err->where,
            *err->where ? ": " : "", err->text);
    return err->code == ERR_IO || err->code == ERR_NET ? EXIT_RUNTIME
                                                       : EXIT_INPUT;
}

static void list_bugs(void)
{
    for (enum bug bug = BUG_NONE + 1; bug < BUG_COUNT; bug++) {
        struct buf line = { 0 };

        bug_format(&line, bug);
        puts(buf_text(&line));
        buf_release(&line);
    }
}

static bool read_options(struct options *out, int argc, char **argv,
                         struct err *err)
{
    const struct cli_option table[] = {
        { .name = "listen",
          .kind = CLI_STRING,
          .out = &out->listen,
          .argument = "ADDR:PORT",
          .help = "where clients connect; port 0 takes a free one" },
        { .name = "metrics",
          .kind = CLI_STRING,
          .out = &out->metrics,
          .argument = "ADDR:PORT",
          .help = "where GET /metrics is answered; default: nowhere" },
        { .name = "config",
          .kind = CLI_STRING,
          .out = &out->config,
          .argument = "FILE",
          .help = "upstreams; keys by the environment" },
        { .name = "runbook",
          .kind = CLI_STRING,
          .out = &out->runbook,
          .argument = "FILE",
          .help = "the rules to obey" },
        { .name = "access-log",
          .kind = CLI_STRING,
          .out = &out->access_log,
          .argument = "FILE",
          .help = "one JSON line a request is appended" },
        { .name = "access-log-most",
          .kind = CLI_INT,
          .out = &out->access_log_most,
          .min = 1,
          .max = INT64_MAX,
          .argument = "BYTES",
          .help = "then it becomes FILE.1, and that FILE.2.gz" },
        { .name = "spend-log",
          .kind = CLI_STRING,
          .out = &out->spend_log,
          .argument = "FILE",
          .help = "SQLite, a row a request; SYSLOG in the environment, "
                  "HOST:PORT or a socket's path: a line a request" },
        { .name = "seed",
          .kind = CLI_INT,
          .out = &out->seed,
          .min = 1,
          .max = INT64_MAX,
          .argument = "N",
          .help = "jitter that can be repeated; default: random" },
        { .name = "bug",
          .kind = CLI_STRING,
          .out = &out->bug,
          .argument = "NAME",
          .help = "go wrong on purpose, in this one way" },
        { .name = "list-bugs",
          .kind = CLI_FLAG,
          .out = &out->list_bugs,
          .help = "print the bugs, one JSON line each" },
        { .name = "version",
          .kind = CLI_FLAG,
          .out = &out->version,
          .help = "print the version" },
        { .name = "help",
          .kind = CLI_FLAG,
          .out = &out->help,
          .help = "this text" },
        { 0 },
    };

    *out = (struct options){ 0 };
    if (!cli_parse(table, argc, argv, NULL, err))
        return false;
    if (out->help) {
        puts("gatedrill-refgw: the reference gateway");
        cli_write_help(stdout, table);
        return true;
    }
    if (out->version) {
        puts("gatedrill-refgw " GATEDRILL_VERSION);
        return true;
    }
    if (out->list_bugs) {
        list_bugs();
        return true;
    }
    if (out->listen && out->config && out->runbook)
        return true;
    err_set(err, ERR_USAGE, "command line",
            "--listen, --config and --runbook are needed");
    return false;
}

static void print_ready(int fd, int metrics_fd)
{
    struct buf line = { 0 };

    buf_add_text(&line, "{\"ready\":true,\"listen\":\"");
    listen_write_url(&line, fd);
    if (metrics_fd >= 0) {
        buf_add_text(&line, "\",\"metrics\":\"");
        listen_write_url(&line, metrics_fd);
        buf_add_text(&line, "/metrics");
    }
    buf_add_text(&line, "\"}");
    puts(buf_text(&line));
    fflush(stdout);
    buf_release(&line);
}

/* A request holds up to six descriptors. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Blocked here and in every thread started later: only serve() takes them. */
static void block_signals(sigset_t *stop)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(stop);
    sigaddset(stop, SIGTERM);
    sigaddset(stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, stop, NULL);
}

static bool serve(const struct front_plan *plan, const struct options *options,
                  const sigset_t *stop, struct err *err)
{
    int fd = listen_on(options->listen, "--listen", err);
    int metrics_fd = fd >= 0 && options->metrics
                         ? listen_on(options->metrics, "--metrics", err)
                         : -1;
    struct scrape *scrape = NULL;
    struct front *front;
    int caught;

    if (fd < 0)
        return false;
    if (options->metrics &&
        (metrics_fd < 0 ||
         !(scrape = scrape_start(plan->meter, metrics_fd, err)))) {
        close(fd);
        return false;
    }
    front = front_start(plan, fd, err);
    if (front) {
        print_ready(fd, metrics_fd);
        sigwait(stop, &caught);
        front_stop(front);
    }
    scrape_stop(scrape);
    return front != NULL;
}

int main(int argc, char **argv)
{
    struct options options;
    struct rules rules;
    struct settings settings = { 0 };
    struct access_log log = { 0 };
    struct draw draw = { 0 };
    struct settings_memory memory = { 0 };
    struct front_plan plan = { &rules, &settings, &memory, &draw,
                               &log,   NULL,      NULL };
    struct err err = { 0 };
    sigset_t stop;
    bool ok = false;

    if (!read_options(&options, argc, argv, &err))
        return report(&err);
    if (options.help || options.version || options.list_bugs)
        return EXIT_SUCCESS;
    if (options.bug) {
        enum bug bug;

        if (!bug_find(&bug, options.bug, &err))
            return report(&err);
        bug_set(bug);
    }
    draw.seeded = options.seed > 0;
    draw.seed = (uint64_t)options.seed;
    debug_begin();
    semconv_begin();
    plan.meter = meter_new();
    block_signals(&stop);
    raise_descriptor_limit();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (rules_load(&rules, options.runbook, &err) &&
        settings_load(&settings, options.config, &rules, &err) &&
        access_log_open(&log, options.access_log, options.access_log_most,
                        &err) &&
        (log.ledger = ledger_open(options.spend_log, getenv("SYSLOG"), &err)) &&
        exporter_start(&plan.exporter, plan.meter, &err))
        ok = serve(&plan, &options, &stop, &err);
    exporter_stop(plan.exporter);
    bug_place_at_exit(&log);
    ledger_close(log.ledger);
    meter_free(plan.meter);
    access_log_close(&log);
    settings_release(&settings);
    curl_global_cleanup();
    return ok ? EXIT_SUCCESS : report(&err);
}
