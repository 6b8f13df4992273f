/* What an attempt met, and what it came with. */
#include <string.h>
#include <strings.h>

#include "harness/judge/seen.h"

size_t seen_key_count(const struct observation *observation,
                      const char *upstream)
{
    size_t count = 0;

    for (size_t i = 0; i < observation->key_count; i++)
        count += !strcmp(observation->keys[i].upstream, upstream);
    return count ? count : 1;
}

int64_t seen_key(const struct seen *seen, const struct attempt *attempt)
{
    const struct observation *o = seen->observation;

    for (size_t c = 0; c < attempt->request.credential_count; c++)
        for (size_t i = 0; i < o->key_count; i++)
            if (!strcmp(o->keys[i].upstream, attempt->upstream) &&
                !strcmp(o->keys[i].fingerprint,
                        attempt->request.credentials[c].fingerprint))
                return o->keys[i].number;
    return 0;
}

/* Attempts with the same key at the same upstream, up to this one. */
static int64_t tries_with_key(const struct seen *seen,
                              const struct attempt *attempt, int64_t key)
{
    int64_t tries = 0;

    for (size_t i = 0; i < seen->count; i++) {
        tries += !strcmp(seen->attempts[i]->upstream, attempt->upstream) &&
                 seen_key(seen, seen->attempts[i]) == key;
        if (seen->attempts[i] == attempt)
            break;
    }
    return tries;
}

static const struct step *step_of(const struct seen *seen,
                                  const struct script *script,
                                  const struct attempt *attempt)
{
    int64_t key;

    if (!script_is_keyed(script))
        return script_step(script, attempt->ordinal);
    key = seen_key(seen, attempt);
    return script_step_of_key(script, key, tries_with_key(seen, attempt, key));
}

const struct step *seen_step(const struct seen *seen,
                             const struct attempt *attempt)
{
    for (size_t i = 0; i < seen->phase->upstream_count; i++) {
        const struct case_upstream *upstream = &seen->phase->upstreams[i];

        if (!strcmp(upstream->name, attempt->upstream) &&
            upstream->script.count > 0 && attempt->ordinal > 0)
            return step_of(seen, &upstream->script, attempt);
    }
    return NULL;
}

bool seen_has_header(const struct attempt *attempt, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = attempt->request.header_names; *at;) {
        size_t word = strcspn(at, " ");

        if (word == length && !strncasecmp(at, name, length))
            return true;
        at += word;
        at += strspn(at, " ");
    }
    return false;
}

void seen_effect(struct effect *out, const struct seen *seen,
                 const struct attempt *attempt)
{
    const struct step *step = seen_step(seen, attempt);
    struct step healthy;
    struct effect_context context = { .stream = seen->phase->client.stream };

    if (!step) {
        step_init(&healthy, FAULT_none);
        step = &healthy;
    }
    /* Only a healthy answer is replaced by a 401 to a key that is not taken. */
    context.credential_accepted =
        attempt->planned.status != 401 ||
        fault_rows[step->fault].effect == FAULT_EFFECT_STATUS;
    effect_of(out, step, &context);
}

bool seen_head_was_read(const struct seen *seen, const struct attempt *attempt)
{
    struct effect effect;

    if (seen->trace->outcome == TRACE_OUTCOME_LEFT)
        return false;
    seen_effect(&effect, seen, attempt);
    return attempt->delivered.head_complete &&
           !attempt->delivered.peer_closed_first &&
           attempt->delivered.end != ATTEMPT_END_RST &&
           attempt->delivered.end != ATTEMPT_END_OPEN &&
           effect.head == EFFECT_HEAD_COMPLETE && !effect.head_may_be_refused;
}

static size_t upstreams_tried(const struct seen *seen)
{
    size_t tried = 0;

    for (size_t i = 0; i < seen->count; i++) {
        bool before = false;

        for (size_t k = 0; k < i && !before; k++)
            before = !strcmp(seen->attempts[i]->upstream,
                             seen->attempts[k]->upstream);
        tried += !before;
    }
    return tried;
}

int64_t seen_ledger(const struct seen *seen, enum seen_counted counted)
{
    const char *primary = runbook_primary(seen->observation->runbook);
    int64_t at_primary = 0;

    for (size_t i = 0; i < seen->count; i++)
        at_primary += !strcmp(seen->attempts[i]->upstream, primary);
    if (counted == SEEN_ATTEMPTS_TOTAL)
        return (int64_t)seen->count;
    if (counted == SEEN_RETRIES_PRIMARY)
        return at_primary > 0 ? at_primary - 1 : 0;
    return (int64_t)(seen->count - upstreams_tried(seen));
}
