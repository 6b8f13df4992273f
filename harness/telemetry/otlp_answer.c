/* What is answered to an export request; decided without a socket. */
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "harness/telemetry/otlp_metrics.h"
#include "harness/telemetry/otlp_receiver.h"
#include "harness/leaks/unpack.h"

static const char json_type[] = "application/json";
static const char protobuf_type[] = "application/x-protobuf";

static bool media_type_is(const char *value, const char *type)
{
    size_t length = strlen(type);

    return value && !strncasecmp(value, type, length) &&
           strchr("; \t", value[length]);
}

/* google.rpc.Status: code 3 is INVALID_ARGUMENT. */
static void refuse(struct otlp_answer *out, unsigned status, const char *text)
{
    size_t length = strlen(text);

    out->status = status;
    buf_clear(&out->body);
    if (out->type == json_type) {
        buf_add_text(&out->body, "{\"code\":3,\"message\":");
        json_quote(&out->body, text, length);
        buf_add_text(&out->body, "}");
        return;
    }
    if (length > 127)
        length = 127;
    buf_add(&out->body, (const char[]){ 0x08, 3, 0x12, (char)length }, 4);
    buf_add(&out->body, text, length);
}

static void take_piece(void *context, const char *bytes, size_t length)
{
    buf_add(context, bytes, length);
}

static size_t gzip_magic(void)
{
    size_t i = 0;

    while (strcmp(unpack_magics[i].name, "gzip") != 0)
        i++;
    return i;
}

static bool decompress(struct otlp_answer *out, const void *body, size_t length)
{
    struct unpack *unpack = unpack_new(gzip_magic(), (int64_t)OTLP_BODY_MOST);
    size_t used;
    enum unpack_state state =
        unpack_feed(unpack, body, length, &used, take_piece, &out->plain);

    unpack_free(unpack);
    if (state == UNPACK_TOO_MUCH)
        refuse(out, 413, "too large when decompressed");
    else if (state != UNPACK_ENDED || used != length)
        refuse(out, 400, "not gzip, or cut");
    return state == UNPACK_ENDED && used == length;
}

static bool unwrap(struct otlp_answer *out, const char *encoding,
                   const void *body, size_t length)
{
    if (length > OTLP_BODY_MOST) {
        refuse(out, 413, "too large");
        return false;
    }
    if (encoding && !strcasecmp(encoding, "gzip"))
        return decompress(out, body, length);
    if (encoding && *encoding && strcasecmp(encoding, "identity") != 0) {
        refuse(out, 415, "of content encodings gzip is understood");
        return false;
    }
    buf_add(&out->plain, body, length);
    return true;
}

/* -1: the path does not say it. */
static int signal_of(const char *path)
{
    static const char before[] = "/v1/";
    const char *at = strstr(path, before);

    for (int i = 0; at && otlp_signal_names[i]; i++)
        if (!strcmp(at + strlen(before), otlp_signal_names[i]))
            return i;
    return -1;
}

static bool read_as(struct otlp_answer *out, int signal, struct err *err)
{
    struct otlp_request request;
    bool ok =
        out->type == json_type
            ? otlp_read_json(&request, (enum otlp_signal)signal,
                             out->plain.data, out->plain.length, err)
            : otlp_read_protobuf(&request, (enum otlp_signal)signal,
                                 buf_text(&out->plain), out->plain.length, err);

    if (ok) {
        telemetry_add(&out->seen, &request);
        out->points_lost = !otlp_metrics_add(&out->points, &request);
    }
    otlp_release(&request);
    return ok;
}

/* Every item has what one of its signal must have. */
static bool makes_sense(const struct otlp_scope *scope)
{
    const struct otlp_span *spans = scope->spans.items;
    const struct otlp_metric *metrics = scope->metrics.items;
    const struct otlp_log *logs = scope->logs.items;

    for (size_t i = 0; i < scope->spans.count; i++)
        if (!spans[i].trace_id[0] || !spans[i].span_id[0])
            return false;
    for (size_t i = 0; i < scope->metrics.count; i++)
        if (!metrics[i].name.length || !metrics[i].kind)
            return false;
    for (size_t i = 0; i < scope->logs.count; i++)
        if (!logs[i].body.kind && !logs[i].attributes.count &&
            !logs[i].event_name.length)
            return false;
    return scope->spans.count + scope->metrics.count + scope->logs.count > 0;
}

static bool can_be(const struct otlp_answer *out, enum otlp_signal signal)
{
    struct otlp_request request;
    struct err ignored;
    bool ok = otlp_read_protobuf(&request, signal, buf_text(&out->plain),
                                 out->plain.length, &ignored);
    const struct otlp_resource *resources = request.resources.items;
    size_t scopes = 0;

    for (size_t i = 0; ok && i < request.resources.count; i++) {
        const struct otlp_scope *all = resources[i].scopes.items;

        scopes += resources[i].scopes.count;
        for (size_t k = 0; ok && k < resources[i].scopes.count; k++)
            ok = makes_sense(&all[k]);
    }
    otlp_release(&request);
    return ok && scopes > 0;
}

/* Protobuf does not say what it is: that of which it makes a whole request. */
static int signal_by_sense(const struct otlp_answer *out)
{
    int found = -1;

    for (int i = 0; otlp_signal_names[i]; i++) {
        if (!can_be(out, (enum otlp_signal)i))
            continue;
        if (found >= 0)
            return -1;
        found = i;
    }
    return found;
}

/* An endpoint per signal is used as it is, so that requests come at "/": JSON
 * says what it is by its outermost member. */
static int signal_by_content(const struct otlp_answer *out)
{
    static const char *const members[] = { "\"resourceSpans\"",
                                           "\"resourceMetrics\"",
                                           "\"resourceLogs\"" };

    for (int i = 0; i < 3; i++)
        if (out->plain.length && memmem(out->plain.data, out->plain.length,
                                        members[i], strlen(members[i])))
            return i;
    return -1;
}

void otlp_answer(struct otlp_answer *out, const char *method, const char *path,
                 const char *content_type, const char *content_encoding,
                 const void *body, size_t length)
{
    struct err err = { 0 };
    int signal = signal_of(path);
    bool json = media_type_is(content_type, json_type);

    *out = (struct otlp_answer){ .status = 200,
                                 .type = json ? json_type : protobuf_type };
    if (strcmp(method, "POST") != 0) {
        refuse(out, 405, "POST is wanted");
        return;
    }
    if (!json && !media_type_is(content_type, protobuf_type)) {
        refuse(out, 415, "JSON or protobuf is wanted");
        return;
    }
    if (!unwrap(out, content_encoding, body, length))
        return;
    if (signal < 0 && !strcmp(path, "/"))
        signal = json ? signal_by_content(out) : signal_by_sense(out);
    if (signal < 0)
        refuse(out, 404, "/v1/traces, /v1/metrics or /v1/logs is wanted");
    else if (!read_as(out, signal, &err))
        refuse(out, 400, err.text);
    else if (json)
        buf_add_text(&out->body, "{}");
}

void otlp_answer_release(struct otlp_answer *answer)
{
    buf_release(&answer->body);
    buf_release(&answer->plain);
    telemetry_release(&answer->seen);
    metrics_release(&answer->points);
}
