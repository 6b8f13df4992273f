#include "common/step.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/clock.h"

static bool read(struct step *out, const char *text, struct err *err)
{
    struct json *node = json_parse(text, strlen(text), "a.json", err);
    bool ok;

    cr_assert_not_null(node, "%s: %s", text, err->text);
    ok = step_read(out, node, "a.json: $.s[0]", BIND_STRICT, err);
    json_free(node);
    return ok;
}

Test(step, points_read_back_as_written)
{
    static const char *const good[] = {
        "accept",      "request_head", "request",   "status_line", "headers",
        "headers_end", "body:0%",      "body:100%", "body:123",    "event:20",
        "end",         "body:0",       "event:0",
    };
    static const char *const bad[] = {
        "",
        "Accept",
        "body",
        "body:",
        "body:101%",
        "body:x",
        "body:-1",
        "event:",
        "event:5%",
        "end:1",
        "body: 5",
        "event:5 ",
        "body:1234567890",
    };
    struct point point;
    char text[32];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert(point_parse(&point, good[i]), "%s", good[i]);
        point_format(text, point);
        cr_expect_str_eq(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(point_parse(&point, bad[i]), "%s", bad[i]);
    point_format(text, (struct point){ 0 });
    cr_expect_str_eq(text, "");
}

Test(step, parameters_and_modifiers_fill_their_fields)
{
    struct step s;
    struct err err;

    cr_assert(read(&s,
                   "{\"fault\":\"status\",\"status\":503,\"body\":\"html\","
                   "\"code\":\"c\",\"before_ms\":7,\"headers\":[[\"A\",\"1\"],"
                   "[\"a\",\"\"]],\"retry_after\":{\"date_in_ms\":3000,"
                   "\"format\":\"asctime\",\"ms\":5},\"framing\":\"close\","
                   "\"pace\":{\"bytes\":3,\"every_ms\":4},"
                   "\"end\":{\"how\":\"rst\",\"at\":\"body:50%\"}}",
                   &err),
              "%s %s", err.where, err.text);
    cr_expect_eq(s.fault, FAULT_status);
    cr_expect_eq(s.status, 503);
    cr_expect_eq(s.body, STEP_STATUS_BODY_HTML);
    cr_expect_str_eq(s.code, "c");
    cr_expect_null(s.message);
    cr_expect_eq(s.before_ms, 7);
    cr_expect_eq(s.headers.count, 2);
    cr_expect_str_eq(((struct step_header *)s.headers.items)[1].name, "a");
    cr_expect_eq(s.retry_after.seconds, -1);
    cr_expect_eq(s.retry_after.date_in_ms, 3000);
    cr_expect_eq(s.retry_after.format, CLOCK_HTTP_DATE_ASCTIME);
    cr_expect_eq(s.retry_after.ms, 5);
    cr_expect_eq(s.framing, STEP_FRAMING_CLOSE);
    cr_expect_eq(s.pace_bytes, 3);
    cr_expect_eq(s.pace_every_ms, 4);
    cr_expect_eq(s.end_how, STEP_END_RST);
    cr_expect_eq(s.end_at.at, POINT_BODY_PERCENT);
    cr_expect_eq(s.end_at.value, 50);
    cr_expect_eq(s.events, -1);
    step_release(&s);
}

Test(step, modifiers_of_the_look_are_read)
{
    struct step s;
    struct err err;

    cr_assert(read(&s,
                   "{\"fault\":\"status\",\"status\":307,"
                   "\"location\":\"${trap.url}/x\",\"interim\":[100,103],"
                   "\"early\":true,\"encoding\":\"gzip_bomb\","
                   "\"pad_bytes\":9,\"head\":{\"status_line\":\"bare\","
                   "\"names\":\"odd\",\"odd\":\"obs_fold\","
                   "\"omit\":[\"Date\"],\"pad_bytes\":40960},"
                   "\"chunks\":{\"bytes\":1,\"style\":\"upper\","
                   "\"trailers\":[[\"X-E\",\"1\"]]}}",
                   &err),
              "%s %s", err.where, err.text);
    cr_expect_str_eq(s.location, "${trap.url}/x");
    cr_expect_eq(s.interim.count, 2);
    cr_expect_eq(s.interim.items[1], 103);
    cr_expect_eq(s.early, 1);
    cr_expect_eq(s.encoding, STEP_ENCODING_GZIP_BOMB);
    cr_expect_eq(s.pad_bytes, 9);
    cr_expect_eq(s.head.status_line, STEP_STATUS_LINE_BARE);
    cr_expect_eq(s.head.names, STEP_LETTERS_ODD);
    cr_expect_eq(s.head.odd, STEP_ODD_OBS_FOLD);
    cr_expect_str_eq(s.head.omit.items[0], "Date");
    cr_expect_eq(s.head.pad_bytes, 40960);
    cr_expect_eq(s.head.pad_header_bytes, -1);
    cr_expect_eq(s.chunks.bytes, 1);
    cr_expect_eq(s.chunks.style, STEP_CHUNK_UPPER);
    cr_expect_eq(s.chunks.trailers.count, 1);
    cr_expect(step_needs_lease(&s));
    step_release(&s);
}

Test(step, modifiers_of_the_place_are_read)
{
    struct step s;
    struct err err;

    cr_assert(read(&s,
                   "{\"fault\":\"stream\",\"sse\":{\"line_end\":\"cr\","
                   "\"space\":false,\"line_bytes\":71680},"
                   "\"echo\":{\"what\":\"prompt\",\"where\":\"header\"},"
                   "\"account\":\"usage\",\"reasoning\":true,"
                   "\"idle\":{\"fin_after_ms\":7},\"for_ms\":9,"
                   "\"when\":{\"key\":2}}",
                   &err),
              "%s %s", err.where, err.text);
    cr_expect_eq(s.sse.line_end, STEP_LINE_END_CR);
    cr_expect_eq(s.sse.space, 0);
    cr_expect_eq(s.sse.bom, -1);
    cr_expect_eq(s.sse.line_bytes, 71680);
    cr_expect_eq(s.echo.what, STEP_ECHO_PROMPT);
    cr_expect_eq(s.echo.where, STEP_ECHO_HEADER);
    cr_expect_eq(s.account, STEP_ACCOUNT_USAGE);
    cr_expect_eq(s.reasoning, 1);
    cr_expect_eq(s.idle.fin_after_ms, 7);
    cr_expect_eq(s.for_ms, 9);
    cr_expect_eq(s.when_key, 2);
    step_release(&s);
}

Test(step, stages_need_steps_that_can_follow)
{
    static const struct {
        const char *steps, *problem;
        bool staged;
    } rows[] = {
        { "[{\"fault\":\"none\"}]", NULL, false },
        { "[{\"fault\":\"none\",\"for_ms\":5},{\"fault\":\"none\"}]", NULL,
          true },
        { "[{\"fault\":\"none\",\"when\":{\"key\":1}}]", NULL, true },
        { "[{\"fault\":\"none\",\"for_ms\":5}]",
          "for_ms in the last step: no step comes after it", false },
        { "[{\"fault\":\"reset\",\"at\":\"accept\"},"
          "{\"fault\":\"none\",\"when\":{\"key\":1}}]",
          "a step at accept cannot stand beside one with when: the key is not "
          "known before the request head",
          false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct script script;
        struct err err;
        struct json *node =
            json_parse(rows[i].steps, strlen(rows[i].steps), "s", &err);
        bool ok = script_read(&script, node, "s: $", BIND_STRICT, &err);

        cr_expect_eq(ok, !rows[i].problem, "%s", rows[i].steps);
        if (ok)
            cr_expect_eq(script_is_staged(&script), rows[i].staged);
        else
            cr_expect_str_eq(err.text, rows[i].problem);
        script_release(&script);
        json_free(node);
    }
}

Test(step, nothing_set_is_nothing_set)
{
    struct step read_one;
    struct step made;
    struct err err;

    cr_assert(read(&read_one, "{\"fault\":\"refuse\"}", &err));
    step_init(&made, FAULT_refuse);
    cr_expect_eq(memcmp(&read_one, &made, sizeof made), 0);
    cr_expect_eq(made.ms, -1);
    cr_expect_eq(made.retry_after.ms, -1);
    cr_expect_eq(made.pace_bytes, -1);
    cr_expect_eq(made.end_how, -1);
    cr_expect_eq(made.at.at, POINT_UNSET);
}

Test(step, what_a_fault_does_not_read_is_refused)
{
    static const struct {
        const char *text, *where, *problem;
    } rows[] = {
        { "{}", "", "\"fault\" is missing" },
        { "{\"fault\":\"stauts\"}", ".fault",
          "\"stauts\" is not one of none, status, delay, hang, close, reset, "
          "truncate, refuse, syn_drop, body, bad_chunk, garbage, dribble, "
          "stream" },
        { "{\"fault\":\"status\",\"stauts\":503}", ".stauts",
          "unknown key; did you mean \"status\"?" },
        { "{\"fault\":\"status\",\"status\":42}", ".status",
          "42 is not in 100..999" },
        { "{\"fault\":\"none\",\"status\":503}", ".status",
          "a healthy answer has a status of 200..299; use the fault "
          "\"status\"" },
        { "{\"fault\":\"none\",\"interim\":[101]}", ".interim",
          "101 ends HTTP on the connection: it is no interim answer" },
        { "{\"fault\":\"none\",\"early\":true,\"end\":{\"how\":\"rst\","
          "\"at\":\"accept\"}}",
          ".early", "the exchange is over before there is a request head" },
        { "{\"fault\":\"none\",\"framing\":\"close\",\"chunks\":"
          "{\"trailers\":[[\"A\",\"b\"]]}}",
          ".chunks", "only chunked framing has chunks and trailers" },
        { "{\"fault\":\"status\"}", "",
          "\"status\" is missing; the fault \"status\" reads status "
          "(required), body, code, error_type, message, "
          "location" },
        { "{\"fault\":\"delay\",\"ms\":5,\"status\":500}", ".status",
          "the fault \"delay\" does not read this; it reads ms (required)" },
        { "{\"fault\":\"dribble\",\"bytes\":0,\"every_ms\":1}", ".bytes",
          "0 is not in 1..67108864 bytes" },
        { "{\"fault\":\"dribble\",\"bytes\":1}", "",
          "\"every_ms\" is missing; the fault \"dribble\" reads bytes "
          "(required), every_ms (required)" },
        { "{\"fault\":\"syn_drop\",\"headers\":[]}", ".headers",
          "this fault is a state of the listener: nothing is answered" },
        { "{\"fault\":\"refuse\",\"before_ms\":1}", ".before_ms",
          "this fault is a state of the listener: nothing is "
          "answered" },
        { "{\"fault\":\"reset\",\"at\":\"body:200%\"}", ".at",
          "\"body:200%\" is not a point: accept, request_head, request, "
          "status_line, headers, headers_end, body:0%..100%, body:BYTES, "
          "event:COUNT, end" },
        { "{\"fault\":\"reset\",\"at\":5}", ".at",
          "5 is not a point: accept, request_head, request, status_line, "
          "headers, headers_end, body:0%..100%, body:BYTES, event:COUNT, end" },
        { "{\"fault\":\"reset\",\"at\":\"end\",\"end\":{\"how\":\"fin\"}}",
          ".end", "the fault \"reset\" says itself how the exchange ends" },
        { "{\"fault\":\"bad_chunk\",\"at\":\"headers\"}", ".at",
          "a chunk breaks in the body only: headers_end, body:N%, body:N or "
          "event:N" },
        { "{\"fault\":\"status\",\"status\":500,\"end\":{\"how\":\"fin\","
          "\"at\":\"event:1\"}}",
          ".end.at", "the fault \"status\" answers without events" },
        { "{\"fault\":\"garbage\",\"end\":{\"how\":\"fin\","
          "\"at\":\"headers\"}}",
          ".end.at",
          "the fault \"garbage\" sends no HTTP, so there is no such place" },
        { "{\"fault\":\"none\",\"end\":{\"how\":\"keep\",\"at\":\"accept\"}}",
          ".end.at",
          "a connection can be kept after a whole answer only: at the end" },
        { "{\"fault\":\"none\",\"end\":{\"at\":\"accept\"}}", ".end",
          "\"how\" is missing" },
        { "{\"fault\":\"none\",\"retry_after\":{\"seconds\":1,\"raw\":\"2\"}}",
          ".retry_after",
          "more than one of seconds, date_in_ms, date_ago_ms and raw; choose "
          "one" },
        { "{\"fault\":\"none\",\"retry_after\":{}}", ".retry_after",
          "none of seconds, date_in_ms, date_ago_ms, raw and ms" },
        { "{\"fault\":\"none\",\"retry_after\":{\"raw\":\"1\\r\\nA: b\"}}",
          ".retry_after", "a header value cannot hold a line end" },
        { "{\"fault\":\"none\",\"headers\":{\"A\":\"b\"}}", ".headers",
          "must be a list of pairs, such as [[\"Name\", \"value\"]]" },
        { "{\"fault\":\"none\",\"headers\":[[\"A\",\"b\"],[\"A b\",\"c\"]]}",
          ".headers[1]",
          "must be a pair [\"Name\", \"value\"]: a header name and a value "
          "without line ends" },
        { "{\"fault\":\"none\",\"headers\":[[\"A\",\"b\\nc\"]]}", ".headers[0]",
          "must be a pair [\"Name\", \"value\"]: a header name and a value "
          "without line ends" },
        { "{\"fault\":\"none\",\"pace\":{\"bytes\":1}}", ".pace",
          "\"every_ms\" is missing" },
        { "{\"fault\":\"truncate\",\"content_length\":\"long\",\"percent\":1,"
          "\"bytes\":1}",
          ".bytes", "percent says already how much is sent; choose one" },
        { "{\"fault\":\"body\",\"kind\":\"null\",\"percent\":1}", ".percent",
          "only the kind \"cut_json\" is cut somewhere" },
        { "{\"fault\":\"body\",\"kind\":\"html\",\"code\":\"c\"}", ".code",
          "only the kinds \"error_object\" and \"error_and_choices\" hold an "
          "error" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct step s;
        struct err err = { 0 };

        cr_assert_not(read(&s, rows[i].text, &err), "%s", rows[i].text);
        cr_expect_eq(err.code, ERR_SCHEMA);
        cr_assert(!strncmp(err.where, "a.json: $.s[0]", 14), "%s", err.where);
        cr_expect_str_eq(err.where + 14, rows[i].where, "%s", rows[i].text);
        cr_expect_str_eq(err.text, rows[i].problem);
        cr_expect_null(s.headers.items);
    }
}

Test(step, every_parameter_in_the_fault_list_is_a_key_of_a_step)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        const char *at = fault_rows[i].parameters;

        while (*at) {
            size_t name = strcspn(at, " !");
            bool found = false;

            for (const struct bind_row *row = step_table; row->key; row++)
                found = found || (strlen(row->key) == name &&
                                  !strncmp(row->key, at, name));
            cr_expect(found, "%s: %s", fault_rows[i].name, at);
            at += strcspn(at, " ");
            at += strspn(at, " ");
        }
    }
    cr_expect_null(fault_rows[FAULT_COUNT].name);
}

Test(step, lease_is_needed_before_the_request_is_read)
{
    static const struct {
        const char *text;
        bool needed;
    } rows[] = {
        { "{\"fault\":\"refuse\"}", true },
        { "{\"fault\":\"syn_drop\"}", true },
        { "{\"fault\":\"reset\",\"at\":\"accept\"}", true },
        { "{\"fault\":\"close\",\"at\":\"request_head\"}", true },
        { "{\"fault\":\"close\",\"at\":\"request\"}", false },
        { "{\"fault\":\"none\",\"end\":{\"how\":\"fin\","
          "\"at\":\"request_head\"}}",
          true },
        { "{\"fault\":\"none\"}", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct step s;
        struct err err;

        cr_assert(read(&s, rows[i].text, &err), "%s", err.text);
        cr_expect_eq(step_needs_lease(&s), rows[i].needed, "%s", rows[i].text);
        step_release(&s);
    }
}

Test(step, description_is_for_people)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        { "{\"fault\":\"none\"}", "healthy answer" },
        { "{\"fault\":\"status\",\"status\":503,\"retry_after\":"
          "{\"seconds\":2}}",
          "503 with Retry-After 2 s" },
        { "{\"fault\":\"status\",\"status\":500,\"code\":\"invalid_request\"}",
          "500 invalid_request" },
        { "{\"fault\":\"status\",\"status\":502,\"body\":\"html\"}",
          "502 with body html" },
        { "{\"fault\":\"reset\",\"at\":\"request\"}",
          "reset after the full request" },
        { "{\"fault\":\"close\",\"at\":\"accept\"}", "close on accept" },
        { "{\"fault\":\"hang\",\"at\":\"body:50%\"}",
          "silence after 50 % of the body" },
        { "{\"fault\":\"delay\",\"ms\":5}", "healthy answer after 5 ms" },
        { "{\"fault\":\"truncate\",\"content_length\":\"long\","
          "\"percent\":60}",
          "Content-Length too long at 60 %" },
        { "{\"fault\":\"refuse\"}", "connection refused" },
        { "{\"fault\":\"syn_drop\"}", "connection not answered" },
        { "{\"fault\":\"body\",\"kind\":\"cut_json\",\"percent\":60}",
          "200 with body cut_json at 60 %" },
        { "{\"fault\":\"bad_chunk\"}", "broken chunk in the body" },
        { "{\"fault\":\"garbage\"}", "ssh_banner instead of HTTP" },
        { "{\"fault\":\"dribble\",\"bytes\":3,\"every_ms\":4}",
          "healthy answer, 3 bytes every 4 ms" },
        { "{\"fault\":\"stream\",\"events\":9,\"error_at\":5,"
          "\"finish\":false,\"done\":false}",
          "stream of 9 events, error event after 5 events, no finish_reason, "
          "no [DONE]" },
        { "{\"fault\":\"none\",\"before_ms\":5,\"framing\":\"chunked\","
          "\"headers\":[[\"A\",\"b\"]],\"pace\":{\"bytes\":1,"
          "\"every_ms\":2},\"end\":{\"how\":\"fin\",\"at\":\"event:3\"}}",
          "healthy answer, 1 header more, first byte after 5 ms, framing by "
          "chunked, 1 bytes every 2 ms, closed after 3 events" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct step s;
        struct err err;
        struct buf out = { 0 };

        cr_assert(read(&s, rows[i].text, &err), "%s: %s", err.where, err.text);
        step_describe(&out, &s);
        cr_expect_str_eq(out.data, rows[i].words);
        buf_release(&out);
        step_release(&s);
    }
}

static bool read_script(struct script *out, const char *text, struct err *err)
{
    struct json *node = json_parse(text, strlen(text), "a.json", err);
    bool ok = script_read(out, node, "a.json: $.p", BIND_STRICT, err);

    json_free(node);
    return ok;
}

Test(step, last_step_of_a_script_repeats)
{
    struct script s;
    struct err err;

    cr_assert(read_script(&s,
                          "[{\"fault\":\"status\",\"status\":500},"
                          "{\"fault\":\"none\"}]",
                          &err));
    cr_expect_eq(script_step(&s, 1)->fault, FAULT_status);
    cr_expect_eq(script_step(&s, 2)->fault, FAULT_none);
    cr_expect_eq(script_step(&s, 99)->fault, FAULT_none);
    script_release(&s);
}

Test(step, every_key_has_steps_of_its_own_and_those_of_all)
{
    static const struct {
        int64_t key, attempt, status; /* -1: none is for it */
    } rows[] = {
        { 1, 1, 401 }, { 1, 2, 500 }, { 1, 9, 500 },
        { 2, 1, 500 }, { 2, 2, 429 }, { 2, 3, 429 },
    };
    struct script s;
    struct err err;

    cr_assert(read_script(
        &s,
        "[{\"fault\":\"status\",\"status\":401,\"when\":{\"key\":1}},"
        "{\"fault\":\"status\",\"status\":500},"
        "{\"fault\":\"status\",\"status\":429,\"when\":{\"key\":2}}]",
        &err));
    cr_expect(script_is_keyed(&s));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(
            script_step_of_key(&s, rows[i].key, rows[i].attempt)->status,
            rows[i].status, "key %d, attempt %d", (int)rows[i].key,
            (int)rows[i].attempt);
    s.count = 1;
    cr_expect_null(script_step_of_key(&s, 2, 1));
    s.steps[0].when_key = -1;
    cr_expect_not(script_is_keyed(&s));
    s.count = 3;
    script_release(&s);
}

Test(step, broken_scripts_are_refused)
{
    static const struct {
        const char *text, *where, *problem;
    } rows[] = {
        { "[]", "a.json: $.p", "must be a list of 1 to 64 steps" },
        { "{}", "a.json: $.p", "must be a list of 1 to 64 steps" },
        { "[{\"fault\":\"none\"},{\"fault\":\"refuse\"}]", "a.json: $.p[1]",
          "the fault \"refuse\" is a state of the listener for the whole "
          "case: it must be the only step" },
        { "[{\"fault\":\"none\"},{\"fault\":\"delay\"}]", "a.json: $.p[1]",
          "\"ms\" is missing; the fault \"delay\" reads ms (required)" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct script s;
        struct err err = { 0 };

        cr_assert_not(read_script(&s, rows[i].text, &err), "%s", rows[i].text);
        cr_expect_str_eq(err.where, rows[i].where);
        cr_expect_str_eq(err.text, rows[i].problem);
        cr_expect_null(s.steps);
    }
}
