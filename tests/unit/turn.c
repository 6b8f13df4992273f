/* Which step an attempt meets where time and keys decide. */
#include "mockserver/turn.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/clock.h"

static struct cases cases;

static struct mock_case *stage(const char *steps)
{
    struct buf text = { 0 };
    struct arming arming;
    struct json *body;
    struct err err;

    buf_printf(&text, "{\"upstreams\":{\"primary\":%s}}", steps);
    body = json_parse(buf_text(&text), text.length, "body", &err);
    cr_assert(body, "%s", err.text);
    cr_assert(arming_read(&arming, body, "body: $", &err), "%s: %s", err.where,
              err.text);
    json_free(body);
    buf_release(&text);
    return cases_put(&cases, 7, "", &arming);
}

static int64_t take(struct mock_case *of, uint16_t epoch, int64_t key,
                    int64_t ms)
{
    const struct turn turn = { epoch, "primary", key, (ms + 1) * NS_PER_MS };
    const struct step *looked = turn_look(of, &turn);
    const struct step *step = turn_take(of, &turn);

    cr_expect_eq(looked, step, "a look sees what is met");
    return !step ? 0 : step->status >= 0 ? step->status : 200;
}

static void end(void)
{
    cases_release(&cases);
}

TestSuite(turn, .fini = end);

#define OUTAGE                                                                 \
    "[{\"fault\":\"status\",\"status\":503,\"for_ms\":100},"                   \
    "{\"fault\":\"status\",\"status\":429},{\"fault\":\"none\"}]"

Test(turn, timed_step_holds_until_its_time_is_over)
{
    struct mock_case *of = stage(OUTAGE);

    cr_expect_eq(take(of, 1, 0, 1000), 503, "the first begins it");
    cr_expect_eq(take(of, 1, 0, 1050), 503);
    cr_expect_eq(take(of, 1, 0, 1099), 503);
    cr_expect_eq(take(of, 1, 0, 1100), 429);
    cr_expect_eq(take(of, 1, 0, 1101), 200);
    cr_expect_eq(take(of, 1, 0, 1102), 200);
}

Test(turn, timed_step_holds_for_every_request_of_the_case)
{
    struct mock_case *of = stage(OUTAGE);

    cr_expect_eq(take(of, 1, 0, 0), 503);
    cr_expect_eq(take(of, 2, 0, 90), 503);
    cr_expect_eq(take(of, 3, 0, 110), 429, "begun in the first request");
    cr_expect_eq(take(of, 3, 0, 111), 200);
    cr_expect_eq(take(of, 4, 0, 112), 429, "a request of its own");
}

Test(turn, untimed_steps_behind_are_taken_one_by_one)
{
    struct mock_case *of =
        stage("[{\"fault\":\"status\",\"status\":500},"
              "{\"fault\":\"status\",\"status\":503,\"for_ms\":100},"
              "{\"fault\":\"none\"}]");

    cr_expect_eq(take(of, 1, 0, 0), 500);
    cr_expect_eq(take(of, 1, 0, 500), 503, "its time begins with it");
    cr_expect_eq(take(of, 1, 0, 599), 503);
    cr_expect_eq(take(of, 1, 0, 600), 200);
}

Test(turn, keys_have_scripts_of_their_own)
{
    struct mock_case *of =
        stage("[{\"fault\":\"status\",\"status\":401,\"when\":{\"key\":1}},"
              "{\"fault\":\"status\",\"status\":429,\"when\":{\"key\":2}},"
              "{\"fault\":\"none\",\"when\":{\"key\":2}}]");

    cr_expect_eq(take(of, 1, 1, 0), 401);
    cr_expect_eq(take(of, 1, 2, 0), 429);
    cr_expect_eq(take(of, 1, 1, 0), 401, "its last step repeats");
    cr_expect_eq(take(of, 1, 2, 0), 200);
    cr_expect_eq(take(of, 1, 3, 0), 0, "no step: healthy");
    cr_expect_eq(take(of, 1, 0, 0), 0);
}

Test(turn, steps_without_a_key_are_everybodys)
{
    struct mock_case *of =
        stage("[{\"fault\":\"status\",\"status\":401,\"when\":{\"key\":1}},"
              "{\"fault\":\"none\"}]");

    cr_expect_eq(take(of, 1, 1, 0), 401);
    cr_expect_eq(take(of, 1, 2, 0), 200);
    cr_expect_eq(take(of, 1, 1, 0), 200);
}

Test(turn, step_taken_back_is_met_again)
{
    struct mock_case *of = stage(OUTAGE);
    const struct turn turn = { 1, "primary", 0, 200 * NS_PER_MS };

    cr_expect_eq(take(of, 1, 0, 0), 503);
    cr_expect_eq(turn_take(of, &turn)->status, 429);
    turn_untake(of, &turn);
    cr_expect_eq(turn_take(of, &turn)->status, 429);
}

Test(turn, case_without_a_script_has_no_step)
{
    struct mock_case *of = stage("[{\"fault\":\"none\",\"when\":{\"key\":1}}]");
    const struct turn turn = { 1, "fallback", 0, 1 };

    cr_expect_null(turn_look(of, &turn));
    cr_expect_null(turn_take(of, &turn));
    turn_untake(of, &turn);
}
