/*
 * json: strict JSON (RFC 8259) over cJSON. cJSON alone accepts trailing text,
 * duplicate keys and invalid UTF-8, folds case and rounds integers; a typo must
 * never weaken a drill, so a scanner of ours goes first and names the place.
 * struct json is a node; the document's root owns all nodes below it. Numbers
 * keep the text they were written with, so integers of any size survive.
 */
#ifndef GATEDRILL_COMMON_JSON_H
#define GATEDRILL_COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"

struct json;

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* Before the first thread: from now on what documents free is wiped first, as
 * it may be a script's planted text or a request's. */
void json_wipe_freed(void);

/*
 * Parses one document. name stands before the place in errors ("a.json").
 * Errors: ERR_SYNTAX with line and column in where: invalid UTF-8, duplicate
 * key, trailing text, a NUL in a string, nesting above 64, and all RFC 8259
 * forbids. NULL on error.
 */
struct json *json_parse(const char *text, size_t length, const char *name,
                        struct err *err);
struct json *json_load(const char *path, struct err *err);
void json_free(struct json *root);
struct json *json_copy(const struct json *node);

/* True when the text is one strict JSON document (no tree is built). */
bool json_valid(const char *text, size_t length);

enum json_kind json_kind(const struct json *node);
/* Members and elements. All borrowed; NULL when absent. Keys compare exactly.
 */
const struct json *json_get(const struct json *object, const char *key);
const struct json *json_at(const struct json *array, size_t index);
size_t json_count(const struct json *array_or_object);
const struct json *json_first(const struct json *array_or_object);
const struct json *json_next(const struct json *node);
const char *json_key(const struct json *member); /* "" for elements */
/* RFC 6901. "" is the node itself. */
const struct json *json_pointer(const struct json *node, const char *pointer);

/* Values; the fallback when the node is NULL or of another kind. */
const char *json_text(const struct json *node, const char *fallback);
int64_t json_int(const struct json *node, int64_t fallback);
double json_double(const struct json *node, double fallback);
bool json_true(const struct json *node); /* exactly the literal true */
/* A number without fraction or exponent that fits int64_t. */
bool json_is_int(const struct json *node);
/* The number exactly as it was written; NULL when it is none. Borrowed. */
const char *json_number_text(const struct json *node);

/* Shorthands: a member's value. */
const char *json_get_text(const struct json *object, const char *key,
                          const char *fallback);
int64_t json_get_int(const struct json *object, const char *key,
                     int64_t fallback);
bool json_get_true(const struct json *object, const char *key);

/* Building. Every new node must be added to a parent or freed. Adding takes
 * ownership. Integers are written exactly. Texts may hold anything: what is not
 * UTF-8 becomes U+FFFD, so that what we print can always be read again. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_text(const char *text); /* NULL gives a null node */
struct json *json_new_int(int64_t value);
struct json *json_new_double(double value);
struct json *json_new_bool(bool value);
struct json *json_new_null(void);
void json_add(struct json *object, const char *key, struct json *value);
void json_add_text(struct json *object, const char *key, const char *text);
void json_add_int(struct json *object, const char *key, int64_t value);
void json_add_bool(struct json *object, const char *key, bool value);
struct json *json_add_object(struct json *object, const char *key);
struct json *json_add_array(struct json *object, const char *key);
void json_append(struct json *array, struct json *value);
/* Replaces a member of an object (adds it when absent). */
void json_set(struct json *object, const char *key, struct json *value);
void json_remove(struct json *object, const char *key);

/* json_pointer() into a document that one may change. */
struct json *json_edit(struct json *node, const char *pointer);

/* Text of a node, on one line or indented by two spaces. Caller frees. */
char *json_print(const struct json *node);
char *json_print_pretty(const struct json *node);
/* Appends the text as a JSON string with its quotes; NUL and what is not UTF-8
 * become U+FFFD. */
void json_quote(struct buf *out, const char *text, size_t length);

/*
 * A document field by field, for comparing by meaning without keeping content:
 * every scalar, and every empty container, with its JSON pointer and a keyed
 * digest of kind and canonical value (1.0 equals 1, 1e2 equals 100; integers
 * of any size exactly; string escapes decoded).
 */
struct json_field {
    char *pointer;
    enum json_kind kind;
    char fingerprint[FINGERPRINT_HEX_SIZE];
};
struct json_fields {
    struct json_field *items; /* in pointer order */
    size_t count;
    size_t capacity;
    bool cut; /* more than JSON_FIELDS_MOST, or a pointer above 1,024 bytes;
                 the rest is in the whole digest */
    char whole[FINGERPRINT_HEX_SIZE]; /* of all of it, key order ignored */
};
#define JSON_FIELDS_MOST 256
/* False when the text is not strict JSON; *out is then zeroed. */
bool json_fields_read(struct json_fields *out, const char *text, size_t length,
                      const uint8_t key[static FINGERPRINT_KEY_BYTES]);
void json_fields_release(struct json_fields *fields);

#endif
