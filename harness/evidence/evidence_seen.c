#include "harness/evidence/evidence_seen.h"

#include <string.h>

#include "common/clock.h"
#include "harness/evidence/evidence_areas.h"
#include "harness/evidence/evidence_classify.h"
#include "harness/evidence/evidence_log.h"

void evidence_add_bucketed(struct json *object, const char *key,
                           const char *text, const struct runbook *runbook)
{
    struct buf safe = { 0 };

    evidence_bucket_text(&safe, text, &runbook->elapsed_buckets_ms);
    json_add_text(object, key, buf_text(&safe));
    buf_release(&safe);
}

struct json *evidence_finding(const struct finding *finding)
{
    struct json *row = json_new_object();

    json_add_text(row, "id", finding->check);
    json_add_text(row, "evidence_type",
                  evidence_type_names[finding->evidence_type]);
    json_add_text(row, "severity", severity_names[finding->severity]);
    json_add_text(row, "verdict", verdict_names[finding->verdict]);
    json_add_text(row, "expected", finding->expected);
    return row;
}

/* null where attempts cannot be seen; 0 for an upstream that nobody tried. */
static void add_attempts(struct json *ext, const struct judged *judged)
{
    const struct observation *o = judged->observation;
    const struct bind_map *upstreams = &o->profile->upstreams;
    struct json *counts = json_add_object(ext, "attempts_by_upstream");

    for (size_t i = 0; i < upstreams->count; i++)
        json_add_int(counts, upstreams->keys[i], 0);
    for (size_t i = 0; i < o->attempt_count; i++) {
        const char *upstream = o->attempts[i].upstream;

        json_set(counts, upstream,
                 json_new_int(json_get_int(counts, upstream, 0) + 1));
    }
    for (size_t i = 0; i < judged->allowed_count; i++)
        for (size_t k = 0; k < judged->allowed[i].uncountable_count; k++)
            json_set(counts, judged->allowed[i].uncountable[k],
                     json_new_null());
}

/* When an exchange was over for the side that decides on a retry. */
static int64_t over_ns(const struct attempt *attempt)
{
    int64_t over = attempt->times_ns.last_sent;

    if (attempt->delivered.end == ATTEMPT_END_RST &&
        attempt->times_ns.end > over)
        over = attempt->times_ns.end;
    if (attempt->delivered.peer_closed_first &&
        attempt->times_ns.peer_closed > over)
        over = attempt->times_ns.peer_closed;
    return over;
}

static void add_gaps(struct json *ext, const struct observation *o)
{
    struct json *gaps = json_add_array(ext, "attempt_gaps");

    for (size_t i = 1; i < o->attempt_count; i++) {
        const struct attempt *before = &o->attempts[i - 1];
        const struct attempt *after = &o->attempts[i];
        int64_t from = over_ns(before);
        int64_t to = after->times_ns.first_byte;
        char label[EVIDENCE_LABEL_SIZE];
        struct json *gap;

        if (before->id.epoch != after->id.epoch || !from || !to)
            continue;
        evidence_bucket(label, to > from ? (to - from) / NS_PER_MS : 0,
                        &o->runbook->elapsed_buckets_ms);
        gap = json_new_object();
        json_add_text(gap, "upstream", after->upstream);
        json_add_int(gap, "before_attempt", after->ordinal);
        json_add_text(gap, "bucket", label);
        json_append(gaps, gap);
    }
}

static void add_routes(struct json *ext, const struct observation *o)
{
    struct json *routes = json_add_array(ext, "observed_routes");

    for (size_t i = 0; i < o->attempt_count; i++) {
        struct buf route = { 0 };
        bool known = false;

        buf_printf(&route, "%s %s", o->attempts[i].request.method,
                   o->attempts[i].request.target);
        for (const struct json *r = json_first(routes); r; r = json_next(r))
            known = known || !strcmp(json_text(r, ""), buf_text(&route));
        if (!known)
            json_append(routes, json_new_text(buf_text(&route)));
        buf_release(&route);
    }
}

/* What was planned and what the wire did: true, false, or null where the
 * script planned nothing but health. */
static void add_delivery(struct json *ext, const struct observation *o)
{
    bool planned = o->refusal_count > 0, faithful = true;
    struct json *deviations = json_new_array();

    for (size_t i = 0; i < o->refusal_count; i++)
        faithful = faithful && o->refusals[i].refused_before &&
                   o->refusals[i].refused_after;
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];
        struct json *row;

        planned = planned || strcmp(attempt->planned.fault, "none") != 0;
        if (attempt->delivered.faithful)
            continue;
        faithful = false;
        row = json_new_object();
        json_add_text(row, "upstream", attempt->upstream);
        json_add_int(row, "attempt", attempt->ordinal);
        evidence_add_bucketed(row, "deviation", attempt->delivered.deviation,
                              o->runbook);
        json_append(deviations, row);
    }
    json_add(ext, "fault_delivered",
             planned || !faithful ? json_new_bool(faithful) : json_new_null());
    json_add(ext, "fault_deviations", deviations);
}

static bool any_header(const struct observation *o, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < o->attempt_count; i++)
        for (const char *at = o->attempts[i].request.header_names; *at;
             at += strcspn(at, " "), at += *at == ' ')
            if (strcspn(at, " ") == length && !strncmp(at, name, length))
                return true;
    return false;
}

/* How the drill id travelled: real gateways rebuild requests. null where no
 * request arrived to look at. */
static void add_carriers(struct json *ext, const struct observation *o)
{
    bool text = false;
    struct json *carriers;

    if (o->attempt_count == 0) {
        json_add(ext, "carriers_survived", json_new_null());
        return;
    }
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];

        text = text || attempt->by == ATTEMPT_BY_TEXT;
        for (size_t k = 0; k < attempt->request.canary_count; k++)
            text = text || !strncmp(attempt->request.canaries[k], "prompt@", 7);
    }
    carriers = json_add_object(ext, "carriers_survived");
    json_add_bool(carriers, "message_text", text);
    json_add_bool(carriers, "x-drill-id", any_header(o, "x-drill-id"));
    json_add_bool(carriers, "traceparent", any_header(o, "traceparent"));
}

static void add_parsing(struct json *ext, const struct observation *o)
{
    const struct observed_request *request = evidence_decisive(o);
    struct json *added = json_new_array(), *removed = json_new_array(),
                *changed = json_new_array();

    json_add(ext, "consumed_response_areas",
             request ? evidence_areas(o->profile, &request->trace)
                     : json_new_array());
    evidence_field_changes(o, added, removed, changed);
    json_add(ext, "request_fields_added", added);
    json_add(ext, "request_fields_removed", removed);
    json_add(ext, "request_fields_changed", changed);
}

/* Names only. */
static void add_telemetry(struct json *ext, const struct observation *o)
{
    struct json *seen = json_add_array(ext, "telemetry_fields_seen");
    struct json *conventions = json_new_array();
    unsigned found = 0;

    for (size_t i = 0; i < o->request_count; i++) {
        if (o->requests[i].reported_retries < 0 ||
            !o->profile->retry_count_header)
            continue;
        json_append(seen, json_new_text(o->profile->retry_count_header));
        break;
    }
    evidence_log_fields(seen, o);
    for (size_t i = 0; i < o->telemetry.field_count; i++)
        json_append(seen, json_new_text(o->telemetry.fields[i]));
    for (size_t i = 0; i < o->telemetry.span_count; i++)
        found |= o->telemetry.spans[i].conventions;
    for (unsigned i = 0; telemetry_convention_names[i]; i++)
        if (found & 1u << i)
            json_append(conventions,
                        json_new_text(telemetry_convention_names[i]));
    json_add(ext, "telemetry_conventions_seen", conventions);
}

static int64_t hits_in(const struct observation *o, const char *sink)
{
    int64_t hits = 0;

    for (size_t i = 0; i < o->hit_count; i++)
        hits += !strcmp(o->hits[i].sink, sink);
    return hits;
}

/* What the client received is scanned like a sink; its leaks are those of
 * sink_scan_client(). */
static void add_client_response(struct json *sinks, const struct observation *o)
{
    static const char name[] = "client response";
    struct json *row = json_new_object();
    int64_t bytes = 0;

    for (size_t i = 0; i < o->request_count; i++)
        bytes += (int64_t)o->requests[i].trace.raw.length;
    json_add_text(row, "name", name);
    json_add_bool(row, "live", bytes > 0);
    json_add_bool(row, "activity_required", false);
    json_add_int(row, "bytes", bytes);
    json_add_int(row, "hits", hits_in(o, name));
    json_append(sinks, row);
}

static void add_sinks(struct json *ext, const struct observation *o)
{
    struct json *sinks = json_add_array(ext, "sinks_scanned");
    struct json *reached = json_new_array();
    bool any = false;

    for (size_t i = 0; i < o->sink_count; i++) {
        const struct observed_sink *sink = &o->sinks[i];
        struct json *row = json_new_object();

        json_add_text(row, "name", sink->name);
        json_add_bool(row, "live", sink->live);
        json_add_bool(row, "activity_required", sink->required);
        json_add_int(row, "bytes", sink->bytes);
        json_add_int(row, "hits", hits_in(o, sink->name));
        if (sink->problem[0])
            json_add_text(row, "problem", sink->problem);
        json_append(sinks, row);
    }
    add_client_response(sinks, o);
    json_add_text(ext, "detector_control",
                  o->detector_control ? "passed" : "failed");
    for (size_t i = 0; i < o->canary_count; i++) {
        if (o->canaries[i].reached)
            json_append(reached, json_new_text(o->canaries[i].id));
        any = any || o->canaries[i].reached;
    }
    json_add_bool(ext, "canary_reached_gateway", any);
    json_add(ext, "canaries_reached", reached);
}

void evidence_add_leaks(struct json *list, const struct observation *o)
{
    for (size_t i = 0; i < o->hit_count; i++) {
        struct json *row = json_new_object();

        json_add_text(row, "canary", o->hits[i].canary);
        json_add_text(row, "sink", o->hits[i].sink);
        if (o->hits[i].place[0])
            json_add_text(row, "place", o->hits[i].place);
        json_add_text(row, "encoding", o->hits[i].encoding);
        json_add_text(row, "class", hit_class_names[o->hits[i].how]);
        json_add_int(row, "offset", o->hits[i].offset);
        json_append(list, row);
    }
}

void evidence_add_seen(struct json *ext, const struct judged *judged)
{
    const struct observation *o = judged->observation;

    add_attempts(ext, judged);
    add_gaps(ext, o);
    add_routes(ext, o);
    add_delivery(ext, o);
    add_carriers(ext, o);
    add_parsing(ext, o);
    add_telemetry(ext, o);
    add_sinks(ext, o);
    evidence_add_leaks(json_add_array(ext, "leaks"), o);
}
