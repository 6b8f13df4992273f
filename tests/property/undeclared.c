/*
 * What a runbook does not declare is not judged: a history that a full runbook
 * allows is failed by nobody when parts of that runbook are left out; the
 * checks concerned say not_applicable, and why.
 */
#include "tests/property/lib/scene.h"

#define SAMPLES 400

static size_t check_count(void)
{
    size_t count = 0;

    while (scene_checks[count])
        count++;
    return count;
}

/* What is open where it is not declared. Limits (budgets over all, caps, codes
 * that bar, single timeouts) are not among them: without one there is none, and
 * who obeys one all the same breaks what else is declared. */
static const struct {
    const char *object, *member;
} open_parts[] = {
    { "", "retry" },
    { "", "fallback" },
    { "", "auth" },
    { "", "client_errors" },
    { "", "timeouts" },
    { "", "stream" },
    { "", "upstreams" },
    { "", "request" },
    { "/retry", "budget" },
    { "/retry", "on" },
    { "/retry", "backoff" },
    { "/retry", "retry_after" },
    { "/retry/backoff", "factor" },
    { "/retry/backoff", "jitter" },
    { "/fallback", "on" },
    { "/auth", "on_401" },
    { "/auth", "on_403" },
    { "/auth", "client_status" },
    { "/client_errors", "upstream_4xx" },
    { "/client_errors", "exhausted" },
    { "/client_errors", "all_failed" },
    { "/stream", "commit" },
    { "/stream", "after_commit" },
};

static void leave_out(struct json *document, struct lottery *lottery)
{
    for (size_t i = 0; i < sizeof open_parts / sizeof *open_parts; i++) {
        struct json *object = json_edit(document, open_parts[i].object);

        if (object && lottery_chance(lottery, 20))
            json_remove(object, open_parts[i].member);
    }
}

/* The same history, judged by a runbook that says less. False: what is left is
 * no runbook (a jitter without a base). */
static bool judge_by_less(struct scene *scene, uint64_t seed, size_t *silent)
{
    struct stage *stage = &scene->stage;
    struct lottery lottery = lottery_of(seed ^ 0x5eed);
    struct json *document = json_copy(stage->d.runbook.document);
    struct err err = { 0 };
    struct runbook less;

    leave_out(document, &lottery);
    if (!runbook_read(&less, document, "less", &err)) {
        json_free(document);
        return false;
    }
    allowed_release(&stage->allowed);
    oracle_allow(&stage->allowed, &stage->d.drill_case, 0, &less);
    stage->o.runbook = &less;
    for (size_t i = 0; scene_checks[i]; i++) {
        struct finding f = stage_judge(stage, scene_checks[i]);
        char *text = json_print(document);

        cr_expect(f.verdict == VERDICT_PASS ||
                      f.verdict == VERDICT_NOT_APPLICABLE,
                  "seed %d: %s is %s: expected %s; observed %s; %s\n%s",
                  (int)seed, scene_checks[i], verdict_names[f.verdict],
                  f.expected, f.observed, f.reason, text);
        cr_expect(f.verdict == VERDICT_PASS || f.reason[0],
                  "seed %d: %s does not say why it is not applicable",
                  (int)seed, scene_checks[i]);
        silent[i] += f.verdict == VERDICT_NOT_APPLICABLE;
        free(text);
    }
    stage->o.runbook = &stage->d.runbook;
    runbook_release(&less);
    json_free(document);
    return true;
}

/* Checks that pass by the full runbook, and have nothing to say by less. */
static const char *const depend[] = { "attempts_per_upstream",
                                      "attempts_total",
                                      "fallback_decision",
                                      "auth_fail_closed",
                                      "client_status",
                                      "client_outcome",
                                      "gap_bounds",
                                      "total_time",
                                      "one_credential",
                                      "same_body",
                                      NULL };

Test(undeclared, is_not_judged)
{
    size_t *full = xcalloc(check_count(), sizeof *full);
    size_t *less = xcalloc(check_count(), sizeof *less);
    size_t played = 0;

    for (uint64_t seed = 1; seed <= SAMPLES; seed++) {
        struct scene scene;
        struct err err = { 0 };

        scene_draw(&scene, seed, LOTTERY_STRICT);
        cr_assert(scene_play(&scene, seed, &err));
        for (size_t i = 0; scene_checks[i]; i++)
            full[i] += stage_judge(&scene.stage, scene_checks[i]).verdict ==
                       VERDICT_NOT_APPLICABLE;
        played += judge_by_less(&scene, seed, less);
        scene_release(&scene);
    }
    cr_expect_gt(played, SAMPLES / 2, "%zu played", played);
    for (size_t i = 0; scene_checks[i]; i++)
        for (size_t k = 0; depend[k]; k++)
            cr_expect(strcmp(depend[k], scene_checks[i]) != 0 ||
                          less[i] > full[i],
                      "%s: not applicable in %zu samples, with all declared "
                      "in %zu",
                      depend[k], less[i], full[i]);
    free(full);
    free(less);
}
