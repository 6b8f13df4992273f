#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mockserver/journal.h"
#include "mockserver/withhold.h"

static struct journal journal;
static struct buf lines;

static void end(void)
{
    journal_release(&journal);
    buf_release(&lines);
}

TestSuite(journal, .fini = end);

static void append(uint64_t nonce)
{
    static struct attempt attempt;

    attempt = (struct attempt){ .id = { nonce, 1 },
                                .foreign = !nonce,
                                .upstream = "primary" };
    journal_append(&journal, &attempt);
}

static size_t count(uint64_t nonce, int64_t after)
{
    buf_clear(&lines);
    return journal_read(&journal, nonce, after, &lines);
}

Test(journal, lines_are_read_by_case_and_place)
{
    cr_assert(journal_open(&journal, 100, NULL, NULL));
    append(1);
    append(2);
    append(1);
    append(0);
    cr_assert(count(1, 0) == 2);
    cr_assert(count(1, 1) == 1);
    cr_assert(strstr(buf_text(&lines), "\"seq\":3,"), "%s", buf_text(&lines));
    cr_assert(count(1, 3) == 0);
    cr_assert(count(0, 0) == 4);
    cr_assert(count(3, 0) == 0);
    cr_assert(journal.last_seq == 4 && journal.foreign == 1);
}

Test(journal, forgotten_lines_are_not_read)
{
    cr_assert(journal_open(&journal, 100, NULL, NULL));
    append(1);
    append(2);
    append(1);
    journal_forget(&journal, 1);
    cr_assert(count(1, 0) == 0 && count(2, 0) == 1);
    append(1);
    cr_assert(count(1, 0) == 1);
    cr_assert(strstr(buf_text(&lines), "\"seq\":4,"), "numbers go on");
    journal_forget(&journal, 0);
    cr_assert(count(0, 0) == 0);
}

Test(journal, when_full_forgotten_lines_make_room_first)
{
    cr_assert(journal_open(&journal, 10, NULL, NULL));
    for (int i = 0; i < 10; i++)
        append(i < 4 ? 1 : 2);
    journal_forget(&journal, 1);
    for (int i = 0; i < 4; i++)
        append(2);
    cr_assert(count(2, 0) == 10 && journal.dropped == 0);
}

Test(journal, when_full_of_kept_lines_the_oldest_go_and_are_counted)
{
    cr_assert(journal_open(&journal, 10, NULL, NULL));
    for (int i = 0; i < 25; i++)
        append(1);
    cr_assert(journal.count <= 10);
    cr_assert(count(1, 0) == (size_t)(25 - journal.dropped));
    cr_assert(journal.dropped >= 15 && journal.dropped <= 17);
    cr_assert(count(1, 24) == 1, "the newest stays");
}

Test(journal, a_file_gets_every_line)
{
    char path[] = "/tmp/gatedrill-journal-XXXXXX";
    int fd = mkstemp(path);
    char text[4096] = "";
    struct err err;
    FILE *file;

    cr_assert(fd >= 0);
    close(fd);
    cr_assert(journal_open(&journal, 10, path, &err));
    append(1);
    append(2);
    file = fopen(path, "r");
    cr_assert(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    unlink(path);
    cr_assert(strstr(text, "\"seq\":1,") && strstr(text, "\"seq\":2,"));
    cr_assert(text[strlen(text) - 1] == '\n');
}

Test(journal, a_file_that_cannot_be_opened_is_named)
{
    struct err err = { 0 };

    cr_assert(!journal_open(&journal, 10, "/nonexistent/journal", &err));
    cr_assert(err.code == ERR_IO);
    cr_assert_str_eq(err.where, "/nonexistent/journal");
}

/* What a case plants and watches for, in no line. */
static const char key_text[] =
    "sk-q7ZrT0xVb3LmN8cKd1WyPa5JfE2uGh9SoRi4BvXtQwMz6YnUj";
static const char reply_text[] =
    "gdreply7k2m9x4q1z8w5c \"\\\n<&/+ \xc3\xa9v3b6n0j2h7t4p1y";

static void arm(struct cases *cases, uint64_t nonce, const char *key,
                const char *reply)
{
    struct arming arming = { .plant.completion = xstrdup(reply) };

    arming.watch = xcalloc(1, sizeof *arming.watch);
    arming.watch_count = arming.watch_capacity = 1;
    arming.watch[0].id = xstrdup("client.invalid_key");
    arming.watch[0].text = xstrdup(key);
    cases_put(cases, nonce, "", &arming);
}

static char *withheld(const struct cases *cases, uint64_t nonce,
                      const char *text)
{
    struct buf line = { 0 };

    buf_add_text(&line, text);
    withhold(&line, cases, nonce);
    return buf_take(&line);
}

Test(withhold, a_text_of_the_case_becomes_its_id)
{
    static const struct {
        uint64_t nonce;
        const char *line, *expected;
    } rows[] = {
        { 1,
          "GET /v1?key=sk-q7ZrT0xVb3LmN8cKd1WyPa5JfE2uGh9SoRi4BvXtQwMz6YnUj&a",
          "GET /v1?key=[client.invalid_key]&a" },
        { 0, "SK-Q7ZRT0XVB3LMN8CKD1WYPA5JFE2UGH9SORI4BVXTQWMZ6YNUJ",
          "[client.invalid_key]" },
        { 1, "sk-q7ZrT0xVb3Lm...", "[client.invali]..." },
        { 1, "sk-q7ZrT0xV...", "sk-q7ZrT0xV..." }, /* 11 bytes */
        { 1, "gdreply7k2m9x4q1z8w5c \\\"\\\\\\n<&/+ \xc3\xa9v3b6n0j2h7t4p1y!",
          "[completion]!" },
        { 1, "gdreply7k2m9x4q1z8w5c \"\\\n<&/+ \xc3\xa9v3b6n0j2h7t4p1y!",
          "[completion]!" },
        { 2, "sk-q7ZrT0xVb3LmN8cKd1Wy", "sk-q7ZrT0xVb3LmN8cKd1Wy" },
        { 1, "nothing", "nothing" },
        { 1, "", "" },
    };
    struct cases cases = { 0 };

    arm(&cases, 1, key_text, reply_text);
    arm(&cases, 2, "sk-anotherkeyofanothercase", "too bad");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *now = withheld(&cases, rows[i].nonce, rows[i].line);

        cr_expect_str_eq(now, rows[i].expected, "row %zu: %s", i, now);
        free(now);
    }
    cases_release(&cases);
}

/* A copy in which the text stands instead of the left-th value or key. */
static struct json *planted(const struct json *node, size_t *left,
                            const char *text)
{
    bool object = json_kind(node) == JSON_OBJECT;
    struct json *copy;

    if (json_kind(node) == JSON_STRING && (*left)-- == 0)
        return json_new_text(text);
    if (!object && json_kind(node) != JSON_ARRAY)
        return json_copy(node);
    copy = object ? json_new_object() : json_new_array();
    for (const struct json *at = json_first(node); at; at = json_next(at)) {
        const char *key = object && (*left)-- == 0 ? text : json_key(at);
        struct json *child = planted(at, left, text);

        if (object)
            json_add(copy, key, child);
        else
            json_append(copy, child);
    }
    return copy;
}

static void rich_attempt(struct attempt *a)
{
    static const uint8_t key[FINGERPRINT_KEY_BYTES];
    static const char body[] = "{\"model\":\"m\",\"messages\":[{\"a\":1}]}";

    *a = (struct attempt){ .id = { 1, 1 },
                           .slot = "s1",
                           .upstream = "primary",
                           .request = { .method = "POST",
                                        .target = "/v1/chat/completions",
                                        .version = "HTTP/1.1",
                                        .content_type = "application/json",
                                        .head_findings = { "bare_lf" },
                                        .head_finding_count = 1,
                                        .json = true,
                                        .credential_count = 1,
                                        .header_names = "host accept",
                                        .canary_count = 1 },
                           .planned = { .fault = "none", .text = "healthy" },
                           .delivered = { .deviation = "peer closed" } };
    snprintf(a->request.credentials[0].header,
             sizeof a->request.credentials[0].header, "authorization");
    snprintf(a->request.canaries[0], sizeof a->request.canaries[0],
             "prompt@body");
    cr_assert(json_fields_read(&a->request.fields, body, strlen(body), key));
}

Test(withhold, in_every_field_of_a_journal_line)
{
    struct cases cases = { 0 };
    struct attempt attempt;
    struct json *line;
    size_t places = 0;

    arm(&cases, 1, key_text, reply_text);
    rich_attempt(&attempt);
    line = attempt_to_json(&attempt);
    for (size_t wanted = 0;; wanted++) {
        const char *secret = wanted % 2 ? key_text : reply_text;
        size_t left = wanted;
        struct json *now = planted(line, &left, secret);
        char *text = json_print(now), *safe = withheld(&cases, 1, text);
        bool done = left < SIZE_MAX / 2;

        if (!done) {
            places++;
            cr_expect_null(
                strstr(safe, wanted % 2 ? "q7ZrT0xVb3" : "7k2m9x4q1"), "%s",
                safe);
            cr_expect(json_valid(safe, strlen(safe)), "%s", safe);
        }
        json_free(now);
        free(text);
        free(safe);
        if (done)
            break;
    }
    cr_expect_geq(places, 60, "only %zu places", places);
    json_free(line);
    attempt_release(&attempt);
    cases_release(&cases);
}

Test(journal, no_line_in_memory_or_file_holds_a_text_of_its_case)
{
    char path[] = "/tmp/gatedrill-test-XXXXXX";
    int fd = mkstemp(path);
    struct cases cases = { 0 };
    struct attempt attempt, again;
    struct err err = { 0 };
    struct buf file = { 0 };
    char piece[4096];
    ssize_t n;

    arm(&cases, 1, key_text, reply_text);
    rich_attempt(&attempt);
    snprintf(attempt.request.target, sizeof attempt.request.target, "/v1/%s/x",
             key_text);
    snprintf(attempt.request.method, sizeof attempt.request.method, "%.15s",
             key_text);
    cr_assert(journal_open(&journal, 100, path, &err), "%s", err.text);
    journal.cases = &cases;
    journal_append(&journal, &attempt);
    cr_assert_eq(count(1, 0), 1);
    while ((n = read(fd, piece, sizeof piece)) > 0)
        buf_add(&file, piece, (size_t)n);
    cr_expect_str_eq(buf_text(&file), buf_text(&lines));
    cr_expect_null(strstr(buf_text(&lines), "q7ZrT0xVb3"));
    cr_assert(attempt_parse(&again, lines.data, lines.length - 1, &err),
              "%s %s", err.where, err.text);
    cr_expect_str_eq(again.request.target, "/v1/[client.invalid_key]/x");
    cr_expect_str_eq(again.request.method, "[client.invali]");
    attempt_release(&again);
    attempt_release(&attempt);
    cases_release(&cases);
    buf_release(&file);
    close(fd);
    unlink(path);
}

Test(withhold, log_lines_too, .init = cr_redirect_stderr)
{
    struct cases cases = { 0 };

    arm(&cases, 1, key_text, reply_text);
    withhold_logs(&cases);
    log_line(LOG_ERROR, "a reply with header %s cannot be sent", key_text);
    withhold_logs(NULL);
    log_line(LOG_ERROR, "a reply");
    cr_assert_stderr_eq_str("gatedrill: error: a reply with header "
                            "[client.invalid_key] cannot be sent\n"
                            "gatedrill: error: a reply\n");
    cases_release(&cases);
}
