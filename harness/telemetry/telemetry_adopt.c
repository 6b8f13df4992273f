/* Spans of traces that a gateway began by itself, tied to requests by time. */
#include <string.h>

#include "harness/telemetry/telemetry.h"

static bool is_ours(const struct telemetry_window *windows, size_t count,
                    const char *trace_id)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(windows[i].trace_id, trace_id))
            return true;
    return false;
}

bool telemetry_in_window(const struct telemetry_window *window,
                         const struct telemetry_span *span)
{
    return span->start_ns >= window->from_ns && span->start_ns < window->to_ns;
}

static bool has_own(const struct telemetry *t, const char *trace_id)
{
    for (size_t i = 0; i < t->span_count; i++)
        if (!strcmp(t->spans[i].trace_id, trace_id))
            return true;
    return false;
}

/* What was noted of a trace goes where its spans go. */
static void move_shapes(struct telemetry *t, const char *from, const char *to)
{
    for (size_t i = 0; i < t->shape_count; i++)
        if (!strcmp(t->shapes[i].trace_id, from))
            memcpy(t->shapes[i].trace_id, to, OTLP_TRACE_ID_SIZE);
}

static void adopt_window(struct telemetry *t,
                         const struct telemetry_window *windows, size_t count,
                         const struct telemetry_window *window)
{
    char to[OTLP_TRACE_ID_SIZE] = "";

    strncpy(to, window->trace_id, sizeof to - 1);
    for (size_t i = 0; i < t->span_count; i++) {
        struct telemetry_span *span = &t->spans[i];

        if (span->by_time || !telemetry_in_window(window, span) ||
            is_ours(windows, count, span->trace_id))
            continue;
        move_shapes(t, span->trace_id, to);
        memcpy(span->trace_id, to, sizeof to);
        span->by_time = true;
    }
}

void telemetry_adopt(struct telemetry *t,
                     const struct telemetry_window *windows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!has_own(t, windows[i].trace_id))
            adopt_window(t, windows, count, &windows[i]);
}
