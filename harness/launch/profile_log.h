/*
 * profile_log: what a profile says of the gateway's JSON log
 * (telemetry.json_log): where it is, how one of its lines is tied to a client
 * request, and which of its members say what. Words: docs/gateway-profile.md.
 */
#ifndef GATEDRILL_HARNESS_PROFILE_LOG_H
#define GATEDRILL_HARNESS_PROFILE_LOG_H

#include "common/bind.h"

struct profile;

struct profile_pair { /* a named text: env, files, headers, listen */
    char *name;
    char *value;
};
struct profile_pairs {
    struct profile_pair *items; /* in file order */
    size_t count;
};
/* For a row of a table: an object of texts. */
bool profile_pairs_parse(void *field, const struct json *node, const char *path,
                         struct err *err);
void profile_pairs_release(void *field);
extern const char profile_pairs_schema[];

/* What a line may say of its request. */
enum log_fact {
    FACT_ATTEMPTS_TOTAL,
    FACT_RETRIES_TOTAL,   /* attempts minus upstreams tried */
    FACT_RETRIES_PRIMARY, /* attempts at the primary minus one */
    FACT_STATUS,          /* what the client got */
    FACT_UPSTREAM,        /* who answered last */
    FACT_STATUSES,        /* what the upstreams answered, attempt by attempt */
    FACT_ERROR,           /* there if and only if the request failed */
    FACT_OUTCOME,         /* whether the client got all of an answer */
    FACT_INPUT_TOKENS,
    FACT_OUTPUT_TOKENS,
    FACT_COUNT,
};
extern const char *const log_fact_names[]; /* in that order */

struct profile_log_fact {
    char *pointer; /* JSON pointer into a line; NULL: it says nothing of it */
    char *list;    /* between the entries of a text; NULL: it is one value */
    struct profile_pairs values; /* upstream: how the log calls it; ${...} */
    struct bind_texts none;      /* texts that say: no error */
    struct bind_texts complete;  /* texts that say: all of an answer */
    struct bind_texts partial;   /* texts that say: a part of one */
    int64_t of_partial;          /* enum log_partial, or -1 */
};
/* What the output tokens are of an answer that was cut. */
enum log_partial {
    LOG_PARTIAL_PRESENT, /* some figure above 0 */
    LOG_PARTIAL_EVENTS,  /* one for each event with content */
};

struct profile_log {
    bool declared;
    char *sink; /* "stdout", "stderr", or the path of a sink as it stands there
                 */
    struct {
        char *pointer;
        char *request_header;  /* which the client sends, each time anew */
        char *response_header; /* in which the gateway tells its own */
    } id;
    bool every_request; /* one line for each request is promised */
    int64_t flush_ms;   /* a line is there so long after the answer */
    struct profile_log_fact facts[FACT_COUNT];
};

/*
 * Reads telemetry.json_log of a profile whose other members are read, and
 * telemetry.retry_count.json_log, which is a fact of the same log. ERR_SCHEMA
 * for what is none, for a sink that the profile does not have, for an id that
 * nothing ties to a request.
 */
bool profile_log_read(struct profile_log *out, const struct profile *profile,
                      struct err *err);
void profile_log_release(struct profile_log *log);
/* profile_log_read() validates by it. */
extern const struct bind_row profile_log_table[];

#endif
