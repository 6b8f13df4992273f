#include "tests/mutants/mutant.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/scenario.h"
#include "common/xalloc.h"

#define SHIPPED  GATEDRILL_SOURCE_DIR "/harness/gateways/refgw"
#define OVERLAYS GATEDRILL_SOURCE_DIR "/tests/mutants"

extern char **environ;

/* Beside the cases of its row every bug meets these. */
static const char *const controls[] = {
    "control/healthy[stream=false]",
    "control/healthy[stream=true]",
    "transient/5xx-once[status=503,stream=false]",
    NULL,
};

const char *mutant_name(const struct mutant *mutant)
{
    static char name[128];

    snprintf(name, sizeof name, "%s%s%s",
             mutant->bug ? mutant->bug->name : "clean",
             mutant->runbook ? " under " : "",
             mutant->runbook ? mutant->runbook : "");
    return name;
}

/* --- what the drill is given -------------------------------------------- */

static bool write_file(const char *folder, const char *name, const char *text,
                       struct err *err)
{
    char *path = xasprintf("%s/%s", folder, name);
    FILE *out = fopen(path, "we");
    bool ok = out && fputs(text, out) >= 0;

    if (out && fclose(out))
        ok = false;
    if (!ok)
        err_set_errno(err, ERR_IO, path);
    free(path);
    return ok;
}

static bool write_json(const char *folder, const char *name,
                       const struct json *document, struct err *err)
{
    char *text = json_print_pretty(document);
    bool ok = write_file(folder, name, text, err);

    free(text);
    return ok;
}

/* RFC 7386: null removes, an object is merged, anything else replaces. */
static void merge(struct json *target, const struct json *patch)
{
    for (const struct json *member = json_first(patch); member;
         member = json_next(member)) {
        const char *key = json_key(member);
        char *pointer = xasprintf("/%s", key);
        struct json *old = json_edit(target, pointer);

        free(pointer);
        if (json_kind(member) == JSON_NULL)
            json_remove(target, key);
        else if (json_kind(member) == JSON_OBJECT && old)
            merge(old, member);
        else
            json_set(target, key, json_copy(member));
    }
}

static bool write_runbook(const struct mutant *mutant, struct err *err)
{
    struct json *runbook = json_load(SHIPPED "/runbook.json", err);
    struct json *patch = NULL;
    bool ok = false;

    if (!runbook)
        return false;
    if (mutant->runbook) {
        char *path = xasprintf(OVERLAYS "/%s.json", mutant->runbook);

        patch = json_load(path, err);
        free(path);
        if (!patch)
            goto done;
        merge(runbook, patch);
    }
    ok = write_json(mutant->folder, "runbook.json", runbook, err);

done:
    json_free(patch);
    json_free(runbook);
    return ok;
}

/* What a "files" of the profile stands on, and a variant's runbook: the
 * profile's own runbook has its patch already. */
static bool copy_input(const struct mutant *mutant, const char *name,
                       struct err *err)
{
    char *from = xasprintf(SHIPPED "/%s", name);
    struct json *document =
        strcmp(name, "runbook.json") ? json_load(from, err) : NULL;
    bool ok = !strcmp(name, "runbook.json") ||
              (document && write_json(mutant->folder, name, document, err));

    json_free(document);
    free(from);
    return ok;
}

static bool copy_inputs(const struct mutant *mutant, const struct json *node,
                        struct err *err)
{
    const char *runbook = json_get_text(node, "runbook", NULL);

    for (const struct json *file = json_first(json_get(node, "files")); file;
         file = json_next(file))
        if (!copy_input(mutant, json_text(file, ""), err))
            return false;
    return !runbook || copy_input(mutant, runbook, err);
}

static bool write_profile(const struct mutant *mutant, struct err *err)
{
    struct json *profile = json_load(SHIPPED "/profile.json", err);
    struct json *command;
    bool ok;

    if (!profile)
        return false;
    command = json_edit(profile, "/start/command");
    if (mutant->bug) {
        json_append(command, json_new_text("--bug"));
        json_append(command, json_new_text(mutant->bug->name));
    }
    ok = write_json(mutant->folder, "profile.json", profile, err) &&
         copy_inputs(mutant, json_get(profile, "start"), err);
    for (const struct json *variant = json_first(json_get(profile, "variants"));
         variant && ok; variant = json_next(variant))
        ok = copy_inputs(mutant, variant, err);
    json_free(profile);
    return ok;
}

/* Calls take() for each word of the row's patterns. */
static void each_pattern(const struct mutant *mutant,
                         void (*take)(void *user, const char *pattern),
                         void *user)
{
    char *words = xstrdup(mutant->bug->cases);
    char *rest = NULL;

    for (char *word = strtok_r(words, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest))
        take(user, word);
    free(words);
}

static void add_pattern(void *user, const char *pattern)
{
    struct json *list = user;

    json_append(list, json_new_text(pattern));
}

static bool write_suite(const struct mutant *mutant, struct err *err)
{
    struct json *suite = json_new_object();
    struct json *list;
    bool ok;

    json_add_text(suite, "title", mutant_name(mutant));
    json_add_text(suite, "why", "shows that the judge judges");
    list = json_add_array(suite, "cases");
    if (mutant->whole) {
        add_pattern(list, "*");
    } else {
        each_pattern(mutant, add_pattern, list);
        for (size_t i = 0; controls[i]; i++)
            add_pattern(list, controls[i]);
    }
    ok = write_json(mutant->folder, "suite.json", suite, err);
    json_free(suite);
    return ok;
}

/* --- the drill ---------------------------------------------------------- */

static bool start(struct mutant *mutant, const char *bin, struct err *err)
{
    char *program = xasprintf("%s/gatedrill", bin);
    char *profile = xasprintf("%s/profile.json", mutant->folder);
    char *suite = xasprintf("%s/suite.json", mutant->folder);
    char *runs = xasprintf("%s/runs", mutant->folder);
    char *log = xasprintf("%s/log", mutant->folder);
    char run[] = "run", quiet[] = "--quiet", no[] = "--no-api-reference",
         gateway[] = "--gateway", suite_[] = "--suite", out[] = "--out";
    char *arguments[] = { program, run,  gateway, profile, suite_, suite,
                          out,     runs, quiet,   no,      NULL };
    posix_spawn_file_actions_t files;
    int problem;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, log,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    mutant->started_ns = clock_now_ns();
    problem =
        posix_spawn(&mutant->pid, program, &files, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    if (problem) {
        errno = problem;
        err_set_errno(err, ERR_STATE, program);
        mutant->pid = 0;
    }
    free(program);
    free(profile);
    free(suite);
    free(runs);
    free(log);
    return !problem;
}

bool mutant_start(struct mutant *mutant, const char *parent, const char *bin,
                  struct err *err)
{
    mutant->tries++;
    mutant->folder = xasprintf(
        "%s/%s%s%s-%d", parent, mutant->bug ? mutant->bug->name : "clean",
        mutant->runbook ? "-" : "", mutant->runbook ? mutant->runbook : "",
        mutant->tries);
    if (mkdir(mutant->folder, 0700)) {
        err_set_errno(err, ERR_IO, mutant->folder);
        return false;
    }
    return write_runbook(mutant, err) && write_profile(mutant, err) &&
           write_suite(mutant, err) && start(mutant, bin, err);
}

/* --- what it found ------------------------------------------------------ */

static void add_hit(struct mutant *mutant, const char *case_id,
                    const char *check, bool hold)
{
    size_t count = mutant->hit_count;

    /* Grown at every power of two. */
    if (!(count & (count - 1)))
        mutant->hits = xrealloc(mutant->hits,
                                (count ? 2 * count : 1) * sizeof *mutant->hits);
    mutant->hits[mutant->hit_count++] =
        (struct mutant_hit){ xstrdup(case_id), xstrdup(check), hold };
}

/* "primary.key in stderr as hex, full": a row of bug_list.h may ask for it, and
 * for the place: "prompt in sqlite spend.db (requests.note) as plain, full". */
static void add_leaks(struct mutant *mutant, const char *case_id,
                      const struct json *leaks)
{
    for (const struct json *leak = json_first(leaks); leak;
         leak = json_next(leak)) {
        char *told =
            xasprintf("%s in %s as %s, %s", json_get_text(leak, "canary", ""),
                      json_get_text(leak, "sink", ""),
                      json_get_text(leak, "encoding", ""),
                      json_get_text(leak, "class", ""));

        add_hit(mutant, case_id, told, false);
        free(told);
        if (!json_get(leak, "place") || !mutant->bug ||
            !strstr(mutant->bug->check, " ("))
            continue;
        told = xasprintf(
            "%s in %s (%s) as %s, %s", json_get_text(leak, "canary", ""),
            json_get_text(leak, "sink", ""), json_get_text(leak, "place", ""),
            json_get_text(leak, "encoding", ""),
            json_get_text(leak, "class", ""));
        add_hit(mutant, case_id, told, false);
        free(told);
    }
}

static void read_record(struct mutant *mutant, const struct json *record)
{
    const char *case_id =
        json_text(json_pointer(record, "/extensions/case"), "");
    const struct json *checks = json_pointer(record, "/extensions/checks");

    mutant->cases++;
    for (const struct json *check = json_first(checks); check;
         check = json_next(check)) {
        const char *verdict = json_get_text(check, "verdict", "");
        bool hold = !strcmp(verdict, "hold");

        if (hold || !strcmp(verdict, "fail"))
            add_hit(mutant, case_id, json_get_text(check, "id", ""), hold);
        if (!hold && !strcmp(json_get_text(check, "id", ""), "redaction") &&
            !strcmp(verdict, "fail"))
            add_leaks(mutant, case_id,
                      json_pointer(record, "/extensions/leaks"));
    }
}

/* Of the one run below the folder. NULL: there is none. */
static char *records_path(const struct mutant *mutant)
{
    char *runs = xasprintf("%s/runs", mutant->folder);
    DIR *folder = opendir(runs);
    char *path = NULL;
    struct dirent *entry;

    while (folder && !path && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.')
            path = xasprintf("%s/%s/records.jsonl", runs, entry->d_name);
    }
    if (folder)
        closedir(folder);
    free(runs);
    return path;
}

static void read_records(struct mutant *mutant)
{
    char *path = records_path(mutant);
    FILE *in = path ? fopen(path, "re") : NULL;
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    while (in && (length = getline(&line, &size, in)) > 0) {
        struct err err;
        struct json *record = json_parse(line, (size_t)length, path, &err);

        if (record)
            read_record(mutant, record);
        json_free(record);
    }
    if (in)
        fclose(in);
    free(line);
    free(path);
}

static int compare_hits(const void *a, const void *b)
{
    const struct mutant_hit *one = a;
    const struct mutant_hit *other = b;
    int order = strcmp(one->case_id, other->case_id);

    return order ? order : strcmp(one->check, other->check);
}

const char *mutant_killer(const struct mutant *mutant, const char *pattern,
                          const char *check)
{
    for (size_t i = 0; i < mutant->hit_count; i++) {
        const struct mutant_hit *hit = &mutant->hits[i];

        if (!hit->hold && !strcmp(hit->check, check) &&
            case_matches(hit->case_id, pattern))
            return hit->case_id;
    }
    return NULL;
}

static void judge_pattern(void *user, const char *pattern)
{
    struct mutant *mutant = user;

    if (!*mutant->survived &&
        !mutant_killer(mutant, pattern, mutant->bug->check))
        snprintf(mutant->survived, sizeof mutant->survived,
                 "%s fails no case of %s", mutant->bug->check, pattern);
}

static void judge_clean(struct mutant *mutant)
{
    if (mutant->hit_count)
        snprintf(mutant->survived, sizeof mutant->survived,
                 "%s is %s in %s, and %zu more", mutant->hits[0].check,
                 mutant->hits[0].hold ? "held" : "failed",
                 mutant->hits[0].case_id, mutant->hit_count - 1);
    else if (mutant->exit_code)
        snprintf(mutant->survived, sizeof mutant->survived,
                 "the drill ended with %d", mutant->exit_code);
}

void mutant_finish(struct mutant *mutant, int wait_status)
{
    mutant->pid = 0;
    mutant->ended_ns = clock_now_ns();
    mutant->exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
                                               : 128 + WTERMSIG(wait_status);
    read_records(mutant);
    if (mutant->hit_count)
        qsort(mutant->hits, mutant->hit_count, sizeof *mutant->hits,
              compare_hits);
    if (!mutant->cases)
        snprintf(mutant->survived, sizeof mutant->survived,
                 "no case was drilled, exit code %d", mutant->exit_code);
    else if (mutant->bug)
        each_pattern(mutant, judge_pattern, mutant);
    else
        judge_clean(mutant);
}

void mutant_clear(struct mutant *mutant)
{
    for (size_t i = 0; i < mutant->hit_count; i++) {
        free(mutant->hits[i].case_id);
        free(mutant->hits[i].check);
    }
    free(mutant->hits);
    free(mutant->folder);
    *mutant = (struct mutant){ .bug = mutant->bug,
                               .runbook = mutant->runbook,
                               .whole = mutant->whole,
                               .tries = mutant->tries };
}

void mutant_release(struct mutant *mutant)
{
    mutant_clear(mutant);
    *mutant = (struct mutant){ 0 };
}
