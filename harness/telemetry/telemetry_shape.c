/*
 * What is against a rule by its mere presence: content attributes and events of
 * the three generations of GenAI conventions, captured credential headers,
 * credentials in URLs, paths where a template is due.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/credential.h"
#include "harness/telemetry/telemetry.h"

/* Of a credential that many letters are as good as a prefix of it
 * (docs/detection.md: class partial). */
#define MASKED_LETTERS 12

/* A name; one that ends with a dot stands for all that begin with it. */
static const char *const content_attributes[] = {
    "gen_ai.prompt", "gen_ai.prompt.", "gen_ai.completion",
    "gen_ai.completion.", "gen_ai.input.messages", "gen_ai.output.messages",
    "gen_ai.system_instructions", "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
    "http.request.body.content", "http.response.body.content",
    "http.request.body", "http.response.body",
    /* OpenInference */
    "input.value", "output.value", "llm.input_messages.",
    "llm.output_messages.",
    /* OpenLLMetry */
    "llm.prompts", "llm.prompts.", "llm.completions", "llm.completions.",
    "traceloop.entity.input", "traceloop.entity.output", NULL
};
/* Events that may come without content: then only with it. */
static const char *const content_events[] = {
    "gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message",
    "gen_ai.tool.message",   "gen_ai.choice",       NULL
};
/* Events that are there for their content alone. */
static const char *const content_only_events[] = {
    "gen_ai.content.prompt", "gen_ai.content.completion",
    "gen_ai.client.inference.operation.details", NULL
};
static const char *const content_members[] = { "content",
                                               "arguments",
                                               "gen_ai.input.messages",
                                               "gen_ai.output.messages",
                                               "gen_ai.system_instructions",
                                               "gen_ai.tool.definitions",
                                               "gen_ai.prompt",
                                               "gen_ai.completion",
                                               NULL };
static const char *const url_attributes[] = { "url.full", "url.query",
                                              "http.url", "http.target",
                                              "url.path", NULL };
/* A label of a metrics page has "_" for what is no letter. */
static bool begins_with(const char *name, const char *with, bool fold)
{
    for (; *with; with++, name++) {
        char c = (char)(fold ? tolower((unsigned char)*name) : *name);

        if (c != *with && (c != '_' || !strchr(".-", *with)))
            return false;
    }
    return true;
}

/* The entry that a name is one of: of what begins with it, no more is told than
 * that. NULL: of none. */
static const char *entry_of(const char *const *names, const char *name)
{
    for (; *names; names++) {
        size_t length = strlen(*names);

        if (begins_with(name, *names, false) &&
            ((*names)[length - 1] == '.' || !name[length]))
            return *names;
    }
    return NULL;
}

static bool listed(const char *const *names, const char *name)
{
    return entry_of(names, name) != NULL;
}

/* A word for what is not told, in any case of letters. */
static bool names_a_blank(const char *text, size_t length)
{
    static const char *const words[] = { "redacted", "filtered", "masked",
                                         "hidden",   "removed",  "scrubbed" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (size_t at = 0; at + strlen(words[i]) <= length; at++)
            if (!strncasecmp(text + at, words[i], strlen(words[i])))
                return true;
    return false;
}

/* "sk-ab...wxyz": letters around what was masked, too few of them to use. What
 * of a planted key may be left is the runbook's redaction.masked. */
static bool is_masked(const char *text, size_t length)
{
    size_t letters = 0;

    if (!memmem(text, length, "...", 3) && !memmem(text, length, "***", 3) &&
        !memmem(text, length, "\xe2\x80\xa6", 3))
        return false;
    for (size_t i = 0; i < length; i++)
        letters += isalnum((unsigned char)text[i]) != 0;
    return letters < MASKED_LETTERS;
}

/* "[REDACTED]", "Bearer ***", "": nothing that could be used. */
static bool is_blank_text(const char *text, size_t length)
{
    if (length < 40 && names_a_blank(text, length))
        return true;
    if (length > 7 && !strncasecmp(text, "Bearer ", 7)) {
        text += 7;
        length -= 7;
    }
    if (is_masked(text, length))
        return true;
    for (size_t i = 0; i < length; i++)
        if (!strchr("* x.", text[i]))
            return false;
    return true;
}

bool telemetry_is_blank(const struct otlp_value *value)
{
    const struct otlp_value *values = value->values.items;
    const struct otlp_attribute *members = value->map.items;

    if (value->kind == OTLP_VALUE_TEXT || value->kind == OTLP_VALUE_BYTES)
        return is_blank_text(value->text, value->length);
    for (size_t i = 0; i < value->values.count; i++)
        if (!telemetry_is_blank(&values[i]))
            return false;
    for (size_t i = 0; i < value->map.count; i++)
        if (!telemetry_is_blank(&members[i].value))
            return false;
    return true;
}

struct place {
    struct telemetry *out;
    const char *where, *trace_id;
};

static void note(const struct place *at, enum telemetry_shape_kind kind,
                 const char *name)
{
    telemetry_note(at->out, kind, at->where, name, at->trace_id);
}

/* A content member that is not blank, at any depth. */
static bool holds_content(const struct otlp_value *value)
{
    const struct otlp_value *values = value->values.items;
    const struct otlp_attribute *members = value->map.items;

    for (size_t i = 0; i < value->values.count; i++)
        if (holds_content(&values[i]))
            return true;
    for (size_t i = 0; i < value->map.count; i++) {
        if (members[i].key.text &&
            listed(content_members, members[i].key.text) &&
            !telemetry_is_blank(&members[i].value))
            return true;
        if (holds_content(&members[i].value))
            return true;
    }
    return false;
}

/* "http.request.header.x_api_key" as well. */
static bool is_captured_header(const char *name)
{
    static const struct {
        const char *before;
        enum credential_place place;
    } sides[] = { { "http.request.header.", CREDENTIAL_REQUEST },
                  { "http.response.header.", CREDENTIAL_ANSWER } };
    char header[64];
    size_t length;

    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        if (!begins_with(name, sides[i].before, true))
            continue;
        snprintf(header, sizeof header, "%s", name + strlen(sides[i].before));
        length = strlen(header);
        for (size_t k = 0; k < length; k++)
            if (header[k] == '_')
                header[k] = '-';
        /* What an answer repeats of its request is captured as well. */
        return credential_find(sides[i].place, header, length) ||
               credential_find(CREDENTIAL_REQUEST, header, length);
    }
    return false;
}

static bool has_user_info(const char *url)
{
    const char *host = strstr(url, "://");
    const char *at =
        host ? memchr(host + 3, '@', strcspn(host + 3, "/?#")) : NULL;

    return at && !is_blank_text(host + 3, (size_t)(at - host) - 3);
}

/* query: with or without what stands before its "?". */
static bool has_secret_parameter(const char *query)
{
    const char *mark = strchr(query, '?');

    if (mark)
        query = mark + 1;
    while (*query && *query != '#') {
        size_t name = strcspn(query, "=&#");
        size_t value = query[name] == '=' ? strcspn(query + name + 1, "&#") : 0;

        if (value && credential_find(CREDENTIAL_QUERY, query, name) &&
            !is_blank_text(query + name + 1, value))
            return true;
        query += name + (query[name] == '=') + value;
        query += *query == '&';
    }
    return false;
}

static void look_at_attributes(const struct place *at,
                               const struct otlp_list *attributes)
{
    const struct otlp_attribute *all = attributes->items;

    for (size_t i = 0; i < attributes->count; i++) {
        const struct otlp_value *value = &all[i].value;
        const char *name = all[i].key.text ? all[i].key.text : "";

        if (telemetry_is_blank(value))
            continue;
        if (listed(content_attributes, name))
            note(at, TELEMETRY_CONTENT, entry_of(content_attributes, name));
        if (is_captured_header(name))
            note(at, TELEMETRY_CREDENTIAL, name);
        if (value->kind == OTLP_VALUE_TEXT && listed(url_attributes, name) &&
            (has_user_info(value->text) || has_secret_parameter(value->text)))
            note(at, TELEMETRY_CREDENTIAL, name);
        if (listed(content_events, name) && holds_content(value))
            note(at, TELEMETRY_CONTENT, name);
    }
}

/* An event of the middle generation: its body, or its attributes, say more
 * than a role. */
static void look_at_event(const struct place *at, const char *name,
                          const struct otlp_value *body,
                          const struct otlp_list *attributes)
{
    const struct otlp_attribute *all = attributes->items;
    bool content;

    if (!name ||
        (!listed(content_events, name) && !listed(content_only_events, name)))
        return;
    content = body && (holds_content(body) || (body->kind == OTLP_VALUE_TEXT &&
                                               !telemetry_is_blank(body)));
    for (size_t i = 0; i < attributes->count && !content; i++)
        content = all[i].key.text &&
                  !listed(content_attributes, all[i].key.text) &&
                  (listed(content_members, all[i].key.text) ||
                   holds_content(&all[i].value)) &&
                  !telemetry_is_blank(&all[i].value);
    if (content)
        note(at, TELEMETRY_CONTENT, name);
}

static bool has_text(const struct otlp_list *attributes, const char *name,
                     const char *wanted)
{
    const struct otlp_value *value = otlp_find(attributes, name);

    return value && value->kind == OTLP_VALUE_TEXT && value->length &&
           (!wanted || !strcmp(value->text, wanted));
}

/* An HTTP span is named "{method} {template}"; a path that no template backs
 * is a name for every request anew. */
static void look_at_name(const struct place *at, const struct otlp_span *span)
{
    const char *target = span->name.text ? strchr(span->name.text, ' ') : NULL;
    const struct otlp_list *all = &span->attributes;

    target = target ? target + 1 : span->name.text;
    if (!target || *target != '/')
        return;
    if (!has_text(all, "http.request.method", NULL) &&
        !has_text(all, "http.method", NULL))
        return;
    if (!strchr(target, '?') && (has_text(all, "http.route", target) ||
                                 has_text(all, "url.template", target)))
        return;
    note(at, TELEMETRY_RAW_NAME, "span name");
}

static void look_at_spans(struct telemetry *out, const struct otlp_scope *scope)
{
    const struct otlp_span *spans = scope->spans.items;

    for (size_t i = 0; i < scope->spans.count; i++) {
        const struct otlp_event *events = spans[i].events.items;
        struct place at = { out, "span", spans[i].trace_id };

        look_at_attributes(&at, &spans[i].attributes);
        look_at_name(&at, &spans[i]);
        at.where = "span event";
        for (size_t k = 0; k < spans[i].events.count; k++) {
            look_at_attributes(&at, &events[k].attributes);
            look_at_event(&at, events[k].name.text, NULL,
                          &events[k].attributes);
        }
    }
}

static void look_at_metrics(struct telemetry *out,
                            const struct otlp_scope *scope)
{
    static const char *const raw[] = { "url.path", "url.full", "http.url",
                                       "http.target", NULL };
    const struct otlp_metric *metrics = scope->metrics.items;
    struct place at = { out, "metric label", "" };

    for (size_t i = 0; i < scope->metrics.count; i++) {
        const struct otlp_point *points = metrics[i].points.items;

        for (size_t k = 0; k < metrics[i].points.count; k++) {
            look_at_attributes(&at, &points[k].attributes);
            for (size_t r = 0; raw[r]; r++)
                if (otlp_find(&points[k].attributes, raw[r]))
                    note(&at, TELEMETRY_RAW_NAME, raw[r]);
        }
    }
}

static void look_at_logs(struct telemetry *out, const struct otlp_scope *scope)
{
    const struct otlp_log *logs = scope->logs.items;

    for (size_t i = 0; i < scope->logs.count; i++) {
        struct place at = { out, "log record", logs[i].trace_id };
        const struct otlp_value *named =
            otlp_find(&logs[i].attributes, "event.name");
        const char *name = logs[i].event_name.length ? logs[i].event_name.text
                           : named                   ? named->text
                                                     : NULL;

        look_at_attributes(&at, &logs[i].attributes);
        look_at_event(&at, name, &logs[i].body, &logs[i].attributes);
    }
}

void telemetry_shapes_of_label(struct telemetry *out, const char *where,
                               const struct metrics_label *label)
{
    struct otlp_attribute one = {
        .key = { label->name, strlen(label->name) },
        .value = { .kind = OTLP_VALUE_TEXT,
                   .text = label->value,
                   .length = strlen(label->value) },
    };
    const struct otlp_list list = { &one, 1, 1 };
    const struct place at = { out, where, "" };

    look_at_attributes(&at, &list);
}

void telemetry_shapes_of(struct telemetry *out,
                         const struct otlp_request *request)
{
    const struct otlp_resource *resources = request->resources.items;

    for (size_t i = 0; i < request->resources.count; i++) {
        const struct otlp_scope *scopes = resources[i].scopes.items;
        struct place at = { out, "resource", "" };

        look_at_attributes(&at, &resources[i].resource.attributes);
        for (size_t k = 0; k < resources[i].scopes.count; k++) {
            look_at_spans(out, &scopes[k]);
            look_at_metrics(out, &scopes[k]);
            look_at_logs(out, &scopes[k]);
        }
    }
}
