/*
 * seen: one client request of a case as the checks look at it: its trace, its
 * attempts in order of arrival, and the allowed ways it may be one of. Pure;
 * everything is borrowed from the judged case.
 */
#ifndef GATEDRILL_HARNESS_SEEN_H
#define GATEDRILL_HARNESS_SEEN_H

#include "harness/judge/check.h"
#include "harness/oracle/effect.h"

#define SEEN_ATTEMPTS_MOST 64
#define SEEN_NONE          ((size_t)-1)

struct seen {
    const struct observation *observation;
    const struct observed_request *request;
    const struct http_trace *trace;
    const struct allowed *allowed;
    const struct case_phase *phase;
    /* On the documented route; the first SEEN_ATTEMPTS_MOST of them. */
    const struct attempt *attempts[SEEN_ATTEMPTS_MOST];
    size_t count;
    /* The first that an upstream answered 401 or 403 where the runbook says
     * fail_closed, or rotate_key and no key or retry is left: from there on
     * check auth_fail_closed judges.
     * SEEN_NONE: there is none. */
    size_t refused_at;
};

void seen_init(struct seen *out, const struct judged *judged, size_t request);

/* The client's end came late enough for this path (not_before_ms): an end by
 * timeouts.total_ms excuses nobody who ended earlier. */
bool seen_in_time(const struct seen *seen, const struct allowed_path *path);
/* Attempts of a path that are compared: all, or up to a refused credential when
 * one was seen. */
size_t seen_path_end(const struct seen *seen, const struct allowed_path *path);
/* The attempts are those of this path, uncountable upstreams left out. After a
 * refused credential only what came up to it is compared. */
bool seen_fits(const struct seen *seen, const struct allowed_path *path);
/* seen_fits(); where no path fits, every path in time is as good. */
bool seen_candidate(const struct seen *seen, size_t path);

/* How many attempts of a path are compared: up to a refused credential when one
 * was seen. */
size_t seen_path_end(const struct seen *seen, const struct allowed_path *path);
bool seen_uncountable(const struct seen *seen, const char *upstream);
int64_t seen_elapsed_ms(const struct seen *seen);
enum decision seen_decision(const struct seen *seen);
/* When an attempt began (its first byte, else its connection), and when it was
 * over: the answer was out, or one side had hung up. ns. */
int64_t seen_began_ns(const struct attempt *attempt);
int64_t seen_over_ns(const struct seen *seen, const struct attempt *attempt);
/* The request came with a header of that name, in any case. */
bool seen_has_header(const struct attempt *attempt, const char *name);
/* Whether a gateway must have read a final head that was sent: one whose client
 * leaves may hang up before it does. */
bool seen_head_was_read(const struct seen *seen, const struct attempt *attempt);
/* What the ledger holds of one figure that a gateway may tell. */
enum seen_counted {
    SEEN_RETRIES_TOTAL, /* attempts minus upstreams tried */
    SEEN_RETRIES_PRIMARY,
    SEEN_ATTEMPTS_TOTAL,
};
int64_t seen_ledger(const struct seen *seen, enum seen_counted counted);
/* What this attempt's step did. */
void seen_effect(struct effect *out, const struct seen *seen,
                 const struct attempt *attempt);
/* Which of its upstream's keys an attempt carried, from 1; 0: none of them. */
int64_t seen_key(const struct seen *seen, const struct attempt *attempt);
/* How many keys the run planted for an upstream; at least 1. */
size_t seen_key_count(const struct observation *observation,
                      const char *upstream);
/* NULL: no script names the upstream, or none of its steps is for the key; it
 * is healthy. */
const struct step *seen_step(const struct seen *seen,
                             const struct attempt *attempt);

/* Why a path has the attempts it has: the last one's reason, or why there is no
 * second. Borrowed. */
const char *seen_why(const struct allowed_path *path);

/* "primary 3, fallback 1", or "none"; into a buffer of size. */
void seen_counts(char *out, size_t size, const struct seen *seen);
void seen_path_counts(char *out, size_t size, const struct seen *seen,
                      const struct allowed_path *path);
/* Appends ", " and text unless it stands in the list already. */
void seen_add_word(char *out, size_t size, const char *separator,
                   const char *text);

enum {
    CHECK_NEEDS_PATHS = 1,       /* not applicable where nothing is judged */
    CHECK_NOT_AFTER_REFUSAL = 2, /* auth_fail_closed judges those requests */
};
typedef void check_request(const struct seen *seen, struct finding *finding);
/* Judges every client request and keeps the worst answer. */
void check_each(const struct judged *judged, struct finding *finding,
                check_request *judge, unsigned flags);

/* Takes over what the other says when its verdict is worse, or when this one
 * has none yet. */
void finding_worse(struct finding *finding, const struct finding *other);
/* Fill one text of a finding; longer ones are cut. */
void finding_expect(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_observe(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_reason(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
