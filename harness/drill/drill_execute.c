#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/drill/drill.h"
#include "harness/launch/guardian.h"
#include "harness/home.h"
#include "harness/drill/lateness.h"
#include "harness/drill/schedule.h"
#include "harness/terminal.h"

#define DRILL_MOCK_READY_MS 5000

static bool drill_make_work(struct drill *drill, struct err *err)
{
    const char *parent = getenv("TMPDIR");

    drill->work =
        xasprintf("%s/gatedrill-XXXXXX", parent && parent[0] ? parent : "/tmp");
    if (!mkdtemp(drill->work)) {
        err_set_errno(err, ERR_IO, drill->work);
        free(drill->work);
        drill->work = NULL;
        return false;
    }
    return true;
}

/* The mock's one line on stdout; NULL when it does not come in time. */
static char *drill_read_line(int fd, struct process *process)
{
    struct buf line = { 0 };
    int64_t until = clock_now_ns() + DRILL_MOCK_READY_MS * NS_PER_MS;
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    char c;

    while (clock_now_ns() < until) {
        if (poll(&wait, 1, 50) > 0) {
            if (read(fd, &c, 1) != 1)
                break;
            if (c == '\n')
                return buf_take(&line);
            buf_add(&line, &c, 1);
        } else if (process_wait(process, 0)) {
            break;
        }
    }
    buf_release(&line);
    return NULL;
}

/* Nothing of the caller's but where a sanitizer build shall report. */
static char **drill_mock_environment(void)
{
    static const char *const names[] = { "ASAN_OPTIONS", "LSAN_OPTIONS",
                                         "TSAN_OPTIONS", "UBSAN_OPTIONS" };
    size_t most = sizeof names / sizeof *names, count = 0;
    char **list = xcalloc(most + 2, sizeof *list);

    list[count++] = xstrdup("LANG=C.UTF-8");
    for (size_t i = 0; i < most; i++) {
        const char *value = getenv(names[i]);

        if (value)
            list[count++] = xasprintf("%s=%s", names[i], value);
    }
    return list;
}

static bool drill_spawn_mock(struct drill *drill, char **admin, struct err *err)
{
    char *bin = home_bin();
    char *program = path_join(bin, "gatedrill-mock");
    char *stderr_path = path_join(drill->work, "mock.stderr");
    char *argv[] = { program, (char[]){ "--admin" }, (char[]){ "127.0.0.1:0" },
                     NULL };
    char **environment = drill_mock_environment();
    struct json *ready = NULL;
    char *line = NULL;
    int ends[2] = { -1, -1 };
    bool ok = false;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        err_set_errno(err, ERR_STATE, "pipe");
        goto done;
    }
    if (!process_start(&drill->mock,
                       &(struct process_spec){ .argv = argv,
                                               .environment = environment,
                                               .folder = drill->work,
                                               .stdout_fd = ends[1],
                                               .stderr_path = stderr_path },
                       err))
        goto done;
    close(ends[1]);
    ends[1] = -1;
    line = drill_read_line(ends[0], &drill->mock);
    ready = line ? json_parse(line, strlen(line), "ready line", err) : NULL;
    if (!ready || !json_get_text(ready, "admin", NULL)) {
        char *tail = process_tail(stderr_path, 400);

        err_set(err, ERR_STATE, "gatedrill-mock", "did not become ready%s%s",
                tail[0] ? ": " : "", tail);
        free(tail);
        goto done;
    }
    *admin = xstrdup(json_get_text(ready, "admin", ""));
    ok = true;

done:
    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    json_free(ready);
    free(line);
    for (size_t i = 0; environment[i]; i++)
        free(environment[i]);
    free(environment);
    free(stderr_path);
    free(program);
    free(bin);
    return ok;
}

bool drill_start(struct drill *drill, struct err *err)
{
    char *admin = NULL;
    bool ok;

    if (!drill_make_work(drill, err) || !guardian_start(drill->work, err))
        return false;
    if (drill->options.mock_admin)
        admin = xstrdup(drill->options.mock_admin);
    else if (!drill_spawn_mock(drill, &admin, err))
        return false;
    ok = mock_control_open(&drill->control, admin, NULL, err);
    free(admin);
    return ok;
}

/* ------------------------------------------------------------- the folder */

static void drill_name_run(struct drill *drill)
{
    struct run *run = &drill->run;
    const struct profile *profile = &drill->profile;
    time_t now = time(NULL);
    uint32_t more;
    struct tm tm;
    char stamp[20];

    digest_random(&more, sizeof more);
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(run->run_id, sizeof run->run_id, "%s-%08x", stamp, more);
    clock_format_rfc3339(run->started_utc, now);
    run->folder = path_join(drill->options.out, run->run_id);
    run->gateway_name = xstrdup(profile->name);
    run->environment =
        xstrdup(drill->options.environment ? drill->options.environment
                                           : profile->environment);
    run->route_name = xstrdup(profile->route.name);
    run->route_template = xstrdup(profile->route.template);
    run->api_reference_url = profile->route.api_reference_url
                                 ? xstrdup(profile->route.api_reference_url)
                                 : NULL;
    run->suite = xstrdup(drill->options.suite);
    run->seed = drill->seed;
    run->planned = (int64_t)drill->case_count;
    if (drill->options.shuffle && !drill->suite.ordered)
        run->shuffled_from = drill->options.repeat + 1;
    run->promotion_decides = strcmp(drill->options.suite, "promotion") == 0;
    snprintf(run->repro_prefix, sizeof run->repro_prefix, "gatedrill repro");
    if (profile->breaks.count) {
        run->expected_breaks =
            xcalloc(profile->breaks.count + 1, sizeof(char *));
        for (size_t i = 0; i < profile->breaks.count; i++)
            run->expected_breaks[i] = xstrdup(profile->breaks.items[i]);
    }
}

static void drill_note_facts(struct drill *drill)
{
    struct json *digests;
    struct json *scenarios;

    drill->run.gateway_version = gateway_version(&drill->profile, drill->work);
    drill->run.facts = json_new_object();
    json_add_text(json_add_object(drill->run.facts, "versions"), "gatedrill",
                  GATEDRILL_VERSION);
    digests = json_add_object(drill->run.facts, "digests");
    json_add_text(digests, "profile", drill->profile.sha256);
    json_add_text(digests, "runbook", drill->runbooks[0].runbook.sha256);
    scenarios = json_add_object(digests, "scenarios");
    drill->run.fixtures = json_new_object();
    for (size_t i = 0; i < drill->case_count; i++) {
        const struct drill_case *c = &drill->cases[i].drill_case;

        json_set(scenarios, c->scenario, json_new_text(c->file_sha256));
    }
    for (size_t i = 0; i < drill->fixture_count; i++) {
        struct json *fixture =
            json_add_object(drill->run.fixtures, drill->fixtures[i].name);

        json_add_text(fixture, "version", drill->fixtures[i].version);
        json_add_text(fixture, "sha256", drill->fixtures[i].sha256);
    }
}

static bool drill_copy(struct drill *drill, const char *below, const char *name,
                       const char *from, struct err *err)
{
    char *to = xasprintf("inputs/%s%s", below, name);
    bool ok = run_folder_copy(&drill->folder, to, from, err);

    free(to);
    return ok;
}

static bool drill_copy_gateway(struct drill *drill, struct err *err)
{
    const struct profile *profile = &drill->profile;
    const struct profile_variant *variants = profile->variants.items;
    const char *slash = strrchr(profile->runbook_path, '/');

    if (!drill_copy(drill, "gateway/", "profile.json", profile->path, err) ||
        !drill_copy(drill, "gateway/",
                    slash ? slash + 1 : profile->runbook_path,
                    profile->runbook_path, err))
        return false;
    for (size_t v = 0; v <= profile->variants.count; v++) {
        const struct profile_pairs *files =
            v ? &variants[v - 1].files : &profile->start.files;

        for (size_t i = 0; i < files->count; i++) {
            char *from = path_join(profile->folder, files->items[i].value);
            bool ok =
                drill_copy(drill, "gateway/", files->items[i].value, from, err);

            free(from);
            if (!ok)
                return false;
        }
        if (v && variants[v - 1].runbook) {
            char *from = path_join(profile->folder, variants[v - 1].runbook);
            bool ok = drill_copy(drill, "gateway/", variants[v - 1].runbook,
                                 from, err);

            free(from);
            if (!ok)
                return false;
        }
    }
    return true;
}

static bool drill_copy_inputs(struct drill *drill, struct err *err)
{
    if (!drill_copy_gateway(drill, err))
        return false;
    for (size_t s = 0; s < drill->scenarios_count; s++) {
        for (size_t i = 0; i < drill->scenarios[s].count; i++) {
            const struct scenario *scenario = &drill->scenarios[s].items[i];
            bool used = false;
            char *name;
            bool ok;

            for (size_t j = 0; j < drill->case_count && !used; j++)
                used = strcmp(drill->cases[j].drill_case.scenario,
                              scenario->id) == 0;
            if (!used)
                continue;
            name = xasprintf("%s.json", scenario->id);
            ok = drill_copy(drill, "scenarios/", name, scenario->path, err);
            free(name);
            if (!ok)
                return false;
        }
    }
    for (size_t i = 0; i < drill->fixture_count; i++) {
        char *name = xasprintf("%s.json", drill->fixtures[i].name);
        char *from = xasprintf("%s/fixtures/%s", drill->scenarios_root, name);
        bool ok = drill_copy(drill, "scenarios/fixtures/", name, from, err);

        free(from);
        free(name);
        if (!ok)
            return false;
    }
    return true;
}

static void drill_show(struct drill *drill)
{
    bool live;
    struct report_style style = terminal_look(stderr, &live);

    progress_start(&drill->progress, drill->options.quiet ? NULL : stderr, live,
                   style, (int64_t)drill->case_count, 0, clock_now_ns());
}

/* Results that a stopped run never gave an answer for. */
static void drill_drop_unanswered(struct drill *drill)
{
    struct result_list *results = &drill->run.results;
    size_t kept = 0;

    for (size_t i = 0; i < results->count; i++) {
        struct result *result = results->items[i];

        if (result->record || result->verdict == VERDICT_HOLD ||
            result->verdict == VERDICT_FAIL || result->reason[0])
            results->items[kept++] = result;
        else
            result_free(result);
    }
    results->count = kept;
}

bool drill_execute(struct drill *drill, struct err *err)
{
    int64_t started_ns = clock_now_ns();

    drill_name_run(drill);
    if (!run_folder_open(&drill->folder, drill->run.folder, err) ||
        !drill_start(drill, err))
        return false;
    drill_note_facts(drill);
    if (!run_save_begin(&drill->folder, &drill->run, err) ||
        !drill_copy_inputs(drill, err))
        return false;
    drill_show(drill);
    lateness_start();
    schedule_run(drill);
    lateness_stop();
    slots_close(drill);
    if (!drill->cancelled && !drill->broke && !late_sweep(drill, err)) {
        drill->broke = true;
        drill->broke_err = *err;
    }
    progress_end(&drill->progress);
    if (drill->broke) {
        *err = drill->broke_err;
        return false;
    }
    drill->run.interrupted = drill->cancelled;
    if (drill->cancelled)
        drill_drop_unanswered(drill);
    drill->run.wall_ms = (clock_now_ns() - started_ns) / NS_PER_MS;
    clock_format_rfc3339(drill->run.ended_utc, time(NULL));
    return run_save_end(&drill->folder, &drill->run,
                        &drill->runbooks[0].runbook, err);
}
