/*
 * observation: the history of one case: everything a check may look at, and
 * nothing that needs a socket. Checks are functions of it and of what the
 * oracle allows; a record can be judged again from it.
 */
#ifndef GATEDRILL_HARNESS_OBSERVATION_H
#define GATEDRILL_HARNESS_OBSERVATION_H

#include "common/attempt.h"
#include "common/scenario.h"
#include "harness/client/http_trace.h"
#include "harness/judge/metered.h"
#include "harness/launch/profile.h"
#include "harness/oracle/runbook.h"
#include "harness/telemetry/json_log.h"
#include "harness/telemetry/telemetry.h"

#define OBSERVED_ID_SIZE 129 /* a longer id is none that one can rely on */

/* One client request of the case. */
struct observed_request {
    size_t phase;
    uint16_t epoch;
    struct http_trace trace;
    struct json_fields fields; /* what the client sent, field by field */
    char body_sha256[DIGEST_HEX_SIZE];
    int64_t reported_retries; /* what the gateway says; -1: says nothing */
    char idempotency_fingerprint[FINGERPRINT_HEX_SIZE]; /* "": none was sent */
    /* Of the traceparent it was sent with; "": it had none of ours. */
    char trace_id[OTLP_TRACE_ID_SIZE];
    /* By what a line of the gateway's log is tied to it; "": by nothing. */
    char log_id[OBSERVED_ID_SIZE];
    /* Of the X-Request-Id that it was sent with, and of the one in its answer;
     * "": there was none, or, of what was sent, none that is plain. */
    char request_id_fingerprint[FINGERPRINT_HEX_SIZE];
    char answer_id_fingerprint[FINGERPRINT_HEX_SIZE];
};

/* Where an upstream listens: what a span of the gateway may name. */
struct observed_endpoint {
    char upstream[UPSTREAM_NAME_SIZE];
    int64_t port;
};

/* A healthy request through the gateway before and after the case. */
struct observed_probe {
    bool made;
    bool healthy;
    char text[256]; /* what was seen, when not, and which case ran before */
};

/* A listener that should take no connection (refuse, or leave it unanswered as
 * planned), tried by the mock itself: whether it did. */
struct observed_refusal {
    char upstream[UPSTREAM_NAME_SIZE];
    bool refused_before, refused_after;
};

enum canary_kind {
    CANARY_CREDENTIAL,
    CANARY_PROMPT,
    CANARY_COMPLETION,
    CANARY_ERROR_TEXT,
    CANARY_COMMERCIAL, /* a balance, a price: what an account is about */
    CANARY_METADATA,   /* what a client says beside its prompt: a header */
};
extern const char *const canary_kind_names[];

struct canary {
    char id[32]; /* "client.key", "primary.key", "prompt", "completion" */
    enum canary_kind kind;
    char *text; /* secret; wiped on release, never written */
    char fingerprint[FINGERPRINT_HEX_SIZE];
    bool reached; /* seen by the mock, or by the client for answers */
};

/* The first two are leaks; the others are told and not judged. */
enum hit_class {
    HIT_FULL,
    HIT_PARTIAL, /* the beginning, the end, or a preview of it */
    HIT_ALLOWED, /* masked, and no more of it left than the runbook allows */
    HIT_DERIVED, /* a digest of it */
};
extern const char *const hit_class_names[];

struct sink_hit {
    char canary[32];
    size_t canary_index; /* in the list that was looked for */
    char sink[96];       /* "stderr", "file access.log", "client response" */
    char place[64];    /* where in it: "access.log.1", "requests.note"; or "" */
    char encoding[48]; /* "plain", "json+base64": docs/detection.md */
    enum hit_class how;
    int64_t offset; /* of its first byte; of what was compressed, its own */
};
struct observed_sink {
    char name[96];
    bool required;    /* silence is hold */
    bool live;        /* grew during the run */
    int64_t bytes;    /* scanned for this case */
    char problem[96]; /* could not be read: why; "" when fine */
};

bool hit_is_leak(enum hit_class how);

struct observation {
    const struct drill_case *drill_case;
    const struct runbook *runbook;
    const struct profile *profile;
    struct drill_id id; /* epoch 0 */
    char run_id[48];
    int64_t tolerance_ms; /* calibrated in this run; upper bounds only */
    /* By the same measure: how late the mock may have stamped an arrival, and
     * how long before it a gateway's timer may have begun. */
    int64_t stamp_ms, late_ms;
    /* How much longer a healthy request took at worst while the case ran than
     * at best in the run: what the machine takes from a gateway. */
    int64_t slow_ms;

    struct observed_request *requests;
    size_t request_count;
    struct attempt *attempts; /* in order of arrival; not foreign */
    size_t attempt_count;
    size_t foreign_count;      /* on this case's listeners while it ran */
    int64_t open_attempts;     /* still held when we stopped listening */
    int64_t listened_until_ns; /* quiet period over */
    struct observed_refusal *refusals;
    size_t refusal_count;
    struct observed_probe probe_before, probe_after;
    struct canary *canaries;
    size_t canary_count;
    struct observed_sink *sinks;
    size_t sink_count;
    struct sink_hit *hits;
    size_t hit_count;
    /* Every canary was found in a scratch sink, in every encoding; else which
     * was not: "primary.key as gzip". */
    bool detector_control;
    char detector_missed[96];
    /* Fingerprints each upstream must be called with, one of them where it
     * has several keys; client's own. */
    struct {
        char upstream[UPSTREAM_NAME_SIZE];
        int64_t number; /* of the key at its upstream, from 1 */
        char fingerprint[FINGERPRINT_HEX_SIZE];
        char model_fingerprint[FINGERPRINT_HEX_SIZE];
    } keys[CASE_UPSTREAMS * SCENARIO_KEYS_MOST];
    size_t key_count;
    char client_fingerprint[FINGERPRINT_HEX_SIZE];
    /* What the gateway says of itself by OTLP, of this case's traces. */
    struct telemetry telemetry;
    struct json_log log;    /* what it says of itself there, line by line */
    struct metered metered; /* what it counted meanwhile */
    struct observed_endpoint endpoints[CASE_UPSTREAMS];
    size_t endpoint_count;
    /* Why the case could not be carried out: gateway died, never ready ... */
    char broken[512];
};

/* Frees what the observation owns: all but drill_case, runbook and profile. */
void observation_release(struct observation *observation);
/* Attempts of one client request at one upstream, other routes included. */
size_t observation_attempts_at(const struct observation *o,
                               const char *upstream, uint16_t epoch);
/* True when a credential stands in a sink of the gateway. On a process that
 * serves several cases at once they have it in common: whose request put it
 * there, nobody can tell. */
bool observation_shares_leak(const struct observation *o);

#endif
