/*
 * json_scan: the strict scanner below json.h: one pass over the text that
 * reports what it meets and stops at the first thing RFC 8259 forbids. It is
 * the only reader of JSON text in the tree. No global state.
 */
#ifndef GATEDRILL_COMMON_JSON_SCAN_H
#define GATEDRILL_COMMON_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_SCAN_DEPTH 64

enum json_event_kind {
    JSON_EVENT_OBJECT,
    JSON_EVENT_OBJECT_END,
    JSON_EVENT_ARRAY,
    JSON_EVENT_ARRAY_END,
    JSON_EVENT_KEY,
    JSON_EVENT_STRING,
    JSON_EVENT_NUMBER,
    JSON_EVENT_TRUE,
    JSON_EVENT_FALSE,
    JSON_EVENT_NULL,
};

/* text is NUL-terminated and borrowed for the call: a key or string decoded
 * (never with a NUL inside), a number as written, "" for the others. */
typedef void json_scan_handler(void *context, enum json_event_kind kind,
                               const char *text);

struct json_scan_problem {
    size_t line, column; /* from 1; the column counts characters */
    char text[160];
};

/* handler may be NULL: only validates. False: *problem is filled; events until
 * then have been reported. */
bool json_scan(const char *text, size_t length, json_scan_handler *handler,
               void *context, struct json_scan_problem *problem);

/* Bytes of the UTF-8 character at the start of bytes, or 0: not UTF-8 there. */
size_t json_utf8_length(const char *bytes, size_t length);

#endif
