#include "common/json_scan.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xalloc.h"

/* A key of an object that is not over yet, for finding it twice. */
struct key {
    char *text;
    size_t offset; /* of its quote in the document */
};

struct scan {
    const char *text;
    size_t at;
    size_t length;
    size_t depth;
    json_scan_handler *handler;
    void *context;
    struct json_scan_problem *problem;
    struct buf decoded; /* the string or number at hand */
    struct key *keys;   /* of all open objects, inner ones last */
    size_t key_count, key_capacity;
};

static bool scan_value(struct scan *s);

/* The first problem counts; offset is where it stands. */
__attribute__((format(printf, 3, 4))) static bool
fail_at(struct scan *s, size_t offset, const char *format, ...)
{
    va_list args;

    s->problem->line = 1;
    s->problem->column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (s->text[i] == '\n') {
            s->problem->line++;
            s->problem->column = 1;
        } else if ((s->text[i] & 0xc0) != 0x80) {
            s->problem->column++;
        }
    }
    va_start(args, format);
    vsnprintf(s->problem->text, sizeof s->problem->text, format, args);
    va_end(args);
    return false;
}

static void report(struct scan *s, enum json_event_kind kind, const char *text)
{
    if (s->handler)
        s->handler(s->context, kind, text);
}

static int peek(const struct scan *s)
{
    return s->at < s->length ? (unsigned char)s->text[s->at] : -1;
}

static void skip_space(struct scan *s)
{
    int c;

    while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        s->at++;
}

/* "'x'", or what else to call the byte. */
static bool unexpected(struct scan *s, const char *wanted)
{
    int c = peek(s);

    if (c < 0)
        return fail_at(s, s->at, "the text ends where %s should stand", wanted);
    if (c > ' ' && c < 127)
        return fail_at(s, s->at, "'%c' where %s should stand", c, wanted);
    return fail_at(s, s->at, "byte 0x%02x where %s should stand", (unsigned)c,
                   wanted);
}

size_t json_utf8_length(const char *bytes, size_t length)
{
    const unsigned char *b = (const unsigned char *)bytes;
    size_t size;

    if (!length)
        return 0;
    if (b[0] < 0x80)
        return 1;
    size = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    /* 0xc0 and 0xc1 would be overlong, above 0xf4 is beyond Unicode. */
    if (b[0] < 0xc2 || b[0] > 0xf4 || length < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
        (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
        return 0;
    return size;
}

static void add_utf8(struct buf *out, uint32_t c)
{
    char bytes[4];
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

    for (size_t i = size; i > 1; i--) {
        bytes[i - 1] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    bytes[0] = (char)(lead[size] | c);
    buf_add(out, bytes, size);
}

/* The four digits after "\u"; s->at stands on the first. */
static bool read_unit(struct scan *s, uint32_t *unit)
{
    *unit = 0;
    for (size_t i = 0; i < 4; i++) {
        int c = peek(s);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return unexpected(s, "a hex digit of \\u");
        *unit = *unit << 4 | (uint32_t)digit;
        s->at++;
    }
    return true;
}

static bool read_unicode_escape(struct scan *s, size_t start)
{
    uint32_t c;
    uint32_t low;

    if (!read_unit(s, &c))
        return false;
    if (c == 0)
        return fail_at(s, start, "\\u0000 (NUL) is not allowed in a string");
    if (c >= 0xd800 && c <= 0xdfff) {
        if (c > 0xdbff || s->length - s->at < 6 ||
            memcmp(s->text + s->at, "\\u", 2) != 0)
            return fail_at(s, start, "half a surrogate pair");
        s->at += 2;
        if (!read_unit(s, &low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail_at(s, start, "half a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    add_utf8(&s->decoded, c);
    return true;
}

static bool read_escape(struct scan *s)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    size_t start = s->at++;
    int c = peek(s);
    const char *found = c > 0 ? strchr(letters, c) : NULL;

    if (found) {
        s->at++;
        buf_add(&s->decoded, &meanings[found - letters], 1);
        return true;
    }
    if (c != 'u')
        return unexpected(s, "an escape (one of \"\\/bfnrtu)");
    s->at++;
    return read_unicode_escape(s, start);
}

/* Decodes the string at s->at into s->decoded. */
static bool read_string(struct scan *s)
{
    size_t start = s->at++;

    buf_clear(&s->decoded);
    for (;;) {
        int c = peek(s);
        size_t size;

        if (c < 0)
            return fail_at(s, start, "this string never ends");
        if (c == '"') {
            s->at++;
            /* Even an empty string has text. */
            buf_add(&s->decoded, "", 0);
            return true;
        }
        if (c == '\\') {
            if (!read_escape(s))
                return false;
            continue;
        }
        if (c < ' ')
            return fail_at(s, s->at,
                           "control byte 0x%02x in a string; write it as "
                           "\\u%04x",
                           (unsigned)c, (unsigned)c);
        size = json_utf8_length(s->text + s->at, s->length - s->at);
        if (!size)
            return fail_at(s, s->at, "byte 0x%02x is not UTF-8", (unsigned)c);
        buf_add(&s->decoded, s->text + s->at, size);
        s->at += size;
    }
}

static bool skip_digits(struct scan *s, const char *wanted)
{
    if (peek(s) < '0' || peek(s) > '9')
        return unexpected(s, wanted);
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return true;
}

static bool scan_number(struct scan *s)
{
    size_t start = s->at;

    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0') {
        s->at++;
        if (peek(s) >= '0' && peek(s) <= '9')
            return fail_at(s, start, "a number with a leading zero");
    } else if (!skip_digits(s, "a digit")) {
        return false;
    }
    if (peek(s) == '.') {
        s->at++;
        if (!skip_digits(s, "a digit after the point"))
            return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!skip_digits(s, "a digit of the exponent"))
            return false;
    }
    buf_clear(&s->decoded);
    buf_add(&s->decoded, s->text + start, s->at - start);
    report(s, JSON_EVENT_NUMBER, s->decoded.data);
    return true;
}

static bool scan_word(struct scan *s)
{
    static const struct {
        const char *word;
        enum json_event_kind kind;
    } words[] = { { "true", JSON_EVENT_TRUE },
                  { "false", JSON_EVENT_FALSE },
                  { "null", JSON_EVENT_NULL } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i].word);

        if (s->length - s->at >= length &&
            !memcmp(s->text + s->at, words[i].word, length)) {
            s->at += length;
            report(s, words[i].kind, "");
            return true;
        }
    }
    return unexpected(s, "a value");
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *left = a;
    const struct key *right = b;
    int order = strcmp(left->text, right->text);

    if (order)
        return order;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Sorted, so that a hostile object of 100,000 keys costs no square. */
static bool keys_differ(struct scan *s, size_t first)
{
    size_t count = s->key_count - first;
    const struct key *keys = s->keys;
    const struct key *worst = NULL;

    if (count < 2)
        return true;
    keys += first;
    qsort(s->keys + first, count, sizeof *s->keys, compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (!strcmp(keys[i].text, keys[i - 1].text) &&
            (!worst || keys[i].offset < worst->offset))
            worst = &keys[i];
    }
    if (worst)
        return fail_at(s, worst->offset, "duplicate key \"%s\"", worst->text);
    return true;
}

static void forget_keys(struct scan *s, size_t first)
{
    while (s->key_count > first)
        free(s->keys[--s->key_count].text);
}

static bool scan_member(struct scan *s)
{
    size_t offset = s->at;

    if (peek(s) != '"')
        return unexpected(s, "a key");
    if (!read_string(s))
        return false;
    s->keys = xgrow(s->keys, s->key_count, &s->key_capacity, sizeof *s->keys);
    s->keys[s->key_count++] = (struct key){ xstrdup(s->decoded.data), offset };
    report(s, JSON_EVENT_KEY, s->decoded.data);
    skip_space(s);
    if (peek(s) != ':')
        return unexpected(s, "':'");
    s->at++;
    return scan_value(s);
}

/* The members up to and with the closing byte. */
static bool scan_members(struct scan *s, int close,
                         bool (*scan_one)(struct scan *s))
{
    const char *wanted = close == '}' ? "',' or '}'" : "',' or ']'";

    s->at++;
    skip_space(s);
    if (peek(s) == close) {
        s->at++;
        return true;
    }
    for (;;) {
        if (!scan_one(s))
            return false;
        skip_space(s);
        if (peek(s) == close) {
            s->at++;
            return true;
        }
        if (peek(s) != ',')
            return unexpected(s, wanted);
        s->at++;
        skip_space(s);
    }
}

static bool scan_object(struct scan *s)
{
    size_t first = s->key_count;
    bool ok;

    report(s, JSON_EVENT_OBJECT, "");
    ok = scan_members(s, '}', scan_member) && keys_differ(s, first);
    forget_keys(s, first);
    if (ok)
        report(s, JSON_EVENT_OBJECT_END, "");
    return ok;
}

static bool scan_array(struct scan *s)
{
    report(s, JSON_EVENT_ARRAY, "");
    if (!scan_members(s, ']', scan_value))
        return false;
    report(s, JSON_EVENT_ARRAY_END, "");
    return true;
}

static bool scan_container(struct scan *s, bool (*scan_one)(struct scan *s))
{
    bool ok;

    if (s->depth == JSON_SCAN_DEPTH)
        return fail_at(s, s->at, "nested deeper than %d levels",
                       JSON_SCAN_DEPTH);
    s->depth++;
    ok = scan_one(s);
    s->depth--;
    return ok;
}

static bool scan_value(struct scan *s)
{
    int c;

    skip_space(s);
    c = peek(s);
    if (c == '{')
        return scan_container(s, scan_object);
    if (c == '[')
        return scan_container(s, scan_array);
    if (c == '-' || (c >= '0' && c <= '9'))
        return scan_number(s);
    if (c != '"')
        return scan_word(s);
    if (!read_string(s))
        return false;
    report(s, JSON_EVENT_STRING, s->decoded.data);
    return true;
}

static bool scan_document(struct scan *s)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (s->length >= 3 && !memcmp(s->text, mark, 3))
        return fail_at(s, 0, "a byte order mark; save the file without one");
    if (!scan_value(s))
        return false;
    skip_space(s);
    if (s->at < s->length)
        return fail_at(s, s->at, "text after the document");
    return true;
}

bool json_scan(const char *text, size_t length, json_scan_handler *handler,
               void *context, struct json_scan_problem *problem)
{
    struct json_scan_problem unwanted;
    struct scan s = { .text = text,
                      .length = length,
                      .handler = handler,
                      .context = context,
                      .problem = problem ? problem : &unwanted };
    bool ok = scan_document(&s);

    forget_keys(&s, 0);
    free(s.keys);
    buf_release(&s.decoded);
    return ok;
}
