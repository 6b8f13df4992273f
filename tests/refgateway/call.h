/*
 * call: one attempt at an upstream, on the wire, by libcurl. Each call has its
 * own connection, opened for it and closed with it: a reused one could be dead
 * already, and the replay it would take is an attempt that nobody declared.
 * Redirects are not followed, no proxy is used, no limit of libcurl's own
 * binds: the runbook's do.
 */
#ifndef GATEDRILL_REFGATEWAY_CALL_H
#define GATEDRILL_REFGATEWAY_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "tests/refgateway/policy.h"
#include "tests/refgateway/rules.h"
#include "tests/refgateway/settings.h"
#include "tests/refgateway/watch.h"

/* Everything is borrowed until call_close(). */
struct call_plan {
    const struct rules *rules;
    const char *url;
    const char *key;     /* secret; NULL: no credential is sent */
    const char *also;    /* secret; a second one, sent by seeded bugs only */
    const char *ca_file; /* NULL: the system's */
    const char *body;
    size_t length;
    bool stream; /* the client asked for a stream */
    const struct call_header *headers;
    size_t header_count;
    const struct call_header *own; /* the upstream's own */
    size_t own_count;
    int64_t total_ends_ns; /* INT64_MAX: none */
    bool exempt;
};

struct call;

enum call_state {
    /* The commit point is passed, and call_output() may hold bytes for the
     * client: the first time perhaps none, later always some. */
    CALL_OUTPUT,
    CALL_ENDED,    /* over; call_result() says how */
    CALL_LEFT,     /* the client is gone */
    CALL_STOPPING, /* we are being stopped */
};

/* Starts connecting. Never NULL. */
struct call *call_open(const struct call_plan *plan);
/* Works until there is something to do for the caller. */
enum call_state call_drive(struct call *call, const struct watch *watch);
/* Bytes for the client, of a stream whole events only; the caller takes them
 * out. */
struct buf *call_output(struct call *call);
/* The plain answer of a call that ended well. Borrowed. */
const struct buf *call_body(const struct call *call);
/* Events with content among what call_output() ever held. */
int64_t call_events(const struct call *call);
/* After CALL_ENDED. */
void call_result(const struct call *call, struct result *out);
/* Closes the connection at once, whatever goes on. NULL is fine. */
void call_close(struct call *call);

#endif
