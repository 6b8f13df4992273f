#include "harness/drill/late_look.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "common/xalloc.h"
#include "harness/evidence/evidence.h"
#include "harness/leaks/canary.h"

static char folder[] = "/tmp/gatedrill-late-XXXXXX";
static char path[64];
static struct canary key;
static struct forbidden secrets;

static void begin(void)
{
    static const uint8_t fingerprint_key[FINGERPRINT_KEY_BYTES] = { 1 };

    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    canary_make(&key, CANARY_CREDENTIAL, CANARY_IN_TEXT, "primary.key", 7, "a",
                fingerprint_key);
    forbidden_add(&secrets, &key);
}

static void finish(void)
{
    forbidden_release(&secrets);
    canary_release(&key);
    unlink(path);
    cr_expect_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(late, .init = begin, .fini = finish);

static bool suspects(void)
{
    const struct sink sink = { .path = path };
    const struct page none = { 0 };

    return late_suspects(&secrets, &sink, &none);
}

/* noise bytes, then text, then noise again. */
static void write_log(size_t noise, const char *text, bool packed)
{
    gzFile out = gzopen(path, packed ? "wb" : "wbT");

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < noise; i++)
            gzputc(out, "{\"a\":1}\n"[i % 8]);
        if (!round)
            gzwrite(out, text, (unsigned)strlen(text));
    }
    gzclose(out);
}

Test(late, a_secret_anywhere_in_a_log_is_suspect)
{
    static const size_t noises[] = { 0, 100, 262144 - 30, 262144, 600000 };

    for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
        write_log(noises[i], key.text, false);
        cr_expect(suspects(), "behind %zu bytes", noises[i]);
        write_log(noises[i], "sk-nobody", false);
        cr_expect_not(suspects(), "behind %zu bytes", noises[i]);
    }
}

Test(late, a_secret_in_a_compressed_log_is_suspect)
{
    write_log(1000, key.text, true);
    cr_expect(suspects());
    write_log(1000, "sk-nobody", true);
    cr_expect_not(suspects());
}

/* The window ends long before what is compressed does. */
Test(late, a_long_compressed_log_is_suspect)
{
    gzFile out = gzopen(path, "wb1");
    unsigned state = 1;

    for (size_t i = 0; i < 700000; i++) {
        state = state * 1103515245u + 12345u;
        gzputc(out, 'a' + (int)(state >> 16) % 26);
    }
    gzwrite(out, key.text, (unsigned)strlen(key.text));
    gzclose(out);
    cr_expect(suspects());
}

Test(late, of_a_page_what_was_handed_over_is_not_suspect)
{
    char *setting = xasprintf("KEY=%s", key.text);
    char *handed[] = { setting, NULL };
    const struct sink plain = { .source = &source_environment };
    const struct sink given = { .source = &source_environment,
                                .handed = handed };
    struct page page = { 0 };

    page_add(&page, setting, strlen(setting), page_place(&page, "sh"));
    cr_expect(late_suspects(&secrets, &plain, &page));
    cr_expect_not(late_suspects(&secrets, &given, &page));
    page_release(&page);
    free(setting);
}

Test(late, a_close_look_says_where_it_stands)
{
    const struct sink sink = { .name = "file log", .path = path };
    const struct page none = { 0 };
    struct observation o = { .canaries = &key, .canary_count = 1 };
    struct scan_set set;
    struct err err = { 0 };

    write_log(100, key.text, false);
    cr_assert(scan_set_init(&set, &key, 1, &err));
    late_search(&o, &set, &sink, &none, LATE_WHOLE);
    cr_assert_eq(o.hit_count, 1);
    cr_expect_str_eq(o.hits[0].sink, "file log");
    cr_expect_eq(o.hits[0].offset, 100);
    cr_expect_eq(o.hits[0].canary_index, 0);
    scan_set_release(&set);
    free(o.hits);
    free(o.sinks);
}

/* The record of a case that passed, as far as it is looked at. */
static const char record[] =
    "{\"redaction_status\":\"prompt_response_and_credential_not_logged\","
    "\"operator_result\":\"pass\",\"extensions\":{\"checks\":[{\"id\":"
    "\"route\","
    "\"verdict\":\"pass\"},{\"id\":\"redaction\",\"verdict\":\"pass\"}],"
    "\"sinks_scanned\":[{\"name\":\"file log\",\"hits\":0}],\"leaks\":[],"
    "\"reasons\":[]}}";

Test(late, a_late_leak_fails_its_case_and_the_record_says_so)
{
    struct runbook runbook = { 0 };
    struct sink_hit hit = { .canary = "primary.key", .sink = "file log" };
    const struct observation late = { .runbook = &runbook,
                                      .canaries = &key,
                                      .canary_count = 1,
                                      .hits = &hit,
                                      .hit_count = 1 };
    struct finding finding = { .check = "redaction",
                               .verdict = VERDICT_FAIL,
                               .observed = "it stands in file log" };
    struct err err = { 0 };
    struct result *result = xcalloc(1, sizeof *result);
    const struct json *ext;

    result->record = json_parse(record, strlen(record), "record", &err);
    result->verdict = VERDICT_PASS;
    findings_add(&result->findings)->check = "redaction";
    result_add_late(result, &late, &finding);
    cr_expect_eq(result->verdict, VERDICT_FAIL);
    cr_expect_str_eq(result->reason, "redaction: it stands in file log");
    cr_expect_eq(result->findings.items[0].verdict, VERDICT_FAIL);
    cr_expect_str_eq(json_get_text(result->record, "operator_result", ""),
                     "fail");
    cr_expect_str_eq(json_get_text(result->record, "redaction_status", ""),
                     "leak_detected");
    ext = json_get(result->record, "extensions");
    cr_expect_str_eq(json_text(json_pointer(ext, "/checks/1/verdict"), ""),
                     "fail");
    cr_expect_str_eq(json_text(json_pointer(ext, "/checks/0/verdict"), ""),
                     "pass");
    cr_expect_eq(json_int(json_pointer(ext, "/sinks_scanned/0/hits"), 0), 1);
    cr_expect_str_eq(json_text(json_pointer(ext, "/leaks/0/canary"), ""),
                     "primary.key");
    cr_expect_str_eq(json_get_text(result->history, "kind", ""), "late");
    cr_expect_str_eq(json_get_text(result->history, "verdict", ""), "fail");
    result_free(result);
}
