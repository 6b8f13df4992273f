/* profile: a gateway under test: what it is, how it runs, where it might leak.
 * Truth: profile_table in profile.c; words: docs/gateway-profile.md. */
#ifndef GATEDRILL_HARNESS_PROFILE_H
#define GATEDRILL_HARNESS_PROFILE_H

#include "common/bind.h"
#include "harness/launch/profile_log.h"
#include "harness/launch/profile_metrics.h"
#include "harness/oracle/runbook.h"

enum process_reuse { REUSE_SHARED, REUSE_POOLED, REUSE_PER_CASE };
extern const char *const process_reuse_names[];

enum sink_kind {
    SINK_STDOUT,
    SINK_STDERR,
    SINK_FILE,
    SINK_COMMAND,
    SINK_HTTP,
    SINK_OTLP,
    SINK_SQLITE,
    SINK_SYSLOG,
};
extern const char *const sink_kind_names[];

struct profile_sink {
    int64_t kind;
    char *path;                   /* file, sqlite; ${...} allowed */
    struct bind_texts command;    /* command */
    char *url;                    /* http */
    struct profile_pairs headers; /* http */
    int64_t activity_required;    /* 1, 0; -1: by kind */
    int64_t flush_ms;             /* 0: not declared */
};

struct profile_upstream {
    int64_t keys;  /* default 1 */
    char *model;   /* default: the client's */
    char *key_env; /* --upstream real */
};

struct profile_variant {
    struct profile_pairs files;
    char *runbook;
    struct profile_pairs env;
};

/* What telemetry.spans.promises says of the gateway's spans, as bits. */
enum profile_promise {
    PROMISE_ATTEMPTS = 1,     /* a client span for each attempt */
    PROMISE_RESEND_COUNT = 2, /* which attempt it was */
    PROMISE_STATUS_CODE = 4,  /* what the upstream answered */
    PROMISE_ERROR_TYPE = 8,   /* error.type on what failed, and only there */
    PROMISE_SERVER = 16,      /* server.address and port */
    PROMISE_STATUS = 32,      /* span status by the rules for its kind */
    PROMISE_USAGE = 64,       /* the tokens the answer says */
    PROMISE_NAMES = 128,      /* span names of low cardinality */
    PROMISE_REQUIRED = 256,   /* the attributes that HTTP spans must have */
};
extern const char *const profile_promise_names[]; /* in order of the bits */

struct profile {
    char *path;   /* of profile.json */
    char *folder; /* of it */
    char sha256[65];
    char *name, *environment;
    struct bind_texts version_command;
    struct {
        char *name, *url, *template, *api_reference_url;
    } route;
    struct {
        struct profile_pairs files; /* name in work -> template in the folder */
        struct bind_list prepare;   /* struct bind_texts: commands run first */
        struct bind_texts command;
        struct profile_pairs env;
        struct bind_texts pass_env;
        char *ready_tcp, *ready_http;
        int64_t ready_timeout_ms;
        char *stop_signal;
        int64_t stop_timeout_ms;
        struct bind_texts stop_command;
        struct bind_texts ports; /* further ${gateway.port.NAME} */
    } start;
    bool attach;
    struct bind_map variants; /* struct profile_variant */
    struct {
        struct profile_pairs headers;
        char *model;
    } client;
    struct bind_map upstreams; /* struct profile_upstream */
    int64_t process_reuse;
    struct bind_list sinks;   /* struct profile_sink */
    struct json *telemetry;   /* kept for the telemetry checks; may be NULL */
    char *retry_count_header; /* telemetry.retry_count.response_header */
    unsigned promises;        /* telemetry.spans.promises */
    int64_t flush_ms;         /* telemetry.spans.flush_ms */
    struct profile_log log;   /* telemetry.json_log */
    struct profile_metrics metrics; /* telemetry.metrics */
    struct bind_texts consumes;     /* JSON pointers */
    struct bind_texts breaks; /* check ids a known-bad profile must fail */
    char *runbook_path;       /* resolved */
};

/* name_or_path: a shipped profile's name or a path to a profile.json. */
bool profile_load(struct profile *out, const char *name_or_path,
                  struct err *err);
void profile_release(struct profile *profile);
extern const struct bind_row profile_table[];
bool profile_has_sink(const struct profile *profile, enum sink_kind kind);
/* Silence of this sink is hold. */
bool profile_sink_required(const struct profile_sink *sink);
/* Each sink has what its kind needs, and no more. ERR_SCHEMA says what. */
bool profile_check_sinks(const struct profile *profile, struct err *err);
/* Fills promises and flush_ms. ERR_SCHEMA for a word that is none. */
bool profile_read_telemetry(struct profile *profile, struct err *err);

#endif
