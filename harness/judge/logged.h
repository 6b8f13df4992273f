/*
 * logged: what the gateway's log says of one client request, beside what was
 * seen of it. Pure; everything is borrowed.
 */
#ifndef GATEDRILL_HARNESS_LOGGED_H
#define GATEDRILL_HARNESS_LOGGED_H

#include "harness/judge/seen.h"

struct logged {
    const struct log_line *line; /* NULL: none came */
    size_t count;                /* lines of this request */
    bool apart; /* no other request of the case has the same id */
};
void logged_init(struct logged *out, const struct seen *seen);

/* All attempts of the request can be counted: none at a port that refuses, or
 * on a route that is not the documented one. */
bool logged_can_count(const struct seen *seen);
/* A part of an answer reached the client, and it ended as a failure. */
bool logged_was_cut(const struct seen *seen);

/* Judges every client request of which there is one line; not applicable where
 * the profile declares none of the facts (bits by enum log_fact). */
typedef void logged_request(const struct seen *seen,
                            const struct log_line *line,
                            struct finding *finding);
void logged_each(const struct judged *judged, struct finding *finding,
                 unsigned facts, logged_request *judge);
bool logged_declares(const struct seen *seen, enum log_fact fact);
#define LOGGED(fact) (1u << (fact))

/* Adds "what: said X, seen Y" to a list of what is wrong. */
void logged_wrong(char *wrong, size_t size, const char *what, const char *said,
                  const char *seen);
/* "nothing", "no number", or the figure, into a buffer of LOGGED_FIGURE. */
#define LOGGED_FIGURE 24
void logged_figure(char out[static LOGGED_FIGURE], int64_t figure);

#endif
