/*
 * Where the gateway holds several keys for an upstream: after a failure for
 * which the runbook rotates, the next attempt there carries the next key, never
 * one that was given up; after another failure the key stays. With which key a
 * request begins is the gateway's own choice. Source: runbook auth.on_401,
 * retry.rotate_key_on; failure-catalogue A05, S1.4, S1.5, S3.10.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/judge/seen.h"

enum turn { TURN_STAYS, TURN_NEXT, TURN_OPEN };

/* What becomes of the key after this answer. */
static enum turn turn_after(const struct runbook *runbook,
                            const struct attempt *attempt)
{
    int64_t status = attempt->delivered.status;
    int64_t rule = status == 401   ? runbook->auth.on_401
                   : status == 403 ? runbook->auth.on_403
                                   : -1;

    if (!attempt->delivered.head_complete || status < 300)
        return TURN_OPEN;
    if (runbook->auth.declared && rule >= 0)
        return rule == AUTH_ROTATE_KEY ? TURN_NEXT : TURN_STAYS;
    if (!runbook->retry.declared || !runbook->retry.rotate_key_on.declared)
        return TURN_OPEN;
    return failure_set_has(&runbook->retry.rotate_key_on, FAILURE_HTTP, status)
               ? TURN_NEXT
               : TURN_STAYS;
}

struct keys {
    int64_t count;
    bool used[SCENARIO_KEYS_MOST + 1]; /* by number */
    int64_t used_count;
    bool retried; /* auth.known_good_retry */
};

static void use(struct keys *keys, int64_t key)
{
    keys->used_count += !keys->used[key];
    keys->used[key] = true;
}

/* The same key once more, as auth.known_good_retry allows. */
static bool is_known_good_retry(struct keys *keys,
                                const struct runbook *runbook, int64_t status,
                                bool same)
{
    if (!same || keys->retried || runbook->auth.known_good_retry != 1 ||
        (status != 401 && status != 403))
        return false;
    keys->retried = true;
    return true;
}

/* One attempt after another at the same upstream; false: the wrong key. */
static bool right_key(struct keys *keys, const struct seen *seen,
                      const struct attempt *before,
                      const struct attempt *attempt, struct finding *finding)
{
    const struct runbook *runbook = seen->observation->runbook;
    int64_t old = seen_key(seen, before), now = seen_key(seen, attempt);
    enum turn turn = turn_after(runbook, before);
    bool left = keys->used_count < keys->count;
    int64_t wanted = turn == TURN_NEXT ? old % keys->count + 1 : old;

    if (turn == TURN_OPEN || (turn == TURN_NEXT && !left) ||
        is_known_good_retry(keys, runbook, before->delivered.status,
                            old == now))
        return true;
    finding->verdict = now == wanted ? VERDICT_PASS : VERDICT_FAIL;
    finding_expect(finding, "after the %" PRId64 " of %s key %" PRId64,
                   before->delivered.status, before->upstream, wanted);
    finding_observe(finding, "attempt %" PRId64 " came with key %" PRId64 "%s",
                    attempt->ordinal, now,
                    now != old && keys->used[now] ? ", given up before" : "");
    finding_reason(finding, "%s",
                   turn == TURN_NEXT
                       ? "the runbook rotates keys after this failure"
                       : "the runbook does not rotate keys after this failure");
    return now == wanted;
}

static void judge_upstream(const struct seen *seen, const char *upstream,
                           struct finding *finding)
{
    const struct attempt *before = NULL;
    struct keys keys = {
        .count = (int64_t)seen_key_count(seen->observation, upstream),
    };

    for (size_t i = 0; i < seen->count; i++) {
        const struct attempt *attempt = seen->attempts[i];
        int64_t key = seen_key(seen, attempt);

        if (strcmp(attempt->upstream, upstream) || key == 0)
            continue;
        /* Across another upstream's turn nothing is said about keys. */
        if (before && before == seen->attempts[i - 1] &&
            !right_key(&keys, seen, before, attempt, finding))
            return;
        use(&keys, key);
        before = attempt;
    }
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct observation *o = seen->observation;

    finding_reason(finding, "no upstream for which the gateway holds several "
                            "keys was called again after a failure that the "
                            "runbook speaks of");
    for (size_t i = 0; i < o->key_count; i++)
        if (o->keys[i].number == 2 && finding->verdict != VERDICT_FAIL)
            judge_upstream(seen, o->keys[i].upstream, finding);
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_key_rotation = {
    .id = "key_rotation",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Is a key given up for the next one where the runbook says so, and "
            "only there?",
    .judge = judge,
};
