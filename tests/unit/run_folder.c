#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/digest.h"
#include "harness/evidence/run_folder.h"
#include "tests/unit/hand_made.h"

static char folder_path[64];

static void make_place(void)
{
    snprintf(folder_path, sizeof folder_path, "/tmp/gatedrill-test-XXXXXX");
    cr_assert_not_null(mkdtemp(folder_path));
}

static void remove_place(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", folder_path);
    cr_assert_eq(system(command), 0);
}

TestSuite(run_folder, .init = make_place, .fini = remove_place);

static char *in_run(const char *name)
{
    return xasprintf("%s/out/run-1/%s", folder_path, name);
}

static void open_run(struct run_folder *folder)
{
    struct err err = { 0 };
    char *path = xasprintf("%s/out/run-1", folder_path);

    cr_assert(run_folder_open(folder, path, &err), "%s: %s", err.where,
              err.text);
    free(path);
}

static void forbid(struct run_folder *folder, const char *id, const char *text)
{
    struct canary canary = { .kind = CANARY_CREDENTIAL };

    snprintf(canary.id, sizeof canary.id, "%s", id);
    canary.text = xstrdup(text);
    run_folder_forbid(folder, &canary);
    free(canary.text);
}

static char *content(const char *name)
{
    char *path = in_run(name);
    FILE *in = fopen(path, "re");
    struct buf text = { 0 };
    int c;

    free(path);
    if (!in)
        return NULL;
    while ((c = fgetc(in)) != EOF)
        buf_add(&text, &(char){ (char)c }, 1);
    fclose(in);
    return buf_take(&text);
}

static void expect_content(const char *name, const char *expected)
{
    char *text = content(name);

    cr_assert_not_null(text, "%s is not there", name);
    cr_expect_str_eq(text, expected, "%s", name);
    free(text);
}

static void expect_absent(const char *name)
{
    char *path = in_run(name);

    cr_expect_neq(access(path, F_OK), 0, "%s is there", name);
    free(path);
}

static void expect_private(const char *name)
{
    struct stat status;
    char *path = in_run(name);

    cr_assert_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_mode & 0777, 0600, "%s: %o", name, status.st_mode);
    free(path);
}

Test(run_folder, makes_its_folders_and_hides_the_quarantine)
{
    struct run_folder folder;
    struct stat status;
    char *path = in_run("quarantine");

    open_run(&folder);
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_mode & 0777, 0700);
    free(path);
    run_folder_close(&folder);
}

Test(run_folder, refuses_a_folder_that_holds_a_run)
{
    struct run_folder folder, second;
    struct err err = { 0 };

    open_run(&folder);
    cr_assert(run_folder_write(&folder, "run.json", "{}", 2, &err));
    cr_expect_not(run_folder_open(&second, folder.path, &err));
    cr_expect_eq(err.code, ERR_STATE);
    run_folder_close(&folder);
}

Test(run_folder, writes_whole_files_and_leaves_no_temporary_one)
{
    struct run_folder folder;
    struct err err = { 0 };

    open_run(&folder);
    cr_assert(
        run_folder_write(&folder, "inputs/scenarios/a/b.json", "{}", 2, &err),
        "%s", err.text);
    expect_content("inputs/scenarios/a/b.json", "{}");
    cr_assert(
        run_folder_write(&folder, "inputs/scenarios/a/b.json", "[1]", 3, &err));
    expect_content("inputs/scenarios/a/b.json", "[1]");
    expect_absent("inputs/scenarios/a/b.json.tmp");
    cr_expect_eq(folder.file_count, 1);
    run_folder_close(&folder);
}

Test(run_folder, refuses_names_that_lead_out_of_it)
{
    static const char *const names[] = { "../x", "/etc/x", "", "a/../../x" };
    struct run_folder folder;

    open_run(&folder);
    for (size_t i = 0; i < 4; i++) {
        struct err err = { 0 };

        cr_expect_not(run_folder_write(&folder, names[i], "x", 1, &err));
        cr_expect_eq(err.code, ERR_STATE, "%s", names[i]);
    }
    run_folder_close(&folder);
}

Test(run_folder, a_secret_is_refused_by_name_and_never_shown)
{
    static const char secret[] = "sk-0123456789abcdef";
    struct run_folder folder;
    struct err err = { 0 };
    char *from = in_run("plain.txt");
    FILE *out;

    open_run(&folder);
    forbid(&folder, "primary.key", secret);
    cr_expect_not(run_folder_write(&folder, "summary.md",
                                   "key=sk-0123456789abcdef!", 24, &err));
    cr_expect_eq(err.code, ERR_STATE);
    cr_expect_str_eq(err.where, "summary.md");
    cr_expect_not_null(strstr(err.text, "primary.key"));
    cr_expect_null(strstr(err.text, secret));
    expect_absent("summary.md");
    cr_expect_not(run_folder_append(&folder, "history.jsonl",
                                    "{\"a\":\"sk-0123456789abcdef\"}", &err));
    expect_content("history.jsonl", "");
    out = fopen(from, "we");
    cr_assert_not_null(out);
    fputs(secret, out);
    fclose(out);
    cr_expect_not(run_folder_copy(&folder, "inputs/copy", from, &err));
    expect_absent("inputs/copy");
    cr_expect(run_folder_quarantine(&folder, "stderr", from, &err), "%s",
              err.text);
    expect_content("quarantine/stderr", secret);
    expect_private("quarantine/stderr");
    cr_expect(run_folder_write(&folder, "summary.md", "key=sk-0123", 11, &err));
    free(from);
    run_folder_close(&folder);
}

Test(run_folder, words_are_no_secrets)
{
    struct run_folder folder;
    struct err err = { 0 };

    open_run(&folder);
    forbid(&folder, "prompt", "ok");
    cr_expect(run_folder_write(&folder, "x", "ok", 2, &err));
    run_folder_close(&folder);
}

Test(run_folder, a_full_disk_takes_the_torn_line_back_and_says_what_is_safe)
{
    struct rlimit limit = { .rlim_cur = 4096, .rlim_max = RLIM_INFINITY };
    char line[4000];
    struct run_folder folder;
    struct err err = { 0 };
    char *text;

    open_run(&folder);
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    cr_assert(run_folder_append(&folder, "records.jsonl", "{\"a\":1}", &err));
    cr_assert(run_folder_append(&folder, "records.jsonl", line, &err));
    cr_expect_not(run_folder_append(&folder, "records.jsonl", line, &err));
    cr_expect_eq(err.code, ERR_IO);
    cr_expect_not_null(strstr(err.text, "File too large"), "%s", err.text);
    cr_expect_not_null(strstr(err.text, "2 records"), "%s", err.text);
    text = content("records.jsonl");
    cr_expect_eq(strlen(text), 8 + sizeof line);
    free(text);
    cr_expect_not(
        run_folder_write(&folder, "big", (char[8192]){ 0 }, 8192, &err));
    cr_expect_eq(err.code, ERR_IO);
    expect_absent("big");
    expect_absent("big.tmp");
    run_folder_close(&folder);
}

Test(run_folder, what_may_go_into_a_ticket)
{
    static const struct {
        const char *name;
        bool safe;
    } rows[] = {
        { "evidence.json", true },
        { "evidence.md", true },
        { "records.jsonl", true },
        { "records/001-a.json", true },
        { "run.json", true },
        { "inputs/a/b/c.json", true },
        { "history.jsonl", false },
        { "junit.xml", false },
        { "summary.md", false },
        { "quarantine/stderr", false },
        { "something-else.txt", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(run_file_ticket_safe(rows[i].name), rows[i].safe, "%s",
                     rows[i].name);
}

Test(run_folder, a_record_is_named_for_number_and_case)
{
    char id[] = "transient/5xx-once[status=503,stream=false]";
    char odd[] = "a/../b";
    struct result result = { .number = 12, .repeat = 1, .case_id = id };
    char name[256];

    run_record_name(name, sizeof name, &result);
    cr_expect_str_eq(name,
                     "records/012-transient-5xx-once-status-503-stream-false"
                     ".json");
    result.repeat = 3;
    result.number = 1234;
    result.case_id = odd;
    run_record_name(name, sizeof name, &result);
    cr_expect_str_eq(name, "records/1234-a-..-b-r3.json");
}

/* A judged result of a hand-made case, with this verdict for its check. */
static struct result *judged_result(struct hand *h, int64_t number,
                                    enum verdict verdict)
{
    struct result *result;
    char test_id[EVIDENCE_TEST_ID_SIZE];

    evidence_test_id(test_id, HAND_WHEN, number);
    h->drill_case.number = number;
    hand_finding(&h->findings, "attempts_per_upstream", verdict, "primary 1",
                 "primary 4 after 431 ms");
    result = result_new(&h->drill_case, test_id);
    result_judge(result, &h->run, &h->judged, &h->findings, HAND_WHEN, 431);
    return result;
}

Test(run_folder, an_invalid_record_is_not_written)
{
    struct run_folder folder;
    struct err err = { 0 };
    struct result *result;
    struct hand h;

    hand_init(&h);
    open_run(&folder);
    result = judged_result(&h, 1, VERDICT_PASS);
    json_remove(result->record, "error_class");
    cr_expect_not(run_save_result(&folder, result, &err));
    cr_expect_str_eq(err.where, "$.error_class");
    expect_content("history.jsonl", "");
    result_free(result);
    run_folder_close(&folder);
    hand_release(&h);
}

/* Four results on disk; ended as wanted. */
static void save_run_of_four(struct run_folder *folder, struct hand *h,
                             bool ended)
{
    static const enum verdict verdicts[] = { VERDICT_PASS, VERDICT_FAIL,
                                             VERDICT_HOLD };
    struct err err = { 0 };
    struct run *run = &h->run;
    struct result *skipped;

    open_run(folder);
    run->folder = xstrdup(folder->path);
    run->planned = 4;
    snprintf(run->started_utc, sizeof run->started_utc, "2026-06-24T10:00:00Z");
    cr_assert(run_save_begin(folder, run, &err), "%s", err.text);
    hand_attempt(h, "primary", 1, 200, 0);
    for (size_t i = 0; i < 3; i++) {
        struct result *result = judged_result(h, (int64_t)i + 1, verdicts[i]);

        result_list_add(&run->results, result);
        cr_assert(run_save_result(folder, result, &err), "%s: %s", err.where,
                  err.text);
    }
    h->drill_case.number = 4;
    skipped = result_new(&h->drill_case, "gateway-evidence-drill-20260624-004");
    result_skip(skipped, "retry.budget is not declared");
    result_list_add(&run->results, skipped);
    cr_assert(run_save_result(folder, skipped, &err));
    if (!ended)
        return;
    snprintf(run->ended_utc, sizeof run->ended_utc, "2026-06-24T10:00:09Z");
    run->wall_ms = 9123;
    cr_assert(run_save_end(folder, run, &h->runbook, &err), "%s: %s", err.where,
              err.text);
}

Test(run_folder, the_manifest_names_every_file_with_its_digest)
{
    static const char *const expected[] = {
        "evidence.json",
        "evidence.md",
        "history.jsonl",
        "inputs/gateway/profile.json",
        "junit.xml",
        "records.jsonl",
        "records/001-control-healthy-stream-false.json",
        "records/002-control-healthy-stream-false.json",
        "records/003-control-healthy-stream-false.json",
        "run.json",
        "summary.md",
    };
    struct run_folder folder;
    struct hand h;
    struct err err = { 0 };
    struct json *manifest;
    const struct json *file;
    size_t i = 0;
    char *path = in_run("quarantine/leak");
    char *place = in_run("manifest.json");

    hand_init(&h);
    open_run(&folder);
    cr_assert(run_folder_write(&folder, "inputs/gateway/profile.json", "{}", 2,
                               &err));
    run_folder_close(&folder);
    save_run_of_four(&folder, &h, false);
    fclose(fopen(path, "we"));
    snprintf(h.run.ended_utc, sizeof h.run.ended_utc, "2026-06-24T10:00:09Z");
    cr_assert(run_save_end(&folder, &h.run, &h.runbook, &err), "%s: %s",
              err.where, err.text);
    manifest = json_load(place, &err);
    cr_assert_not_null(manifest, "%s", err.text);
    for (file = json_first(json_get(manifest, "files")); file;
         file = json_next(file), i++) {
        char digest[DIGEST_HEX_SIZE];
        int64_t bytes;
        char *name = in_run(json_get_text(file, "name", ""));

        cr_assert_lt(i, sizeof expected / sizeof expected[0]);
        cr_expect_str_eq(json_get_text(file, "name", ""), expected[i]);
        cr_assert(digest_file(digest, name, &bytes, &err));
        cr_expect_str_eq(json_get_text(file, "sha256", ""), digest);
        cr_expect_eq(json_get_int(file, "bytes", -1), bytes);
        free(name);
    }
    cr_expect_eq(i, sizeof expected / sizeof expected[0]);
    cr_expect_eq(json_int(json_pointer(manifest, "/counts/records"), 0), 3);
    cr_expect_eq(json_int(json_pointer(manifest, "/counts/not_applicable"), 0),
                 1);
    json_free(manifest);
    free(path);
    free(place);
    run_folder_close(&folder);
    hand_release(&h);
}

Test(run_folder, a_run_reads_back_as_it_was)
{
    struct run_folder folder;
    struct run run;
    struct hand h;
    struct err err = { 0 };

    hand_init(&h);
    save_run_of_four(&folder, &h, true);
    cr_assert(run_load(&run, folder.path, &err), "%s: %s", err.where, err.text);
    cr_expect(run.complete);
    cr_expect_str_eq(run.note, "");
    cr_expect_eq(run.results.count, 4);
    cr_expect_eq(run.passed, 1);
    cr_expect_eq(run.failed, 1);
    cr_expect_eq(run.held, 1);
    cr_expect_eq(run.not_applicable, 1);
    cr_expect_eq(run.conformance, VERDICT_FAIL);
    cr_expect_eq(run.promotion, h.run.promotion);
    cr_expect_eq(run.wall_ms, 9123);
    cr_expect_eq(run.seed, 42);
    cr_expect_str_eq(run.gateway_name, "refgw");
    for (size_t i = 0; i < 4; i++) {
        const struct result *a = h.run.results.items[i];
        const struct result *b = run.results.items[i];

        cr_expect_str_eq(a->test_id, b->test_id);
        cr_expect_str_eq(a->case_id, b->case_id);
        cr_expect_str_eq(a->family, b->family);
        cr_expect_str_eq(a->reason, b->reason);
        cr_expect_eq(a->verdict, b->verdict);
        cr_expect_eq(a->probe, b->probe);
        cr_expect_eq(a->wall_ms, b->wall_ms);
        cr_expect_eq(a->findings.count, b->findings.count);
        cr_expect_eq(!a->record, !b->record);
    }
    cr_expect_str_eq(run.results.items[1]->findings.items[0].observed,
                     "primary 4 after 431 ms", "exact, from the history");
    run_release(&run);
    run_folder_close(&folder);
    hand_release(&h);
}

Test(run_folder, without_the_history_the_records_alone_will_do)
{
    struct run_folder folder;
    struct run run;
    struct hand h;
    struct err err = { 0 };
    char *path = in_run("history.jsonl");

    hand_init(&h);
    save_run_of_four(&folder, &h, true);
    cr_assert_eq(unlink(path), 0);
    cr_assert(run_load(&run, folder.path, &err), "%s", err.text);
    cr_expect_eq(run.results.count, 4);
    cr_expect_eq(run.failed, 1);
    cr_expect_eq(run.not_applicable, 1);
    cr_expect_str_eq(run.results.items[3]->reason,
                     "retry.budget is not declared");
    cr_expect_str_eq(run.results.items[1]->findings.items[0].observed,
                     "primary 4 after lt_1s", "bucketed, as in the record");
    run_release(&run);
    free(path);
    run_folder_close(&folder);
    hand_release(&h);
}

Test(run_folder, a_killed_run_is_read_as_far_as_it_went)
{
    struct run_folder folder;
    struct run run;
    struct hand h;
    struct err err = { 0 };
    char *path = in_run("records.jsonl");
    FILE *out;

    hand_init(&h);
    save_run_of_four(&folder, &h, false);
    out = fopen(path, "ae");
    cr_assert_not_null(out);
    fputs("{\"test_id\":\"gateway-evi", out);
    fclose(out);
    h.run.planned = 9;
    cr_assert(run_load(&run, folder.path, &err), "%s", err.text);
    cr_expect_not(run.complete);
    cr_expect_eq(run.results.count, 4);
    cr_expect_not_null(strstr(run.note, "incomplete"), "%s", run.note);
    cr_expect_not_null(strstr(run.note, "4 of 4 cases"), "%s", run.note);
    cr_expect_not_null(strstr(run.note, "cut"), "%s", run.note);
    cr_expect_eq(run.promotion, VERDICT_HOLD);
    cr_expect_eq(run.conformance, VERDICT_FAIL);
    run_release(&run);
    free(path);
    run_folder_close(&folder);
    hand_release(&h);
}

Test(run_folder, a_broken_line_is_named_with_file_and_number)
{
    struct run_folder folder;
    struct run run;
    struct hand h;
    struct err err = { 0 };
    char *path = in_run("records.jsonl");
    FILE *out;

    hand_init(&h);
    save_run_of_four(&folder, &h, true);
    out = fopen(path, "ae");
    cr_assert_not_null(out);
    fputs("{\"a\":1,\"a\":2}\n", out);
    fclose(out);
    cr_expect_not(run_load(&run, folder.path, &err));
    cr_expect_eq(err.code, ERR_SYNTAX);
    cr_expect_not_null(strstr(err.where, "records.jsonl:4"), "%s", err.where);
    free(path);
    run_folder_close(&folder);
    hand_release(&h);
}

Test(run_folder, repeats_of_one_test_keep_their_own_history)
{
    struct run_folder folder;
    struct run run;
    struct hand h;
    struct err err = { 0 };

    hand_init(&h);
    open_run(&folder);
    h.run.planned = 2;
    cr_assert(run_save_begin(&folder, &h.run, &err));
    for (int64_t repeat = 1; repeat <= 2; repeat++) {
        struct result *result =
            result_new(&h.drill_case, "gateway-evidence-drill-20260624-012");

        result->repeat = repeat;
        hand_finding(&h.findings, "attempts_per_upstream",
                     repeat == 1 ? VERDICT_PASS : VERDICT_FAIL, "1", "2");
        result_judge(result, &h.run, &h.judged, &h.findings, HAND_WHEN,
                     repeat * 100);
        cr_assert(run_save_result(&folder, result, &err), "%s", err.text);
        result_free(result);
    }
    cr_assert(run_load(&run, folder.path, &err));
    cr_assert_eq(run.results.count, 2);
    cr_expect_eq(run.results.items[0]->wall_ms, 100);
    cr_expect_eq(run.results.items[1]->wall_ms, 200);
    cr_expect_eq(run.results.items[1]->verdict, VERDICT_FAIL);
    run_release(&run);
    run_folder_close(&folder);
    hand_release(&h);
}

static void *append_many(void *context)
{
    struct run_folder *folder = context;
    struct err err = { 0 };

    for (int i = 0; i < 20; i++)
        if (!run_folder_append(folder, "history.jsonl", "{\"a\":1}", &err))
            return folder;
    return NULL;
}

Test(run_folder, lines_of_many_threads_stay_whole)
{
    struct run_folder folder;
    pthread_t threads[4];
    char *text;
    size_t lines = 0;

    open_run(&folder);
    for (size_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, append_many, &folder);
    for (size_t i = 0; i < 4; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        cr_expect_null(failed);
    }
    text = content("history.jsonl");
    cr_assert_not_null(text);
    for (const char *at = text; *at; at += 8, lines++)
        cr_assert_eq(strncmp(at, "{\"a\":1}\n", 8), 0);
    cr_expect_eq(lines, 80);
    cr_expect_eq(folder.lines[1].count, 80);
    free(text);
    run_folder_close(&folder);
}
