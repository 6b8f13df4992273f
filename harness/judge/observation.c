#include "harness/judge/observation.h"

#include <stdlib.h>
#include <string.h>

#include "harness/leaks/canary.h"

const char *const hit_class_names[] = { "full", "partial", "allowed", "derived",
                                        NULL };
const char *const canary_kind_names[] = { "credential", "prompt",
                                          "completion", "error_text",
                                          "commercial", "metadata",
                                          NULL };

bool hit_is_leak(enum hit_class how)
{
    return how == HIT_FULL || how == HIT_PARTIAL;
}

void observation_release(struct observation *observation)
{
    if (!observation)
        return;
    for (size_t i = 0; i < observation->request_count; i++) {
        http_trace_release(&observation->requests[i].trace);
        json_fields_release(&observation->requests[i].fields);
    }
    for (size_t i = 0; i < observation->attempt_count; i++)
        attempt_release(&observation->attempts[i]);
    for (size_t i = 0; i < observation->canary_count; i++)
        canary_release(&observation->canaries[i]);
    free(observation->requests);
    free(observation->attempts);
    free(observation->refusals);
    free(observation->canaries);
    free(observation->sinks);
    free(observation->hits);
    telemetry_release(&observation->telemetry);
    json_log_release(&observation->log);
    *observation = (struct observation){ 0 };
}

size_t observation_attempts_at(const struct observation *o,
                               const char *upstream, uint16_t epoch)
{
    size_t count = 0;

    for (size_t i = 0; i < o->attempt_count; i++)
        if (o->attempts[i].id.epoch == epoch && !o->attempts[i].foreign &&
            strcmp(o->attempts[i].upstream, upstream) == 0)
            count++;
    return count;
}

bool observation_shares_leak(const struct observation *observation)
{
    for (size_t i = 0; i < observation->hit_count; i++) {
        const struct sink_hit *hit = &observation->hits[i];

        if (!hit_is_leak(hit->how) || !strcmp(hit->sink, "client response"))
            continue;
        for (size_t j = 0; j < observation->canary_count; j++)
            if (observation->canaries[j].kind == CANARY_CREDENTIAL &&
                !strcmp(observation->canaries[j].id, hit->canary))
                return true;
    }
    return false;
}
