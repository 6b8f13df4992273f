/*
 * bind: one table says what an object of ours may hold: it validates a JSON
 * document, fills the struct, generates the JSON Schema, and generates the
 * documentation. A file format therefore has one truth.
 */
#ifndef GATEDRILL_COMMON_BIND_H
#define GATEDRILL_COMMON_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

enum bind_kind {
    BIND_INT,    /* int64_t; min..max */
    BIND_BOOL,   /* bool */
    BIND_TRI,    /* int64_t: 1 true, 0 false, `missing` when absent */
    BIND_TEXT,   /* char *; pattern (POSIX extended) when given */
    BIND_ENUM,   /* int64_t: index into names, or `missing` */
    BIND_TEXTS,  /* struct bind_texts: array of strings */
    BIND_INTS,   /* struct bind_ints: array of integers, min..max */
    BIND_OBJECT, /* a struct in place, by its own table */
    BIND_LIST,   /* struct bind_list: array of objects, by a table */
    BIND_MAP,    /* struct bind_map: object of objects, by a table */
    BIND_JSON,   /* struct json *: any value, kept as it is (a copy) */
    BIND_CUSTOM, /* parse() reads it; schema is a JSON text */
};

struct bind_texts {
    char **items;
    size_t count;
    bool declared;
};
struct bind_ints {
    int64_t *items;
    size_t count;
    bool declared;
};
struct bind_list {
    void *items; /* count x item_size */
    size_t count;
    bool declared;
};
struct bind_map {
    char **keys; /* in file order */
    void *items; /* count x item_size */
    size_t count;
    bool declared;
};

struct bind_row {
    const char *key; /* NULL ends the table */
    enum bind_kind kind;
    size_t offset; /* offsetof in the struct */
    bool required;
    int64_t min, max;         /* BIND_INT, BIND_INTS; both 0: any; also list
                                 length when max > 0 for BIND_TEXTS,
                                 BIND_LIST, BIND_MAP */
    int64_t missing;          /* BIND_INT, BIND_TRI, BIND_ENUM when absent */
    const char *const *names; /* BIND_ENUM, and allowed items of BIND_TEXTS;
                                 NULL-terminated */
    const char *pattern;      /* BIND_TEXT, BIND_TEXTS, keys of BIND_MAP */
    const struct bind_row *table; /* BIND_OBJECT, BIND_LIST, BIND_MAP */
    size_t item_size;             /* BIND_LIST, BIND_MAP */
    /* BIND_CUSTOM: reads node into field; path is "file: $.a.b". */
    bool (*parse)(void *field, const struct json *node, const char *path,
                  struct err *err);
    void (*release)(void *field); /* BIND_CUSTOM; may be NULL */
    const char *schema;           /* BIND_CUSTOM */
    const char *unit;             /* "ms", "bytes", "" */
    const char *doc;              /* one sentence */
};

enum bind_mode {
    BIND_STRICT,
    /* A number may still be {"of": ...} or "${name}": accepted, read as min.
       For linting a scenario before it is tied to a runbook. */
    BIND_LENIENT,
};

/*
 * Zeroes *out (size bytes), then fills it from object by the table.
 * path   "file.json: $" or deeper; stands before the place in errors
 * Errors (ERR_SCHEMA): unknown key (with the nearest known one), missing key,
 * wrong type, out of range, each with the JSON path, the value and the allowed
 * range. A key "$schema" is always allowed at the root. On error *out is
 * released and zeroed.
 */
bool bind_read(void *out, size_t size, const struct bind_row *table,
               const struct json *object, const char *path, enum bind_mode mode,
               struct err *err);
void bind_release(void *out, const struct bind_row *table);
/* Zeroes *out and sets what absent keys give: the result of an empty object,
 * required keys or not. */
void bind_init(void *out, size_t size, const struct bind_row *table);

/* JSON Schema (2020-12) of a table: an object schema to be embedded. Lenient:
 * a value may also be "${name}", a number also {"of": ...}, by references to
 * "#/$defs/matrix_value" and "#/$defs/relative_number", which the document
 * that embeds it must have. */
struct json *bind_schema(const struct bind_row *table);
struct json *bind_schema_as(const struct bind_row *table, enum bind_mode mode);
/* A Markdown table: field, type, unit and range, default, meaning. Nested
 * tables follow with their path as a heading. */
void bind_write_doc(struct buf *out, const struct bind_row *table,
                    const char *heading);

/* path, then ".key"; a key "[3]" is an index and a key with other bytes than
 * letters, digits, '_', '-' and '$' is written as ["key"]. out is the caller's
 * buffer; too long a path is cut. */
void bind_path(char *out, size_t size, const char *path, const char *key);
void bind_path_index(char *out, size_t size, const char *path, size_t index);

/* A value for a message: its JSON text, shortened. */
#define BIND_SHOWN_SIZE 72
void bind_show(char out[static BIND_SHOWN_SIZE], const struct json *node);
/* "100..999 ms", "whole number of ms": what a number of this row may be. */
void bind_range(char *out, size_t size, const struct bind_row *row);
/* True when a number of this row has bounds. */
bool bind_bounded(const struct bind_row *row);

#endif
