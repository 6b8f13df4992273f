/*
 * hearing: what one attempt has heard of its upstream so far: moments, head,
 * answer, and how it ended. Pure: lines, bytes, times and libcurl's verdict go
 * in, the result of the attempt comes out. Must not be moved once begun.
 */
#ifndef GATEDRILL_REFGATEWAY_HEARING_H
#define GATEDRILL_REFGATEWAY_HEARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/refgateway/head.h"
#include "tests/refgateway/intake.h"
#include "tests/refgateway/limits.h"
#include "tests/refgateway/policy.h"

struct hearing {
    const struct rules *rules; /* borrowed */
    bool stream;               /* the client asked for a stream */
    struct limits_moments moments;
    struct head head;
    struct intake intake;
    int curl_code;
    int os_errno;
    enum outcome limit; /* that ended it; OUTCOME_OK: none */
};

void hearing_begin(struct hearing *hearing, const struct rules *rules,
                   bool stream, int64_t now_ns);
/* One line of the head, or a trailer, with its line end. */
void hearing_header(struct hearing *hearing, const char *line, size_t length,
                    int64_t now_ns);
/* False when the rest is not wanted. */
bool hearing_body(struct hearing *hearing, const char *bytes, size_t length,
                  int64_t now_ns);
/* Once it is over. wall_ms: since the epoch, for dates without a Date. */
void hearing_result(const struct hearing *hearing, int64_t wall_ms,
                    struct result *out);
void hearing_release(struct hearing *hearing);

#endif
