/* Of one span what is judged, by old names and new ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/telemetry/telemetry.h"

enum how { HOW_FIGURE, HOW_SAID, HOW_ADDRESS, HOW_URL, HOW_SEEN };

struct word {
    const char *name;
    unsigned convention;
    enum how how;
    size_t offset; /* FIGURE: int64_t; SAID: bool */
};

#define FIGURE(name, convention, member)                                       \
    {                                                                          \
        name, convention, HOW_FIGURE, offsetof(struct telemetry_span, member)  \
    }
#define SAID(name, convention, member)                                         \
    {                                                                          \
        name, convention, HOW_SAID, offsetof(struct telemetry_span, member)    \
    }

static const struct word words[] = {
    SAID("http.request.method", TELEMETRY_HTTP_NEW, http),
    SAID("http.method", TELEMETRY_HTTP_OLD, http),
    FIGURE("http.response.status_code", TELEMETRY_HTTP_NEW, http_status),
    FIGURE("http.status_code", TELEMETRY_HTTP_OLD, http_status),
    FIGURE("http.request.resend_count", TELEMETRY_HTTP_NEW, resend_count),
    FIGURE("http.resend_count", TELEMETRY_HTTP_OLD, resend_count),
    { "server.address", TELEMETRY_HTTP_NEW, HOW_ADDRESS, 0 },
    { "net.peer.name", TELEMETRY_HTTP_OLD, HOW_ADDRESS, 0 },
    FIGURE("server.port", TELEMETRY_HTTP_NEW, port),
    FIGURE("net.peer.port", TELEMETRY_HTTP_OLD, port),
    { "url.full", TELEMETRY_HTTP_NEW, HOW_URL, 0 },
    { "http.url", TELEMETRY_HTTP_OLD, HOW_URL, 0 },
    SAID("url.path", TELEMETRY_HTTP_NEW, path),
    SAID("http.target", TELEMETRY_HTTP_OLD, path),
    SAID("url.scheme", TELEMETRY_HTTP_NEW, scheme),
    SAID("http.scheme", TELEMETRY_HTTP_OLD, scheme),
    SAID("error.type", 0, error_type),
    SAID("gen_ai.operation.name", 0, genai),
    { "gen_ai.system", TELEMETRY_GENAI_OLD, HOW_SEEN, 0 },
    { "gen_ai.provider.name", TELEMETRY_GENAI_NEW, HOW_SEEN, 0 },
    FIGURE("gen_ai.usage.input_tokens", 0, input_tokens),
    FIGURE("gen_ai.usage.prompt_tokens", TELEMETRY_GENAI_OLD, input_tokens),
    FIGURE("gen_ai.usage.output_tokens", 0, output_tokens),
    FIGURE("gen_ai.usage.completion_tokens", TELEMETRY_GENAI_OLD,
           output_tokens),
    { 0 }
};

static int64_t figure_of(const struct otlp_value *value)
{
    char *end;
    int64_t number;

    if (value->kind == OTLP_VALUE_INT)
        return value->number;
    if (value->kind == OTLP_VALUE_DOUBLE)
        return value->real >= 0 && value->real < 1e15 ? (int64_t)value->real
                                                      : -1;
    if (value->kind != OTLP_VALUE_TEXT || !value->length)
        return -1;
    number = strtoll(value->text, &end, 10);
    return *end ? -1 : number;
}

static void set_address(struct telemetry_span *out, const char *from,
                        size_t length)
{
    if (!out->address[0])
        snprintf(out->address, sizeof out->address, "%.*s",
                 length < sizeof out->address ? (int)length
                                              : (int)sizeof out->address - 1,
                 from);
}

/* Host and port of a URL, where no attribute says them. */
static void read_url(struct telemetry_span *out, const char *url)
{
    const char *host = strstr(url, "://");
    size_t scheme = host ? (size_t)(host - url) : 0;
    const char *at;
    size_t length;

    if (!host)
        return;
    host += 3;
    length = strcspn(host, "/?#");
    at = memrchr(host, '@', length);
    if (at) {
        length -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    at = memrchr(host, ':', length);
    if (at && !memchr(at, ']', length - (size_t)(at - host))) {
        if (out->port < 0)
            out->port = strtoll(at + 1, NULL, 10);
        length = (size_t)(at - host);
    } else if (out->port < 0) {
        out->port = scheme == 5 ? 443 : 80;
    }
    set_address(out, host, length);
}

static const struct word *word_of(const char *name)
{
    for (const struct word *word = words; word->name; word++)
        if (!strcmp(word->name, name))
            return word;
    return NULL;
}

static void read_attribute(struct telemetry_span *out,
                           const struct otlp_attribute *attribute)
{
    const struct otlp_value *value = &attribute->value;
    const struct word *word =
        attribute->key.text ? word_of(attribute->key.text) : NULL;
    char *member = (char *)out + (word ? word->offset : 0);
    bool text = value->kind == OTLP_VALUE_TEXT && value->length;
    int64_t figure;

    if (!word)
        return;
    out->conventions |= word->convention;
    switch (word->how) {
    case HOW_FIGURE:
        figure = figure_of(value);
        memcpy(member, &figure, sizeof figure);
        break;
    case HOW_SAID:
        *(bool *)member = text;
        break;
    case HOW_ADDRESS:
        if (text) {
            out->address[0] = '\0';
            set_address(out, value->text, value->length);
        }
        break;
    default:
        break; /* a URL counts for less: see below */
    }
}

void telemetry_read_span(struct telemetry_span *out,
                         const struct otlp_span *span)
{
    const struct otlp_attribute *all = span->attributes.items;

    memcpy(out->trace_id, span->trace_id, sizeof out->trace_id);
    memcpy(out->id, span->span_id, sizeof out->id);
    memcpy(out->parent, span->parent_id, sizeof out->parent);
    out->kind = span->kind;
    out->status = span->status.code;
    out->start_ns = span->start_ns;
    out->end_ns = span->end_ns;
    for (size_t i = 0; i < span->attributes.count; i++)
        read_attribute(out, &all[i]);
    out->port_said = out->port >= 0;
    for (size_t i = 0; i < span->attributes.count; i++) {
        const struct word *word =
            all[i].key.text ? word_of(all[i].key.text) : NULL;

        if (!word || word->how != HOW_URL || !all[i].value.text)
            continue;
        out->url |= all[i].value.length > 0;
        read_url(out, all[i].value.text);
    }
}
