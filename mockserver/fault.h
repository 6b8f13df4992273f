/*
 * fault: from a step and a request to a plan. Pure: no socket, no clock, no
 * file (the wall time comes in the request). One file faults/<name>.c with
 * fault_<name>_draft(), and one row in common/fault_list.h. A fault says what
 * is answered and where it ends; render.h turns that into bytes.
 */
#ifndef GATEDRILL_MOCKSERVER_FAULT_H
#define GATEDRILL_MOCKSERVER_FAULT_H

#include "common/answer.h"
#include "mockserver/dialect.h"
#include "mockserver/draft.h"
#include "mockserver/plan.h"

/* What a step may send back. Secret: nowhere but to the peer. */
struct fault_echo {
    const struct step_header *headers; /* credential headers as they came */
    size_t header_count;
    const char *prompt; /* NULL: has not come */
};

/* What a fault may know of the attempt. Borrowed. */
struct fault_request {
    const char *upstream;
    int64_t attempt;
    struct drill_id id;
    bool stream;        /* "stream": true */
    bool include_usage; /* stream_options.include_usage */
    const char *model;  /* as asked for; "" when none */
    const struct dialect *dialect;
    int64_t wall_ms;               /* now: for Date, Retry-After, created */
    const char *completion_canary; /* to stand in every answer; may be NULL */
    const char *error_canary;      /* to stand in every error text; or NULL */
    /* Where the step asks for them; each may be NULL. */
    struct fault_plants {
        const char *reasoning;      /* in reasoning_content */
        const char *tool_call;      /* in the arguments of a tool call */
        const char *account;        /* in usage */
        const char *account_header; /* in a header: letters and digits */
    } plants;
    bool credential_accepted; /* false: a healthy upstream answers 401 */
    uint64_t request_number;  /* for request ids: deterministic */
    const char *location;     /* the step's, with its names replaced */
    struct fault_echo echo;   /* filled where the step wants it */
    bool http_1_0;    /* the request is HTTP/1.0: no chunks unless scripted */
    bool last_answer; /* it said Connection: close, or is HTTP/1.0 without
                         keep-alive: raw answers end in a FIN, not in KEEP */
};

/* Fills a fresh draft; the modifiers are put on it afterwards. */
typedef void fault_draft_function(struct draft *draft, const struct step *step,
                                  const struct fault_request *request);
#define FAULT(name, effect, parameters, text)                                  \
    fault_draft_function fault_##name##_draft;
#include "common/fault_list.h"
#undef FAULT

/* The plan of a step: the fault's own, then the common modifiers. Fills *plan
 * (overwritten; release with plan_release). */
void fault_plan(struct plan *plan, const struct step *step,
                const struct fault_request *request);

#endif
