/* What new series of a gateway's metrics say by their names alone. */
#include <stdio.h>
#include <string.h>

#include "harness/telemetry/telemetry.h"

struct looking {
    struct telemetry *out;
    const char *const *paths;
};

static void look_at_label(const struct looking *l, const char *where,
                          const struct metrics_label *label)
{
    char name[TELEMETRY_NAME_SIZE];

    telemetry_field(l->out, where, label->name);
    telemetry_shapes_of_label(l->out, where, label);
    for (size_t i = 0; l->paths[i]; i++) {
        if (strcmp(l->paths[i], label->value) != 0)
            continue;
        snprintf(name, sizeof name, "%.60s: a path", label->name);
        telemetry_note(l->out, TELEMETRY_RAW_NAME, where, name, "");
    }
}

/* The example beside a sample changes while the sample stays. */
static void look_at_exemplar(const struct looking *l,
                             const struct metrics_sample *sample)
{
    for (size_t i = 0; i < sample->exemplar_count; i++)
        look_at_label(l, "exemplar", &sample->exemplar[i]);
}

static void look_at_sample(void *user, const struct metrics_sample *sample)
{
    const struct looking *l = user;

    telemetry_field(l->out, "metric", sample->name);
    for (size_t i = 0; i < sample->label_count; i++)
        look_at_label(l, "metric label", &sample->labels[i]);
}

void telemetry_add_metrics(struct telemetry *out, const struct metrics *before,
                           const struct metrics *after,
                           const char *const *paths)
{
    struct looking l = { out, paths };

    metrics_each_new(before, after, look_at_sample, &l);
    for (size_t i = 0; i < after->count; i++)
        look_at_exemplar(&l, &after->samples[i]);
}
