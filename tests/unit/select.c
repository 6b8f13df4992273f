#include <criterion/criterion.h>
#include <string.h>

#include "mockserver/select.h"

/* Cases 10 (highest epoch 3) and 11, scenario "transient/x", default "". */
static struct cases cases;

static void begin(void)
{
    struct arming none = { 0 };

    cases = (struct cases){ 0 };
    cases_put(&cases, 10, "", &none)->highest_epoch = 3;
    cases_put(&cases, 11, "", &none);
    cases_put(&cases, 0, "transient/x", &none);
    cases_put(&cases, 0, "", &none);
}

static void end(void)
{
    cases_release(&cases);
}

TestSuite(select, .init = begin, .fini = end);

struct row {
    const char *what;
    struct select_input in;
    struct selection out;
};

static const struct row rows[] = {
    { "a lease alone",
      { .lease = { 10, 2 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 2 } } },
    { "a lease confirmed",
      { .lease = { 10, 2 }, .text = { 10, 2 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 2 } } },
    { "a lease, and an id of any epoch",
      { .lease = { 10, 2 }, .text = { 10, 0 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 2 } } },
    { "a lease, and an earlier epoch",
      { .lease = { 10, 2 }, .text = { 10, 1 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 1 }, .late = true } },
    { "a lease, and a later epoch",
      { .lease = { 10, 2 }, .text = { 10, 3 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 3 } } },
    { "a lease, and an earlier epoch in a header",
      { .lease = { 10, 2 }, .header = { 10, 1 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 1 }, .late = true } },
    { "a lease, and another case in the text",
      { .lease = { 10, 2 }, .text = { 11, 1 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 2 }, .contradiction = true } },
    { "a lease, and another case in a header",
      { .lease = { 10, 2 }, .text = { 10, 2 }, .header = { 11, 1 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 2 }, .contradiction = true } },
    { "a lease, and somebody's trace id",
      { .lease = { 10, 2 }, .trace = { 99, 1 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 2 } } },
    { "a lease beats path, model and default",
      { .lease = { 10, 2 },
        .path_name = "transient/x",
        .model_name = "transient/x",
        .default_name = "" },
      { .by = ATTEMPT_BY_LEASE, .id = { 10, 2 } } },
    { "a lease to a case without a script",
      { .lease = { 77, 1 } },
      { .by = ATTEMPT_BY_LEASE, .id = { 77, 1 } } },
    { "an id in the text",
      { .text = { 10, 3 }, .default_name = "" },
      { .by = ATTEMPT_BY_TEXT, .id = { 10, 3 } } },
    { "an id in the text, earlier than the highest seen",
      { .text = { 10, 1 } },
      { .by = ATTEMPT_BY_TEXT, .id = { 10, 1 }, .late = true } },
    { "an id of any epoch takes the highest seen",
      { .text = { 10, 0 } },
      { .by = ATTEMPT_BY_TEXT, .id = { 10, 3 } } },
    { "an id of any epoch, none seen",
      { .text = { 11, 0 } },
      { .by = ATTEMPT_BY_TEXT, .id = { 11, 1 } } },
    { "text before header, and they differ",
      { .text = { 11, 1 }, .header = { 10, 3 } },
      { .by = ATTEMPT_BY_TEXT, .id = { 11, 1 }, .contradiction = true } },
    { "an id in a header",
      { .header = { 10, 3 } },
      { .by = ATTEMPT_BY_HEADER, .id = { 10, 3 } } },
    { "an id in a trace",
      { .trace = { 11, 1 } },
      { .by = ATTEMPT_BY_HEADER, .id = { 11, 1 } } },
    { "an unknown id in the text, a known one in a header",
      { .text = { 99, 1 }, .header = { 11, 1 } },
      { .by = ATTEMPT_BY_HEADER, .id = { 11, 1 } } },
    { "a scenario in the path",
      { .path_name = "transient/x", .default_name = "" },
      { .by = ATTEMPT_BY_PATH, .id = { 0, 0 } } },
    { "a scenario in the model",
      { .model_name = "transient/x", .default_name = "" },
      { .by = ATTEMPT_BY_MODEL, .id = { 0, 0 } } },
    { "an unknown scenario in the model",
      { .model_name = "transient/y", .default_name = "" },
      { .by = ATTEMPT_BY_DEFAULT, .id = { 0, 0 } } },
    { "the default",
      { .default_name = "" },
      { .by = ATTEMPT_BY_DEFAULT, .id = { 0, 0 } } },
    { "nothing",
      { 0 },
      { .by = ATTEMPT_BY_NOTHING, .id = { 0, 0 }, .foreign = true } },
    { "an unknown id",
      { .text = { 99, 1 } },
      { .by = ATTEMPT_BY_NOTHING, .id = { 0, 0 }, .foreign = true } },
};

Test(select, the_order_is_lease_text_header_path_model_default)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct select_input in = row->in;
        struct selection got;

        in.cases = &cases;
        got = select_case(&in);
        cr_expect(got.by == row->out.by, "%s: by %s", row->what,
                  attempt_by_names[got.by]);
        cr_expect(got.id.nonce == row->out.id.nonce &&
                      got.id.epoch == row->out.id.epoch,
                  "%s", row->what);
        cr_expect(got.foreign == row->out.foreign, "%s", row->what);
        cr_expect(got.contradiction == row->out.contradiction, "%s", row->what);
        cr_expect(got.late == row->out.late, "%s", row->what);
    }
}

Test(select, a_traceparent_carries_an_id_in_its_last_half)
{
    static const char good[] =
        "00-0123456789abcdef0123456789ab0002-00f067aa0ba902b7-01";
    struct drill_id id = { 0 };

    cr_assert(select_traceparent(&id, good, strlen(good)));
    cr_assert(id.nonce == 0x0123456789ab && id.epoch == 2);
    cr_assert(!select_traceparent(&id, good, strlen(good) - 1));
    cr_assert(!select_traceparent(&id, good + 1, strlen(good) - 1));
    cr_assert(!select_traceparent(
        &id, "00-0123456789abcdef0000000000000002-00f067aa0ba902b7-01", 55));
    cr_assert(!select_traceparent(&id, "", 0));
}

Test(select, a_scenario_in_the_path_is_the_longest_that_fits)
{
    static const char *const names[] = { "a/b", "a/b-c", "a", NULL };
    const char *rest = NULL;

    cr_assert_str_eq(select_path("/s/a/b/v1/x", names, &rest), "a/b");
    cr_assert_str_eq(rest, "/v1/x");
    cr_assert_str_eq(select_path("/s/a/b-c/v1/x", names, &rest), "a/b-c");
    cr_assert_str_eq(select_path("/s/a/v1/x", names, &rest), "a");
    cr_assert_str_eq(rest, "/v1/x");
    cr_assert_null(
        select_path("/s/a/b", (const char *const[]){ "a/b", NULL }, &rest));
    cr_assert_null(select_path("/s/c/v1/x", names, &rest));
    cr_assert_null(select_path("/v1/x", names, &rest));
}

Test(select, the_chat_route_is_one_method_and_one_path)
{
    cr_assert(select_is_chat("POST", "/v1/chat/completions"));
    cr_assert(!select_is_chat("GET", "/v1/chat/completions"));
    cr_assert(!select_is_chat("POST", "/v1/chat/completions/"));
    cr_assert(!select_is_chat("POST", "/chat/completions"));
    cr_assert(!select_is_chat("POST", "/v1/responses"));
}
