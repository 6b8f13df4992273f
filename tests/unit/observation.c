#include "harness/observation.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/xalloc.h"

static struct attempt *add_attempt(struct observation *o, const char *upstream,
                                   uint16_t epoch)
{
    struct attempt *attempt;

    o->attempts =
        xrealloc(o->attempts, (o->attempt_count + 1) * sizeof *o->attempts);
    attempt = &o->attempts[o->attempt_count++];
    *attempt = (struct attempt){ .id = { .nonce = 1, .epoch = epoch } };
    snprintf(attempt->upstream, sizeof attempt->upstream, "%s", upstream);
    return attempt;
}

Test(observation, attempts_are_counted_by_upstream_and_epoch)
{
    struct observation o = { 0 };

    add_attempt(&o, "primary", 1);
    add_attempt(&o, "primary", 1)->other_route = true;
    add_attempt(&o, "primary", 2);
    add_attempt(&o, "fallback", 1);
    add_attempt(&o, "primary", 1)->foreign = true;
    cr_expect_eq(observation_attempts_at(&o, "primary", 1), 2);
    cr_expect_eq(observation_attempts_at(&o, "primary", 2), 1);
    cr_expect_eq(observation_attempts_at(&o, "fallback", 1), 1);
    cr_expect_eq(observation_attempts_at(&o, "fallback", 2), 0);
    cr_expect_eq(observation_attempts_at(&o, "trap", 1), 0);
    observation_release(&o);
}

Test(observation, a_canary_is_reached_when_an_attempt_names_it)
{
    struct observation o = { .canaries = xcalloc(3, sizeof *o.canaries),
                             .canary_count = 3 };
    struct attempt *attempt = add_attempt(&o, "primary", 1);

    snprintf(o.canaries[0].id, sizeof o.canaries[0].id, "prompt");
    snprintf(o.canaries[1].id, sizeof o.canaries[1].id, "primary.key");
    snprintf(o.canaries[2].id, sizeof o.canaries[2].id, "pro");
    strcpy(attempt->request.canaries[0], "prompt@body");
    attempt->request.canary_count = 1;
    attempt = add_attempt(&o, "primary", 1);
    strcpy(attempt->request.canaries[0], "client.key@header:cookie");
    attempt->request.canary_count = 1;
    observation_mark_reached(&o);
    cr_expect(o.canaries[0].reached);
    cr_expect_not(o.canaries[1].reached);
    cr_expect_not(o.canaries[2].reached);
    observation_release(&o);
}

Test(observation, a_zeroed_one_and_none_can_be_released)
{
    struct observation o = { 0 };

    observation_release(&o);
    observation_release(NULL);
    cr_expect_eq(o.attempt_count, 0);
}
