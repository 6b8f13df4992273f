/*
 * scenario: one file of scenarios/, immutable once loaded, and the cases it
 * expands to. The file's format: docs/scenario-format.md; its truth:
 * scenario_table in scenario.c. A case is pure data: nothing here acts.
 */
#ifndef GATEDRILL_COMMON_SCENARIO_H
#define GATEDRILL_COMMON_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/answer.h"
#include "common/bind.h"
#include "common/step.h"

enum evidence_type {
    EVIDENCE_CONTRACT,
    EVIDENCE_RESILIENCE,
    EVIDENCE_OBSERVABILITY,
};
extern const char *const evidence_type_names[];

enum case_credential {
    CASE_CREDENTIAL_VALID,
    CASE_CREDENTIAL_NONE,
    CASE_CREDENTIAL_INVALID_AT_CLIENT,
    /* A second gateway process whose key for the primary is wrong; the healthy
     * upstream then answers 401 by itself. */
    CASE_CREDENTIAL_INVALID_AT_UPSTREAM,
};
extern const char *const case_credential_names[];

/* When a client leaves before the end of its request. */
enum abort_when {
    ABORT_NEVER,
    ABORT_AFTER_MS,         /* so long after its request */
    ABORT_EVENT,            /* it has read so many events of a stream */
    ABORT_ATTEMPT_HEAD,     /* an upstream has read the head of a request */
    ABORT_ATTEMPT_ANSWERED, /* an upstream's answer to an attempt is over */
};
enum abort_how { ABORT_FIN, ABORT_RST, ABORT_HALF_CLOSE };

/* What the client sends in one phase. -1 or NULL: not set. */
struct case_client {
    char *fixture; /* default "minimal-chat" */
    bool stream;
    int64_t prompt_same;      /* 1: the same text each time; default fresh */
    int64_t requests;         /* default 1, one after the other */
    int64_t concurrency;      /* default 1 */
    int64_t interval_ms;      /* between requests; default 0 */
    int64_t credential;       /* enum case_credential */
    struct bind_list headers; /* struct step_header */
    char *path;               /* instead of the route's */
    char *query;              /* behind the path: "key=..."; names in it */
    char *model;              /* instead of the profile's */
    int64_t models;           /* its requests ask for so many, made up */
    int64_t body_bytes;       /* pad the message to about this size */
    bool split;               /* head and body in two segments */
    int64_t timeout_ms; /* the client's own limit; default: runbook total_ms +
                           tolerance, else 30,000 */
    struct {
        char *when;  /* "after_ms:100"; NULL: it stays; case_abort_when() */
        int64_t how; /* enum abort_how */
    } abort;
    int64_t read_rate_bytes_per_s; /* 0: as fast as it comes */
    bool reuse; /* one kept connection for the requests of the phase */
    bool expect_continue;
};

/* *number: the ms or events of "after_ms:N" and "event:N", else 0. */
enum abort_when case_abort_when(const struct case_client *client,
                                int64_t *number);

struct case_upstream {
    char *name;
    struct script script;
    struct json *steps; /* the same as JSON, resolved, to send to the mock */
};

#define CASE_GAPS      8
#define CASE_UPSTREAMS 8
/* The most keys of one upstream. */
#define SCENARIO_KEYS_MOST 8

/* Overrides of what the oracle derives; absent parts stay derived. */
struct case_expect {
    bool runbook; /* "expect": "runbook": nothing is overridden */
    struct {
        char *upstream;
        int64_t least, most;
    } * attempts;
    size_t attempt_count;
    char *decision; /* a fallback_decision word; NULL: derived */
    struct bind_ints client_status; /* allowed statuses; none: derived */
    char *client_outcome;           /* "success" or "error"; NULL: derived */
    int64_t gap_least_ms[CASE_GAPS], gap_most_ms[CASE_GAPS];
    size_t gap_count;
    int64_t within_ms; /* -1: derived */
    /* Not derived from the runbook: judged where a scenario names them. -1 or
     * none: not named. Read them only when !runbook. */
    int64_t client_complete; /* 1: the whole answer; 0: not the whole */
    int64_t first_output_within_ms;
    int64_t upstream_closed_within_ms; /* instead of cancel's */
    struct {
        int64_t not_before_ms, spread_ms; /* 0: no such bound */
    } arrivals; /* of second attempts, over the requests of the phase */
    struct bind_texts headers_absent; /* of the client's response */
    int64_t severity_advisory;        /* 1: advisory */
};

struct case_phase {
    struct case_client client;
    struct case_upstream *upstreams; /* those not named are healthy */
    size_t upstream_count;
    struct case_expect expect;
};

struct drill_case {
    char *id;       /* "transient/5xx-once[status=503,stream=false]" */
    char *scenario; /* "transient/5xx-once" */
    char *family;   /* "transient" */
    char *title, *why;
    enum evidence_type evidence_type;
    char **sources;
    size_t source_count;
    char **requires; /* runbook paths: "retry.budget", "auth.on_401=..." */
    size_t require_count;
    struct case_phase *phases; /* at least 1 */
    size_t phase_count;
    bool together;            /* the requests of all phases go out at once */
    bool needs_own_listeners; /* declared, or some step needs a lease */
    bool needs_fresh_process;
    bool needs_metrics;   /* counters, of a process that serves it alone */
    char *variant;        /* NULL: the profile's own configuration */
    char *prefer_variant; /* the same, where the profile has it */
    int64_t needs_keys;   /* of the primary, at least; 0 is 1 */
    /* How many keys the gateway holds for each upstream, as its profile says;
     * one that is not named has 1. Set by who knows the profile. */
    struct {
        char upstream[UPSTREAM_NAME_SIZE];
        int64_t count;
    } keys[CASE_UPSTREAMS];
    size_t key_count;
    char **extra_upstreams; /* "trap" ... */
    size_t extra_upstream_count;
    int64_t number; /* position over all cases, before filtering, from 1 (of
                       a scenario loaded alone: over its own) */
    char file_sha256[DIGEST_HEX_SIZE];
    /* Set when a number is relative to something the runbook does not declare,
     * or a requirement is not met: the case is not_applicable for this reason.
     */
    char *not_applicable;
};

struct scenario {
    char *path; /* as given */
    char *id;   /* path below the scenarios folder, without ending */
    struct json *document;
    char file_sha256[DIGEST_HEX_SIZE];
    size_t case_count;    /* size of the matrix product, 1 without */
    int64_t first_number; /* of its first case */
};

/*
 * Loads and lints one file: every case of the matrix is expanded and bound
 * leniently (relative numbers unresolved).
 * root   folder the id is relative to; a folder inside the scenarios folder
 *        will do, as long as id is the end of the file's path
 * Errors: ERR_IO, ERR_SYNTAX, ERR_SCHEMA with "file: $.path" in where.
 */
bool scenario_load(struct scenario *out, const char *path, const char *root,
                   struct err *err);
void scenario_release(struct scenario *scenario);

struct scenarios {
    struct scenario *items; /* sorted by id */
    size_t count;
    size_t capacity;
};
/* Loads every *.json below root except schema/, suites/ and fixtures/. */
bool scenarios_load(struct scenarios *out, const char *root, struct err *err);
void scenarios_release(struct scenarios *all);

/*
 * The index-th case (0-based) of a scenario, tied to a runbook: matrix values
 * put in, relative numbers resolved, requirements checked.
 * runbook   the runbook document; NULL: lenient, as lint does
 */
bool scenario_case(struct drill_case *out, const struct scenario *scenario,
                   size_t index, const struct json *runbook, struct err *err);
void drill_case_release(struct drill_case *drill_case);

/* How many keys the gateway holds for an upstream; at least 1. */
int64_t drill_case_keys(const struct drill_case *drill_case,
                        const char *upstream);

/* Shell-style pattern on the case id: '*' stands for any run of characters,
 * '?' for one; '[' is literal. A pattern without a wildcard also matches a
 * whole scenario ("transient/5xx-once") or family ("transient"). */
bool case_matches(const char *case_id, const char *pattern);

/* The JSON Schema (2020-12) of a scenario file, whole. Values that a matrix
 * gives ("${name}") and numbers relative to the runbook ({"of": ...}) are
 * allowed by it where the program allows them. */
struct json *scenario_schema(void);
/* The format in Markdown: every table of it. */
void scenario_write_doc(struct buf *out);

#endif
