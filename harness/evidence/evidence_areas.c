#include "harness/evidence/evidence_areas.h"

#include <string.h>

static const char *const kind_words[] = {
    [JSON_NULL] = "null",     [JSON_BOOL] = "boolean", [JSON_NUMBER] = "number",
    [JSON_STRING] = "string", [JSON_ARRAY] = "array",  [JSON_OBJECT] = "object",
};

/* The message a stream adds up to, in the shape of an answer in one piece. */
static struct json *joined_stream(const struct http_trace *trace)
{
    struct json *answer = json_new_object();
    struct json *choice = json_new_object();
    struct json *message = json_add_object(choice, "message");

    if (trace->events.output > 0) {
        json_add_text(message, "role", "assistant");
        json_add_text(message, "content", buf_text(&trace->text));
    }
    if (trace->events.finish)
        json_add_text(choice, "finish_reason", trace->finish_reason);
    json_append(json_add_array(answer, "choices"), choice);
    if (trace->usage)
        json_add_object(answer, "usage");
    return answer;
}

static struct json *answer_of(const struct http_trace *trace)
{
    struct err ignored;

    if (trace->content == TRACE_CONTENT_EVENTS)
        return joined_stream(trace);
    return json_parse(buf_text(&trace->body), trace->body.length, "answer",
                      &ignored);
}

struct json *evidence_areas(const struct profile *profile,
                            const struct http_trace *trace)
{
    struct json *areas = json_new_array();
    struct json *answer;

    if (trace->outcome != TRACE_OUTCOME_SUCCESS &&
        trace->outcome != TRACE_OUTCOME_FALSE_SUCCESS)
        return areas;
    answer = answer_of(trace);
    for (size_t i = 0; i < profile->consumes.count; i++) {
        const char *pointer = profile->consumes.items[i];
        const struct json *part = answer ? json_pointer(answer, pointer) : NULL;
        struct json *area = json_new_object();

        json_add_text(area, "pointer", pointer);
        json_add_text(area, "type",
                      part ? kind_words[json_kind(part)] : "absent");
        json_add_bool(area, "ok", part && json_kind(part) != JSON_NULL);
        json_append(areas, area);
    }
    json_free(answer);
    return areas;
}

static void add_once(struct json *list, const char *pointer)
{
    for (const struct json *item = json_first(list); item;
         item = json_next(item))
        if (!strcmp(json_text(item, ""), pointer))
            return;
    json_append(list, json_new_text(pointer));
}

/* Both lists stand in pointer order, so one walk along both tells all. */
static void compare(const struct json_fields *sent,
                    const struct json_fields *arrived, struct json *added,
                    struct json *removed, struct json *changed)
{
    size_t s = 0, a = 0;

    while (s < sent->count || a < arrived->count) {
        int order = s == sent->count      ? 1
                    : a == arrived->count ? -1
                                          : strcmp(sent->items[s].pointer,
                                                   arrived->items[a].pointer);

        if (order < 0) {
            add_once(removed, sent->items[s++].pointer);
        } else if (order > 0) {
            add_once(added, arrived->items[a++].pointer);
        } else {
            if (strcmp(sent->items[s].fingerprint,
                       arrived->items[a].fingerprint) != 0)
                add_once(changed, sent->items[s].pointer);
            s++;
            a++;
        }
    }
}

void evidence_field_changes(const struct observation *observation,
                            struct json *added, struct json *removed,
                            struct json *changed)
{
    for (size_t i = 0; i < observation->attempt_count; i++) {
        const struct attempt *attempt = &observation->attempts[i];

        if (!attempt->request.json ||
            attempt->request.body != ATTEMPT_BODY_COMPLETE)
            continue;
        for (size_t k = 0; k < observation->request_count; k++)
            if (observation->requests[k].epoch == attempt->id.epoch)
                compare(&observation->requests[k].fields,
                        &attempt->request.fields, added, removed, changed);
    }
}
