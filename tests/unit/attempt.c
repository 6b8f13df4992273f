#include "common/attempt.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void fill(struct attempt *a)
{
    static const uint8_t key[FINGERPRINT_KEY_BYTES] = "k";
    static const char body[] = "{\"model\":\"m\",\"messages\":[{\"a~b\":1}]}";

    *a = (struct attempt){ .seq = 7,
                           .id = { 0x0123456789ab, 2 },
                           .slot = "s1",
                           .upstream = "primary",
                           .ordinal = 2,
                           .by = ATTEMPT_BY_TEXT,
                           .contradiction = true,
                           .late = true,
                           .other_route = true,
                           .connection = 3,
                           .request_on_connection = 4 };
    strcpy(a->request.method, "POST");
    strcpy(a->request.target, "/v1/chat/completions");
    strcpy(a->request.version, "HTTP/1.1");
    strcpy(a->request.content_type, "application/json");
    a->request.head_bytes = 300;
    a->request.head_seen = true;
    strcpy(a->request.head_findings[0], "bare_lf");
    strcpy(a->request.head_findings[1], "obs_fold");
    a->request.head_finding_count = 2;
    a->request.body = ATTEMPT_BODY_COMPLETE;
    a->request.content_length = sizeof body - 1;
    a->request.chunked = true;
    a->request.body_bytes = sizeof body - 1;
    digest_sha256(a->request.body_sha256, body, sizeof body - 1);
    cr_assert(json_fields_read(&a->request.fields, body, sizeof body - 1, key));
    a->request.fields.cut = true;
    a->request.json = true;
    a->request.stream = true;
    strcpy(a->request.model_fingerprint, "0123456789abcdef");
    strcpy(a->request.idempotency_fingerprint, "00000000000000aa");
    strcpy(a->request.request_id_fingerprint, "00000000000000bb");
    strcpy(a->request.credentials[0].header, "authorization");
    strcpy(a->request.credentials[0].fingerprint, "00000000000000ff");
    a->request.credentials[0].accepted = true;
    strcpy(a->request.credentials[1].header, "cookie");
    a->request.credential_count = 2;
    strcpy(a->request.header_names, "host content-type");
    strcpy(a->request.canaries[0], "prompt@body");
    a->request.canary_count = 1;
    a->request.client_retry_marker = 0;
    strcpy(a->planned.fault, "status");
    strcpy(a->planned.text, "503 with Retry-After 2 s");
    a->planned.status = 503;
    a->planned.end = ATTEMPT_END_KEEP;
    a->delivered.status = 503;
    a->delivered.head_complete = true;
    a->delivered.sent_bytes = 400;
    a->delivered.unsent_bytes = 1;
    a->delivered.unacked_bytes = 2;
    a->delivered.events = 3;
    a->delivered.end = ATTEMPT_END_PEER_RST;
    a->delivered.peer_closed_first = true;
    a->delivered.faithful = true;
    strcpy(a->delivered.deviation, "none");
    a->times_ns.accept = 9007199254740993; /* no double holds it */
    a->times_ns.first_byte = 2;
    a->times_ns.arrived = 4;
    a->times_ns.head = 3;
    a->times_ns.body = 4;
    a->times_ns.first_sent = 5;
    a->times_ns.last_sent = 6;
    a->times_ns.end = 7;
    a->times_ns.peer_closed = INT64_MAX;
}

static bool parse(struct attempt *out, const char *line, struct err *err)
{
    return attempt_parse(out, line, strlen(line), err);
}

Test(attempt, every_field_reads_back_as_written)
{
    struct attempt a;
    struct attempt b;
    struct err err;
    char *first;
    char *second;

    fill(&a);
    first = attempt_print(&a);
    cr_assert(parse(&b, first, &err), "%s %s", err.where, err.text);
    second = attempt_print(&b);
    cr_assert_str_eq(first, second);
    cr_expect_null(strchr(first, '\n'));

    /* All but the list on the heap is bytes, so nothing was forgotten. */
    cr_assert_eq(b.request.fields.count, 2);
    cr_expect_str_eq(b.request.fields.items[0].pointer, "/messages/0/a~0b");
    cr_expect_eq(b.request.fields.items[1].kind, JSON_STRING);
    cr_expect_str_eq(b.request.fields.items[1].fingerprint,
                     a.request.fields.items[1].fingerprint);
    json_fields_release(&a.request.fields);
    json_fields_release(&b.request.fields);
    cr_expect_eq(memcmp(&a.request.credentials, &b.request.credentials,
                        sizeof a.request.credentials),
                 0);
    cr_expect_eq(memcmp(&a.times_ns, &b.times_ns, sizeof a.times_ns), 0);
    cr_expect_eq(memcmp(&a.planned, &b.planned, sizeof a.planned), 0);
    cr_expect_eq(b.request.head_finding_count, 2);
    cr_expect_eq(b.delivered.end, ATTEMPT_END_PEER_RST);
    cr_expect_eq(b.id.epoch, 2);
    free(first);
    free(second);
}

Test(attempt, line_has_this_shape)
{
    struct attempt a = { .seq = 1, .by = ATTEMPT_BY_NOTHING, .foreign = true };
    char *line;

    a.request.content_length = -1;
    a.request.client_retry_marker = -1;
    a.planned.status = -1;
    a.delivered.status = -1;
    line = attempt_print(&a);
    cr_expect_str_eq(
        line,
        "{\"seq\":1,\"drill_id\":null,\"by\":\"nothing\",\"foreign\":true,"
        "\"request\":{\"body\":\"none\"},\"planned\":{\"end\":\"open\"},"
        "\"delivered\":{\"end\":\"open\",\"faithful\":false},"
        "\"times_ns\":{}}");
    free(line);
}

Test(attempt, bytes_of_a_peer_do_not_break_the_line)
{
    struct attempt a = { .seq = 1 };
    struct attempt b;
    struct err err;
    char *line;

    memset(a.request.target, 0xff, sizeof a.request.target - 1);
    strcpy(a.request.method, "P\"\n\xc3");
    line = attempt_print(&a);
    cr_assert(parse(&b, line, &err), "%s: %s", err.where, err.text);
    cr_expect_str_eq(b.request.method, "P\"\n\xef\xbf\xbd");
    cr_expect_eq(strlen(b.request.target), 255);
    cr_expect(!strncmp(b.request.target, "\xef\xbf\xbd\xef", 4));
    free(line);
    attempt_release(&b);
}

#define REST                                                                   \
    "\"planned\":{\"end\":\"open\"},\"delivered\":{\"end\":\"open\","          \
    "\"faithful\":true},\"times_ns\":{}}"
#define HEAD "{\"seq\":1,\"drill_id\":null,\"by\":\"lease\","

Test(attempt, broken_lines_are_named)
{
    static const struct {
        const char *line;
        enum err_code code;
        const char *where, *problem;
    } rows[] = {
        { "", ERR_SYNTAX, "attempt:1:1",
          "the text ends where a value should stand" },
        { "{\"seq\":1", ERR_SYNTAX, "attempt:1:9",
          "the text ends where ',' or '}' should stand" },
        { "[]", ERR_SCHEMA, "attempt: $", "[] is not an object" },
        { "{}", ERR_SCHEMA, "attempt: $", "\"seq\" is missing" },
        { "{\"seq\":\"1\"}", ERR_SCHEMA, "attempt: $.seq",
          "\"1\" is not a whole number from 0" },
        { "{\"seq\":1.5}", ERR_SCHEMA, "attempt: $.seq",
          "1.5 is not a whole number from 0" },
        { "{\"seq\":1,\"orinal\":2}", ERR_SCHEMA, "attempt: $.orinal",
          "unknown key; did you mean \"ordinal\"?" },
        { "{\"seq\":1,\"drill_id\":\"gd-1\"}", ERR_SCHEMA,
          "attempt: $.drill_id", "\"gd-1\" is not a drill id or null" },
        { "{\"seq\":1,\"by\":\"luck\"}", ERR_SCHEMA, "attempt: $.by",
          "\"luck\" is not one of lease, text, header, path, model, default, "
          "nothing" },
        { "{\"seq\":1}", ERR_SCHEMA, "attempt: $", "\"by\" is missing" },
        { HEAD REST, ERR_SCHEMA, "attempt: $", "\"request\" is missing" },
        { HEAD "\"late\":1,\"request\":{\"body\":\"none\"}," REST, ERR_SCHEMA,
          "attempt: $.late", "1 is not true or false" },
        { HEAD "\"upstream\":\"averyveryverylongname\","
               "\"request\":{\"body\":\"none\"}," REST,
          ERR_SCHEMA, "attempt: $.upstream",
          "21 bytes of text; at most 16 are allowed" },
        { HEAD "\"request\":{\"body\":\"none\",\"content_length\":-2}," REST,
          ERR_SCHEMA, "attempt: $.request.content_length",
          "-2 is not a whole number from -1" },
        { HEAD "\"request\":{\"body\":\"none\",\"fields\":[[\"/a\",\"text\","
               "\"00\"]]}," REST,
          ERR_SCHEMA, "attempt: $.request.fields[0]",
          "\"text\" is not one of null, bool, number, string, array, object" },
        { HEAD "\"request\":{\"body\":\"none\",\"fields\":[[\"/a\","
               "\"null\",\"00\"],[\"/a\"]]}," REST,
          ERR_SCHEMA, "attempt: $.request.fields[1]",
          "[\"/a\"] is not [pointer, kind, fingerprint]" },
        { HEAD "\"request\":{\"body\":\"none\",\"canaries\":[\"a\",2]}," REST,
          ERR_SCHEMA, "attempt: $.request.canaries[1]", "2 is not a text" },
        { HEAD "\"request\":{\"body\":\"none\",\"head_findings\":"
               "[1,2,3,4,5,6,7,8,9]}," REST,
          ERR_SCHEMA, "attempt: $.request.head_findings",
          "9 entries; at most 8 are allowed" },
        { HEAD "\"request\":{\"body\":\"none\",\"credentials\":"
               "[{\"header\":\"cookie\"}]}," REST,
          ERR_SCHEMA, "attempt: $.request.credentials[0]",
          "\"fingerprint\" is missing" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct attempt a;
        struct err err = { 0 };

        cr_assert_not(parse(&a, rows[i].line, &err), "%s", rows[i].line);
        cr_expect_eq(err.code, rows[i].code, "%s", rows[i].line);
        cr_expect_str_eq(err.where, rows[i].where);
        cr_expect_str_eq(err.text, rows[i].problem);
        cr_expect_eq(a.seq, 0);
        cr_expect_null(a.request.fields.items);
    }
}

/* A line with edits is refused, or prints as a line that reads the same. */
Test(attempt, any_bytes_are_survived)
{
    struct attempt a;
    size_t length;
    char *line;
    size_t taken = 0;

    fill(&a);
    line = attempt_print(&a);
    attempt_release(&a);
    length = strlen(line);
    srandom(20260624);
    for (int round = 0; round < 5000; round++) {
        char *text = malloc(length);
        struct attempt b;
        struct err err;

        memcpy(text, line, length);
        for (long edits = random() % 3; edits; edits--)
            text[(size_t)random() % length] =
                (char)(random() % 4 ? text[(size_t)random() % length]
                                    : random());
        if (attempt_parse(&b, text, length - (round % 50 == 0), &err)) {
            char *first = attempt_print(&b);
            struct attempt c;
            char *second;

            taken++;
            cr_assert(parse(&c, first, &err), "%s", err.text);
            second = attempt_print(&c);
            cr_assert_str_eq(first, second);
            free(first);
            free(second);
            attempt_release(&c);
        }
        attempt_release(&b);
        free(text);
    }
    cr_expect_gt(taken, 100);
    cr_expect_lt(taken, 4900);
    free(line);
}
