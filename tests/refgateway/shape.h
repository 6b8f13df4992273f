/* shape: what a body holds: the promised answer, an error, or neither. Pure. */
#ifndef GATEDRILL_REFGATEWAY_SHAPE_H
#define GATEDRILL_REFGATEWAY_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/refgateway/outcome.h"

/* error.code and error.type of a body; "" when absent, not text, or longer
 * than the field. A number is taken as its digits. */
struct shape_error {
    char code[64], type[64];
};

/*
 * What a plain answer with a 2xx status comes to: OUTCOME_OK for a JSON object
 * with an object in choices[0].message, OUTCOME_ERROR_IN_200 for one with an
 * error (also beside choices, and for finish_reason "error"),
 * OUTCOME_EMPTY_BODY for nothing but white space, else OUTCOME_BAD_BODY.
 */
enum outcome shape_judge(struct shape_error *error, const char *body,
                         size_t length);

/* Looks for an error object in any body. */
void shape_find_error(struct shape_error *out, const char *body, size_t length);

enum shape_event_kind {
    SHAPE_EVENT_DATA,
    SHAPE_EVENT_DONE, /* [DONE] */
    SHAPE_EVENT_ERROR,
    SHAPE_EVENT_MALFORMED, /* not a JSON object and not [DONE] */
};
struct shape_event {
    enum shape_event_kind kind;
    bool output; /* a delta that carries something of the answer */
    bool finish; /* a finish_reason that is a text */
    struct shape_error error;
};
/* One event of a stream by its data. */
void shape_judge_event(struct shape_event *out, const char *data,
                       size_t length);

#endif
