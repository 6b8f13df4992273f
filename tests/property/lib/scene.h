/*
 * scene: one sample: a runbook, a script, what the reference gateway makes of
 * them in a rehearsal against the mock's own plans, and the history that a
 * drill would have recorded of it.
 */
#ifndef GATEDRILL_TESTS_PROPERTY_SCENE_H
#define GATEDRILL_TESTS_PROPERTY_SCENE_H

#include "tests/property/lib/lottery.h"
#include "tests/unit/stage.h"

struct scene {
    struct buf runbook, primary, fallback; /* JSON texts */
    bool stream;
    struct stage stage;
    struct observed_refusal refusals[2];
};

/* What is drawn from a seed. */
void scene_draw(struct scene *scene, uint64_t seed, enum lottery_kind kind);
/* Plays it and records the history. False: the reference gateway refuses the
 * runbook; why stands in err. Release it all the same. */
bool scene_play(struct scene *scene, uint64_t seed, struct err *err);
void scene_release(struct scene *scene);
/* For people: the texts, what happened and what is allowed. */
void scene_write(struct buf *out, const struct scene *scene);

/* The checks that can be judged from a rehearsal; NULL-terminated. */
extern const char *const scene_checks[];
/* The first of them that is neither pass nor not_applicable; NULL: none. */
const char *scene_objection(const struct scene *scene, struct finding *out);

#endif
