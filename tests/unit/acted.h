/* acted: a fault acted out on paper: the step, the plan made of it, and what a
 * strict client would read. */
#ifndef GATEDRILL_TESTS_UNIT_ACTED_H
#define GATEDRILL_TESTS_UNIT_ACTED_H

#include <criterion/criterion.h>

#include "common/json.h"
#include "mockserver/fault.h"
#include "tests/unit/plan_view.h"

struct acted {
    struct step step;
    struct fault_request request;
    struct plan plan;
    struct view view;
};

static inline struct acted acted_new(enum fault fault, bool stream)
{
    return (struct acted){ .step = blank_step(fault),
                           .request = some_request(stream) };
}

static inline void act(struct acted *a)
{
    fault_plan(&a->plan, &a->step, &a->request);
    a->view = view_of(&a->plan);
}

static inline void acted_release(struct acted *a)
{
    plan_release(&a->plan);
    view_release(&a->view);
}

static inline enum answer_shape shape_of(const struct acted *a)
{
    return view_shape(&a->view, a->request.id);
}

static inline bool body_is_json(const struct acted *a)
{
    return json_valid(buf_text(&a->view.body), a->view.body.length);
}

static inline struct json *json_of(const struct acted *a)
{
    struct err err;
    struct json *root =
        json_parse(buf_text(&a->view.body), a->view.body.length, "body", &err);

    cr_assert(root, "%s: %s", err.text, buf_text(&a->view.body));
    return root;
}

/* Every event of a stream is one JSON object, but for [DONE] and comments. */
static inline bool events_are_json(const struct acted *a)
{
    const char *at = buf_text(&a->view.body);

    while (*at) {
        const char *end = strstr(at, "\n\n");

        if (!end)
            return false;
        if (strncmp(at, "data: [DONE]", 12) && *at != ':' &&
            (strncmp(at, "data: ", 6) ||
             !json_valid(at + 6, (size_t)(end - at - 6))))
            return false;
        at = end + 2;
    }
    return true;
}

static inline int64_t waits_of(const struct plan *plan)
{
    int64_t sum = plan->wait_ms;

    for (size_t i = 0; i < plan->act_count; i++) {
        if (plan->acts[i].kind == ACT_WAIT)
            sum += plan->acts[i].wait_ms;
    }
    return sum;
}

static inline void expect_header(const struct acted *a, const char *name,
                                 const char *value)
{
    char *seen = view_header(&a->view, name);

    cr_expect(seen && value ? !strcmp(seen, value) : !seen && !value,
              "%s is %s, not %s", name, seen ? seen : "(absent)",
              value ? value : "(absent)");
    free(seen);
}

#endif
