/*
 * post: one export request on its way. Set up as OpenTelemetry's exporters are,
 * by OTEL_EXPORTER_OTLP_COMPRESSION (gzip); REFGW_OTLP_CHUNKED=1 sends it in
 * chunks, as exporters do that do not know its length beforehand.
 */
#ifndef GATEDRILL_REFGATEWAY_POST_H
#define GATEDRILL_REFGATEWAY_POST_H

#include <stdbool.h>

#include "common/buf.h"

struct post {
    bool gzip, chunked;
};
void post_begin(struct post *out);
/* easy: a CURL handle. Whether it arrived or not is not asked. */
void post_send(const struct post *post, void *easy, const char *url,
               const char *content_type, const struct buf *body);

#endif
