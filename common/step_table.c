#include "common/step.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/step_headers.h"
#include "common/xalloc.h"

const char *const step_body_names[] = {
    "empty",        "empty_string",
    "null",         "empty_array",
    "empty_object", "not_json",
    "cut_json",     "html",
    "html_as_json", "wrong_content_type",
    "invalid_utf8", "error_object",
    "no_choices",   "error_and_choices",
    "bom",          "duplicate_keys",
    "huge_number",  "sse",
    "json",         NULL,
};
const char *const step_finish_names[] = { "stop",       "length",
                                          "error",      "content_filter",
                                          "tool_calls", NULL };
const char *const step_usage_names[] = { "null", "negative", "twice",
                                         "before_finish", NULL };
const char *const step_error_names[] = { "event", "chunk", NULL };
const char *const step_frame_names[] = { "empty_choices", "null_choices",
                                         "no_choices", "usage", NULL };
const char *const step_status_body_names[] = { "dialect", "empty", "html",
                                               "text", NULL };
const char *const step_garbage_names[] = { "ssh_banner", "binary",
                                           "bad_status_line", NULL };
const char *const step_length_names[] = { "long", "short", NULL };
const char *const step_framing_names[] = { "length", "chunked", "close", NULL };
const char *const step_end_names[] = { "keep", "fin", "rst", "hang", NULL };

static const char *const date_names[] = {
    [CLOCK_HTTP_DATE_IMF] = "imf",
    [CLOCK_HTTP_DATE_RFC850] = "rfc850",
    [CLOCK_HTTP_DATE_ASCTIME] = "asctime",
    [CLOCK_HTTP_DATE_WRONG_DAY] = "wrong_day",
    NULL,
};

const struct fault_row fault_rows[FAULT_COUNT + 1] = {
#define FAULT(name, effect, parameters, text)                                  \
    [FAULT_##name] = { #name, FAULT_EFFECT_##effect, parameters, text },
#include "common/fault_list.h"
#undef FAULT
};

static const char *const fault_names[] = {
#define FAULT(name, effect, parameters, text) [FAULT_##name] = #name,
#include "common/fault_list.h"
#undef FAULT
    [FAULT_COUNT] = NULL,
};

#define MS_MOST    3600000    /* an hour */
#define BYTES_MOST (64 << 20) /* 64 MiB */
#define COUNT_MOST 100000

static bool read_point(void *field, const struct json *node, const char *path,
                       struct err *err)
{
    const char *text = json_text(node, NULL);
    char shown[BIND_SHOWN_SIZE];

    if (text && point_parse(field, text))
        return true;
    bind_show(shown, node);
    err_set(err, ERR_SCHEMA, path,
            "%s is not a point: accept, request_head, request, status_line, "
            "headers, headers_end, body:0%%..100%%, body:BYTES, event:COUNT, "
            "end",
            shown);
    return false;
}

static const char point_schema[] =
    "{\"type\":\"string\",\"pattern\":\"^(accept|request_head|request|"
    "status_line|headers|headers_end|body:(100|[0-9]{1,2})%|body:[0-9]{1,9}|"
    "event:[0-9]{1,9}|end)$\"}";

void step_headers_release(void *field)
{
    struct bind_list *list = field;
    struct step_header *headers = list->items;

    for (size_t i = 0; i < list->count; i++) {
        free(headers[i].name);
        free(headers[i].value);
    }
    free(headers);
    *list = (struct bind_list){ 0 };
}

/* RFC 9110 5.1 and 5.5: a token, and no byte that would end the line. */
static bool header_is_sound(const char *name, const char *value)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return name && value && *name && !name[strspn(name, token)] &&
           !strpbrk(value, "\r\n");
}

bool step_headers_parse(void *field, const struct json *node, const char *path,
                        struct err *err)
{
    struct bind_list *list = field;
    struct step_header *headers = xcalloc(json_count(node), sizeof *headers);
    char place[sizeof err->where];

    *list = (struct bind_list){ .items = headers, .declared = true };
    if (json_kind(node) != JSON_ARRAY) {
        err_set(err, ERR_SCHEMA, path,
                "must be a list of pairs, such as [[\"Name\", \"value\"]]");
        return false;
    }
    for (const struct json *pair = json_first(node); pair;
         pair = json_next(pair)) {
        const char *name = json_text(json_at(pair, 0), NULL);
        const char *value = json_text(json_at(pair, 1), NULL);

        if (json_kind(pair) != JSON_ARRAY || json_count(pair) != 2 ||
            !header_is_sound(name, value)) {
            bind_path_index(place, sizeof place, path, list->count);
            err_set(err, ERR_SCHEMA, place,
                    "must be a pair [\"Name\", \"value\"]: a header name and "
                    "a value without line ends");
            return false;
        }
        headers[list->count++] =
            (struct step_header){ xstrdup(name), xstrdup(value) };
    }
    return true;
}

const char step_headers_schema[] =
    "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"minItems\":2,"
    "\"maxItems\":2,\"prefixItems\":[{\"type\":\"string\",\"pattern\":"
    "\"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$\"},{\"type\":\"string\"}]}}";

#define NUMBER(field, least, most, word, text)                                 \
    {                                                                          \
        .key = #field, .kind = BIND_INT,                                       \
        .offset = offsetof(struct step, field), .min = least, .max = most,     \
        .missing = -1, .unit = word, .doc = text                               \
    }
#define WORD(field, list, text)                                                \
    {                                                                          \
        .key = #field, .kind = BIND_ENUM,                                      \
        .offset = offsetof(struct step, field), .names = list, .missing = -1,  \
        .doc = text                                                            \
    }
#define SWITCH(field, text)                                                    \
    {                                                                          \
        .key = #field, .kind = BIND_TRI,                                       \
        .offset = offsetof(struct step, field), .missing = -1, .doc = text     \
    }
#define TEXT(field, text)                                                      \
    {                                                                          \
        .key = #field, .kind = BIND_TEXT,                                      \
        .offset = offsetof(struct step, field), .doc = text                    \
    }

static const struct bind_row retry_after_table[] = {
    { .key = "seconds",
      .kind = BIND_INT,
      .offset = offsetof(struct step_retry_after, seconds),
      .max = 86400,
      .missing = -1,
      .unit = "s",
      .doc = "Retry-After as a number." },
    { .key = "date_in_ms",
      .kind = BIND_INT,
      .offset = offsetof(struct step_retry_after, date_in_ms),
      .max = 86400000,
      .missing = -1,
      .unit = "ms",
      .doc = "Retry-After as a date so long after the answer's own Date." },
    { .key = "date_ago_ms",
      .kind = BIND_INT,
      .offset = offsetof(struct step_retry_after, date_ago_ms),
      .max = 86400000,
      .missing = -1,
      .unit = "ms",
      .doc = "Retry-After as a date so long before the answer's own Date." },
    { .key = "format",
      .kind = BIND_ENUM,
      .offset = offsetof(struct step_retry_after, format),
      .names = date_names,
      .missing = CLOCK_HTTP_DATE_IMF,
      .doc = "How the date is written." },
    { .key = "raw",
      .kind = BIND_TEXT,
      .offset = offsetof(struct step_retry_after, raw),
      .doc = "Retry-After with exactly this value." },
    { .key = "ms",
      .kind = BIND_INT,
      .offset = offsetof(struct step_retry_after, ms),
      .max = 86400000,
      .missing = -1,
      .unit = "ms",
      .doc = "A retry-after-ms header beside it, or alone." },
    { 0 }
};

/* These two lie flat in struct step, so their offsets are those of the step. */
static const struct bind_row pace_table[] = {
    { .key = "bytes",
      .kind = BIND_INT,
      .offset = offsetof(struct step, pace_bytes),
      .required = true,
      .min = 1,
      .max = BYTES_MOST,
      .missing = -1,
      .unit = "bytes",
      .doc = "Size of a piece." },
    { .key = "every_ms",
      .kind = BIND_INT,
      .offset = offsetof(struct step, pace_every_ms),
      .required = true,
      .max = MS_MOST,
      .missing = -1,
      .unit = "ms",
      .doc = "Between two pieces." },
    { 0 }
};
/* Flat too. */
static const struct bind_row when_table[] = {
    { .key = "key",
      .kind = BIND_INT,
      .offset = offsetof(struct step, when_key),
      .required = true,
      .min = 1,
      .max = 16,
      .missing = -1,
      .unit = "",
      .doc = "Which of the upstream's keys, from 1." },
    { 0 }
};
static const struct bind_row end_table[] = {
    { .key = "how",
      .kind = BIND_ENUM,
      .offset = offsetof(struct step, end_how),
      .required = true,
      .names = step_end_names,
      .missing = -1,
      .doc = "keep: stays open for the next request; fin, rst: closed; hang: "
             "stays open and silent." },
    { .key = "at",
      .kind = BIND_CUSTOM,
      .offset = offsetof(struct step, end_at),
      .parse = read_point,
      .schema = point_schema,
      .doc = "Where; default end." },
    { .key = "after_ms",
      .kind = BIND_INT,
      .offset = offsetof(struct step, end_after_ms),
      .max = MS_MOST,
      .missing = -1,
      .unit = "ms",
      .doc = "Silence before it ends there." },
    { 0 }
};

const struct bind_row step_table[] = {
    { .key = "fault",
      .kind = BIND_ENUM,
      .offset = offsetof(struct step, fault),
      .required = true,
      .names = fault_names,
      .doc = "What this attempt meets." },
    NUMBER(status, 100, 999, "", "Status of the answer."),
    WORD(body, step_status_body_names, "Body of an error; default dialect."),
    TEXT(code, "error.code; default: the dialect's own."),
    TEXT(error_type, "error.type; default: the dialect's own."),
    TEXT(message, "error.message; default: the dialect's own."),
    NUMBER(ms, 0, MS_MOST, "ms", "How late the first byte is."),
    { .key = "at",
      .kind = BIND_CUSTOM,
      .offset = offsetof(struct step, at),
      .parse = read_point,
      .schema = point_schema,
      .doc = "Where in the exchange it happens." },
    WORD(content_length, step_length_names,
         "Announced: more than is sent, or less."),
    NUMBER(percent, 0, 100, "%", "How much of the body is there."),
    NUMBER(bytes, 1, BYTES_MOST, "bytes",
           "truncate: body bytes sent; dribble: size of a piece."),
    NUMBER(every_ms, 0, MS_MOST, "ms", "Between two pieces."),
    WORD(kind, step_body_names, "What the body is instead."),
    WORD(bytes_kind, step_garbage_names,
         "What comes instead of HTTP; default ssh_banner."),
    NUMBER(events, 0, COUNT_MOST, "events",
           "Content events of a stream; default 24."),
    NUMBER(interval_ms, 0, MS_MOST, "ms", "Between two events."),
    SWITCH(usage, "With a final usage chunk; default: as asked for."),
    SWITCH(finish, "With a finish_reason; default true."),
    SWITCH(done, "With data: [DONE]; default true."),
    NUMBER(error_at, 0, COUNT_MOST, "events",
           "After so many content events an error event ends the stream."),
    NUMBER(malformed_at, 1, COUNT_MOST, "events",
           "The content event with this number is broken JSON."),
    SWITCH(
        comments_only,
        "Heartbeat comments and never data; with error_at three of them, then "
        "what error_at says."),
    NUMBER(comment_every_ms, 1, MS_MOST, "ms", "Between two comments."),
    SWITCH(role_only, "The role chunk, then nothing more."),
    TEXT(location,
         "Location of a redirect; ${NAME.url}, ${NAME.host} and ${NAME.port} "
         "stand for an upstream's."),
    WORD(finish_reason, step_finish_names,
         "What the answer ends with; error: after half of it."),
    WORD(usage_as, step_usage_names,
         "How usage is told; twice and before_finish: in a stream."),
    SWITCH(tool_calls, "The tokens stand in the arguments of a tool call."),
    SWITCH(reasoning, "reasoning_content stands before the content."),
    TEXT(model, "Model named in the answer; default: the one asked for."),
    WORD(error_as, step_error_names,
         "Shape of an error in a stream: an error object, or a chunk of a "
         "completion with an error; default event."),
    SWITCH(after_error, "Content goes on after the error event."),
    SWITCH(after_done, "A further content event comes after data: [DONE]."),
    NUMBER(metadata, 1, 100, "events",
           "Events without content before the role chunk."),
    WORD(odd_frame, step_frame_names,
         "A frame without text between the first and the second token."),
    NUMBER(before_ms, 0, MS_MOST, "ms",
           "Modifier: wait before the first byte of the answer."),
    { .key = "headers",
      .kind = BIND_CUSTOM,
      .offset = offsetof(struct step, headers),
      .parse = step_headers_parse,
      .release = step_headers_release,
      .schema = step_headers_schema,
      .doc = "Modifier: headers added in this order, as pairs." },
    { .key = "retry_after",
      .kind = BIND_OBJECT,
      .offset = offsetof(struct step, retry_after),
      .table = retry_after_table,
      .doc = "Modifier: a Retry-After header, in one of four forms." },
    WORD(framing, step_framing_names,
         "Modifier: what ends the body; close: neither length nor chunks."),
    { .key = "pace",
      .kind = BIND_OBJECT,
      .table = pace_table,
      .doc = "Modifier: the answer goes out in pieces." },
    { .key = "end",
      .kind = BIND_OBJECT,
      .table = end_table,
      .doc = "Modifier: how the exchange ends, and where." },
    { .key = "interim",
      .kind = BIND_INTS,
      .offset = offsetof(struct step, interim),
      .min = 100,
      .max = 199,
      .doc = "Modifier: 1xx answers sent at once, before the final one. An "
             "empty list: none at all, not even the 100 that is waited for." },
    SWITCH(early,
           "Modifier: answers when the request head is complete, before the "
           "body is read, and closes."),
    WORD(encoding, step_encoding_names,
         "Modifier: Content-Encoding; gzip is true, gzip_false is a label on "
         "plain bytes, unknown is br on plain bytes."),
    NUMBER(pad_bytes, 1, BYTES_MOST, "bytes",
           "Modifier: filler in the text of the answer or of the error."),
    { .key = "head",
      .kind = BIND_OBJECT,
      .offset = offsetof(struct step, head),
      .table = step_head_table,
      .doc = "Modifier: an odd head." },
    { .key = "chunks",
      .kind = BIND_OBJECT,
      .offset = offsetof(struct step, chunks),
      .table = step_chunks_table,
      .doc = "Modifier: chunked framing, written in an odd way." },
    { .key = "sse",
      .kind = BIND_OBJECT,
      .offset = offsetof(struct step, sse),
      .table = step_sse_table,
      .doc = "Modifier: how the events of a stream are written." },
    { .key = "echo",
      .kind = BIND_OBJECT,
      .offset = offsetof(struct step, echo),
      .table = step_echo_table,
      .doc = "Modifier: sends back what the request brought." },
    WORD(account, step_account_names,
         "Modifier: tells of the account: header is X-Account-Balance, usage a "
         "member of usage beyond the documented ones."),
    { .key = "idle",
      .kind = BIND_OBJECT,
      .offset = offsetof(struct step, idle),
      .table = step_idle_table,
      .doc = "Modifier: what the kept connection does behind a complete "
             "answer." },
    NUMBER(for_ms, 1, MS_MOST, "ms",
           "Modifier: every attempt meets this step until so long after the "
           "first one that did, of whatever request; then the next step."),
    { .key = "when",
      .kind = BIND_OBJECT,
      .table = when_table,
      .doc = "Modifier: only attempts with that key meet this step. In a "
             "script with such steps every key counts its own attempts over "
             "its own steps and those without when." },
    { 0 }
};
