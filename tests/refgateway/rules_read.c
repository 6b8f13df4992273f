#include "tests/refgateway/rules_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"

bool rules_refuse(const struct rules_place *place, const char *format, ...)
{
    char where[256];
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(where, sizeof where, "%s: %s", place->name, place->pointer);
    err_set(place->err, ERR_SCHEMA, where, "%s", text);
    return false;
}

bool rules_is_kind(const struct json *node, enum json_kind kind)
{
    return node && json_kind(node) == kind;
}

bool rules_read_int(int64_t *out, const struct json *node,
                    const struct rules_place *place, int64_t min, int64_t max)
{
    int64_t value = json_int(node, min - 1);

    if (!json_is_int(node) || value < min || value > max)
        return rules_refuse(place, "an integer in %lld..%lld is wanted",
                            (long long)min, (long long)max);
    *out = value;
    return true;
}

bool rules_read_word(int64_t *out, const struct json *node,
                     const struct rules_place *place, const char *const *names)
{
    const char *text = json_text(node, "");
    struct buf list = { 0 };

    for (int64_t i = 0; names[i]; i++) {
        if (!strcmp(names[i], text)) {
            *out = i;
            return true;
        }
    }
    for (size_t i = 0; names[i]; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    rules_refuse(place, "\"%s\" is none of: %s", text, buf_text(&list));
    buf_release(&list);
    return false;
}

bool rules_read_words(struct rules_words *out, const struct json *node,
                      const struct rules_place *place)
{
    if (!rules_is_kind(node, JSON_ARRAY) || json_count(node) > RULES_WORDS)
        return rules_refuse(place, "a list of at most %d texts is wanted",
                            RULES_WORDS);
    out->declared = true;
    out->count = 0;
    for (const struct json *item = json_first(node); item;
         item = json_next(item)) {
        const char *text = json_text(item, "");

        if (!*text || strlen(text) >= RULES_WORD_SIZE)
            return rules_refuse(place, "each item is a text of 1..%d bytes",
                                RULES_WORD_SIZE - 1);
        snprintf(out->items[out->count++], RULES_WORD_SIZE, "%s", text);
    }
    return true;
}

bool rules_read_set(struct outcome_set *out, const struct json *node,
                    const struct rules_place *place)
{
    if (!rules_is_kind(node, JSON_ARRAY))
        return rules_refuse(place, "a list of failure classes is wanted");
    out->declared = true;
    for (const struct json *item = json_first(node); item;
         item = json_next(item)) {
        if (!outcome_set_add(out, json_text(item, "")))
            return rules_refuse(place, "\"%s\" is no failure class",
                                json_text(item, ""));
    }
    return true;
}

bool rules_read_statuses(struct rules_status *out, const struct json *node,
                         const struct rules_place *place)
{
    out->declared = true;
    if (rules_is_kind(node, JSON_STRING) &&
        !strcmp(json_text(node, ""), "same")) {
        out->same = true;
        return true;
    }
    if (!rules_is_kind(node, JSON_ARRAY) || json_count(node) > RULES_STATUSES ||
        !json_count(node))
        return rules_refuse(place,
                            "\"same\" or a list of 1..%d statuses is wanted",
                            RULES_STATUSES);
    for (const struct json *item = json_first(node); item;
         item = json_next(item)) {
        if (!rules_read_int(&out->items[out->count], item, place, 400, 599))
            return false;
        out->count++;
    }
    return true;
}

/* Sets a flag for each word of a list; names and flags run side by side. */
bool rules_read_flags(const struct json *node, const struct rules_place *place,
                      const char *const *names, bool *const *flags)
{
    struct rules_words words = { 0 };
    int64_t index;

    if (!rules_read_words(&words, node, place))
        return false;
    for (size_t i = 0; names[i]; i++)
        *flags[i] = false;
    for (const struct json *item = json_first(node); item;
         item = json_next(item)) {
        if (!rules_read_word(&index, item, place, names))
            return false;
        *flags[index] = true;
    }
    return true;
}

bool rules_read_factor(double *out, const struct json *node,
                       const struct rules_place *place)
{
    double value = json_double(node, 0);

    if (!(value >= 1 && value <= 10))
        return rules_refuse(place, "a number in 1..10 is wanted");
    *out = value;
    return true;
}
