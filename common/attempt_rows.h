/*
 * attempt_rows: which member of a journal line stands for which field of
 * struct attempt; printing and reading follow the same rows. Not bind: an
 * attempt is fixed arrays without heap, since the mock makes one per arrival.
 */
#ifndef GATEDRILL_COMMON_ATTEMPT_ROWS_H
#define GATEDRILL_COMMON_ATTEMPT_ROWS_H

#include "common/attempt.h"

enum attempt_row_kind {
    ATTEMPT_ROW_INT,  /* int64_t, from missing (0 or -1) upwards */
    ATTEMPT_ROW_BOOL, /* bool; absent is false */
    ATTEMPT_ROW_TEXT, /* char[size]; absent is "" */
    ATTEMPT_ROW_ENUM, /* an enum; always written */
    ATTEMPT_ROW_OBJECT,
    ATTEMPT_ROW_CUSTOM,
};

/* Where a value being read stands. */
struct attempt_place {
    const char *path;
    struct err *err;
};

struct attempt_row {
    const char *key; /* NULL ends the rows */
    enum attempt_row_kind kind;
    size_t offset;
    size_t size;     /* TEXT */
    int64_t missing; /* INT: when absent; the least that is allowed */
    bool always;     /* written even when it is missing, false or "" */
    const char *const *names;
    const struct attempt_row *rows;
    /* CUSTOM: adds nothing when there is nothing; reads into field. */
    void (*print)(struct json *object, const char *key, const void *field);
    bool (*read)(void *field, const struct json *node,
                 struct attempt_place place);
};

void attempt_rows_print(struct json *object, const struct attempt_row *rows,
                        const void *out);
/* Reads all rows; *out is zeroed by the caller. Errors: ERR_SCHEMA. */
bool attempt_rows_read(void *out, const struct attempt_row *rows,
                       const struct json *object, struct attempt_place place);

/* For custom rows: a text of at most size - 1 bytes; "word" by its position. */
struct json *attempt_text_node(const char *text, size_t size);
bool attempt_read_text(char *out, size_t size, const struct json *node,
                       struct attempt_place place);
bool attempt_read_word(unsigned *out, const char *const *names,
                       const struct json *node, struct attempt_place place);
/* "1 is not a text": err with what the value should be. */
bool attempt_refuse(const struct json *node, struct attempt_place place,
                    const char *wanted);

#endif
