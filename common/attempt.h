/*
 * attempt: one arrival at an upstream: what came, what was planned and what
 * the wire really did. One JSON line of the journal, both ways. It never holds
 * a credential, a prompt or a completion: fingerprints, digests and sizes only.
 * Times are CLOCK_MONOTONIC ns; 0 means it did not happen.
 */
#ifndef GATEDRILL_COMMON_ATTEMPT_H
#define GATEDRILL_COMMON_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/answer.h"
#include "common/drill_id.h"
#include "common/err.h"
#include "common/json.h"

/* How the script was found (contract section 2, in this order). */
enum attempt_by {
    ATTEMPT_BY_LEASE,
    ATTEMPT_BY_TEXT,   /* drill id in the message text */
    ATTEMPT_BY_HEADER, /* x-drill-id or traceparent */
    ATTEMPT_BY_PATH,   /* /s/<scenario-id>/ */
    ATTEMPT_BY_MODEL,  /* drill/<scenario-id> */
    ATTEMPT_BY_DEFAULT,
    ATTEMPT_BY_NOTHING, /* foreign */
};
extern const char *const attempt_by_names[];

enum attempt_body {
    ATTEMPT_BODY_NONE,       /* announced or expected, and not one byte came */
    ATTEMPT_BODY_INCOMPLETE, /* the peer left, or the fault acted, before all */
    ATTEMPT_BODY_COMPLETE,
};
extern const char *const attempt_body_names[];

/* How the exchange ended on this connection, and who ended it. */
enum attempt_end {
    ATTEMPT_END_OPEN,     /* not ended: still held when the line was written */
    ATTEMPT_END_KEEP,     /* answered; connection kept for the next request */
    ATTEMPT_END_FIN,      /* we sent FIN */
    ATTEMPT_END_RST,      /* we sent RST */
    ATTEMPT_END_PEER_FIN, /* the gateway sent FIN first */
    ATTEMPT_END_PEER_RST, /* the gateway sent RST first */
};
extern const char *const attempt_end_names[];

#define ATTEMPT_HEAD_FINDINGS 8
#define ATTEMPT_CREDENTIALS   4
#define ATTEMPT_CANARIES      16

struct attempt_credential {
    char header[32];                        /* lower case: "authorization" */
    char fingerprint[FINGERPRINT_HEX_SIZE]; /* of the key, without "Bearer " */
    bool accepted; /* among those the listener was told to accept */
};

struct attempt {
    int64_t seq;        /* position in the journal, from 1 */
    struct drill_id id; /* nonce 0 when foreign */
    char slot[32];
    char upstream[UPSTREAM_NAME_SIZE];
    int64_t ordinal; /* from 1, per upstream and epoch; 0 when foreign */
    enum attempt_by by;
    bool foreign;
    bool contradiction; /* lease and drill id disagree */
    bool late;          /* of an epoch that is over */
    bool other_route; /* not the documented route: a finding, no script step */
    int64_t connection;            /* number of the connection, from 1 */
    int64_t request_on_connection; /* from 1; 0 when none was read */

    struct {
        char method[16];
        char target[256]; /* path only; a query is cut off and noted in head */
        char version[16];
        char content_type[64];
        int64_t head_bytes;
        bool head_seen; /* our own look at the bytes of the head was complete */
        char head_findings[ATTEMPT_HEAD_FINDINGS][32]; /* "bare_lf", ... */
        size_t head_finding_count;
        enum attempt_body body;
        int64_t content_length; /* -1: none announced */
        bool chunked;
        int64_t body_bytes;
        char body_sha256[DIGEST_HEX_SIZE]; /* "" when none */
        struct json_fields fields;         /* count 0 when not JSON */
        bool json;
        bool stream; /* "stream": true */
        char model_fingerprint[FINGERPRINT_HEX_SIZE];
        char idempotency_fingerprint[FINGERPRINT_HEX_SIZE]; /* of the value of
                                       Idempotency-Key; "" when none came */
        char request_id_fingerprint[FINGERPRINT_HEX_SIZE]; /* of X-Request-Id */
        struct attempt_credential credentials[ATTEMPT_CREDENTIALS];
        size_t credential_count;
        char header_names[2048]; /* lower case, in order, space separated */
        char canaries[ATTEMPT_CANARIES][48]; /* "prompt@body" */
        size_t canary_count;
        int64_t client_retry_marker; /* x-stainless-retry-count; -1: none */
    } request;

    struct {
        char fault[24];
        char text[128]; /* step_describe */
        int64_t status; /* -1: none meant */
        enum attempt_end end;
    } planned;

    struct {
        int64_t status;        /* of the head that went out whole; -1: none */
        bool head_complete;    /* the blank line after our headers went out */
        int64_t sent_bytes;    /* what the kernel took */
        int64_t unsent_bytes;  /* planned and not taken */
        int64_t unacked_bytes; /* taken and not acknowledged at the end */
        int64_t events;        /* content events sent whole */
        enum attempt_end end;
        bool peer_closed_first;
        bool faithful;       /* the wire did what the plan said */
        char deviation[128]; /* why not */
    } delivered;

    /* arrived: when the last of the request reached this machine, by the
     * kernel; body is when the mock came to read it. 0: not known. */
    struct {
        int64_t accept, first_byte, head, arrived, body, first_sent, last_sent,
            end, peer_closed;
    } times_ns;
};

/* One line without a newline. Caller frees. */
char *attempt_print(const struct attempt *attempt);
struct json *attempt_to_json(const struct attempt *attempt);
/* Reads one line; ERR_SYNTAX or ERR_SCHEMA with the JSON path in where. */
bool attempt_parse(struct attempt *out, const char *line, size_t length,
                   struct err *err);
bool attempt_from_json(struct attempt *out, const struct json *object,
                       struct err *err);
void attempt_release(struct attempt *attempt);

#endif
