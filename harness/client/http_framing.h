/*
 * http_framing: where the body of a response lies in the bytes, and whether it
 * came whole by its own framing. Pure. Source: RFC 9112 sections 6 and 7.
 */
#ifndef GATEDRILL_HARNESS_HTTP_FRAMING_H
#define GATEDRILL_HARNESS_HTTP_FRAMING_H

#include "harness/client/http_head.h"
#include "harness/client/http_trace.h"

/* Body bytes from body_at on came from raw_at on. */
struct http_segment {
    size_t body_at, raw_at;
};

struct http_framing {
    enum trace_framing kind;
    bool complete; /* all of it is there */
    bool broken;   /* no further byte makes it right: a client gives up here */
    char problem[64]; /* the first violation, or how far it came when it is not
                         complete; "" when all is well */
    size_t end;       /* raw offset one past the message, when complete */
    struct buf body;  /* transfer coding removed; of a cut body what came */
    struct http_segment *segments; /* in order; none when no body came */
    size_t segment_count, segment_capacity;
    bool scan_only; /* no body is kept */
    size_t resume;  /* of a scan: where the first unfinished chunk begins */
};

/*
 * head    complete
 * ended   the peer sent FIN after these bytes: what ends a body that has
 *         neither length nor chunks
 */
void http_framing_read(struct http_framing *out, const struct http_head *head,
                       const char *bytes, size_t length, bool ended);
/*
 * Is the message complete, or broken, so far? Keeps no body, and takes chunks
 * up where the scan before it left: cheap enough to be asked after each read.
 * resume   0 at first; then what the scan before set
 */
void http_framing_scan(struct http_framing *out, size_t resume,
                       const struct http_head *head, const char *bytes,
                       size_t length);
void http_framing_release(struct http_framing *framing);
/* The raw offset of a body byte (body_at < body.length). */
size_t http_framing_raw_at(const struct http_framing *framing, size_t body_at);

#endif
