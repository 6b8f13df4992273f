/* What a step does to a gateway, and how a gateway may honestly see it. */
#include "harness/oracle/outcome.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/drill_script.h"

static void make_effect(struct effect *out, const char *text, bool stream,
                        bool accepted)
{
    const struct effect_context context = { stream, accepted };
    struct err err = { 0 };
    struct json *node = json_parse(text, strlen(text), "step", &err);
    struct step step;

    cr_assert_not_null(node, "%s: %s", text, err.text);
    cr_assert(step_read(&step, node, "s: $", BIND_STRICT, &err), "%s: %s: %s",
              text, err.where, err.text);
    effect_of(out, &step, &context);
    out->code = NULL; /* it was the step's */
    step_release(&step);
    json_free(node);
}

Test(effect, a_step_is_read_as_what_a_gateway_meets)
{
    static const struct {
        const char *step;
        bool stream;
        bool connects;
        enum effect_head head;
        int64_t head_ms, status;
        enum effect_content content;
        enum effect_end end;
        int64_t end_ms;
    } rows[] = {
        { "{\"fault\":\"none\"}", false, true, EFFECT_HEAD_COMPLETE, 0, 200,
          EFFECT_CONTENT_ANSWER, EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"none\",\"events\":11,\"interval_ms\":20}", true, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER,
          EFFECT_END_COMPLETE, 200 },
        { "{\"fault\":\"delay\",\"ms\":300}", false, true, EFFECT_HEAD_COMPLETE,
          300, 200, EFFECT_CONTENT_ANSWER, EFFECT_END_COMPLETE, 300 },
        { "{\"fault\":\"status\",\"status\":503,\"before_ms\":40}", false, true,
          EFFECT_HEAD_COMPLETE, 40, 503, EFFECT_CONTENT_ERROR,
          EFFECT_END_COMPLETE, 40 },
        { "{\"fault\":\"status\",\"status\":502,\"body\":\"html\"}", false,
          true, EFFECT_HEAD_COMPLETE, 0, 502, EFFECT_CONTENT_BAD,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"none\",\"status\":206}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 206, EFFECT_CONTENT_ODD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"none\",\"status\":204}", true, true,
          EFFECT_HEAD_COMPLETE, 0, 204, EFFECT_CONTENT_EMPTY,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"none\",\"finish_reason\":\"error\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ERROR,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"none\",\"finish_reason\":\"length\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"none\",\"encoding\":\"gzip\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ODD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"none\",\"encoding\":\"gzip_bomb\"}", true, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_BAD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"status\",\"status\":500,\"encoding\":\"gzip\"}", false,
          true, EFFECT_HEAD_COMPLETE, 0, 500, EFFECT_CONTENT_ERROR,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"none\",\"encoding\":\"gzip_false\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ODD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"none\",\"head\":{\"odd\":\"conflicting_length\"}}",
          false, true, EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ODD,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"body\",\"kind\":\"error_and_choices\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ERROR,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"body\",\"kind\":\"sse\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_BAD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"body\",\"kind\":\"sse\"}", true, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"body\",\"kind\":\"json\"}", true, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_BAD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"refuse\"}", false, false, EFFECT_HEAD_COMPLETE, 0, 200,
          EFFECT_CONTENT_ANSWER, EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"hang\",\"at\":\"request\"}", false, true,
          EFFECT_HEAD_NONE, 0, -1, EFFECT_CONTENT_NONE, EFFECT_END_SILENT, 0 },
        { "{\"fault\":\"hang\",\"at\":\"headers_end\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_NONE, EFFECT_END_SILENT,
          0 },
        { "{\"fault\":\"close\",\"at\":\"status_line\"}", false, true,
          EFFECT_HEAD_PARTIAL, 0, -1, EFFECT_CONTENT_NONE, EFFECT_END_FIN, 0 },
        { "{\"fault\":\"reset\",\"at\":\"accept\"}", false, true,
          EFFECT_HEAD_NONE, 0, -1, EFFECT_CONTENT_NONE, EFFECT_END_RST, 0 },
        { "{\"fault\":\"reset\",\"at\":\"body:50%\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER, EFFECT_END_RST,
          0 },
        { "{\"fault\":\"close\",\"at\":\"body:100%\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"stream\",\"events\":30,\"interval_ms\":10,"
          "\"end\":{\"how\":\"fin\",\"at\":\"event:20\"}}",
          true, true, EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER,
          EFFECT_END_FIN, 190 },
        { "{\"fault\":\"stream\",\"events\":30,\"interval_ms\":10,"
          "\"error_at\":10}",
          true, true, EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER,
          EFFECT_END_COMPLETE, 90 },
        { "{\"fault\":\"stream\",\"events\":30,\"interval_ms\":10,"
          "\"end\":{\"how\":\"fin\",\"at\":\"event:20\",\"after_ms\":300}}",
          true, true, EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER,
          EFFECT_END_FIN, 490 },
        { "{\"fault\":\"stream\",\"events\":0}", true, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_EMPTY,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"stream\",\"role_only\":true}", true, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER,
          EFFECT_END_SILENT, 0 },
        { "{\"fault\":\"stream\"}", false, true, EFFECT_HEAD_COMPLETE, 0, 200,
          EFFECT_CONTENT_BAD, EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"body\",\"kind\":\"empty\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_EMPTY,
          EFFECT_END_COMPLETE, 0 },
        { "{\"fault\":\"body\",\"kind\":\"html\",\"status\":404}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 404, EFFECT_CONTENT_BAD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"body\",\"kind\":\"wrong_content_type\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ODD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"truncate\",\"content_length\":\"long\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_ANSWER, EFFECT_END_FIN,
          0 },
        { "{\"fault\":\"truncate\",\"content_length\":\"short\"}", false, true,
          EFFECT_HEAD_COMPLETE, 0, 200, EFFECT_CONTENT_BAD, EFFECT_END_COMPLETE,
          0 },
        { "{\"fault\":\"bad_chunk\"}", false, true, EFFECT_HEAD_COMPLETE, 0,
          200, EFFECT_CONTENT_ANSWER, EFFECT_END_BROKEN, 0 },
        { "{\"fault\":\"garbage\"}", false, true, EFFECT_HEAD_MALFORMED, 0, -1,
          EFFECT_CONTENT_NONE, EFFECT_END_FIN, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct effect e;

        make_effect(&e, rows[i].step, rows[i].stream, true);
        cr_expect_eq(e.connects, rows[i].connects, "%s", rows[i].step);
        cr_expect_eq(e.head, rows[i].head, "%s: head %d", rows[i].step, e.head);
        cr_expect_eq(e.head_ms.least, rows[i].head_ms, "%s", rows[i].step);
        cr_expect_eq(e.status, rows[i].status, "%s", rows[i].step);
        cr_expect_eq(e.content, rows[i].content, "%s: content %d", rows[i].step,
                     e.content);
        cr_expect_eq(e.end, rows[i].end, "%s: end %d", rows[i].step, e.end);
        cr_expect_eq(e.end_ms.most, rows[i].end_ms, "%s: end at %d",
                     rows[i].step, (int)e.end_ms.most);
    }
}

Test(effect, a_healthy_upstream_refuses_a_wrong_key)
{
    struct effect e;

    make_effect(&e, "{\"fault\":\"none\"}", true, false);
    cr_expect_eq(e.status, 401);
    cr_expect_not(e.streamed);
    make_effect(&e, "{\"fault\":\"status\",\"status\":503}", false, false);
    cr_expect_eq(e.status, 503, "a scripted status stays");
}

Test(effect, the_ends_of_a_stream_are_told_apart)
{
    static const struct {
        const char *step;
        bool whole, finish, done, error_event;
    } rows[] = {
        { "{\"fault\":\"stream\"}", true, true, true, false },
        { "{\"fault\":\"stream\",\"finish\":false}", true, false, true, false },
        { "{\"fault\":\"stream\",\"done\":false}", true, true, false, false },
        { "{\"fault\":\"stream\",\"error_at\":3}", false, false, false, true },
        { "{\"fault\":\"stream\",\"error_at\":3,\"done\":true}", false, false,
          true, true },
        { "{\"fault\":\"stream\",\"role_only\":true,\"error_at\":0}", false,
          false, false, true },
        { "{\"fault\":\"stream\",\"comments_only\":true,\"error_at\":0}", false,
          false, false, true },
        { "{\"fault\":\"stream\",\"events\":4}", false, true, true, false },
        { "{\"fault\":\"none\",\"events\":4}", true, true, true, false },
        { "{\"fault\":\"close\",\"at\":\"event:16\"}", false, false, false,
          false },
        { "{\"fault\":\"hang\",\"at\":\"event:16\"}", false, false, false,
          false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct effect e;

        make_effect(&e, rows[i].step, true, true);
        cr_expect_eq(e.whole, rows[i].whole, "%s", rows[i].step);
        cr_expect_eq(e.finish, rows[i].finish, "%s", rows[i].step);
        cr_expect_eq(e.done, rows[i].done, "%s", rows[i].step);
        cr_expect_eq(e.error_event, rows[i].error_event, "%s", rows[i].step);
    }
}

Test(effect, pace_framing_and_ends_change_any_fault)
{
    struct effect e;

    make_effect(&e, "{\"fault\":\"dribble\",\"bytes\":10,\"every_ms\":10}",
                false, true);
    cr_expect_gt(e.head_ms.least, 0);
    cr_expect_gt(e.end_ms.least, e.head_ms.least);
    cr_expect_lt(e.end_ms.least, e.end_ms.most);
    cr_expect_eq(e.gap_ms, 10);
    make_effect(&e, "{\"fault\":\"none\",\"framing\":\"close\"}", false, true);
    cr_expect_not(e.framed);
    make_effect(&e,
                "{\"fault\":\"status\",\"status\":503,"
                "\"end\":{\"how\":\"rst\",\"at\":\"headers_end\"}}",
                false, true);
    cr_expect_eq(e.status, 503);
    cr_expect_eq(e.end, EFFECT_END_RST);
    make_effect(&e,
                "{\"fault\":\"none\",\"end\":{\"how\":\"rst\",\"at\":\"end\"}}",
                false, true);
    cr_expect_eq(e.end, EFFECT_END_COMPLETE);
    cr_expect(e.reset_after);
}

/* "http_503", "truncated_body!" after the commit point, "none~" passed on. */
static char *outcome_words(const struct outcomes *all)
{
    struct buf out = { 0 };

    for (size_t i = 0; i < all->count; i++) {
        const struct outcome *outcome = &all->items[i];
        char class[32];

        failure_format(class, outcome->failure, outcome->status);
        buf_printf(&out, "%s%s%s%s%s%s", i ? " " : "", class,
                   outcome->committed ? "!" : "", outcome->passed_on ? "~" : "",
                   outcome->claimed || outcome->failure == FAILURE_NONE ? ""
                                                                        : "?",
                   outcome->pending ? "..." : "");
    }
    return buf_take(&out);
}

#define LIMITS                                                                 \
    "\"timeouts\":{\"header_ms\":500,\"first_token_ms\":700,\"idle_ms\":500,"  \
    "\"attempt_ms\":1500}"
#define FIRST_OUTPUT "{" LIMITS ",\"stream\":{\"commit\":\"first_output\"}}"
#define FIRST_EVENT  "{" LIMITS ",\"stream\":{\"commit\":\"first_event\"}}"
#define FIRST_BYTE   "{" LIMITS ",\"stream\":{\"commit\":\"first_byte\"}}"
#define LOOKS                                                                  \
    "{\"retry\":{\"budget\":1,\"on\":[\"bad_body\",\"empty_body\","            \
    "\"error_in_200\"]},\"stream\":{\"commit\":\"first_output\"}}"

#define LOOKS_LATE                                                             \
    "{\"retry\":{\"budget\":1,\"on\":[\"bad_body\"]},"                         \
    "\"stream\":{\"commit\":\"first_byte\"}}"

Test(outcome, wire_behaviour_has_its_honest_names)
{
    static const struct {
        const char *runbook;
        bool stream;
        const char *step, *words;
    } rows[] = {
        { FIRST_OUTPUT, false, "{\"fault\":\"none\"}", "none" },
        { FIRST_OUTPUT, false, "{\"fault\":\"status\",\"status\":503}",
          "http_503" },
        { FIRST_OUTPUT, false, "{\"fault\":\"refuse\"}", "connect_refused" },
        { FIRST_OUTPUT, false, "{\"fault\":\"close\",\"at\":\"status_line\"}",
          "eof_before_headers malformed_head" },
        { FIRST_OUTPUT, false, "{\"fault\":\"close\",\"at\":\"accept\"}",
          "reset_before_headers eof_before_headers" },
        { FIRST_OUTPUT, false, "{\"fault\":\"reset\",\"at\":\"accept\"}",
          "reset_before_headers connect_refused" },
        { FIRST_OUTPUT, false, "{\"fault\":\"reset\",\"at\":\"request\"}",
          "reset_before_headers" },
        { FIRST_OUTPUT, false, "{\"fault\":\"garbage\"}",
          "malformed_head eof_before_headers" },
        { FIRST_OUTPUT, false, "{\"fault\":\"hang\",\"at\":\"request\"}",
          "header_timeout" },
        { FIRST_OUTPUT, false, "{\"fault\":\"delay\",\"ms\":500}",
          "none header_timeout" },
        { FIRST_OUTPUT, false, "{\"fault\":\"delay\",\"ms\":400}", "none" },
        { FIRST_OUTPUT, false, "{\"fault\":\"delay\",\"ms\":700}",
          "header_timeout" },
        /* a plain body: read whole before it is passed on */
        { FIRST_OUTPUT, false, "{\"fault\":\"close\",\"at\":\"body:50%\"}",
          "truncated_body" },
        { FIRST_OUTPUT, false, "{\"fault\":\"reset\",\"at\":\"body:50%\"}",
          "truncated_body reset_before_headers" },
        { FIRST_OUTPUT, false, "{\"fault\":\"hang\",\"at\":\"body:50%\"}",
          "idle_timeout" },
        /* with first_byte it may have begun */
        { FIRST_BYTE, false, "{\"fault\":\"close\",\"at\":\"body:50%\"}",
          "truncated_body truncated_body!" },
        { FIRST_BYTE, false, "{\"fault\":\"hang\",\"at\":\"body:50%\"}",
          "idle_timeout!" },
        /* streams: by the commit point */
        { FIRST_OUTPUT, true, "{\"fault\":\"hang\",\"at\":\"event:5\"}",
          "idle_timeout!" },
        { FIRST_OUTPUT, true, "{\"fault\":\"stream\",\"role_only\":true}",
          "first_token_timeout idle_timeout" },
        { FIRST_EVENT, true, "{\"fault\":\"stream\",\"role_only\":true}",
          "first_token_timeout! idle_timeout!" },
        { FIRST_OUTPUT, true, "{\"fault\":\"reset\",\"at\":\"headers_end\"}",
          "truncated_before_commit reset_before_headers" },
        { FIRST_OUTPUT, true,
          "{\"fault\":\"stream\",\"events\":30,\"interval_ms\":20,"
          "\"end\":{\"how\":\"fin\",\"at\":\"event:20\"}}",
          "truncated_body!" },
        { FIRST_OUTPUT, true, "{\"fault\":\"close\",\"at\":\"event:16\"}",
          "truncated_before_commit truncated_body!" },
        { FIRST_OUTPUT, true, "{\"fault\":\"stream\",\"error_at\":0}",
          "error_in_200" },
        { FIRST_BYTE, true,
          "{\"fault\":\"stream\",\"error_at\":10,\"interval_ms\":20}",
          "error_in_200!" },
        { FIRST_OUTPUT, true, "{\"fault\":\"stream\",\"done\":false}",
          "none truncated_body!" },
        { FIRST_OUTPUT, true, "{\"fault\":\"stream\",\"events\":4}", "none~" },
        /* bodies: claimed or not */
        { FIRST_OUTPUT, false, "{\"fault\":\"body\",\"kind\":\"html\"}",
          "bad_body?" },
        { LOOKS, false, "{\"fault\":\"body\",\"kind\":\"html\"}", "bad_body" },
        { LOOKS_LATE, false, "{\"fault\":\"body\",\"kind\":\"html\"}",
          "bad_body bad_body!" },
        { FIRST_BYTE, false, "{\"fault\":\"body\",\"kind\":\"html\"}",
          "bad_body?" },
        { LOOKS, false, "{\"fault\":\"body\",\"kind\":\"empty\"}",
          "empty_body" },
        { LOOKS, false, "{\"fault\":\"body\",\"kind\":\"error_object\"}",
          "error_in_200" },
        { LOOKS, false, "{\"fault\":\"body\",\"kind\":\"wrong_content_type\"}",
          "none~ bad_body" },
        /* nothing declared: it may last for ever */
        { "{}", false, "{\"fault\":\"hang\",\"at\":\"request\"}",
          "attempt_timeout..." },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill_script d;
        struct outcomes outcomes;
        struct effect e;
        char *words;

        drill_script_init(&d, rows[i].runbook, rows[i].stream, NULL, NULL);
        make_effect(&e, rows[i].step, rows[i].stream, true);
        outcomes_of(&outcomes, &e, &d.runbook, false);
        words = outcome_words(&outcomes);
        cr_expect_str_eq(words, rows[i].words, "%zu %s: %s", i, rows[i].step,
                         words);
        cr_expect_eq(outcomes.uncovered[0] != '\0',
                     strstr(words, "...") != NULL);
        free(words);
        drill_script_release(&d);
    }
}

Test(outcome, limits_say_how_long_it_lasts)
{
    struct drill_script d;
    struct outcomes outcomes;
    struct effect e;

    drill_script_init(&d, FIRST_OUTPUT, true, NULL, NULL);
    make_effect(&e, "{\"fault\":\"hang\",\"at\":\"event:5\"}", true, true);
    outcomes_of(&outcomes, &e, &d.runbook, false);
    cr_assert_eq(outcomes.count, 1);
    cr_expect_eq(outcomes.items[0].lasts_ms.least, 500);
    cr_expect_eq(outcomes.items[0].lasts_ms.most, 500);
    drill_script_release(&d);
}

Test(outcome, comments_count_for_idle_as_declared)
{
    static const struct {
        const char *progress, *words;
    } rows[] = {
        { ",\"comments_are_progress\":true", "none" },
        { ",\"comments_are_progress\":false", "idle_timeout!" },
        { "", "none idle_timeout!" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill_script d;
        struct outcomes outcomes;
        struct effect e;
        char runbook[256];
        char *words;

        snprintf(runbook, sizeof runbook,
                 "{\"timeouts\":{\"idle_ms\":500%s},"
                 "\"stream\":{\"commit\":\"first_output\"}}",
                 rows[i].progress);
        drill_script_init(&d, runbook, true, NULL, NULL);
        make_effect(&e,
                    "{\"fault\":\"stream\",\"interval_ms\":900,"
                    "\"comment_every_ms\":100}",
                    true, true);
        outcomes_of(&outcomes, &e, &d.runbook, false);
        words = outcome_words(&outcomes);
        cr_expect_str_eq(words, rows[i].words, "row %zu: %s", i, words);
        free(words);
        drill_script_release(&d);
    }
}

Test(outcome, attempt_ms_stops_at_the_commit_point_unless_it_covers_streams)
{
    static const struct {
        const char *covers, *words;
    } rows[] = {
        { "", "none" },
        { ",\"cover_streams\":true", "attempt_timeout!" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill_script d;
        struct outcomes outcomes;
        struct effect e;
        char runbook[256];
        char *words;

        snprintf(runbook, sizeof runbook,
                 "{\"timeouts\":{\"attempt_ms\":500%s},"
                 "\"stream\":{\"commit\":\"first_output\"}}",
                 rows[i].covers);
        drill_script_init(&d, runbook, true, NULL, NULL);
        make_effect(&e, "{\"fault\":\"none\",\"interval_ms\":100}", true, true);
        outcomes_of(&outcomes, &e, &d.runbook, false);
        words = outcome_words(&outcomes);
        cr_expect_str_eq(words, rows[i].words, "row %zu: %s", i, words);
        free(words);
        drill_script_release(&d);
    }
}

Test(effect, odd_or_large_head_may_be_refused)
{
    static const struct {
        const char *step;
        bool may;
    } rows[] = {
        { "{\"fault\":\"none\"}", false },
        { "{\"fault\":\"none\",\"head\":{\"names\":\"odd\"}}", false },
        { "{\"fault\":\"none\",\"head\":{\"odd\":\"obs_fold\"}}", true },
        { "{\"fault\":\"none\",\"head\":{\"pad_bytes\":40960}}", true },
        { "{\"fault\":\"none\",\"head\":{\"status_line\":\"bare\"}}", true },
        { "{\"fault\":\"none\",\"head\":{\"status_line\":\"http_1_0\"}}",
          false },
        { "{\"fault\":\"none\",\"head\":{\"status_line\":\"no_reason\"}}",
          false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill_script d;
        struct outcomes outcomes;
        struct effect e;
        char *words;

        drill_script_init(&d, "{\"retry\":{\"budget\":1}}", false, NULL, NULL);
        make_effect(&e, rows[i].step, false, true);
        cr_expect_eq(e.head_may_be_refused, rows[i].may, "%s", rows[i].step);
        outcomes_of(&outcomes, &e, &d.runbook, false);
        words = outcome_words(&outcomes);
        cr_expect_eq(strstr(words, "malformed_head") != NULL, rows[i].may,
                     "%s: %s", rows[i].step, words);
        cr_expect(strstr(words, "none"), "%s: %s", rows[i].step, words);
        free(words);
        drill_script_release(&d);
    }
}
