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

Test(observation, a_key_in_a_log_is_shared_and_one_in_the_response_is_not)
{
    static const struct {
        const char *canary, *sink;
        enum hit_class how;
        bool shared;
    } rows[] = {
        { "client.key", "file access.log", HIT_FULL, true },
        { "client.key", "stderr", HIT_PARTIAL, true },
        { "client.key", "stderr", HIT_DERIVED, false },
        { "client.key", "client response", HIT_FULL, false },
        { "prompt", "stderr", HIT_FULL, false },
        { "unknown", "stderr", HIT_FULL, false },
    };
    struct canary canaries[] = {
        { .id = "client.key", .kind = CANARY_CREDENTIAL },
        { .id = "prompt", .kind = CANARY_PROMPT },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sink_hit hit = { .how = rows[i].how };
        struct observation o = { .canaries = canaries,
                                 .canary_count = 2,
                                 .hits = &hit,
                                 .hit_count = 1 };

        snprintf(hit.canary, sizeof hit.canary, "%s", rows[i].canary);
        snprintf(hit.sink, sizeof hit.sink, "%s", rows[i].sink);
        cr_expect_eq(observation_shares_leak(&o), rows[i].shared, "%s in %s",
                     rows[i].canary, rows[i].sink);
    }
}
