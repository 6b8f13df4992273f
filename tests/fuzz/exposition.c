/* Any bytes as a metrics page: no crash, what is wrong has its line, and what
 * is read is whole and in order. */
#include <string.h>

#include "harness/telemetry/exposition.h"
#include "tests/fuzz/fuzz.h"

static void check_labels(const struct metrics_label *labels, size_t count)
{
    PROMISE(count <= METRICS_LABELS_MOST);
    for (size_t i = 0; i < count; i++) {
        PROMISE(labels[i].name && labels[i].value);
        PROMISE(!i || strcmp(labels[i - 1].name, labels[i].name) < 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct metrics none = { 0 };
    struct metrics metrics;
    struct err err = { 0 };

    if (!exposition_read(&metrics, (const char *)data, size, &err)) {
        PROMISE(err.code == ERR_SYNTAX && !strncmp(err.where, "line ", 5));
        PROMISE(metrics.count == 0 && !metrics.samples);
        return 0;
    }
    PROMISE(size == 0 || data[size - 1] == '\n');
    for (size_t i = 0; i < metrics.count; i++) {
        PROMISE(metrics.samples[i].name && *metrics.samples[i].name);
        check_labels(metrics.samples[i].labels, metrics.samples[i].label_count);
        check_labels(metrics.samples[i].exemplar,
                     metrics.samples[i].exemplar_count);
    }
    PROMISE(metrics_new_series(&metrics, &metrics) == 0);
    PROMISE(metrics_new_series(&none, &metrics) <= metrics.count);
    metrics_release(&metrics);
    return 0;
}
