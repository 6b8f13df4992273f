/*
 * Random runbooks and scripts: what the reference gateway makes of them lies
 * inside what the oracle allows. GATEDRILL_PROPERTY_SEED=N plays sample N
 * alone, and tells it; GATEDRILL_PROPERTY_SAMPLES=N plays so many.
 */
#include "tests/property/lib/scene.h"

#define SAMPLES 1000

static uint64_t wish(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : fallback;
}

static uint64_t only_seed(void)
{
    return wish("GATEDRILL_PROPERTY_SEED", 0);
}

static void tell(uint64_t seed, const struct scene *scene, const char *check,
                 const struct finding *finding)
{
    struct buf text = { 0 };

    if (only_seed())
        scene_write(&text, scene);
    cr_log_error("GATEDRILL_PROPERTY_SEED=%llu: %s: %s; expected %s; observed "
                 "%s; %s\n%s",
                 (unsigned long long)seed, check ? check : "no objection",
                 verdict_names[finding->verdict], finding->expected,
                 finding->observed, finding->reason, buf_text(&text));
    buf_release(&text);
}

static bool agrees(uint64_t seed)
{
    struct scene scene;
    struct finding finding;
    struct err err = { 0 };
    const char *check;

    scene_draw(&scene, seed, LOTTERY_WILD);
    cr_assert(scene_play(&scene, seed, &err), "sample %d: %s: %s", (int)seed,
              err.where, err.text);
    check = scene_objection(&scene, &finding);
    if (check || only_seed())
        tell(seed, &scene, check, &finding);
    scene_release(&scene);
    return !check;
}

Test(agreement, what_the_reference_gateway_does_is_allowed)
{
    uint64_t first = only_seed() ? only_seed() : 1;
    uint64_t last =
        only_seed() ? only_seed() : wish("GATEDRILL_PROPERTY_SAMPLES", SAMPLES);
    size_t objections = 0;

    for (uint64_t seed = first; seed <= last && objections < 12; seed++)
        objections += !agrees(seed);
    cr_expect_eq(objections, 0);
}
