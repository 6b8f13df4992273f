/*
 * span: one span of OpenTelemetry as this gateway exports it, and the two ways
 * of OTLP/HTTP to write it down. Pure. Source: semantic conventions for HTTP
 * and GenAI; opentelemetry-proto v1.
 */
#ifndef GATEDRILL_REFGATEWAY_SPAN_H
#define GATEDRILL_REFGATEWAY_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define SPAN_ATTRIBUTES 32

enum span_kind { SPAN_SERVER = 2, SPAN_CLIENT = 3 };

struct span_attribute {
    const char *key; /* a literal */
    char *text;      /* owned; NULL: number counts */
    int64_t number;
};
struct span {
    const char *trace_id, *id, *parent; /* hex, borrowed; parent may be "" */
    char *name;                         /* owned */
    enum span_kind kind;
    int64_t start_ns, end_ns; /* since the epoch */
    bool error;
    struct span_attribute attributes[SPAN_ATTRIBUTES];
    size_t count;
    const char *event;          /* name of one event; NULL: none */
    struct span_attribute said; /* its attribute */
};
void span_text(struct span *span, const char *key, const char *text);
void span_number(struct span *span, const char *key, int64_t number);
void span_release(struct span *span);

enum span_coding { SPAN_PROTOBUF, SPAN_JSON };
/* Appends one span to those of a batch. */
void span_write(struct buf *batch, const struct span *span,
                enum span_coding coding);

#endif
