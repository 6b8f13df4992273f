/* The sweep as a whole, on files that a gateway might have left. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/drill/drill.h"
#include "harness/evidence/evidence.h"
#include "harness/leaks/canary.h"
#include "harness/leaks/plant.h"

static char folder[64];
static struct drill drill;
static struct planned_case planned;
static struct slot slot;
static struct runbook runbook;
static char *forbid[] = { (char[]){ "credential" } };

static void begin(void)
{
    static const uint8_t fingerprint_key[FINGERPRINT_KEY_BYTES] = { 1 };
    struct err err = { 0 };
    char path[96];

    snprintf(folder, sizeof folder, "/tmp/gatedrill-sweep-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/run", folder);
    pthread_mutex_init(&drill.lock, NULL);
    cr_assert(run_folder_open(&drill.folder, path, &err), "%s", err.text);
    drill.work = folder;
    runbook.redaction.forbid =
        (struct bind_texts){ .items = forbid, .count = 1, .declared = true };
    planned.runbook = &runbook;
    planned.drill_case.id = planned.drill_case.scenario =
        planned.drill_case.family = planned.drill_case.title =
            (char[]){ "leak/late" };
    planned.result = result_new(&planned.drill_case, "test-1");
    planned.result->verdict = VERDICT_PASS;
    findings_add(&planned.result->findings)->check = "redaction";
    snprintf(slot.id, sizeof slot.id, "s1");
    canary_make(&slot.client_key, CANARY_CREDENTIAL, CANARY_IN_HEADER,
                "client.key", 7, "a", fingerprint_key);
    run_folder_forbid(&drill.folder, &slot.client_key);
}

static void finish(void)
{
    char command[128];

    late_release(&drill.late);
    result_free(planned.result);
    canary_release(&slot.client_key);
    run_folder_close(&drill.folder);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(late_sweep, .init = begin, .fini = finish);

static void append(const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", folder, name);
    FILE *out = fopen(path, "ae");

    cr_assert_not_null(out);
    fprintf(out, "key=%s;\n", text);
    fclose(out);
    free(path);
}

static void add_sink(const char *pattern, const char *given)
{
    char *path = xasprintf("%s/%s", folder, pattern);
    char *list[] = { given ? xasprintf("%s/%s", folder, given) : NULL, NULL };

    sink_set_add(
        &slot.sinks,
        &(struct sink_spec){ .name = "file log", .path = path, .given = list });
    free(list[0]);
    free(path);
}

/* One case that found what it found, then the end. */
static void end(struct sink_hit *hits, size_t count)
{
    const struct observation o = { .hits = hits, .hit_count = count };
    struct err err = { 0 };

    late_add_case(&drill, &planned, &slot, &o);
    late_add_slot(&drill, &slot);
    cr_assert(late_sweep(&drill, &err), "%s: %s", err.where, err.text);
}

static void expect_verdict(enum verdict verdict, const char *reason)
{
    cr_expect_eq(planned.result->verdict, verdict);
    if (!reason)
        return;
    cr_assert_eq(planned.result->findings.count, 1);
    cr_expect(strstr(planned.result->findings.items[0].reason, reason), "%s",
              planned.result->findings.items[0].reason);
}

Test(late_sweep, a_key_that_came_last_is_late)
{
    append("a.log", "nothing");
    add_sink("*.log", NULL);
    append("a.log", slot.client_key.text);
    end(NULL, 0);
    expect_verdict(VERDICT_FAIL, "written late");
}

Test(late_sweep, a_key_that_was_there_at_first_is_not_late)
{
    append("a.log", slot.client_key.text);
    add_sink("*.log", NULL);
    append("a.log", "nothing");
    end(NULL, 0);
    expect_verdict(VERDICT_FAIL, "there before the first case");
}

Test(late_sweep, a_key_that_was_there_at_first_and_comes_again_is_late)
{
    append("a.log", slot.client_key.text);
    add_sink("*.log", NULL);
    append("a.log", slot.client_key.text);
    end(NULL, 0);
    expect_verdict(VERDICT_FAIL, "written late");
}

Test(late_sweep, a_file_that_was_given_may_hold_its_keys)
{
    append("a.conf", slot.client_key.text);
    append("b.log", "nothing");
    add_sink("*.*", "a.conf");
    append("b.log", "nothing");
    end(NULL, 0);
    expect_verdict(VERDICT_PASS, NULL);
}

Test(late_sweep, what_is_added_to_a_file_that_was_given_is_late)
{
    append("a.conf", "nothing");
    add_sink("*.*", "a.conf");
    append("a.conf", slot.client_key.text);
    end(NULL, 0);
    expect_verdict(VERDICT_FAIL, "written late");
}

static void put_into_database(const char *path, const char *text)
{
    char *words = xasprintf("CREATE TABLE IF NOT EXISTS t(v);"
                            "INSERT INTO t VALUES('%s')",
                            text);
    sqlite3 *database;

    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(database, words, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    free(words);
}

static void add_database(char *path)
{
    const struct source_target target = { .path = path };

    sink_set_add(&slot.sinks, &(struct sink_spec){ .name = "sqlite keys.db",
                                                   .source = &source_sqlite,
                                                   .target = &target });
}

Test(late_sweep, a_database_may_hold_its_keys_from_the_first)
{
    char *path = xasprintf("%s/keys.db", folder);

    put_into_database(path, slot.client_key.text);
    add_database(path);
    put_into_database(path, "nothing");
    end(NULL, 0);
    expect_verdict(VERDICT_PASS, NULL);
    free(path);
}

Test(late_sweep, a_key_that_came_into_a_database_last_is_late)
{
    char *path = xasprintf("%s/keys.db", folder);

    put_into_database(path, "nothing");
    add_database(path);
    put_into_database(path, slot.client_key.text);
    end(NULL, 0);
    expect_verdict(VERDICT_FAIL, "written late");
    free(path);
}

static struct sink_hit told_as(enum hit_class how)
{
    return (struct sink_hit){ .canary = "client.key",
                              .sink = "file log",
                              .how = how };
}

Test(late_sweep, what_a_case_has_told_is_not_told_again)
{
    struct sink_hit told = told_as(HIT_FULL);

    add_sink("*.log", NULL);
    append("a.log", slot.client_key.text);
    end(&told, 1);
    expect_verdict(VERDICT_PASS, NULL);
}

Test(late_sweep, a_digest_that_was_told_does_not_hide_the_key)
{
    struct sink_hit told = told_as(HIT_DERIVED);

    add_sink("*.log", NULL);
    append("a.log", slot.client_key.text);
    end(&told, 1);
    expect_verdict(VERDICT_FAIL, "written late");
}

/* The file's name is the place of the hit. */
Test(late_sweep, a_rest_that_was_told_does_not_hide_the_key)
{
    struct sink_hit told = told_as(HIT_ALLOWED);

    add_sink("*.log", NULL);
    append("a.log", slot.client_key.text);
    end(&told, 1);
    expect_verdict(VERDICT_FAIL, "written late");
}

/* All but its beginning and its end. */
static void append_masked(size_t first, size_t last)
{
    const char *key = slot.client_key.text;
    char *masked =
        xasprintf("%.*s****%s", (int)first, key, key + strlen(key) - last);

    append("a.log", masked);
    free(masked);
}

Test(late_sweep, a_rest_that_is_allowed_is_no_leak)
{
    runbook.redaction.masked =
        (struct runbook_masked){ .first = 16, .last = 16 };
    slot.runbook = &runbook;
    add_sink("*.log", NULL);
    append_masked(16, 16);
    end(NULL, 0);
    expect_verdict(VERDICT_PASS, NULL);
}

Test(late_sweep, a_rest_that_is_not_allowed_is_a_leak)
{
    slot.runbook = &runbook;
    add_sink("*.log", NULL);
    append_masked(16, 16);
    end(NULL, 0);
    expect_verdict(VERDICT_FAIL, "written late");
}

/* Only decoding shows it. */
Test(late_sweep, a_key_that_was_coded_twice_is_found_without_being_suspect)
{
    struct buf dump = { 0 };
    const struct plant *plant = plants;

    while (strcmp(plant->name, "base64-twice") != 0)
        plant++;
    plant->write(&dump, slot.client_key.text, strlen(slot.client_key.text));
    add_sink("*.log", NULL);
    append("a.log", buf_text(&dump));
    end(NULL, 0);
    expect_verdict(VERDICT_FAIL, "written late");
    buf_release(&dump);
}

Test(late_sweep, a_key_in_a_place_is_concealed_and_the_run_goes_on)
{
    char *name = xasprintf("%s.log", slot.client_key.text);
    char *path = xasprintf("%s/run/history.jsonl", folder);
    struct stat status;

    add_sink("*.log", NULL);
    append(name, slot.client_key.text);
    end(NULL, 0);
    expect_verdict(VERDICT_FAIL, "written late");
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_gt(status.st_size, 0);
    free(path);
    free(name);
}

static size_t noise;
static bool told;

static void fetch_noise(struct page *page, const struct source_target *target)
{
    struct buf text = { 0 };

    (void)target;
    while (text.length < noise)
        buf_add_text(&text, "requests_total{route=\"/v1\"} 1\n");
    if (told)
        buf_add_text(&text, slot.client_key.text);
    page_add_text(page, text.data, text.length);
    buf_release(&text);
}

Test(late_sweep, of_long_pages_only_the_suspect_are_kept)
{
    static const struct source source = { .name = "noise",
                                          .fetch = fetch_noise };
    static const struct {
        size_t bytes;
        bool told, kept;
    } pages[] = { { 100, false, true },
                  { 1 << 20, false, false },
                  { 1 << 20, true, true } };

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        noise = pages[i].bytes;
        told = pages[i].told;
        sink_set_add(&slot.sinks, &(struct sink_spec){ .name = "http /metrics",
                                                       .source = &source });
        cr_expect_eq(slot.sinks.items[0].first.page.text.length, 0);
        late_add_slot(&drill, &slot);
        cr_expect_eq(drill.late.slots[i].pages[0].text.length > 0,
                     pages[i].kept, "page %zu", i);
    }
}

Test(late_sweep, a_mark_serves_without_its_texts)
{
    static const struct source source = { .name = "noise",
                                          .fetch = fetch_noise };
    struct observation o = { .canaries = &slot.client_key, .canary_count = 1 };
    struct sink_mark *from, *to;
    struct scan_set set;
    struct err err = { 0 };

    noise = 100;
    sink_set_add(&slot.sinks, &(struct sink_spec){ .name = "http /metrics",
                                                   .source = &source });
    from = sink_mark(&slot.sinks);
    sink_mark_forget_text(from);
    cr_expect_eq(from->items[0].page.text.length, 0);
    told = true;
    to = sink_mark(&slot.sinks);
    cr_assert(scan_set_init(&set, &slot.client_key, 1, &err));
    sink_scan(&slot.sinks, from, to, &set, &o);
    cr_expect_eq(o.hit_count, 1);
    cr_expect_eq(o.sinks[0].bytes, (int64_t)strlen(slot.client_key.text));
    scan_set_release(&set);
    sink_mark_free(from);
    sink_mark_free(to);
    sink_set_release(&slot.sinks);
    free(o.hits);
    free(o.sinks);
}
