#include "harness/telemetry/telemetry.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

const char *const telemetry_convention_names[] = {
    "http before 1.20", "http stable", "gen_ai with gen_ai.system",
    "gen_ai with gen_ai.provider.name", NULL
};
const char *const telemetry_shape_names[] = { "content", "credential",
                                              "raw_name", NULL };

/* A longer run of letters and digits is no name: it may be a secret. */
#define RUN_MOST 20

static bool is_name(const char *text)
{
    size_t run = 0;

    if (!*text || strlen(text) >= TELEMETRY_NAME_SIZE - 16)
        return false;
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && !strchr("._-/:", *text))
            return false;
        run = isalnum((unsigned char)*text) ? run + 1 : 0;
        if (run > RUN_MOST)
            return false;
    }
    return true;
}

static void keep_field(struct telemetry *out, const char *text)
{
    for (size_t i = 0; i < out->field_count; i++)
        if (!strcmp(out->fields[i], text))
            return;
    if (out->field_count == TELEMETRY_FIELDS_MOST)
        return;
    out->fields = xgrow(out->fields, out->field_count, &out->field_capacity,
                        sizeof *out->fields);
    snprintf(out->fields[out->field_count++], TELEMETRY_NAME_SIZE, "%s", text);
}

void telemetry_field(struct telemetry *out, const char *where, const char *name)
{
    char text[TELEMETRY_NAME_SIZE];

    snprintf(text, sizeof text, "%.15s %s", where,
             name && is_name(name) ? name : "(not a name)");
    keep_field(out, text);
}

/* The older half goes: whoever waited for it has it, or is told that something
 * is missing. */
static void make_room(struct telemetry *out)
{
    size_t half = out->span_count / 2;

    if (out->span_count < TELEMETRY_SPANS_MOST)
        return;
    memmove(out->spans, out->spans + half,
            (out->span_count - half) * sizeof *out->spans);
    out->span_count -= half;
    out->let_go += (int64_t)half;
}

struct telemetry_span *telemetry_new_span(struct telemetry *out)
{
    struct telemetry_span *span;

    make_room(out);
    out->spans = xgrow(out->spans, out->span_count, &out->span_capacity,
                       sizeof *out->spans);
    span = &out->spans[out->span_count++];
    *span = (struct telemetry_span){ .http_status = -1,
                                     .resend_count = -1,
                                     .port = -1,
                                     .input_tokens = -1,
                                     .output_tokens = -1 };
    return span;
}

static void add_fields(struct telemetry *out, const char *where,
                       const struct otlp_list *attributes)
{
    const struct otlp_attribute *all = attributes->items;

    for (size_t i = 0; i < attributes->count; i++)
        telemetry_field(out, where, all[i].key.text);
}

static void add_spans(struct telemetry *out, const struct otlp_scope *scope)
{
    const struct otlp_span *spans = scope->spans.items;

    for (size_t i = 0; i < scope->spans.count; i++) {
        const struct otlp_event *events = spans[i].events.items;

        telemetry_read_span(telemetry_new_span(out), &spans[i]);
        add_fields(out, "span", &spans[i].attributes);
        for (size_t k = 0; k < spans[i].events.count; k++) {
            telemetry_field(out, "event", events[k].name.text);
            add_fields(out, "event", &events[k].attributes);
        }
    }
}

static void add_others(struct telemetry *out, const struct otlp_scope *scope)
{
    const struct otlp_metric *metrics = scope->metrics.items;
    const struct otlp_log *logs = scope->logs.items;

    for (size_t i = 0; i < scope->metrics.count; i++) {
        const struct otlp_point *points = metrics[i].points.items;

        telemetry_field(out, "metric", metrics[i].name.text);
        for (size_t k = 0; k < metrics[i].points.count; k++)
            add_fields(out, "metric", &points[k].attributes);
    }
    for (size_t i = 0; i < scope->logs.count; i++) {
        if (logs[i].event_name.length)
            telemetry_field(out, "log", logs[i].event_name.text);
        add_fields(out, "log", &logs[i].attributes);
    }
}

void telemetry_add(struct telemetry *out, const struct otlp_request *request)
{
    const struct otlp_resource *resources = request->resources.items;

    for (size_t i = 0; i < request->resources.count; i++) {
        const struct otlp_scope *scopes = resources[i].scopes.items;

        add_fields(out, "resource", &resources[i].resource.attributes);
        for (size_t k = 0; k < resources[i].scopes.count; k++) {
            add_spans(out, &scopes[k]);
            add_others(out, &scopes[k]);
        }
    }
    telemetry_shapes_of(out, request);
}

static bool among(const char *const *trace_ids, const char *id)
{
    for (size_t i = 0; trace_ids[i]; i++)
        if (!strcmp(trace_ids[i], id))
            return true;
    return false;
}

static void add_shape(struct telemetry *out,
                      const struct telemetry_shape *shape)
{
    size_t half = out->shape_count / 2;

    for (size_t i = 0; i < out->shape_count; i++)
        if (!memcmp(&out->shapes[i], shape, sizeof *shape))
            return;
    if (out->shape_count == TELEMETRY_SHAPES_MOST) {
        memmove(out->shapes, out->shapes + half,
                (out->shape_count - half) * sizeof *out->shapes);
        out->shape_count -= half;
        out->let_go += (int64_t)half;
    }
    out->shapes = xgrow(out->shapes, out->shape_count, &out->shape_capacity,
                        sizeof *out->shapes);
    out->shapes[out->shape_count++] = *shape;
}

void telemetry_note(struct telemetry *out, enum telemetry_shape_kind kind,
                    const char *where, const char *name, const char *trace_id)
{
    struct telemetry_shape shape;

    /* Compared as a whole, so that the ends of the texts count too. */
    memset(&shape, 0, sizeof shape);
    shape.kind = kind;
    snprintf(shape.where, sizeof shape.where, "%s", where);
    snprintf(shape.name, sizeof shape.name, "%s", name);
    snprintf(shape.trace_id, sizeof shape.trace_id, "%s", trace_id);
    add_shape(out, &shape);
}

static void join_fields(struct telemetry *out, const struct telemetry *from)
{
    for (size_t i = 0; i < from->field_count; i++)
        keep_field(out, from->fields[i]);
}

void telemetry_join(struct telemetry *out, const struct telemetry *from)
{
    for (size_t i = 0; i < from->span_count; i++)
        *telemetry_new_span(out) = from->spans[i];
    for (size_t i = 0; i < from->shape_count; i++)
        add_shape(out, &from->shapes[i]);
    join_fields(out, from);
    out->let_go += from->let_go;
}

void telemetry_take(struct telemetry *out, struct telemetry *from,
                    const char *const *trace_ids)
{
    size_t kept = 0;

    for (size_t i = 0; i < from->span_count; i++) {
        if (among(trace_ids, from->spans[i].trace_id))
            *telemetry_new_span(out) = from->spans[i];
        else
            from->spans[kept++] = from->spans[i];
    }
    from->span_count = kept;
    kept = 0;
    for (size_t i = 0; i < from->shape_count; i++) {
        const struct telemetry_shape *shape = &from->shapes[i];
        bool mine = among(trace_ids, shape->trace_id);

        if (mine || !shape->trace_id[0])
            add_shape(out, shape);
        if (!mine)
            from->shapes[kept++] = *shape;
    }
    from->shape_count = kept;
    join_fields(out, from);
    out->let_go = from->let_go;
}

bool telemetry_has_root(const struct telemetry *telemetry, const char *trace_id)
{
    for (size_t i = 0; i < telemetry->span_count; i++)
        if (telemetry->spans[i].kind == OTLP_SPAN_SERVER &&
            !strcmp(telemetry->spans[i].trace_id, trace_id))
            return true;
    return false;
}

void telemetry_release(struct telemetry *telemetry)
{
    free(telemetry->spans);
    free(telemetry->shapes);
    free(telemetry->fields);
    *telemetry = (struct telemetry){ 0 };
}
