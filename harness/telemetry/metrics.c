#include "harness/telemetry/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xalloc.h"

static void release_labels(struct metrics_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        xwipe(labels[i].value, strlen(labels[i].value));
        free(labels[i].value);
        free(labels[i].name);
    }
    free(labels);
}

void metrics_sample_release(struct metrics_sample *sample)
{
    release_labels(sample->labels, sample->label_count);
    release_labels(sample->exemplar, sample->exemplar_count);
    free(sample->name);
    *sample = (struct metrics_sample){ 0 };
}

void metrics_release(struct metrics *metrics)
{
    for (size_t i = 0; i < metrics->count; i++)
        metrics_sample_release(&metrics->samples[i]);
    free(metrics->samples);
    *metrics = (struct metrics){ 0 };
}

struct metrics_sample *metrics_add(struct metrics *metrics, const char *name,
                                   size_t length)
{
    struct metrics_sample *sample;

    if (metrics->count == METRICS_SAMPLES_MOST)
        return NULL;
    metrics->samples = xgrow(metrics->samples, metrics->count,
                             &metrics->capacity, sizeof *metrics->samples);
    sample = &metrics->samples[metrics->count++];
    *sample = (struct metrics_sample){ .name = xstrndup(name, length) };
    return sample;
}

/* Where the name stands, or would. */
static size_t place_of(const struct metrics_label *labels, size_t count,
                       const char *name, bool *there)
{
    size_t at = 0;

    while (at < count && strcmp(labels[at].name, name) < 0)
        at++;
    *there = at < count && !strcmp(labels[at].name, name);
    return at;
}

static bool put(struct metrics_label **labels, size_t *count, size_t *capacity,
                char *name, char *value)
{
    bool there;
    size_t at = place_of(*labels, *count, name, &there);

    if (there || *count == METRICS_LABELS_MOST) {
        xwipe(value, strlen(value));
        free(value);
        free(name);
        return false;
    }
    *labels = xgrow(*labels, *count, capacity, sizeof **labels);
    memmove(*labels + at + 1, *labels + at, (*count - at) * sizeof **labels);
    (*labels)[at] = (struct metrics_label){ name, value };
    ++*count;
    return true;
}

bool metrics_add_label(struct metrics_sample *sample, const char *name,
                       size_t length, char *value)
{
    return put(&sample->labels, &sample->label_count, &sample->label_capacity,
               xstrndup(name, length), value);
}

bool metrics_add_exemplar(struct metrics_sample *sample, const char *name,
                          size_t length, char *value)
{
    return put(&sample->exemplar, &sample->exemplar_count,
               &sample->exemplar_capacity, xstrndup(name, length), value);
}

const char *metrics_label(const struct metrics_sample *sample, const char *name)
{
    bool there;
    size_t at = place_of(sample->labels, sample->label_count, name, &there);

    return there ? sample->labels[at].value : "";
}

static int compare_labels(const struct metrics_sample *a,
                          const struct metrics_sample *b)
{
    for (size_t i = 0; i < a->label_count && i < b->label_count; i++) {
        int names = strcmp(a->labels[i].name, b->labels[i].name);
        int values = strcmp(a->labels[i].value, b->labels[i].value);

        if (names || values)
            return names ? names : values;
    }
    return (a->label_count > b->label_count) -
           (a->label_count < b->label_count);
}

static int compare(const void *left, const void *right)
{
    const struct metrics_sample *a =
        *(const struct metrics_sample *const *)left;
    const struct metrics_sample *b =
        *(const struct metrics_sample *const *)right;
    int names = strcmp(a->name, b->name);

    return names ? names : compare_labels(a, b);
}

static const struct metrics_sample **sorted(const struct metrics *metrics)
{
    const struct metrics_sample **list =
        xcalloc(metrics->count + 1, sizeof(const struct metrics_sample *));

    for (size_t i = 0; i < metrics->count; i++)
        list[i] = &metrics->samples[i];
    if (metrics->count)
        qsort(list, metrics->count, sizeof *list, compare);
    return list;
}

/* into is kept in order; where the series stands in it, or would. */
static size_t series_at(const struct metrics *into,
                        const struct metrics_sample *sample, bool *there)
{
    size_t least = 0, most = into->count;

    while (least < most) {
        size_t middle = least + (most - least) / 2;
        const struct metrics_sample *other = &into->samples[middle];
        int order = compare(&other, &sample);

        if (order == 0) {
            *there = true;
            return middle;
        }
        if (order < 0)
            least = middle + 1;
        else
            most = middle;
    }
    *there = false;
    return least;
}

static bool merge_one(struct metrics *into, struct metrics_sample *sample)
{
    bool there;
    size_t at = series_at(into, sample, &there);
    struct metrics_sample *kept;

    if (there) {
        kept = &into->samples[at];
        kept->value = (sample->delta ? kept->value : 0) + sample->value;
        metrics_sample_release(sample);
        return true;
    }
    if (into->count == METRICS_SAMPLES_MOST) {
        metrics_sample_release(sample);
        return false;
    }
    into->samples = xgrow(into->samples, into->count, &into->capacity,
                          sizeof *into->samples);
    kept = into->samples + at;
    memmove(kept + 1, kept, (into->count - at) * sizeof *kept);
    *kept = *sample;
    into->count++;
    return true;
}

bool metrics_merge(struct metrics *into, struct metrics *from)
{
    bool all = true;

    for (size_t i = 0; i < from->count; i++)
        all = merge_one(into, &from->samples[i]) && all;
    free(from->samples);
    *from = (struct metrics){ 0 };
    return all;
}

void metrics_copy(struct metrics *out, const struct metrics *from)
{
    *out = (struct metrics){ 0 };
    for (size_t i = 0; i < from->count; i++) {
        const struct metrics_sample *sample = &from->samples[i];
        struct metrics_sample *copy =
            metrics_add(out, sample->name, strlen(sample->name));

        if (!copy)
            return;
        copy->value = sample->value;
        for (size_t k = 0; k < sample->label_count; k++)
            metrics_add_label(copy, sample->labels[k].name,
                              strlen(sample->labels[k].name),
                              xstrdup(sample->labels[k].value));
    }
}

void metrics_each_new(const struct metrics *before, const struct metrics *after,
                      void (*take)(void *user,
                                   const struct metrics_sample *sample),
                      void *user)
{
    const struct metrics_sample **old = sorted(before), **now = sorted(after);

    for (size_t i = 0; i < after->count; i++) {
        if (i && !compare(&now[i - 1], &now[i]))
            continue;
        if (!before->count ||
            !bsearch(&now[i], old, before->count, sizeof *old, compare))
            take(user, now[i]);
    }
    free(old);
    free(now);
}

static void count_one(void *user, const struct metrics_sample *sample)
{
    (void)sample;
    ++*(size_t *)user;
}

size_t metrics_new_series(const struct metrics *before,
                          const struct metrics *after)
{
    size_t fresh = 0;

    metrics_each_new(before, after, count_one, &fresh);
    return fresh;
}
