#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/json.h"
#include "common/xalloc.h"
#include "harness/telemetry/otlp_table.h"

static bool wrong(struct otlp_reading *reading, const struct otlp_row *row,
                  const char *what)
{
    err_set(reading->err, ERR_SCHEMA, row->json, "%s", what);
    return false;
}

static int base64_of(char c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                  "stuvwxyz0123456789+/";
    const char *found;

    c = (char)(c == '-' ? '+' : c == '_' ? '/' : c);
    found = c ? strchr(letters, c) : NULL;
    return found ? (int)(found - letters) : -1;
}

static bool read_base64(struct otlp_reading *reading, void *at,
                        const struct otlp_row *row, const char *text)
{
    char *bytes = xcalloc(strlen(text) + 1, 1);
    size_t length = 0;
    unsigned bits = 0, held = 0;
    bool ok;

    for (; *text && *text != '='; text++) {
        int value = base64_of(*text);

        if (value < 0)
            break;
        held = (held << 6 | (unsigned)value) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[length++] = (char)(unsigned char)(held >> bits);
        }
    }
    ok = text[strspn(text, "=")] == '\0';
    if (ok)
        otlp_put_text(at, row, bytes, length);
    free(bytes);
    return ok || wrong(reading, row, "not base64");
}

static bool read_id(struct otlp_reading *reading, char *out,
                    const struct otlp_row *row, const char *text)
{
    uint8_t bytes[16];

    if (!*text)
        return true;
    if (!digest_from_hex(bytes, row->extra, text))
        return wrong(reading, row, "not as many hex digits as an id has");
    digest_to_hex(out, bytes, row->extra);
    out[2 * row->extra] = '\0';
    return true;
}

/* A decimal text or a number; also above INT64_MAX, as unsigned fields go. */
static bool read_integer(struct otlp_reading *reading, int64_t *out,
                         const struct otlp_row *row, const struct json *node)
{
    const char *text = json_kind(node) == JSON_STRING ? json_text(node, "")
                                                      : json_number_text(node);
    char *end;

    if (!text || !*text || text[strspn(text, "-0123456789")] != '\0')
        return wrong(reading, row, "not a whole number");
    errno = 0;
    *out = *text == '-' ? strtoll(text, &end, 10)
                        : (int64_t)strtoull(text, &end, 10);
    if (errno || *end)
        return wrong(reading, row, "not a number of 64 bits");
    return true;
}

static bool read_double(struct otlp_reading *reading, double *out,
                        const struct otlp_row *row, const struct json *node)
{
    static const char *const words[] = { "NaN", "Infinity", "-Infinity", NULL };
    const char *text = json_text(node, NULL);

    if (json_kind(node) == JSON_NUMBER) {
        *out = json_double(node, 0);
        return true;
    }
    for (size_t i = 0; text && words[i]; i++)
        if (!strcmp(words[i], text)) {
            *out = strtod(text, NULL);
            return true;
        }
    return wrong(reading, row, "not a number");
}

static bool read_object(struct otlp_reading *reading, void *at,
                        const struct otlp_message *message,
                        const struct json *object);

static bool read_inner(struct otlp_reading *reading, void *at,
                       const struct otlp_row *row, const struct json *node)
{
    bool ok;

    if (json_kind(node) != JSON_OBJECT)
        return wrong(reading, row, "not an object");
    if (!otlp_enter(reading, row))
        return false;
    ok = read_object(reading, at, row->message, node);
    reading->depth--;
    return ok;
}

static bool read_list(struct otlp_reading *reading, struct otlp_list *list,
                      const struct otlp_row *row, const struct json *node)
{
    if (json_kind(node) != JSON_ARRAY)
        return wrong(reading, row, "not an array");
    for (const struct json *at = json_first(node); at; at = json_next(at)) {
        void *item = otlp_add(reading, list, row);

        if (!item || !read_inner(reading, item, row, at))
            return false;
    }
    return true;
}

static bool read_text(struct otlp_reading *reading, void *at,
                      const struct otlp_row *row, const struct json *node)
{
    const char *text = json_text(node, NULL);

    if (!text)
        return wrong(reading, row, "not a text");
    if (row->how == OTLP_AS_ID)
        return read_id(reading, (char *)at + row->offset, row, text);
    if (row->how == OTLP_AS_BYTES)
        return read_base64(reading, at, row, text);
    otlp_put_text(at, row, text, strlen(text));
    return true;
}

static bool read_member(struct otlp_reading *reading, void *at,
                        const struct otlp_row *row, const struct json *node)
{
    char *member = (char *)at + row->offset;
    int64_t yes;

    switch (row->how) {
    case OTLP_AS_INT:
    case OTLP_AS_FIXED:
        return read_integer(reading, (int64_t *)(void *)member, row, node);
    case OTLP_AS_DOUBLE:
        return read_double(reading, (double *)(void *)member, row, node);
    case OTLP_AS_BOOL:
        if (json_kind(node) != JSON_BOOL)
            return wrong(reading, row, "not true or false");
        yes = json_true(node);
        memcpy(member, &yes, sizeof yes);
        return true;
    case OTLP_AS_MESSAGE:
        return read_inner(reading, member, row, node);
    case OTLP_AS_LIST:
        return read_list(reading, (struct otlp_list *)(void *)member, row,
                         node);
    default:
        return read_text(reading, at, row, node);
    }
}

/* null stands for what is not there. */
static bool read_object(struct otlp_reading *reading, void *at,
                        const struct otlp_message *message,
                        const struct json *object)
{
    for (const struct otlp_row *row = message->rows; row->json; row++) {
        const struct json *node = json_get(object, row->json);

        if (!node || json_kind(node) == JSON_NULL)
            continue;
        if (!read_member(reading, at, row, node))
            return false;
        otlp_note(at, message, row);
    }
    return true;
}

bool otlp_read_json(struct otlp_request *out, enum otlp_signal signal,
                    const void *bytes, size_t length, struct err *err)
{
    struct otlp_reading reading = { .err = err };
    struct json *document = json_parse(bytes, length, "request", err);
    bool ok = false;

    *out = (struct otlp_request){ .signal = signal };
    if (!document)
        return false;
    if (json_kind(document) == JSON_OBJECT)
        ok = read_object(&reading, out, otlp_requests[signal], document);
    else
        err_set(err, ERR_SCHEMA, "request", "not an object");
    json_free(document);
    if (!ok)
        otlp_release(out);
    return ok;
}
