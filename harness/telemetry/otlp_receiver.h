/*
 * otlp_receiver: where one gateway process sends its telemetry: OTLP/HTTP with
 * JSON or protobuf, plain or gzip, on a loopback port of its own. What arrives
 * is kept as it came (decompressed) in a file, for the scanner, and digested
 * for the checks. Source: OTLP specification, "OTLP/HTTP".
 */
#ifndef GATEDRILL_HARNESS_OTLP_RECEIVER_H
#define GATEDRILL_HARNESS_OTLP_RECEIVER_H

#include "common/buf.h"
#include "harness/telemetry/metrics.h"
#include "harness/telemetry/telemetry.h"

#define OTLP_BODY_MOST ((size_t)64 << 20) /* also after decompression */

struct otlp_receiver;
/* file: what arrives is appended to it. NULL and err: ERR_IO, ERR_NET. */
struct otlp_receiver *otlp_receiver_new(const char *file, struct err *err);
void otlp_receiver_free(struct otlp_receiver *receiver);
/* "http://127.0.0.1:40001", no path: exporters add /v1/traces. Borrowed. */
const char *otlp_receiver_url(const struct otlp_receiver *receiver);

/*
 * Waits until enough() says so of what has arrived and was not taken yet, at
 * most wait_ms; false: it never did. enough is called with the lock held.
 */
bool otlp_receiver_wait(struct otlp_receiver *receiver, int64_t wait_ms,
                        bool (*enough)(const struct telemetry *telemetry,
                                       const void *context),
                        const void *context);
/* telemetry_adopt() and telemetry_take() of what has arrived. */
void otlp_receiver_take(struct otlp_receiver *receiver, struct telemetry *out,
                        const char *const *trace_ids,
                        const struct telemetry_window *windows, size_t count);

/* A copy of all points as they stand now, for metrics_release(), and when the
 * latest came, 0 for never. False: more came than is kept. */
bool otlp_receiver_metrics(struct otlp_receiver *receiver, struct metrics *out,
                           int64_t *came_ns);

/* NULL, or why not all that was sent stands in the file: the drain of a sink.
 */
const char *otlp_receiver_problem(void *receiver);

/* One request, decided: pure. */
struct otlp_answer {
    unsigned status;  /* 200, 400, 404, 405, 413, 415 */
    const char *type; /* "application/json" or protobuf's */
    struct buf body;  /* {} or Status; release it */
    struct buf plain; /* what arrived, as far as it could be read */
    struct telemetry seen;
    struct metrics points;
    bool points_lost; /* there were too many */
};
/* Header values may be NULL. */
void otlp_answer(struct otlp_answer *out, const char *method, const char *path,
                 const char *content_type, const char *content_encoding,
                 const void *body, size_t length);
void otlp_answer_release(struct otlp_answer *answer);

#endif
