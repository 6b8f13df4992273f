/*
 * gatedrill-mutants: the proof that the judge judges. Drills the reference
 * gateway with every seeded bug, each of which must be failed by the check
 * meant for it, and without one, which must fail nothing. Not installed, not
 * part of a drill: `./dev mutants`.
 */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cli.h"
#include "common/clock.h"
#include "common/scenario.h"
#include "common/xalloc.h"
#include "tests/mutants/page.h"

#define EXIT_SURVIVED 1
#define EXIT_INPUT    2
#define JOBS_MOST     64
/* No drill takes that long; one that hangs must not stop the others. */
#define DRILL_MOST_NS (180 * NS_PER_S)

struct options {
    int64_t jobs;
    const char *only, *page;
    bool whole, keep, help;
};

static volatile sig_atomic_t stopping;

static void on_signal(int signal)
{
    stopping = signal;
}

static bool read_options(struct options *out, int argc, char **argv,
                         struct err *err)
{
    const struct cli_option table[] = {
        { .name = "jobs",
          .kind = CLI_INT,
          .out = &out->jobs,
          .min = 1,
          .max = JOBS_MOST,
          .argument = "N",
          .help = "drills at once (4)" },
        { .name = "only",
          .kind = CLI_STRING,
          .out = &out->only,
          .argument = "GLOB",
          .help = "only bugs of this name; \"clean\" is the one without" },
        { .name = "whole",
          .kind = CLI_FLAG,
          .out = &out->whole,
          .help = "every bug in the whole matrix, not its cases only" },
        { .name = "page",
          .kind = CLI_STRING,
          .out = &out->page,
          .argument = "FILE",
          .help = "where the matrix is written" },
        { .name = "keep",
          .kind = CLI_FLAG,
          .out = &out->keep,
          .help = "leave the folders of the drills behind" },
        { .name = "help",
          .kind = CLI_FLAG,
          .out = &out->help,
          .help = "this text" },
        { 0 },
    };

    *out = (struct options){ .jobs = 4 };
    if (!cli_parse(table, argc, argv, NULL, err))
        return false;
    if (out->help) {
        puts("gatedrill-mutants: drills the reference gateway's seeded bugs");
        cli_write_help(stdout, table);
    }
    return true;
}

/* --- which drills ------------------------------------------------------- */

static void add(struct mutant *list, size_t *count,
                const struct options *options, const struct mutant *mutant)
{
    if (!options->only ||
        case_matches(mutant->bug ? mutant->bug->name : "clean", options->only))
        list[(*count)++] = *mutant;
}

/* The clean gateway under every runbook first: these take longest. */
static size_t list_mutants(struct mutant *list, const struct options *options)
{
    size_t count = 0;

    add(list, &count, options, &(struct mutant){ .whole = true });
    for (enum bug bug = BUG_NONE + 1; bug < BUG_COUNT; bug++) {
        const char *runbook = bug_rows[bug].runbook;
        bool known = !runbook;

        for (enum bug i = BUG_NONE + 1; i < bug && !known; i++)
            known =
                bug_rows[i].runbook && !strcmp(bug_rows[i].runbook, runbook);
        if (!known)
            add(list, &count, options,
                &(struct mutant){ .runbook = runbook, .whole = true });
    }
    for (enum bug bug = BUG_NONE + 1; bug < BUG_COUNT; bug++)
        add(list, &count, options,
            &(struct mutant){ .bug = &bug_rows[bug],
                              .runbook = bug_rows[bug].runbook,
                              .whole = options->whole });
    return count;
}

/* --- running them ------------------------------------------------------- */

struct crew {
    struct mutant *list;
    size_t count;
    size_t jobs;
    const char *parent; /* folder of their folders */
    const char *bin;
};

static void say(const struct mutant *mutant)
{
    printf("%s %s, %.1f s%s%s\n", *mutant->survived ? "FAIL" : "PASS",
           mutant_name(mutant),
           (double)(mutant->ended_ns - mutant->started_ns) / NS_PER_S,
           *mutant->survived ? ": " : "", mutant->survived);
    fflush(stdout);
}

static bool was_held(const struct mutant *mutant)
{
    for (size_t i = 0; i < mutant->hit_count; i++)
        if (mutant->hits[i].hold)
            return true;
    return false;
}

/* The clean gateway keeps real limits: a machine that stood still for a moment
 * makes it late, and makes a bug's fail a hold. So these have a second go,
 * alone, and it is said. A bug that was judged has one. */
static bool try_again(struct mutant *mutant)
{
    if (!*mutant->survived || mutant->tries > 1 || stopping ||
        (mutant->bug && !was_held(mutant)))
        return false;
    say(mutant);
    mutant_clear(mutant);
    return true;
}

/* Takes the drills that have ended; ends those that take too long. */
static size_t reap(struct crew *crew)
{
    size_t running = 0;

    for (size_t i = 0; i < crew->count; i++) {
        struct mutant *mutant = &crew->list[i];
        int status;

        if (!mutant->pid)
            continue;
        if (waitpid(mutant->pid, &status, WNOHANG) == mutant->pid) {
            mutant_finish(mutant, status);
            if (!try_again(mutant))
                say(mutant);
            continue;
        }
        running++;
        if (stopping || clock_now_ns() - mutant->started_ns > DRILL_MOST_NS)
            kill(mutant->pid, SIGTERM);
    }
    return running;
}

/* The next drill that may start beside those that run; NULL: none now. The
 * clean gateway is drilled alone, and so is a second go, after all others. */
static struct mutant *next_mutant(struct crew *crew, size_t running)
{
    if (stopping || running >= crew->jobs)
        return NULL;
    for (size_t i = 0; i < crew->count; i++) {
        struct mutant *mutant = &crew->list[i];

        if (!mutant->bug && mutant->pid)
            return NULL;
        if (mutant->pid || mutant->ended_ns)
            continue;
        if (mutant->bug && mutant->tries && running)
            continue;
        return mutant->bug || !running ? mutant : NULL;
    }
    return NULL;
}

static bool run_all(struct crew *crew, struct err *err)
{
    const struct timespec tick = { 0, 20 * NS_PER_MS };
    size_t running = 0;
    bool ok = true;

    do {
        struct mutant *next;

        while (ok && (next = next_mutant(crew, running))) {
            ok = mutant_start(next, crew->parent, crew->bin, err);
            running += ok;
        }
        nanosleep(&tick, NULL);
        running = reap(crew);
    } while (running || (ok && next_mutant(crew, running)));
    return ok && !stopping;
}

/* --- */

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void own_folder(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    char *slash;

    out[length > 0 ? length : 0] = '\0';
    slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
}

static bool write_page(const char *path, const struct mutant *list,
                       size_t count, struct err *err)
{
    struct buf page = { 0 };
    FILE *out = fopen(path, "we");
    bool ok;

    page_write(&page, list, count);
    ok = out && fwrite(page.data, 1, page.length, out) == page.length;
    if (out && fclose(out))
        ok = false;
    if (!ok)
        err_set_errno(err, ERR_IO, path);
    buf_release(&page);
    return ok;
}

static int conclude(const struct mutant *list, size_t count, int64_t since_ns)
{
    size_t bad = 0;

    for (size_t i = 0; i < count; i++)
        bad += *list[i].survived != '\0';
    printf("%zu drills, %zu as they should, %zu not, %.0f s\n", count,
           count - bad, bad, (double)(clock_now_ns() - since_ns) / NS_PER_S);
    return bad || !count ? EXIT_SURVIVED : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct mutant list[2 * BUG_COUNT];
    struct crew crew = { .list = list };
    const struct sigaction stop = { .sa_handler = on_signal };
    char parent[] = "/tmp/gatedrill-mutants-XXXXXX";
    int64_t since_ns = clock_now_ns();
    struct options options;
    struct err err = { 0 };
    char bin[4096];
    size_t count;
    int code = EXIT_INPUT;

    if (!read_options(&options, argc, argv, &err))
        goto fail;
    if (options.help)
        return EXIT_SUCCESS;
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    own_folder(bin, sizeof bin);
    if (!mkdtemp(parent)) {
        err_set_errno(&err, ERR_IO, parent);
        goto fail;
    }
    count = list_mutants(list, &options);
    crew.count = count;
    crew.jobs = (size_t)options.jobs;
    crew.parent = parent;
    crew.bin = bin;
    if (run_all(&crew, &err))
        code = conclude(list, count, since_ns);
    else
        fprintf(stderr, "gatedrill-mutants: stopped %s %s\n", err.where,
                err.text);
    if (options.page && code != EXIT_INPUT &&
        !write_page(options.page, list, count, &err))
        code = EXIT_INPUT;
    for (size_t i = 0; i < count; i++)
        mutant_release(&list[i]);
    if (options.keep)
        printf("%s\n", parent);
    else
        nftw(parent, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return code;

fail:
    fprintf(stderr, "gatedrill-mutants: %s: %s\n", err.where, err.text);
    return EXIT_INPUT;
}
