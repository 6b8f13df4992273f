#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "mockserver/cases.h"

static struct cases cases;

static void end(void)
{
    cases_release(&cases);
}

TestSuite(cases, .fini = end);

static struct arming arm(uint16_t first_epoch, const char *text)
{
    struct err err = { 0 };
    struct json *body = json_parse(text, strlen(text), "body", &err);
    struct arming arming;

    cr_assert(body, "%s", err.text);
    cr_assert(arming_read(&arming, body, "body: $", &err), "%s: %s", err.where,
              err.text);
    json_free(body);
    arming.first_epoch = first_epoch;
    return arming;
}

/* A case whose primary answers that status from that epoch on. */
static struct mock_case *put(uint64_t nonce, uint16_t first_epoch, int status)
{
    char text[128];
    struct arming arming;

    snprintf(text, sizeof text,
             "{\"upstreams\":{\"primary\":[{\"fault\":\"status\",\"status\":%d}"
             "]}}",
             status);
    arming = arm(first_epoch, text);
    return cases_put(&cases, nonce, "", &arming);
}

static int64_t status_at(const struct mock_case *of, uint16_t epoch)
{
    const struct script *script = case_script(of, epoch, "primary");

    return script ? script_step(script, 1)->status : -1;
}

Test(cases, the_script_of_an_epoch_is_the_newest_that_began_by_then)
{
    struct mock_case *of = put(7, 4, 504);

    cr_assert(put(7, 2, 502) == of && put(7, 3, 503) == of);
    cr_assert(status_at(of, 1) == -1, "nothing yet: healthy");
    cr_assert(status_at(of, 2) == 502);
    cr_assert(status_at(of, 3) == 503);
    cr_assert(status_at(of, 9) == 504);
    put(7, 0, 500);
    cr_assert(status_at(of, 1) == 500);
    put(7, 3, 529);
    cr_assert(status_at(of, 3) == 529 && of->arming_count == 4);
}

Test(cases, an_upstream_that_is_not_named_has_no_script)
{
    cr_assert_null(case_script(put(7, 0, 500), 1, "fallback"));
}

Test(cases, attempts_are_counted_by_epoch_and_upstream)
{
    struct mock_case *of = put(7, 0, 500);

    cr_assert(case_next(of, 1, "primary") == 1);
    cr_assert(case_take(of, 1, "primary") == 1);
    cr_assert(case_take(of, 1, "primary") == 2);
    cr_assert(case_take(of, 1, "fallback") == 1);
    cr_assert(case_take(of, 2, "primary") == 1);
    cr_assert(case_next(of, 1, "primary") == 3);
}

Test(cases, only_the_last_number_is_taken_back)
{
    struct mock_case *of = put(7, 0, 500);

    case_take(of, 1, "primary");
    case_take(of, 1, "primary");
    case_untake(of, 1, "primary", 1);
    cr_assert(case_next(of, 1, "primary") == 3);
    case_untake(of, 1, "primary", 2);
    cr_assert(case_next(of, 1, "primary") == 2);
    case_untake(of, 2, "primary", 1);
}

Test(cases, many_are_found_and_forgotten)
{
    for (uint64_t i = 1; i <= 200; i++)
        put((i * 7919) % 1009, 0, 500);
    cr_assert(cases.count == 200);
    for (uint64_t i = 1; i <= 200; i++) {
        uint64_t nonce = (i * 7919) % 1009;
        struct mock_case *of = cases_find(&cases, nonce);

        cr_assert(of && of->nonce == nonce);
        if (i % 2)
            cr_assert(cases_forget(&cases, nonce));
    }
    cr_assert(cases.count == 100);
    cr_assert_null(cases_find(&cases, 7919 % 1009));
    cr_assert(!cases_forget(&cases, 7919 % 1009));
    cr_assert_null(cases_find(&cases, 0));
}

Test(cases, a_reset_keeps_those_without_a_nonce_and_begins_them_anew)
{
    struct arming arming = { 0 };
    struct mock_case *of = cases_put(&cases, 0, "transient/x", &arming);

    put(7, 0, 500);
    case_take(of, 0, "primary");
    cases_reset(&cases);
    cr_assert(cases.count == 1);
    cr_assert(cases_find_name(&cases, "transient/x") == of);
    cr_assert_null(cases_find_name(&cases, "transient/y"));
    cr_assert(case_next(of, 0, "primary") == 1);
}

Test(cases, what_is_planted_and_watched_is_read)
{
    struct arming arming =
        arm(0, "{\"plant\":{\"completion\":\"c\",\"error\":\"e\","
               "\"reasoning\":\"r\",\"account_header\":\"h\"},"
               "\"watch\":[{\"id\":\"prompt\",\"text\":\"p\"},"
               "{\"id\":\"client.key\",\"text\":\"k\"}]}");

    cr_assert_str_eq(arming.plant.completion, "c");
    cr_assert_str_eq(arming.plant.error, "e");
    cr_assert_str_eq(arming.plant.reasoning, "r");
    cr_assert_str_eq(arming.plant.account_header, "h");
    cr_assert_null(arming.plant.account);
    cr_assert(arming.watch_count == 2 && arming.upstream_count == 0);
    cr_assert_str_eq(arming.watch[1].id, "client.key");
    cr_assert_str_eq(arming.watch[1].text, "k");
    arming_release(&arming);
}

struct refused {
    const char *text, *where;
};

Test(cases, a_wrong_body_is_refused_with_its_place)
{
    static const struct refused bodies[] = {
        { "[]", "body: $" },
        { "{\"upstream\":{}}", "body: $" },
        { "{\"upstreams\":[]}", "body: $.upstreams" },
        { "{\"upstreams\":{\"Primary\":[{\"fault\":\"none\"}]}}",
          "body: $.upstreams.Primary" },
        { "{\"upstreams\":{\"primary\":[]}}", "body: $.upstreams.primary" },
        { "{\"upstreams\":{\"a\":[{\"fault\":\"none\"}],"
          "\"primary\":[{\"fault\":\"none\"},{\"fault\":\"status\"}]}}",
          "body: $.upstreams.primary[1]" },
        { "{\"plant\":{\"prompt\":\"x\"}}", "body: $.plant" },
        { "{\"watch\":[{\"id\":\"a b\",\"text\":\"x\"}]}", "body: $.watch[0]" },
        { "{\"watch\":[{\"id\":\"a\"}]}", "body: $.watch[0]" },
    };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct err err = { 0 };
        struct json *body =
            json_parse(bodies[i].text, strlen(bodies[i].text), "body", &err);
        struct arming arming;

        cr_assert(body);
        cr_expect(!arming_read(&arming, body, "body: $", &err), "%s",
                  bodies[i].text);
        cr_expect(!strncmp(err.where, bodies[i].where, strlen(bodies[i].where)),
                  "%s: %s", bodies[i].text, err.where);
        json_free(body);
    }
}
