/* dialect: how an upstream words its answers and errors. One file in dialects/
 * and one row in dialect_table.h. Shapes: CometAPI's documentation and live
 * probes, new-api and one-api sources, OpenAI's reference (docs/dialects.md).
 */
#ifndef GATEDRILL_MOCKSERVER_DIALECT_H
#define GATEDRILL_MOCKSERVER_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

struct dialect_error {
    int64_t status;
    const char *code;    /* NULL: the dialect's own for the status */
    const char *type;    /* NULL: the dialect's own */
    const char *message; /* NULL: the dialect's own */
    const char *canary;  /* to stand inside the message; may be NULL */
    const char *request_id;
    const char *model; /* as asked for; NULL or "" when none */
};

struct dialect {
    const char *name;              /* "cometapi" */
    const char *request_id_header; /* "x-cometapi-request-id" */
    /* One JSON object {"error":{...}} without a newline. */
    void (*error_body)(struct buf *out, const struct dialect_error *error);
};

extern const struct dialect *const dialects[]; /* NULL-terminated; first is
                                                  the default */
#define DIALECT(name) extern const struct dialect dialect_##name;
#include "mockserver/dialect_table.h"
#undef DIALECT
/* NULL when there is none of that name. */
const struct dialect *dialect_find(const char *name);

/* What a dialect says about one kind of error. Rows end with { 0 }; the last
 * one speaks for every status that has none. */
struct dialect_row {
    int64_t status;
    const char *code;    /* "" is a code too; NULL: as dialect_style says */
    const char *type;    /* NULL: the dialect's usual one */
    const char *message; /* "{model}" stands for the model asked for */
    const char *param;   /* as JSON text: "null", "\"\""; NULL: left out */
};
struct dialect_style {
    const char *type;       /* the usual one */
    const char *empty_code; /* as JSON text when the row has no code; NULL: the
                               member is left out */
    bool id_in_message;     /* " (request id: ...)" at its end */
};

/* The row for an error: same status and code; else, when a code was asked for,
 * the same code under another status; else the first of the status; else the
 * last. */
const struct dialect_row *dialect_pick(const struct dialect_row *rows,
                                       const struct dialect_error *error);

/* Appends {"error":{...}} with message, type, param and code; the message is
 * the one asked for or the row's, then the canary, then the request id. */
void dialect_write_error(struct buf *out, const struct dialect_style *style,
                         const struct dialect_row *rows,
                         const struct dialect_error *error);

#define DIALECT_REQUEST_ID_SIZE 32

/* A request id of the relay family: 14-digit UTC time, nanoseconds without
 * leading zeros, 8 alphanumerics. Equal input gives an equal id. */
void dialect_request_id(char out[static DIALECT_REQUEST_ID_SIZE],
                        int64_t wall_ms, uint64_t number);

/* size - 1 alphanumerics that follow from number alone. */
void dialect_letters(char *out, size_t size, uint64_t number);

#endif
