#include "tests/refgateway/bug_place.h"

#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_write.h"

#define CHILDREN_MOST 20

static void into_rotated(struct access_log *log, const char *text)
{
    access_log_leak(log, text);
    access_log_rotate(log);
}

static void into_compressed(struct access_log *log, const char *text)
{
    access_log_leak(log, text);
    access_log_rotate(log);
    access_log_rotate(log);
}

static void into_spend_note(struct access_log *log, const char *text)
{
    ledger_leak_text(log->ledger, text);
}

static void into_spend_details(struct access_log *log, const char *text)
{
    struct buf packed = { 0 };

    bug_write_gzip(&packed, text, strlen(text));
    ledger_leak_blob(log->ledger, packed.data, packed.length);
    buf_release(&packed);
}

static void into_syslog(struct access_log *log, const char *text)
{
    ledger_leak_syslog(log->ledger, text);
}

/* A helper that is still there when the case ends; it goes with the group. */
static void start_helper(const char *script, char *argument, char *setting)
{
    static atomic_int started;
    char shell[] = "sh", option[] = "-c", name[] = "helper";
    char *words = xstrdup(script);
    char *argv[] = { shell, option, words, name, argument, NULL };
    char *environment[] = { setting, NULL };
    pid_t pid;

    if (atomic_fetch_add(&started, 1) < CHILDREN_MOST)
        posix_spawnp(&pid, shell, NULL, NULL, argv, environment);
    free(words);
}

static void into_arguments(struct access_log *log, const char *text)
{
    char *copy = xstrdup(text);

    (void)log;
    start_helper("sleep 5; :", copy, NULL);
    free(copy);
}

static void into_environment(struct access_log *log, const char *text)
{
    char *setting = xasprintf("TEXT=%s", text);

    (void)log;
    start_helper("sleep 5; :", NULL, setting);
    free(setting);
}

static char *kept_for_exit; /* the first is enough */

static void into_buffer(struct access_log *log, const char *text)
{
    pthread_mutex_lock(&log->lock);
    if (!kept_for_exit)
        kept_for_exit = xstrdup(text);
    pthread_mutex_unlock(&log->lock);
}

void bug_place_at_exit(struct access_log *log)
{
    if (kept_for_exit)
        access_log_leak(log, kept_for_exit);
    free(kept_for_exit);
    kept_for_exit = NULL;
}

/* A folder beside the log, made with the first of them. */
static void into_own_file(struct access_log *log, const char *text)
{
    static atomic_int made;
    const char *slash = log->path ? strrchr(log->path, '/') : NULL;
    char *folder, *path;
    FILE *out;

    if (!slash)
        return;
    folder = xasprintf("%.*s/failed", (int)(slash - log->path), log->path);
    path = xasprintf("%s/%d.txt", folder, atomic_fetch_add(&made, 1));
    mkdir(folder, 0700);
    out = fopen(path, "we");
    if (out) {
        fprintf(out, "the request was: %s\n", text);
        fclose(out);
    }
    free(path);
    free(folder);
}

static const struct {
    enum bug bug;
    bool is_key;
    void (*put)(struct access_log *log, const char *text);
} places[] = {
    { BUG_KEY_IN_ROTATED, true, into_rotated },
    { BUG_KEY_IN_COMPRESSED, true, into_compressed },
    { BUG_PROMPT_IN_SPEND, false, into_spend_note },
    { BUG_KEY_IN_SPEND_BLOB, true, into_spend_details },
    { BUG_KEY_IN_SYSLOG, true, into_syslog },
    { BUG_PROMPT_IN_SYSLOG, false, into_syslog },
    { BUG_KEY_IN_ARGUMENTS, true, into_arguments },
    { BUG_PROMPT_IN_ENVIRONMENT, false, into_environment },
    { BUG_PROMPT_AT_EXIT, false, into_buffer },
    { BUG_PROMPT_IN_OWN_FILE, false, into_own_file },
};

void bug_place(struct access_log *log, const char *key, const char *message)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (bug_is(places[i].bug) && log->ledger)
            places[i].put(log, places[i].is_key ? key : message);
}
