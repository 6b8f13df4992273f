/*
 * otlp_code: what spans and log records are written down with, in the two ways
 * of OTLP/HTTP: attributes in JSON, fields of protobuf. Pure.
 */
#ifndef GATEDRILL_REFGATEWAY_OTLP_CODE_H
#define GATEDRILL_REFGATEWAY_OTLP_CODE_H

#include "tests/refgateway/span.h"

void code_json_attribute(struct buf *out, const struct span_attribute *one);

void code_number(struct buf *out, unsigned field, uint64_t value);
void code_fixed(struct buf *out, unsigned field, int64_t value);
void code_text(struct buf *out, unsigned field, const char *text);
/* A message in another; the inner one is done with. */
void code_inner(struct buf *out, unsigned field, struct buf *inner);
void code_id(struct buf *out, unsigned field, const char *hex); /* "": none */
void code_attribute(struct buf *out, unsigned field,
                    const struct span_attribute *one);

#endif
