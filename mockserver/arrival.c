#include "mockserver/arrival.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/credential.h"
#include "common/json.h"
#include "common/xalloc.h"
#include "mockserver/select.h"

void arrival_release(struct arrival *arrival)
{
    free(arrival->model);
    *arrival = (struct arrival){ 0 };
}

static void arrival_lower(char *out, size_t size, const char *text,
                          size_t length)
{
    size_t used = strlen(out);

    for (size_t i = 0; i < length && used + 1 < size; i++)
        out[used++] = (char)tolower((unsigned char)text[i]);
    out[used] = '\0';
}

/* A value as a C string; empty when the header is absent. */
static void arrival_value(char *out, size_t size,
                          const struct head_header *header)
{
    snprintf(out, size, "%.*s", header ? (int)header->value_length : 0,
             header ? header->value : "");
}

static void arrival_read_names(struct attempt *attempt, const struct head *head)
{
    char *names = attempt->request.header_names;
    size_t size = sizeof attempt->request.header_names;

    for (size_t i = 0; i < head->header_count; i++) {
        if (i)
            arrival_lower(names, size, " ", 1);
        arrival_lower(names, size, head->headers[i].name,
                      head->headers[i].name_length);
    }
}

static void
arrival_read_credentials(struct attempt *attempt, const struct head *head,
                         const uint8_t key[static FINGERPRINT_KEY_BYTES],
                         bool (*accepts)(const void *, const char *),
                         const void *context)
{
    for (size_t i = 0; i < head->header_count; i++) {
        const struct head_header *header = &head->headers[i];
        struct attempt_credential *found;
        char name[32] = "", *value;
        const char *secret;
        const struct credential_row *row = credential_find(
            CREDENTIAL_REQUEST, header->name, header->name_length);

        if (!row || attempt->request.credential_count == ATTEMPT_CREDENTIALS)
            continue;
        arrival_lower(name, sizeof name, header->name, header->name_length);
        found =
            &attempt->request.credentials[attempt->request.credential_count++];
        memcpy(found->header, name, sizeof found->header);
        value = xstrndup(header->value, header->value_length);
        secret = credential_key(name, value);
        digest_fingerprint(found->fingerprint, key, secret, strlen(secret));
        found->accepted = row->accepted && accepts(context, found->fingerprint);
        xwipe(value, header->value_length);
        free(value);
    }
}

/* Of the value of a header that ties requests together; "" when there is none.
 */
static void arrival_fingerprint(char out[static FINGERPRINT_HEX_SIZE],
                                const struct head *head, const char *name,
                                const uint8_t key[static FINGERPRINT_KEY_BYTES])
{
    const struct head_header *found = head_find(head, name, 0);

    if (found)
        digest_fingerprint(out, key, found->value, found->value_length);
}

static void arrival_read_ids(struct arrival *out, const struct head *head)
{
    const struct head_header *trace = head_find(head, "traceparent", 0);
    char text[DRILL_ID_SIZE + 1];
    struct drill_id id;

    arrival_value(text, sizeof text, head_find(head, "x-drill-id", 0));
    if (drill_id_parse(&id, text))
        out->header = id;
    if (trace && select_traceparent(&id, trace->value, trace->value_length))
        out->trace = id;
}

void arrival_read_head(struct arrival *out, struct attempt *attempt,
                       const struct head *head, const char *const *names,
                       const uint8_t key[static FINGERPRINT_KEY_BYTES],
                       bool (*accepts)(const void *, const char *),
                       const void *context)
{
    const char *rest = NULL;
    char number[24];

    memcpy(attempt->request.method, head->method, sizeof head->method);
    memcpy(attempt->request.target, head->target, sizeof head->target);
    memcpy(attempt->request.version, head->version, sizeof head->version);
    arrival_value(attempt->request.content_type,
                  sizeof attempt->request.content_type,
                  head_find(head, "content-type", 0));
    memcpy(attempt->request.head_findings, head->findings,
           sizeof head->findings);
    attempt->request.head_finding_count = head->finding_count;
    attempt->request.content_length = head->content_length;
    attempt->request.chunked = head->chunked;
    arrival_value(number, sizeof number,
                  head_find(head, "x-stainless-retry-count", 0));
    attempt->request.client_retry_marker =
        *number && strspn(number, "0123456789") == strlen(number)
            ? strtoll(number, NULL, 10)
            : -1;
    arrival_read_names(attempt, head);
    arrival_read_credentials(attempt, head, key, accepts, context);
    arrival_fingerprint(attempt->request.idempotency_fingerprint, head,
                        "idempotency-key", key);
    arrival_fingerprint(attempt->request.request_id_fingerprint, head,
                        "x-request-id", key);
    arrival_read_ids(out, head);
    out->path_name = select_path(head->target, names, &rest);
    snprintf(out->path, sizeof out->path, "%s",
             out->path_name ? rest : head->target);
    out->http_1_0 = !strcmp(head->version, "HTTP/1.0");
    out->wants_close = head->wants_close;
}

void arrival_read_library(struct arrival *out, struct attempt *attempt,
                          const char *method, const char *url,
                          const char *version)
{
    snprintf(attempt->request.method, sizeof attempt->request.method, "%s",
             method);
    snprintf(attempt->request.target, sizeof attempt->request.target, "%s",
             url);
    snprintf(attempt->request.version, sizeof attempt->request.version, "%s",
             version);
    snprintf(out->path, sizeof out->path, "%s", url);
}

static void arrival_read_json(struct arrival *out, struct attempt *attempt,
                              const char *body, size_t length,
                              const uint8_t key[static FINGERPRINT_KEY_BYTES])
{
    struct err err;
    struct json *root = json_parse(body, length, "request", &err);
    const char *model = json_get_text(root, "model", NULL);

    attempt->request.json =
        root && json_fields_read(&attempt->request.fields, body, length, key);
    out->stream = attempt->request.stream = json_get_true(root, "stream");
    out->include_usage =
        json_get_true(json_get(root, "stream_options"), "include_usage");
    if (model) {
        out->model = xstrdup(model);
        digest_fingerprint(attempt->request.model_fingerprint, key, model,
                           strlen(model));
    }
    json_free(root);
}

void arrival_read_body(struct arrival *out, struct attempt *attempt,
                       const void *body, size_t length, bool complete,
                       const uint8_t key[static FINGERPRINT_KEY_BYTES])
{
    attempt->request.body_bytes = (int64_t)length;
    attempt->request.body = complete ? ATTEMPT_BODY_COMPLETE
                            : length ? ATTEMPT_BODY_INCOMPLETE
                                     : ATTEMPT_BODY_NONE;
    if (!length) {
        /* A POST is expected to bring one, whatever it announced. */
        if (!strcmp(attempt->request.method, "POST"))
            attempt->request.body = ATTEMPT_BODY_NONE;
        return;
    }
    digest_sha256(attempt->request.body_sha256, body, length);
    drill_id_find(&out->text, body, length);
    if (complete)
        arrival_read_json(out, attempt, body, length, key);
}

void arrival_forget_body(struct attempt *attempt, int64_t length)
{
    attempt->request.body_bytes = length;
    attempt->request.body_sha256[0] = '\0';
    attempt->request.json = false;
    json_fields_release(&attempt->request.fields);
}

static void arrival_saw(struct attempt *attempt, const char *id,
                        const char *where, const char *name, size_t name_length)
{
    char *canary;

    if (attempt->request.canary_count == ATTEMPT_CANARIES)
        return;
    canary = attempt->request.canaries[attempt->request.canary_count++];
    snprintf(canary, sizeof attempt->request.canaries[0], "%s@%s", id, where);
    arrival_lower(canary, sizeof attempt->request.canaries[0], name,
                  name_length);
}

static bool arrival_holds(const void *bytes, size_t length, const char *text)
{
    return bytes && length && *text &&
           memmem(bytes, length, text, strlen(text));
}

static bool arrival_says(const struct json *node, const char *text, bool outer);

/* Arguments of a tool call are a document within a text. */
static bool arrival_says_within(const char *inner, const char *text)
{
    struct err err;
    struct json *root = *inner == '{'
                            ? json_parse(inner, strlen(inner), "request", &err)
                            : NULL;
    bool says = root && arrival_says(root, text, false);

    json_free(root);
    return says;
}

/* In a text of the document, as it is once its escapes are read. Depth is
 * bounded by the parser. */
static bool arrival_says(const struct json *node, const char *text, bool outer)
{
    if (json_kind(node) == JSON_STRING)
        return strstr(json_text(node, ""), text) ||
               (outer && arrival_says_within(json_text(node, ""), text));
    for (const struct json *at = json_first(node); at; at = json_next(at))
        if (arrival_says(at, text, outer))
            return true;
    return false;
}

/* In the line of the request, and in its headers. */
static void arrival_find_in_head(struct attempt *attempt,
                                 const struct watch_text *watch,
                                 const struct head *head, const char *bytes,
                                 size_t length)
{
    const char *line_end = length ? memchr(bytes, '\n', length) : NULL;

    if (line_end &&
        arrival_holds(bytes, (size_t)(line_end - bytes), watch->text))
        arrival_saw(attempt, watch->id, "target", "", 0);
    for (size_t h = 0; h < head->header_count; h++)
        if (arrival_holds(head->headers[h].value, head->headers[h].value_length,
                          watch->text))
            arrival_saw(attempt, watch->id, "header:", head->headers[h].name,
                        head->headers[h].name_length);
}

void arrival_find_watched(struct attempt *attempt, const struct arming *arming,
                          const struct head *head, const char *head_bytes,
                          size_t head_length, const void *body,
                          size_t body_length)
{
    struct json *root = NULL;
    struct err err;

    if (arming->watch_count && body_length)
        root = json_parse(body, body_length, "request", &err);
    for (size_t i = 0; i < arming->watch_count; i++) {
        const struct watch_text *watch = &arming->watch[i];

        arrival_find_in_head(attempt, watch, head, head_bytes, head_length);
        if (arrival_holds(body, body_length, watch->text) ||
            (root && *watch->text && arrival_says(root, watch->text, true)))
            arrival_saw(attempt, watch->id, "body", "", 0);
    }
    json_free(root);
}
