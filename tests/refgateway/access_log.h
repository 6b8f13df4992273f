/* access_log: one JSON line a request. Names, figures and words of ours only:
 * no header, no body, no path but the route's own. */
#ifndef GATEDRILL_REFGATEWAY_ACCESS_LOG_H
#define GATEDRILL_REFGATEWAY_ACCESS_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/err.h"
#include "tests/refgateway/ledger.h"
#include "tests/refgateway/rules.h"

struct access_upstream {
    const char *name;
    int64_t attempts;
};

struct access_entry {
    const char *request_id;
    const char *method; /* a known one, or "other" */
    const char *route;  /* the route, or "unknown" */
    bool stream;
    int status; /* sent to the client; 0: none was */
    struct access_upstream upstreams[RULES_UPSTREAMS];
    size_t upstream_count;
    int64_t retries;
    const char *upstream;    /* the last that was called; NULL: none was */
    const char *decision;    /* the evidence record's words */
    const char *error_class; /* likewise */
    const char *outcome;     /* class of the failure that was told */
    const char *why;         /* why there was no further attempt */
    const char *end;         /* "complete", "cut", "client_left", "stopped" */
    const char *answer;      /* "complete", "partial", "none" of one */
    int64_t input_tokens, output_tokens; /* -1: not known */
    int64_t elapsed_ms;
    struct ledger_row spent;
};

struct access_log {
    FILE *out; /* NULL: no log is kept */
    char *path;
    int64_t bytes, most_bytes; /* of the file; 0: as many as come */
    pthread_mutex_t lock;
    struct ledger *ledger; /* borrowed; NULL: none */
};

/* path NULL: no log. most_bytes: beyond it the log is rotated; 0: never. */
bool access_log_open(struct access_log *log, const char *path,
                     int64_t most_bytes, struct err *err);
/* PATH becomes PATH.1, and what was PATH.1 becomes PATH.2.gz. */
void access_log_rotate(struct access_log *log);
void access_log_write(struct access_log *log, const struct access_entry *entry);
void access_log_close(struct access_log *log);
/* Seeded bugs only: a line with a text as it came. */
void access_log_leak(struct access_log *log, const char *text);
void access_log_leak_bytes(struct access_log *log, const void *bytes,
                           size_t length);

/* One line without its newline. wall_s: seconds since the epoch. */
void access_log_format(struct buf *out, const struct access_entry *entry,
                       int64_t wall_s);

#endif
