#include "common/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "common/attempt_rows.h"
#include "common/bind.h"
#include "common/xalloc.h"

const char *const attempt_by_names[] = { "lease", "text",    "header",  "path",
                                         "model", "default", "nothing", NULL };
const char *const attempt_body_names[] = { "none", "incomplete", "complete",
                                           NULL };
const char *const attempt_end_names[] = { "open",     "keep",     "fin", "rst",
                                          "peer_fin", "peer_rst", NULL };
static const char *const kind_names[] = {
    [JSON_NULL] = "null",
    [JSON_BOOL] = "bool",
    [JSON_NUMBER] = "number",
    [JSON_STRING] = "string",
    [JSON_ARRAY] = "array",
    [JSON_OBJECT] = "object",
    NULL,
};

/* Custom rows have the whole attempt as their field. */

static void print_id(struct json *object, const char *key, const void *field)
{
    const struct drill_id *id = field;
    char text[DRILL_ID_SIZE];

    drill_id_format(text, *id);
    json_add_text(object, key, id->nonce ? text : NULL);
}

static bool read_id(void *field, const struct json *node,
                    struct attempt_place place)
{
    if (json_kind(node) == JSON_NULL ||
        drill_id_parse(field, json_text(node, "")))
        return true;
    return attempt_refuse(node, place, "a drill id or null");
}

/* An array of texts of one size. */
static void print_texts(struct json *object, const char *key, const char *texts,
                        size_t count, size_t size)
{
    struct json *array;

    if (!count)
        return;
    array = json_add_array(object, key);
    for (size_t i = 0; i < count; i++)
        json_append(array, attempt_text_node(texts + i * size, size));
}

static bool check_array(const struct json *node, size_t most,
                        struct attempt_place place)
{
    if (json_kind(node) != JSON_ARRAY)
        return attempt_refuse(node, place, "an array");
    if (json_count(node) <= most)
        return true;
    err_set(place.err, ERR_SCHEMA, place.path,
            "%zu entries; at most %zu are allowed", json_count(node), most);
    return false;
}

static bool read_texts(char *texts, size_t *count, size_t most, size_t size,
                       const struct json *node, struct attempt_place place)
{
    if (!check_array(node, most, place))
        return false;
    for (const struct json *item = json_first(node); item;
         item = json_next(item)) {
        char path[sizeof place.err->where];

        bind_path_index(path, sizeof path, place.path, *count);
        if (!attempt_read_text(texts + *count * size, size, item,
                               (struct attempt_place){ path, place.err }))
            return false;
        ++*count;
    }
    return true;
}

static void print_head_findings(struct json *object, const char *key,
                                const void *field)
{
    const struct attempt *a = field;

    print_texts(object, key, a->request.head_findings[0],
                a->request.head_finding_count,
                sizeof a->request.head_findings[0]);
}

static bool read_head_findings(void *field, const struct json *node,
                               struct attempt_place place)
{
    struct attempt *a = field;

    return read_texts(a->request.head_findings[0],
                      &a->request.head_finding_count, ATTEMPT_HEAD_FINDINGS,
                      sizeof a->request.head_findings[0], node, place);
}

static void print_canaries(struct json *object, const char *key,
                           const void *field)
{
    const struct attempt *a = field;

    print_texts(object, key, a->request.canaries[0], a->request.canary_count,
                sizeof a->request.canaries[0]);
}

static bool read_canaries(void *field, const struct json *node,
                          struct attempt_place place)
{
    struct attempt *a = field;

    return read_texts(a->request.canaries[0], &a->request.canary_count,
                      ATTEMPT_CANARIES, sizeof a->request.canaries[0], node,
                      place);
}

static const struct attempt_row credential_rows[] = {
    { .key = "header",
      .kind = ATTEMPT_ROW_TEXT,
      .offset = offsetof(struct attempt_credential, header),
      .size = sizeof((struct attempt_credential *)0)->header,
      .always = true },
    { .key = "fingerprint",
      .kind = ATTEMPT_ROW_TEXT,
      .offset = offsetof(struct attempt_credential, fingerprint),
      .size = FINGERPRINT_HEX_SIZE,
      .always = true },
    { .key = "accepted",
      .kind = ATTEMPT_ROW_BOOL,
      .offset = offsetof(struct attempt_credential, accepted),
      .always = true },
    { 0 }
};

static void print_credentials(struct json *object, const char *key,
                              const void *field)
{
    const struct attempt *a = field;
    struct json *array;

    if (!a->request.credential_count)
        return;
    array = json_add_array(object, key);
    for (size_t i = 0; i < a->request.credential_count; i++) {
        struct json *one = json_new_object();

        attempt_rows_print(one, credential_rows, &a->request.credentials[i]);
        json_append(array, one);
    }
}

static bool read_credentials(void *field, const struct json *node,
                             struct attempt_place place)
{
    struct attempt *a = field;

    if (!check_array(node, ATTEMPT_CREDENTIALS, place))
        return false;
    for (const struct json *item = json_first(node); item;
         item = json_next(item)) {
        size_t *count = &a->request.credential_count;
        char path[sizeof place.err->where];

        bind_path_index(path, sizeof path, place.path, *count);
        if (!attempt_rows_read(&a->request.credentials[*count], credential_rows,
                               item, (struct attempt_place){ path, place.err }))
            return false;
        ++*count;
    }
    return true;
}

static void print_fields(struct json *object, const char *key,
                         const void *field)
{
    const struct json_fields *fields = field;
    struct json *array;

    if (!fields->count)
        return;
    array = json_add_array(object, key);
    for (size_t i = 0; i < fields->count; i++) {
        struct json *one = json_new_array();

        json_append(one, json_new_text(fields->items[i].pointer));
        json_append(one, json_new_text(kind_names[fields->items[i].kind]));
        json_append(one, json_new_text(fields->items[i].fingerprint));
        json_append(array, one);
    }
}

static bool read_field(struct json_field *out, const struct json *node,
                       struct attempt_place place)
{
    const char *pointer = json_text(json_at(node, 0), NULL);
    unsigned kind;

    if (json_kind(node) != JSON_ARRAY || json_count(node) != 3 || !pointer)
        return attempt_refuse(node, place, "[pointer, kind, fingerprint]");
    if (!attempt_read_word(&kind, kind_names, json_at(node, 1), place) ||
        !attempt_read_text(out->fingerprint, sizeof out->fingerprint,
                           json_at(node, 2), place))
        return false;
    out->kind = (enum json_kind)kind;
    out->pointer = xstrdup(pointer);
    return true;
}

static bool read_fields(void *field, const struct json *node,
                        struct attempt_place place)
{
    struct json_fields *fields = field;

    if (!check_array(node, JSON_FIELDS_MOST, place))
        return false;
    for (const struct json *item = json_first(node); item;
         item = json_next(item)) {
        char path[sizeof place.err->where];

        bind_path_index(path, sizeof path, place.path, fields->count);
        fields->items = xgrow(fields->items, fields->count, &fields->capacity,
                              sizeof *fields->items);
        if (!read_field(&fields->items[fields->count], item,
                        (struct attempt_place){ path, place.err }))
            return false;
        fields->count++;
    }
    return true;
}

/* clang-format off */
#define AT(field) .offset = offsetof(struct attempt, field)
#define SIZE_OF(field) .size = sizeof((struct attempt *)0)->field

#define INT(name, field) \
    { .key = name, .kind = ATTEMPT_ROW_INT, AT(field) }
#define INT_OR_NONE(name, field) \
    { .key = name, .kind = ATTEMPT_ROW_INT, AT(field), .missing = -1 }
#define FLAG(name, field) \
    { .key = name, .kind = ATTEMPT_ROW_BOOL, AT(field) }
#define TEXT(name, field) \
    { .key = name, .kind = ATTEMPT_ROW_TEXT, AT(field), SIZE_OF(field) }
#define WORD(name, field, list) \
    { .key = name, .kind = ATTEMPT_ROW_ENUM, AT(field), .names = list }
#define CUSTOM(name, field, function) \
    { .key = name, .kind = ATTEMPT_ROW_CUSTOM, AT(field), \
      .print = print_##function, .read = read_##function }
#define WHOLE(name, function) \
    { .key = name, .kind = ATTEMPT_ROW_CUSTOM, \
      .print = print_##function, .read = read_##function }
#define OBJECT(name, list) \
    { .key = name, .kind = ATTEMPT_ROW_OBJECT, .rows = list }

/* Nested rows have the whole attempt as their base as well. */
static const struct attempt_row request_rows[] = {
    TEXT("method", request.method),
    TEXT("target", request.target),
    TEXT("version", request.version),
    TEXT("content_type", request.content_type),
    INT("head_bytes", request.head_bytes),
    FLAG("head_seen", request.head_seen),
    WHOLE("head_findings", head_findings),
    WORD("body", request.body, attempt_body_names),
    INT_OR_NONE("content_length", request.content_length),
    FLAG("chunked", request.chunked),
    INT("body_bytes", request.body_bytes),
    TEXT("body_sha256", request.body_sha256),
    FLAG("json", request.json),
    CUSTOM("fields", request.fields, fields),
    TEXT("fields_whole", request.fields.whole),
    FLAG("fields_cut", request.fields.cut),
    FLAG("stream", request.stream),
    TEXT("model_fingerprint", request.model_fingerprint),
    TEXT("idempotency_fingerprint", request.idempotency_fingerprint),
    TEXT("request_id_fingerprint", request.request_id_fingerprint),
    WHOLE("credentials", credentials),
    TEXT("header_names", request.header_names),
    WHOLE("canaries", canaries),
    INT_OR_NONE("client_retry_marker", request.client_retry_marker),
    { 0 }
};

static const struct attempt_row planned_rows[] = {
    TEXT("fault", planned.fault),
    TEXT("text", planned.text),
    INT_OR_NONE("status", planned.status),
    WORD("end", planned.end, attempt_end_names),
    { 0 }
};

static const struct attempt_row delivered_rows[] = {
    INT_OR_NONE("status", delivered.status),
    FLAG("head_complete", delivered.head_complete),
    INT("sent_bytes", delivered.sent_bytes),
    INT("unsent_bytes", delivered.unsent_bytes),
    INT("unacked_bytes", delivered.unacked_bytes),
    INT("events", delivered.events),
    WORD("end", delivered.end, attempt_end_names),
    FLAG("peer_closed_first", delivered.peer_closed_first),
    { .key = "faithful", .kind = ATTEMPT_ROW_BOOL, AT(delivered.faithful),
      .always = true },
    TEXT("deviation", delivered.deviation),
    { 0 }
};

static const struct attempt_row times_rows[] = {
    INT("accept", times_ns.accept),
    INT("first_byte", times_ns.first_byte),
    INT("head", times_ns.head),
    INT("arrived", times_ns.arrived),
    INT("body", times_ns.body),
    INT("first_sent", times_ns.first_sent),
    INT("last_sent", times_ns.last_sent),
    INT("end", times_ns.end),
    INT("peer_closed", times_ns.peer_closed),
    { 0 }
};

static const struct attempt_row attempt_rows[] = {
    { .key = "seq", .kind = ATTEMPT_ROW_INT, AT(seq), .always = true },
    CUSTOM("drill_id", id, id),
    TEXT("slot", slot),
    TEXT("upstream", upstream),
    INT("ordinal", ordinal),
    WORD("by", by, attempt_by_names),
    FLAG("foreign", foreign),
    FLAG("contradiction", contradiction),
    FLAG("late", late),
    FLAG("other_route", other_route),
    INT("connection", connection),
    INT("request_on_connection", request_on_connection),
    OBJECT("request", request_rows),
    OBJECT("planned", planned_rows),
    OBJECT("delivered", delivered_rows),
    OBJECT("times_ns", times_rows),
    { 0 }
};
/* clang-format on */

struct json *attempt_to_json(const struct attempt *attempt)
{
    struct json *object = json_new_object();

    attempt_rows_print(object, attempt_rows, attempt);
    return object;
}

char *attempt_print(const struct attempt *attempt)
{
    struct json *object = attempt_to_json(attempt);
    char *line = json_print(object);

    json_free(object);
    return line;
}

bool attempt_from_json(struct attempt *out, const struct json *object,
                       struct err *err)
{
    struct err unwanted;
    struct attempt_place place = { "attempt: $", err ? err : &unwanted };

    *out = (struct attempt){ 0 };
    if (attempt_rows_read(out, attempt_rows, object, place))
        return true;
    attempt_release(out);
    return false;
}

bool attempt_parse(struct attempt *out, const char *line, size_t length,
                   struct err *err)
{
    struct json *object = json_parse(line, length, "attempt", err);
    bool ok;

    if (!object) {
        *out = (struct attempt){ 0 };
        return false;
    }
    ok = attempt_from_json(out, object, err);
    json_free(object);
    return ok;
}

void attempt_release(struct attempt *attempt)
{
    if (!attempt)
        return;
    json_fields_release(&attempt->request.fields);
    *attempt = (struct attempt){ 0 };
}
