#include "mockserver/turn.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"

#define NO_STEP SIZE_MAX

static struct armed_upstream *turn_armed(const struct mock_case *of,
                                         const struct turn *turn)
{
    const struct arming *arming = case_arming(of, turn->epoch);

    for (size_t i = 0; arming && i < arming->upstream_count; i++)
        if (!strcmp(arming->upstreams[i].name, turn->upstream))
            return &arming->upstreams[i];
    return NULL;
}

/* The first step from `at` on that is for this key. */
static size_t turn_fitting(const struct script *script, size_t at, int64_t key)
{
    for (; at < script->count; at++)
        if (script->steps[at].when_key < 0 || script->steps[at].when_key == key)
            return at;
    return NO_STEP;
}

static struct stand *turn_stand(const struct mock_case *of,
                                const struct turn *turn, int64_t key)
{
    for (size_t i = 0; i < of->stand_count; i++)
        if (of->stands[i].epoch == turn->epoch && of->stands[i].key == key &&
            !strcmp(of->stands[i].upstream, turn->upstream))
            return &of->stands[i];
    return NULL;
}

static bool turn_is_over(const struct armed_upstream *armed, size_t at,
                         int64_t now_ns)
{
    const struct step *step = &armed->script.steps[at];

    return step->for_ms > 0 && armed->begun_ns && armed->begun_ns[at] &&
           now_ns >= armed->begun_ns[at] + step->for_ms * NS_PER_MS;
}

/* The step behind `at`; the last one repeats. */
static size_t turn_behind(const struct script *script, size_t at, int64_t key)
{
    size_t next = turn_fitting(script, at + 1, key);

    return next == NO_STEP ? at : next;
}

static size_t turn_index(const struct mock_case *of,
                         const struct armed_upstream *armed,
                         const struct turn *turn)
{
    const struct script *script = &armed->script;
    int64_t key = script_is_keyed(script) ? turn->key : 0;
    const struct stand *stand = turn_stand(of, turn, key);
    size_t at = turn_fitting(script, 0, key);

    if (stand && stand->met) {
        at = stand->at;
        if (script->steps[at].for_ms < 0)
            at = turn_behind(script, at, key);
    }
    while (at != NO_STEP && turn_is_over(armed, at, turn->now_ns) &&
           turn_behind(script, at, key) != at)
        at = turn_behind(script, at, key);
    return at;
}

const struct step *turn_look(const struct mock_case *of,
                             const struct turn *turn)
{
    const struct armed_upstream *armed = turn_armed(of, turn);
    size_t at = armed ? turn_index(of, armed, turn) : NO_STEP;

    return at == NO_STEP ? NULL : &armed->script.steps[at];
}

static struct stand *turn_need_stand(struct mock_case *of,
                                     const struct turn *turn, int64_t key)
{
    struct stand *stand = turn_stand(of, turn, key);

    if (stand)
        return stand;
    of->stands = xgrow(of->stands, of->stand_count, &of->stand_capacity,
                       sizeof *of->stands);
    stand = &of->stands[of->stand_count++];
    *stand = (struct stand){ .epoch = turn->epoch, .key = key };
    strncpy(stand->upstream, turn->upstream, sizeof stand->upstream - 1);
    return stand;
}

const struct step *turn_take(struct mock_case *of, const struct turn *turn)
{
    struct armed_upstream *armed = turn_armed(of, turn);
    size_t at = armed ? turn_index(of, armed, turn) : NO_STEP;
    struct stand *stand;

    if (at == NO_STEP)
        return NULL;
    if (!armed->begun_ns)
        armed->begun_ns = xcalloc(armed->script.count, sizeof(int64_t));
    if (!armed->begun_ns[at])
        armed->begun_ns[at] = turn->now_ns;
    stand = turn_need_stand(of, turn,
                            script_is_keyed(&armed->script) ? turn->key : 0);
    stand->before = stand->at;
    stand->at = at;
    stand->met++;
    return &armed->script.steps[at];
}

void turn_untake(struct mock_case *of, const struct turn *turn)
{
    const struct armed_upstream *armed = turn_armed(of, turn);
    struct stand *stand =
        armed ? turn_stand(of, turn,
                           script_is_keyed(&armed->script) ? turn->key : 0)
              : NULL;

    if (!stand || !stand->met)
        return;
    stand->at = stand->before;
    stand->met--;
}
