/*
 * wire_reader: cuts the bytes of an upstream's answer into head lines and body
 * for a hearing, and says how it ended in libcurl's words, as libcurl 7.88 was
 * seen to do. Pure.
 */
#ifndef GATEDRILL_TESTS_PROPERTY_WIRE_READER_H
#define GATEDRILL_TESTS_PROPERTY_WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "tests/refgateway/hearing.h"

enum wire_part {
    WIRE_HEAD,
    WIRE_LENGTH,
    WIRE_CHUNK_SIZE,
    WIRE_CHUNK_DATA,
    WIRE_CHUNK_END,
    WIRE_TRAILER,
    WIRE_CLOSE,
    WIRE_OVER, /* the hearing's curl_code says how */
};

struct wire_reader {
    struct hearing *hearing; /* borrowed */
    struct buf pending;
    enum wire_part part;
    int64_t left; /* bytes of the body, or of a chunk */
    bool any;     /* some byte came */
    bool chunked;
    int64_t length; /* announced; -1: none */
};

void wire_reader_init(struct wire_reader *reader, struct hearing *hearing);
void wire_reader_feed(struct wire_reader *reader, const char *bytes,
                      size_t length, int64_t now_ns);
/* The peer is gone, by a reset or in an orderly way. */
void wire_reader_end(struct wire_reader *reader, bool reset);
void wire_reader_release(struct wire_reader *reader);

#endif
