/*
 * The other direction: a history that the oracle allows, changed in one place,
 * is failed by the check meant for it. Under runbooks that declare everything
 * and steps that leave no choice, so that no change has an excuse.
 */
#include "tests/property/lib/mutation.h"

#define SAMPLES      300
#define PLACES_LEAST 15 /* samples that have a place for a mutation */

struct tally {
    size_t places, missed;
};

static bool names(const char *words, const char *check)
{
    size_t length = strlen(check);

    for (const char *at = words; (at = strstr(at, check)); at += length)
        if ((at == words || at[-1] == ' ') &&
            (!at[length] || at[length] == ' '))
            return true;
    return false;
}

/* Whether one of the named checks fails the history. */
static bool is_failed(const struct scene *scene, const char *words)
{
    for (size_t i = 0; scene_checks[i]; i++)
        if (names(words, scene_checks[i]) &&
            stage_judge(&scene->stage, scene_checks[i]).verdict == VERDICT_FAIL)
            return true;
    return false;
}

static void tell(const struct scene *scene, const struct mutation *mutation,
                 uint64_t seed)
{
    struct buf text = { 0 };

    scene_write(&text, scene);
    cr_log_error("seed %d: \"%s\" is failed by none of: %s\n%s", (int)seed,
                 mutation->name, mutation->checks, buf_text(&text));
    buf_release(&text);
}

/* Changes a copy: what the trace owns and a mutation replaces is its own. */
static void mutate(struct scene *scene, const struct mutation *mutation,
                   uint64_t seed, struct tally *tally)
{
    struct stage kept = scene->stage;
    struct answer_tokens *tokens = &scene->stage.request.trace.tokens;

    tokens->items =
        xcalloc(tokens->count ? tokens->count : 1, sizeof *tokens->items);
    tokens->capacity = tokens->count ? tokens->count : 1;
    for (size_t i = 0; i < tokens->count; i++)
        tokens->items[i] = kept.request.trace.tokens.items[i];
    if (mutation->apply(&scene->stage)) {
        tally->places++;
        if (!is_failed(scene, mutation->checks) && !tally->missed++)
            tell(scene, mutation, seed);
    }
    answer_tokens_release(tokens);
    scene->stage = kept;
}

Test(mutations, each_is_failed_by_a_check_meant_for_it)
{
    struct tally tallies[64] = { 0 };

    for (uint64_t seed = 1; seed <= SAMPLES; seed++) {
        struct scene scene;
        struct finding finding;
        struct err err = { 0 };

        scene_draw(&scene, seed, LOTTERY_STRICT);
        cr_assert(scene_play(&scene, seed, &err), "seed %d: %s: %s", (int)seed,
                  err.where, err.text);
        cr_assert_null(scene_objection(&scene, &finding), "seed %d: %s: %s",
                       (int)seed, finding.check, finding.observed);
        for (size_t i = 0; mutations[i].name; i++)
            mutate(&scene, &mutations[i], seed, &tallies[i]);
        scene_release(&scene);
    }
    for (size_t i = 0; mutations[i].name; i++) {
        cr_expect_eq(tallies[i].missed, 0, "\"%s\": %zu of %zu missed",
                     mutations[i].name, tallies[i].missed, tallies[i].places);
        cr_expect_geq(tallies[i].places, PLACES_LEAST,
                      "\"%s\" has %zu places only", mutations[i].name,
                      tallies[i].places);
    }
}
