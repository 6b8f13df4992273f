/* Any bytes as an export request of each signal, in both codings, and as a
 * request to the receiver: no crash, and nothing is kept beyond its bounds. */
#include <string.h>

#include "harness/telemetry/otlp_metrics.h"
#include "harness/telemetry/otlp_receiver.h"
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

/* Told twice they are the same series, and cumulative ones the same values. */
static void check_points(const struct otlp_request *request)
{
    struct metrics all = { 0 }, again = { 0 };

    PROMISE(otlp_metrics_add(&again, request));
    metrics_merge(&all, &again);
    PROMISE(again.count == 0);
    PROMISE(otlp_metrics_add(&again, request));
    PROMISE(metrics_new_series(&all, &again) == 0);
    PROMISE(all.count <= again.count);
    metrics_release(&all);
    metrics_release(&again);
}

static void read_as(enum otlp_signal signal, bool json, const uint8_t *data,
                    size_t size)
{
    struct otlp_request request;
    struct telemetry seen = { 0 };
    struct err err = { 0 };
    bool ok = json ? otlp_read_json(&request, signal, data, size, &err)
                   : otlp_read_protobuf(&request, signal, data, size, &err);

    PROMISE(ok || err.code != ERR_NONE);
    PROMISE(ok || request.resources.count == 0);
    if (ok) {
        telemetry_add(&seen, &request);
        check_points(&request);
    }
    otlp_release(&request);
    check(&seen);
    telemetry_release(&seen);
}

/* What stands in the head of a request is one of these. */
static void answer(unsigned choice, const uint8_t *data, size_t size)
{
    static const char *const paths[] = { "/v1/traces", "/v1/metrics",
                                         "/v1/logs", "/", "/p/v1/traces" };
    static const char *const types[] = { "application/json",
                                         "application/x-protobuf",
                                         "application/json; charset=utf-8",
                                         "text/plain", NULL };
    static const char *const codings[] = { NULL, "gzip", "identity", "br" };
    struct otlp_answer out;

    otlp_answer(&out, choice / 100 % 2 ? "GET" : "POST", paths[choice % 5],
                types[choice / 5 % 5], codings[choice / 25 % 4], data, size);
    PROMISE(out.status == 200 || (out.status >= 400 && out.status < 416));
    PROMISE(out.type != NULL);
    check(&out.seen);
    otlp_answer_release(&out);
}

/* The first byte says which signal, and in which coding; or that a request's
 * head is chosen by the second. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (data[0] & 0x80)
        answer(data[1], data + 2, size - 2);
    else
        read_as((enum otlp_signal)(data[0] % 3), data[0] & 0x40, data + 1,
                size - 1);
    return 0;
}
