#include "harness/judge/observation.h"

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

Test(observation, a_zeroed_one_and_none_can_be_released)
{
    struct observation o = { 0 };

    observation_release(&o);
    observation_release(NULL);
    cr_expect_eq(o.attempt_count, 0);
}
