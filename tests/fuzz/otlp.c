/* Any bytes as an export request of each signal, in both codings: no crash, and
 * nothing is kept beyond its bounds. */
#include <string.h>

#include "harness/telemetry/telemetry.h"
#include "tests/fuzz/fuzz.h"

static void check_span(const struct telemetry_span *span)
{
    size_t trace = strlen(span->trace_id), id = strlen(span->id);

    PROMISE(trace == 0 || trace == OTLP_TRACE_ID_SIZE - 1);
    PROMISE(id == 0 || id == OTLP_SPAN_ID_SIZE - 1);
    PROMISE(strlen(span->address) < sizeof span->address);
}

static void check(const struct telemetry *seen)
{
    PROMISE(seen->span_count <= TELEMETRY_SPANS_MOST);
    PROMISE(seen->shape_count <= TELEMETRY_SHAPES_MOST);
    PROMISE(seen->field_count <= TELEMETRY_FIELDS_MOST);
    for (size_t i = 0; i < seen->span_count; i++)
        check_span(&seen->spans[i]);
    for (size_t i = 0; i < seen->field_count; i++)
        PROMISE(strchr(seen->fields[i], ' '));
}

/* The first byte says which signal, and in which coding. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct otlp_request request;
    struct telemetry seen = { 0 };
    struct err err = { 0 };
    enum otlp_signal signal;
    bool ok;

    if (size == 0)
        return 0;
    signal = (enum otlp_signal)(data[0] % 3);
    ok = data[0] & 0x40
             ? otlp_read_json(&request, signal, data + 1, size - 1, &err)
             : otlp_read_protobuf(&request, signal, data + 1, size - 1, &err);
    PROMISE(ok || err.code != ERR_NONE);
    PROMISE(ok || request.resources.count == 0);
    if (ok)
        telemetry_add(&seen, &request);
    otlp_release(&request);
    check(&seen);
    telemetry_release(&seen);
    return 0;
}
