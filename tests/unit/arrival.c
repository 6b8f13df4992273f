#include <criterion/criterion.h>
#include <string.h>

#include "mockserver/arrival.h"

static const uint8_t key[FINGERPRINT_KEY_BYTES] = { 1, 2, 3 };
static const char *const names[] = { "transient/x", NULL };
static struct arrival arrival;
static struct attempt attempt;
static struct head head;

static void begin(void)
{
    arrival = (struct arrival){ 0 };
    attempt = (struct attempt){ .request = { .content_length = -1 } };
}

static void end(void)
{
    arrival_release(&arrival);
    attempt_release(&attempt);
}

TestSuite(arrival, .init = begin, .fini = end);

static bool accepts(const void *context, const char *fingerprint)
{
    return !strcmp(context, fingerprint);
}

static void read_head(const char *text, const char *accepted)
{
    head_read(&head, text, strlen(text));
    arrival_read_head(&arrival, &attempt, &head, names, key, accepts, accepted);
}

static void read_body(const char *text, bool complete)
{
    arrival_read_body(&arrival, &attempt, text, strlen(text), complete, key);
}

Test(arrival, a_key_is_fingerprinted_and_looked_up_without_its_scheme)
{
    char fingerprint[FINGERPRINT_HEX_SIZE];

    digest_fingerprint(fingerprint, key, "sk-1", 4);
    read_head("POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
              "Authorization: Bearer sk-1\r\nX-Api-Key: sk-2\r\n\r\n",
              fingerprint);
    cr_assert(attempt.request.credential_count == 2);
    cr_assert_str_eq(attempt.request.credentials[0].header, "authorization");
    cr_assert_str_eq(attempt.request.credentials[0].fingerprint, fingerprint);
    cr_assert(attempt.request.credentials[0].accepted);
    cr_assert(!attempt.request.credentials[1].accepted);
    cr_assert_str_eq(attempt.request.header_names,
                     "host authorization x-api-key");
}

Test(arrival, a_key_opens_nothing_where_none_belongs)
{
    char fingerprint[FINGERPRINT_HEX_SIZE];

    digest_fingerprint(fingerprint, key, "sk-1", 4);
    read_head("POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
              "Cookie: sk-1\r\nProxy-Authorization: Bearer sk-1\r\n\r\n",
              fingerprint);
    cr_assert(attempt.request.credential_count == 2);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_str_eq(attempt.request.credentials[i].fingerprint,
                         fingerprint);
        cr_assert(!attempt.request.credentials[i].accepted);
    }
}

Test(arrival, the_line_and_the_marks_are_read)
{
    read_head("POST /s/transient/x/v1/chat/completions?a=b HTTP/1.0\r\n"
              "Content-Type: application/json\r\n"
              "X-Drill-Id: gd-0123456789ab0002\r\n"
              "traceparent: "
              "00-0123456789abcdef0123456789ab0003-00f067aa0ba902b7-01\r\n"
              "x-stainless-retry-count: 2\r\n\r\n",
              "");
    cr_assert_str_eq(attempt.request.method, "POST");
    cr_assert_str_eq(attempt.request.content_type, "application/json");
    cr_assert(attempt.request.client_retry_marker == 2);
    cr_assert_str_eq(arrival.path_name, "transient/x");
    cr_assert_str_eq(arrival.path, "/v1/chat/completions");
    cr_assert(arrival.header.nonce == 0x0123456789ab);
    cr_assert(arrival.header.epoch == 2 && arrival.trace.epoch == 3);
    cr_assert(arrival.http_1_0 && arrival.wants_close);
}

Test(arrival, marks_that_are_none_are_left_out)
{
    read_head("POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
              "X-Drill-Id: gd-0123456789ab0002x\r\n"
              "x-stainless-retry-count: two\r\n\r\n",
              "");
    cr_assert(arrival.header.nonce == 0);
    cr_assert(attempt.request.client_retry_marker == -1);
    cr_assert_null(arrival.path_name);
    cr_assert_str_eq(arrival.path, "/v1/chat/completions");
}

Test(arrival, an_idempotency_key_is_known_by_its_fingerprint_alone)
{
    char first[FINGERPRINT_HEX_SIZE];

    read_head("POST / HTTP/1.1\r\nHost: m\r\n\r\n", "");
    cr_assert_str_empty(attempt.request.idempotency_fingerprint);
    read_head("POST / HTTP/1.1\r\nIdempotency-Key: a\r\n\r\n", "");
    strcpy(first, attempt.request.idempotency_fingerprint);
    cr_assert(strlen(first) == 16);
    read_head("POST / HTTP/1.1\r\nidempotency-key:  a \r\n\r\n", "");
    cr_assert_str_eq(attempt.request.idempotency_fingerprint, first);
    read_head("POST / HTTP/1.1\r\nIdempotency-Key: b\r\n\r\n", "");
    cr_assert_str_neq(attempt.request.idempotency_fingerprint, first);
}

Test(arrival, a_body_is_read_by_meaning)
{
    read_head("POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n\r\n", "");
    read_body("{\"model\":\"m1\",\"stream\":true,\"stream_options\":"
              "{\"include_usage\":true},\"messages\":[{\"role\":\"user\","
              "\"content\":\"hi gd-0123456789ab0002\"}]}",
              true);
    cr_assert(attempt.request.body == ATTEMPT_BODY_COMPLETE);
    cr_assert(attempt.request.json && attempt.request.stream);
    cr_assert(arrival.stream && arrival.include_usage);
    cr_assert_str_eq(arrival.model, "m1");
    cr_assert(strlen(attempt.request.model_fingerprint) == 16);
    cr_assert(strlen(attempt.request.body_sha256) == 64);
    cr_assert(attempt.request.fields.count == 5);
    cr_assert(arrival.text.nonce == 0x0123456789ab && arrival.text.epoch == 2);
}

Test(arrival, a_body_that_is_no_json_is_still_a_body)
{
    read_body("hi gd-0123456789ab0002", true);
    cr_assert(attempt.request.body == ATTEMPT_BODY_COMPLETE);
    cr_assert(!attempt.request.json && !arrival.model);
    cr_assert(arrival.text.epoch == 2);
}

struct body_case {
    const char *method, *body;
    bool complete;
    enum attempt_body expected;
};

Test(arrival, a_body_that_never_came_is_none)
{
    static const struct body_case cases[] = {
        { "POST", "", true, ATTEMPT_BODY_NONE },
        { "POST", "", false, ATTEMPT_BODY_NONE },
        { "POST", "x", false, ATTEMPT_BODY_INCOMPLETE },
        { "POST", "x", true, ATTEMPT_BODY_COMPLETE },
        { "GET", "", true, ATTEMPT_BODY_COMPLETE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strcpy(attempt.request.method, cases[i].method);
        read_body(cases[i].body, cases[i].complete);
        cr_expect(attempt.request.body == cases[i].expected, "%zu", i);
    }
}

Test(arrival, watched_texts_are_named_by_where_they_stand)
{
    static const char text[] = "POST /v1/leak-1 HTTP/1.1\r\nHost: m\r\n"
                               "Cookie: a=leak-2\r\nX-A: leak-1\r\n\r\n";
    struct watch_text watch[] = { { (char[]){ "one" }, (char[]){ "leak-1" } },
                                  { (char[]){ "two" }, (char[]){ "leak-2" } },
                                  { (char[]){ "three" },
                                    (char[]){ "leak-3" } } };
    struct arming arming = { .watch = watch, .watch_count = 3 };
    static const char body[] = "{\"x\":\"leak-2\"}";
    static const char *const expected[] = { "one@target", "one@header:x-a",
                                            "two@header:cookie", "two@body" };

    head_read(&head, text, strlen(text));
    arrival_find_watched(&attempt, &arming, &head, text, strlen(text), body,
                         strlen(body));
    cr_assert(attempt.request.canary_count == 4, "%zu",
              attempt.request.canary_count);
    for (size_t i = 0; i < 4; i++)
        cr_expect_str_eq(attempt.request.canaries[i], expected[i]);
}

/* A quote, a line end and a letter beyond ASCII, as clients write them. */
Test(arrival, a_watched_text_is_found_where_json_escapes_it)
{
    static const struct {
        const char *body;
        bool found;
    } bodies[] = {
        { "{\"m\":[{\"c\":\"x le\\\"\\\\\\n<\xc3\xa9 ak y\"}]}", true },
        { "{\"m\":\"le\\u0022\\u005c\\u000A\\u003c\\u00e9\\u0020ak\"}", true },
        { "{\"a\":\"{\\\"f\\\":\\\"le\\\\\\\"\\\\\\\\\\\\n<\xc3\xa9 ak\\\"}\"}",
          true },
        { "[[[\"le\\\"\\\\\\n<\xc3\xa9 ak\"]]]", true },
        { "{\"m\":\"le\\\"\\\\\\n<\xc3\xa9 ao\"}", false },
        { "{\"m\":[\"le\\\"\",\"\\\\\\n<\xc3\xa9 ak\"]}", false },
        { "{\"m\":\"le\\\"\\\\\\n<\xc3\xa9 ak\"", false }, /* no JSON */
    };
    struct watch_text watch = { (char[]){ "one" },
                                (char[]){ "le\"\\\n<\xc3\xa9 ak" } };
    struct arming arming = { .watch = &watch, .watch_count = 1 };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        attempt.request.canary_count = 0;
        arrival_find_watched(&attempt, &arming, &head, "", 0, bodies[i].body,
                             strlen(bodies[i].body));
        cr_expect_eq(attempt.request.canary_count, bodies[i].found ? 1 : 0,
                     "%s", bodies[i].body);
        if (bodies[i].found)
            cr_expect_str_eq(attempt.request.canaries[0], "one@body");
    }
}

Test(arrival, a_body_too_long_to_keep_has_a_length_and_no_content)
{
    read_body("{\"a\":1}", true);
    arrival_forget_body(&attempt, 40000000);
    cr_assert(attempt.request.body_bytes == 40000000);
    cr_assert(!attempt.request.body_sha256[0] && !attempt.request.json);
    cr_assert(attempt.request.fields.count == 0);
}
