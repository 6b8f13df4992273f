#include "tests/refgateway/bug_state.h"

#include <stdatomic.h>

#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_text.h"

static _Atomic bool out_of_service[RULES_UPSTREAMS];

void bug_state_note(size_t upstream, const struct result *result,
                    const struct move *next)
{
    bool http = result->outcome == OUTCOME_HTTP;
    bool sticks = bug_is(BUG_FALLBACK_STICKS) && next->why == WHY_FALLBACK;
    bool cools = bug_is(BUG_CLIENT_ERRORS_COOL) && http &&
                 result->status >= 400 && result->status <= 499;
    bool disabled =
        bug_is(BUG_REFUSED_KEY_DISABLES) && http && result->status == 401;

    bool words =
        bug_is(BUG_KEY_TEXT_DISABLES) && http && bug_text_has("API key");

    if (sticks || cools || disabled || words)
        atomic_store(&out_of_service[upstream], true);
}

void bug_state_bend(size_t *upstream, size_t count)
{
    if (*upstream + 1 < count && atomic_load(&out_of_service[*upstream]))
        ++*upstream;
}
