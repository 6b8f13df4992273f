/*
 * otlp_table: every member of an OTLP request that is read, once for both
 * codings: its name in JSON, its number in protobuf, where it goes and how.
 * Private to otlp*.c.
 */
#ifndef GATEDRILL_HARNESS_OTLP_TABLE_H
#define GATEDRILL_HARNESS_OTLP_TABLE_H

#include "harness/telemetry/otlp.h"

enum otlp_how {
    OTLP_AS_TEXT,    /* struct otlp_text */
    OTLP_AS_STRING,  /* char *, its length where length says */
    OTLP_AS_BYTES,   /* the same; base64 in JSON */
    OTLP_AS_ID,      /* char[2 x size + 1]: hex in JSON, bytes in protobuf */
    OTLP_AS_BOOL,    /* int64_t; varint */
    OTLP_AS_INT,     /* int64_t; varint */
    OTLP_AS_FIXED,   /* int64_t; fixed64 */
    OTLP_AS_DOUBLE,  /* double; fixed64 */
    OTLP_AS_MESSAGE, /* a struct in its place, read by message */
    OTLP_AS_LIST,    /* struct otlp_list; each occurrence is one item */
};

struct otlp_message;
struct otlp_row {
    const char *json; /* NULL ends the table */
    uint32_t number;
    enum otlp_how how;
    size_t offset;
    size_t extra; /* STRING, BYTES: where the length goes; ID: bytes of it */
    const struct otlp_message *message;
};
struct otlp_message {
    size_t size; /* of the struct, as an item of a list */
    /* Where the number of that member of a oneof goes which came last;
     * SIZE_MAX: there is none. */
    size_t which;
    const struct otlp_row *rows;
    uint32_t least, most; /* numbers of the members of the oneof */
};

/* By enum otlp_signal. */
extern const struct otlp_message *const otlp_requests[];

/* Carried through one reading. */
struct otlp_reading {
    struct err *err;
    size_t items;
    int depth;
};
/* A zeroed item at the end of the list; NULL and err when there are too many.
 */
void *otlp_add(struct otlp_reading *reading, struct otlp_list *list,
               const struct otlp_row *row);
/* Goes one deeper; false and err when that is too deep. */
bool otlp_enter(struct otlp_reading *reading, const struct otlp_row *row);
/* Notes the member, and puts a text or bytes in the place of what was there. */
void otlp_note(void *at, const struct otlp_message *message,
               const struct otlp_row *row);
void otlp_put_text(void *at, const struct otlp_row *row, const void *bytes,
                   size_t length);
/* Frees what the members of one struct hold. */
void otlp_release_message(void *at, const struct otlp_message *message);

#endif
