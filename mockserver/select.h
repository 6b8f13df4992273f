/*
 * select: whose script is it? Pure; the order is docs/control.md's.
 */
#ifndef GATEDRILL_MOCKSERVER_SELECT_H
#define GATEDRILL_MOCKSERVER_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attempt.h"
#include "mockserver/cases.h"

/* Everything known of an arrival. An id with nonce 0 was not there. */
struct select_input {
    const struct cases *cases;
    struct drill_id lease;    /* of the listener's slot */
    struct drill_id text;     /* last one in the message text */
    struct drill_id header;   /* x-drill-id */
    struct drill_id trace;    /* traceparent: may be anybody's */
    const char *path_name;    /* scenario in the path; NULL: none */
    const char *model_name;   /* scenario in the model; NULL: none */
    const char *default_name; /* of the listener; NULL: none */
};

struct selection {
    enum attempt_by by;
    struct mock_case *of; /* NULL: foreign, or leased to a case without a script
                           */
    struct drill_id id;
    bool foreign;
    bool contradiction;
    bool late;
};

struct selection select_case(const struct select_input *input);

/* The id in a traceparent header: the last 16 hex digits of its trace-id, as
 * nonce and epoch. False when it has no such form. */
bool select_traceparent(struct drill_id *out, const char *value, size_t length);

/* "/s/<scenario-id>/v1/..." with an id of the list (NULL-terminated): the
 * longest one that fits, and *rest is the path behind it. NULL: not this form.
 */
const char *select_path(const char *path, const char *const *names,
                        const char **rest);

/* POST /v1/chat/completions, with nothing behind but a query. */
bool select_is_chat(const char *method, const char *path);

#endif
