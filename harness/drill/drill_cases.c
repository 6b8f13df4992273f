#include "harness/drill/drill_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/xalloc.h"
#include "harness/home.h"
#include "harness/oracle/oracle.h"

/* A folder is a root of scenarios; a single file stands below the shipped root
 * or, when it is elsewhere, below its own family folder's parent. */
bool drill_load_scenarios(struct drill *drill, struct err *err)
{
    const struct drill_options *o = &drill->options;
    size_t count = o->scenario_path_count ? o->scenario_path_count : 1;

    drill->scenarios_root = home_path("scenarios");
    drill->scenarios = xcalloc(count, sizeof *drill->scenarios);
    for (size_t i = 0; i < count; i++) {
        const char *path = o->scenario_path_count ? o->scenario_paths[i]
                                                  : drill->scenarios_root;
        struct scenarios *set = &drill->scenarios[i];
        struct stat info;

        if (stat(path, &info) < 0) {
            err_set_errno(err, ERR_USAGE, path);
            return false;
        }
        drill->scenarios_count = i + 1;
        if (S_ISDIR(info.st_mode)) {
            if (!scenarios_load(set, path, err))
                return false;
        } else {
            char *family = path_folder(path);
            char *root = path_folder(family);
            bool ok;

            set->items = xgrow(NULL, 0, &set->capacity, sizeof *set->items);
            ok = scenario_load(&set->items[0], path, root, err);
            free(root);
            free(family);
            if (!ok)
                return false;
            set->count = 1;
        }
    }
    return true;
}

static bool drill_load_fixture(struct drill *drill, const char *name,
                               struct err *err)
{
    if (drill_fixture(drill, name))
        return true;
    drill->fixtures = xrealloc(drill->fixtures, (drill->fixture_count + 1) *
                                                    sizeof *drill->fixtures);
    if (!fixture_load(&drill->fixtures[drill->fixture_count],
                      drill->scenarios_root, name, err))
        return false;
    drill->fixture_count++;
    return true;
}

static bool drill_has_variant(const struct drill *drill, const char *name)
{
    for (size_t i = 0; i < drill->profile.variants.count; i++)
        if (strcmp(drill->profile.variants.keys[i], name) == 0)
            return true;
    return false;
}

/* The configuration that a scenario's cases run on; NULL: the profile's own. */
static const char *drill_variant_for(const struct drill *drill,
                                     const struct scenario *scenario)
{
    const struct json *needs = json_get(scenario->document, "needs");
    const char *wanted = json_get_text(needs, "variant", NULL);
    const char *preferred = json_get_text(needs, "prefer_variant", NULL);

    if (wanted)
        return wanted;
    return preferred && drill_has_variant(drill, preferred) ? preferred : NULL;
}

static bool drill_has_upstream(const struct drill *drill, const char *name)
{
    for (size_t i = 0; i < drill->profile.upstreams.count; i++)
        if (strcmp(drill->profile.upstreams.keys[i], name) == 0)
            return true;
    return false;
}

/* How many keys the gateway holds, and whether these are enough. */
static void drill_note_keys(const struct drill *drill, struct drill_case *c)
{
    const struct profile_upstream *upstreams = drill->profile.upstreams.items;
    const char *primary = runbook_primary(drill_runbook(drill, c->variant));
    int64_t keys = 1;

    for (size_t i = 0; i < drill->profile.upstreams.count && i < CASE_UPSTREAMS;
         i++) {
        const char *name = drill->profile.upstreams.keys[i];

        snprintf(c->keys[i].upstream, sizeof c->keys[i].upstream, "%s", name);
        c->keys[i].count = upstreams[i].keys;
        c->key_count++;
        if (!strcmp(name, primary))
            keys = upstreams[i].keys;
    }
    if (keys < c->needs_keys && !c->not_applicable)
        c->not_applicable = xasprintf(
            "the profile gives the gateway %lld keys for %s; %lld are needed",
            (long long)keys, primary, (long long)c->needs_keys);
}

/* What the profile makes impossible. */
static void drill_check_case(const struct drill *drill, struct drill_case *c)
{
    const char *missing = NULL;

    for (size_t p = 0; p < c->phase_count; p++)
        for (size_t i = 0; i < c->phases[p].upstream_count; i++)
            if (!drill_has_upstream(drill, c->phases[p].upstreams[i].name))
                missing = c->phases[p].upstreams[i].name;
    for (size_t i = 0; i < c->extra_upstream_count; i++)
        if (!drill_has_upstream(drill, c->extra_upstreams[i]))
            missing = c->extra_upstreams[i];
    if (missing && !c->not_applicable)
        c->not_applicable =
            xasprintf("the profile has no upstream \"%s\"", missing);
    if (c->variant && !c->not_applicable &&
        !drill_has_variant(drill, c->variant))
        c->not_applicable =
            xasprintf("the profile has no variant \"%s\"", c->variant);
    if (c->needs_metrics && !c->not_applicable &&
        !drill->profile.metrics.declared)
        c->not_applicable =
            xstrdup("the profile names no counters (telemetry.metrics)");
    drill_note_keys(drill, c);
}

static bool drill_wanted(const struct drill *drill, const char *case_id)
{
    const struct drill_options *o = &drill->options;
    bool wanted = o->filter_count == 0;

    for (size_t i = 0; i < o->filter_count; i++)
        wanted |= case_matches(case_id, o->filters[i]);
    return wanted && suite_find(&drill->suite, case_id) >= 0;
}

void planned_release(struct planned_case *planned)
{
    if (planned->again)
        return;
    for (size_t i = 0; planned->allowed && i < planned->drill_case.phase_count;
         i++)
        allowed_release(&planned->allowed[i]);
    free(planned->allowed);
    drill_case_release(&planned->drill_case);
}

static void drill_ask_oracle(struct drill *drill, struct planned_case *planned)
{
    const struct drill_case *c = &planned->drill_case;

    planned->runbook = drill_runbook(drill, c->variant);
    planned->allowed = xcalloc(c->phase_count, sizeof *planned->allowed);
    for (size_t i = 0; i < c->phase_count; i++) {
        int64_t requests = c->phases[i].client.requests;

        oracle_allow(&planned->allowed[i], c, i, planned->runbook);
        planned->longest_ms +=
            allowed_longest_ms(&planned->allowed[i], planned->runbook) *
            (requests > 0 ? requests : 1);
    }
}

static bool drill_add_case(struct drill *drill, const struct scenario *scenario,
                           size_t index, int64_t number, struct err *err)
{
    struct planned_case planned = { .repeat = 1 };
    const char *variant = drill_variant_for(drill, scenario);
    const struct runbook *runbook = drill_runbook(drill, variant);

    if (!scenario_case(&planned.drill_case, scenario, index, runbook->document,
                       err))
        return false;
    planned.drill_case.number = number;
    if (variant && !planned.drill_case.variant)
        planned.drill_case.variant = xstrdup(variant);
    if (!drill_wanted(drill, planned.drill_case.id)) {
        planned_release(&planned);
        return true;
    }
    drill_check_case(drill, &planned.drill_case);
    if (!planned.drill_case.not_applicable) {
        for (size_t i = 0; i < planned.drill_case.phase_count; i++) {
            const char *name = planned.drill_case.phases[i].client.fixture;

            if (!drill_load_fixture(drill, name ? name : "minimal-chat", err)) {
                planned_release(&planned);
                return false;
            }
        }
    }
    drill->cases =
        xrealloc(drill->cases, (drill->case_count + 1) * sizeof *drill->cases);
    drill->cases[drill->case_count++] = planned;
    return true;
}

bool drill_load_cases(struct drill *drill, struct err *err)
{
    int64_t number = 0;

    if (!drill_load_fixture(drill, "minimal-chat", err))
        return false;
    for (size_t s = 0; s < drill->scenarios_count; s++) {
        for (size_t i = 0; i < drill->scenarios[s].count; i++) {
            const struct scenario *scenario = &drill->scenarios[s].items[i];

            for (size_t j = 0; j < scenario->case_count; j++)
                if (!drill_add_case(drill, scenario, j, ++number, err))
                    return false;
        }
    }
    if (drill->case_count == 0) {
        err_set(err, ERR_USAGE,
                drill->options.filter_count ? drill->options.filters[0]
                                            : drill->options.suite,
                "no case is chosen; gatedrill list scenarios shows them");
        return false;
    }
    return true;
}

static void drill_repeat_case(struct planned_case **list, size_t *count,
                              const struct planned_case *planned)
{
    struct planned_case more = *planned;

    more.repeat = 1;
    for (size_t i = 0; i < *count; i++)
        more.repeat += (*list)[i].drill_case.id == planned->drill_case.id;
    more.again = more.repeat > 1;
    *list = xrealloc(*list, (*count + 1) * sizeof **list);
    (*list)[(*count)++] = more;
}

/* The order of the run: an ordered suite names a case once for each time it
 * shall run; --repeat runs the whole again, and --shuffle all of that once
 * more.
 */
static void drill_order(struct drill *drill)
{
    const struct suite *suite = &drill->suite;
    int64_t rounds = drill->options.repeat > 0 ? drill->options.repeat : 1;
    int64_t passes = drill->options.shuffle && !suite->ordered ? 2 : 1;
    size_t patterns = suite->ordered ? suite->cases.count : 1;
    struct planned_case *list = NULL;
    size_t count = 0;

    for (int64_t round = 0; round < rounds * passes; round++)
        for (size_t i = 0; i < patterns; i++)
            for (size_t j = 0; j < drill->case_count; j++)
                if (!suite->ordered ||
                    case_matches(drill->cases[j].drill_case.id,
                                 suite->cases.items[i]))
                    drill_repeat_case(&list, &count, &drill->cases[j]);
    free(drill->cases);
    drill->cases = list;
    drill->case_count = count;
}

static void drill_take_shard(struct drill *drill)
{
    const struct drill_options *o = &drill->options;
    size_t kept = 0;

    for (size_t i = 0; i < drill->case_count; i++) {
        if ((int64_t)(i % (size_t)o->shards) == o->shard - 1)
            drill->cases[kept++] = drill->cases[i];
        else
            planned_release(&drill->cases[i]);
    }
    drill->case_count = kept;
}

void drill_arrange_cases(struct drill *drill)
{
    if (drill->options.shards > 1)
        drill_take_shard(drill);
    for (size_t i = 0; i < drill->case_count; i++)
        if (!drill->cases[i].drill_case.not_applicable)
            drill_ask_oracle(drill, &drill->cases[i]);
    drill_order(drill);
}
