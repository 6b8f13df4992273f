/*
 * semconv: which names spans use: those of the stable HTTP conventions, those
 * of before 1.20, or both; whether a trace is the client's or one of our own.
 * Set up by the environment: OTEL_SEMCONV_STABILITY_OPT_IN (unset or http: new;
 * http/dup: both; another word: old) and REFGW_TRACES=own.
 */
#ifndef GATEDRILL_REFGATEWAY_SEMCONV_H
#define GATEDRILL_REFGATEWAY_SEMCONV_H

#include "tests/refgateway/span.h"

/* Once, before any request. */
void semconv_begin(void);
bool semconv_own_traces(void);
/* As span_text() and span_number(), by whichever names are asked for; key: the
 * stable one. */
void semconv_text(struct span *span, const char *key, const char *text);
void semconv_number(struct span *span, const char *key, int64_t number);

#endif
