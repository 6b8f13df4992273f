#include "harness/evidence/evidence_log.h"
#include "harness/evidence/evidence_seen.h"

/* Names and fingerprints, never a value. */
static struct json *fields_to_json(const struct json_fields *fields)
{
    struct json *out = json_new_object();

    for (size_t i = 0; i < fields->count; i++)
        json_add_text(out, fields->items[i].pointer,
                      fields->items[i].fingerprint);
    return out;
}

static void add_requests(struct json *out, const struct observation *o)
{
    struct json *list = json_add_array(out, "requests");

    for (size_t i = 0; i < o->request_count; i++) {
        const struct observed_request *request = &o->requests[i];
        struct json *row = json_new_object();

        json_add_int(row, "phase", (int64_t)request->phase);
        json_add_int(row, "epoch", request->epoch);
        json_add_int(row, "reported_retries", request->reported_retries);
        json_add_text(row, "trace_id", request->trace_id);
        json_add_text(row, "body_sha256", request->body_sha256);
        json_add_text(row, "fields_whole", request->fields.whole);
        json_add(row, "fields", fields_to_json(&request->fields));
        json_add(row, "trace", http_trace_to_json(&request->trace));
        json_append(list, row);
    }
}

static void add_attempts(struct json *out, const struct observation *o)
{
    struct json *list = json_add_array(out, "attempts");

    for (size_t i = 0; i < o->attempt_count; i++)
        json_append(list, attempt_to_json(&o->attempts[i]));
    json_add_int(out, "foreign", (int64_t)o->foreign_count);
    json_add_int(out, "open_attempts", o->open_attempts);
    json_add_int(out, "listened_until_ns", o->listened_until_ns);
}

static void add_span(struct json *list, const struct telemetry_span *span)
{
    struct json *row = json_new_object();
    const struct {
        const char *key;
        int64_t value;
    } figures[] = {
        { "kind", span->kind },
        { "status", span->status },
        { "start_unix_ns", span->start_ns },
        { "end_unix_ns", span->end_ns },
        { "http_status", span->http_status },
        { "resend_count", span->resend_count },
        { "server_port", span->port },
        { "input_tokens", span->input_tokens },
        { "output_tokens", span->output_tokens },
    };

    json_add_text(row, "trace_id", span->trace_id);
    json_add_text(row, "span_id", span->id);
    json_add_text(row, "parent_id", span->parent);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        json_add_int(row, figures[i].key, figures[i].value);
    json_add_bool(row, "http", span->http);
    json_add_bool(row, "genai", span->genai);
    json_add_bool(row, "error_type", span->error_type);
    json_add_bool(row, "server_address", span->address[0] != '\0');
    json_add_bool(row, "server_port_said", span->port_said);
    json_add_bool(row, "url_full", span->url);
    json_add_bool(row, "url_path", span->path);
    json_add_bool(row, "url_scheme", span->scheme);
    json_add_bool(row, "tied_by_time", span->by_time);
    json_append(list, row);
}

static void add_telemetry(struct json *out, const struct observation *o)
{
    struct json *telemetry = json_add_object(out, "telemetry");
    struct json *spans = json_add_array(telemetry, "spans");
    struct json *shapes = json_add_array(telemetry, "shapes");

    for (size_t i = 0; i < o->telemetry.span_count; i++)
        add_span(spans, &o->telemetry.spans[i]);
    for (size_t i = 0; i < o->telemetry.shape_count; i++) {
        const struct telemetry_shape *shape = &o->telemetry.shapes[i];
        struct json *row = json_new_object();

        json_add_text(row, "kind", telemetry_shape_names[shape->kind]);
        json_add_text(row, "where", shape->where);
        json_add_text(row, "name", shape->name);
        json_add_text(row, "trace_id", shape->trace_id);
        json_append(shapes, row);
    }
    json_add_int(telemetry, "let_go", o->telemetry.let_go);
}

static void add_counter(struct json *list, const struct metered_counter *read)
{
    struct json *row = json_new_object();
    struct json *by = json_add_array(row, "by_status");

    json_add_bool(row, "there", read->there);
    json_add(row, "before", json_new_double(read->before));
    json_add(row, "after", json_new_double(read->after));
    json_add(row, "least", json_new_double(read->least));
    for (size_t i = 0; i < read->by_count; i++) {
        struct json *one = json_new_object();

        json_add_text(one, "status", read->by[i].status);
        json_add(one, "before", json_new_double(read->by[i].before));
        json_add(one, "after", json_new_double(read->by[i].after));
        json_append(by, one);
    }
    json_append(list, row);
}

/* Counters in the order in which the profile names them. */
static void add_metered(struct json *out, const struct metered *metered)
{
    struct json *row = json_add_object(out, "metrics");
    struct json *counters = json_add_array(row, "counters");

    json_add_bool(row, "alone", metered->alone);
    json_add_bool(row, "looked", metered->looked);
    for (size_t i = 0; i < METRIC_PLACES; i++) {
        struct json *place = json_add_object(row, metric_place_names[i]);

        json_add_text(place, "problem", metered->problem[i]);
        json_add_int(place, "series", metered->series[i]);
        json_add_int(place, "new_series", metered->fresh[i]);
    }
    for (size_t i = 0; i < metered->counter_count; i++)
        add_counter(counters, &metered->counters[i]);
}

static void add_probe(struct json *out, const char *key,
                      const struct observed_probe *probe)
{
    struct json *row = json_add_object(out, key);

    json_add_bool(row, "made", probe->made);
    json_add_bool(row, "healthy", probe->healthy);
    json_add_text(row, "text", probe->text);
}

static void add_probes(struct json *out, const struct observation *o)
{
    struct json *list = json_add_array(out, "refusals");

    for (size_t i = 0; i < o->refusal_count; i++) {
        struct json *row = json_new_object();

        json_add_text(row, "upstream", o->refusals[i].upstream);
        json_add_bool(row, "refused_before", o->refusals[i].refused_before);
        json_add_bool(row, "refused_after", o->refusals[i].refused_after);
        json_append(list, row);
    }
    add_probe(out, "probe_before", &o->probe_before);
    add_probe(out, "probe_after", &o->probe_after);
}

static void add_canaries(struct json *out, const struct observation *o)
{
    struct json *list = json_add_array(out, "canaries");

    for (size_t i = 0; i < o->canary_count; i++) {
        const struct canary *canary = &o->canaries[i];
        struct json *row = json_new_object();

        json_add_text(row, "id", canary->id);
        json_add_text(row, "kind", canary_kind_names[canary->kind]);
        json_add_text(row, "fingerprint", canary->fingerprint);
        json_add_bool(row, "reached", canary->reached);
        json_append(list, row);
    }
    json_add_bool(out, "detector_control", o->detector_control);
}

static void add_sinks(struct json *out, const struct observation *o)
{
    struct json *sinks = json_add_array(out, "sinks");
    struct json *hits = json_add_array(out, "hits");

    for (size_t i = 0; i < o->sink_count; i++) {
        const struct observed_sink *sink = &o->sinks[i];
        struct json *row = json_new_object();

        json_add_text(row, "name", sink->name);
        json_add_bool(row, "required", sink->required);
        json_add_bool(row, "live", sink->live);
        json_add_int(row, "bytes", sink->bytes);
        json_add_text(row, "problem", sink->problem);
        json_append(sinks, row);
    }
    for (size_t i = 0; i < o->hit_count; i++) {
        const struct sink_hit *hit = &o->hits[i];
        struct json *row = json_new_object();

        json_add_text(row, "canary", hit->canary);
        json_add_text(row, "sink", hit->sink);
        if (hit->place[0])
            json_add_text(row, "place", hit->place);
        json_add_text(row, "encoding", hit->encoding);
        json_add_text(row, "class", hit_class_names[hit->how]);
        json_add_int(row, "offset", hit->offset);
        json_append(hits, row);
    }
}

static void add_keys(struct json *out, const struct observation *o)
{
    struct json *keys = json_add_array(out, "keys");

    for (size_t i = 0; i < o->key_count; i++) {
        struct json *row = json_new_object();

        json_add_text(row, "upstream", o->keys[i].upstream);
        json_add_int(row, "number", o->keys[i].number);
        json_add_text(row, "fingerprint", o->keys[i].fingerprint);
        json_add_text(row, "model_fingerprint", o->keys[i].model_fingerprint);
        json_append(keys, row);
    }
    json_add_text(out, "client_fingerprint", o->client_fingerprint);
}

static void add_allowed(struct json *out, const struct judged *judged)
{
    struct json *list = json_add_array(out, "allowed");

    for (size_t i = 0; i < judged->allowed_count; i++) {
        struct buf text = { 0 };

        allowed_write(&text, &judged->allowed[i]);
        json_append(list, json_new_text(buf_text(&text)));
        buf_release(&text);
    }
}

void evidence_history_findings(struct json *out,
                               const struct findings *findings)
{
    struct json *list = json_add_array(out, "findings");

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        struct json *row = evidence_finding(f);

        json_add_text(row, "observed", f->observed);
        json_add_text(row, "reason", f->reason);
        json_append(list, row);
    }
}

struct json *evidence_history(const struct judged *judged,
                              const struct findings *findings,
                              const char *test_id)
{
    const struct observation *o = judged->observation;
    struct json *out = json_new_object();
    char id[DRILL_ID_SIZE];

    drill_id_format(id, o->id);
    json_add_text(out, "kind", "case");
    json_add_text(out, "test_id", test_id);
    json_add_text(out, "drill_id", id);
    json_add_int(out, "tolerance_ms", o->tolerance_ms);
    json_add_int(out, "stamp_ms", o->stamp_ms);
    json_add_int(out, "late_ms", o->late_ms);
    json_add_int(out, "slow_ms", o->slow_ms);
    json_add_text(out, "broken", o->broken);
    add_requests(out, o);
    add_attempts(out, o);
    add_probes(out, o);
    add_canaries(out, o);
    add_sinks(out, o);
    add_keys(out, o);
    add_telemetry(out, o);
    add_metered(out, &o->metered);
    evidence_log_history(out, o);
    add_allowed(out, judged);
    evidence_history_findings(out, findings);
    return out;
}

void evidence_history_result(struct json *history, const struct result *result)
{
    json_add_text(history, "case", result->case_id);
    json_add_text(history, "scenario", result->scenario);
    json_add_text(history, "family", result->family);
    json_add_text(history, "title", result->title);
    json_add_text(history, "evidence_type",
                  evidence_type_names[result->evidence_type]);
    json_add_text(history, "probe", probe_kind_names[result->probe]);
    if (result->variant)
        json_add_bool(history, "variant", true);
    json_add_int(history, "number", result->number);
    json_add_int(history, "repeat", result->repeat);
    json_add_text(history, "verdict", verdict_names[result->verdict]);
    json_add_text(history, "reason", result->reason);
    json_add_int(history, "wall_ms", result->wall_ms);
}
