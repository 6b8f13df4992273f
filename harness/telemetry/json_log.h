/*
 * json_log: what the lines of a gateway's JSON log say of the requests of one
 * case, as the profile declares it (telemetry.json_log): figures and words of
 * ours. Nothing of a line's own text is kept. Pure.
 */
#ifndef GATEDRILL_HARNESS_JSON_LOG_H
#define GATEDRILL_HARNESS_JSON_LOG_H

#include "common/answer.h"
#include "harness/launch/profile_log.h"

#define LOG_STATUSES_MOST 64
#define LOG_UNSAID        ((int64_t)-1) /* it is not there, or null */
#define LOG_NO_NUMBER     ((int64_t)-2) /* it is there, and is none */

enum log_error { LOG_ERROR_UNSAID, LOG_ERROR_NONE, LOG_ERROR_SOME };
enum log_outcome {
    LOG_OUTCOME_UNSAID,
    LOG_OUTCOME_COMPLETE,
    LOG_OUTCOME_PARTIAL,
    LOG_OUTCOME_OTHER, /* a text that is neither of the declared ones */
};
extern const char *const log_outcome_names[];

/* One line, of one request. */
struct log_line {
    size_t request; /* which of the ids it carries */
    /* Those that are figures; LOG_UNSAID, LOG_NO_NUMBER. Of a list: how many
     * entries it has, of the status the last. */
    int64_t figures[FACT_COUNT];
    char upstream[UPSTREAM_NAME_SIZE];   /* "": unsaid; "?": none we know */
    int64_t statuses[LOG_STATUSES_MOST]; /* LOG_NO_NUMBER where it is none */
    size_t status_count;
    enum log_error error;
    enum log_outcome outcome;
};
struct json_log {
    struct log_line *lines; /* in order of appearance */
    size_t count, capacity;
    size_t nameless;  /* lines without an id: of whichever request */
    bool read;        /* a log was declared, and could be read */
    bool moved;       /* another file took its place, or it was cut: a part of
                         it may never have been seen */
    char problem[96]; /* why not */
};

/* What a log is asked. Borrowed. */
struct json_log_ask {
    const struct profile_log *log;
    const char *const *ids; /* of each request; "": it has none */
    size_t count;
    /* The upstreams, and how the log calls each, ${...} put in. */
    struct profile_pairs upstreams;
};
/* Adds what each whole line of text says; skips what is no JSON object and
 * what is of other requests. Only lines that hold an id of ours are looked at
 * closely, unless all: then those without any are counted. Returns how many
 * bytes were whole lines. */
size_t json_log_add(struct json_log *out, const struct json_log_ask *ask,
                    const char *text, size_t length, bool all);
/* How many lines a request has; *line: its first, or NULL. */
size_t json_log_find(const struct json_log *log, size_t request,
                     const struct log_line **line);
void json_log_release(struct json_log *log);

#endif
