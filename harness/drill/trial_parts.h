/*
 * trial_parts: what carrying out a case is made of: planting canaries, sending
 * as the client, steering the mock. Private to trial*.c.
 */
#ifndef GATEDRILL_HARNESS_TRIAL_PARTS_H
#define GATEDRILL_HARNESS_TRIAL_PARTS_H

#include "harness/client/client.h"
#include "harness/drill/drill.h"
#include "harness/judge/observation.h"

/* What the gateway counts at one moment. */
struct trial_reading {
    struct metrics metrics[METRIC_PLACES];
    char problem[METRIC_PLACES][96]; /* "": it was read */
    int64_t came_ns;                 /* by OTLP: the latest */
};

struct trial {
    struct drill *drill;
    struct slot *slot;
    const struct planned_case *planned;
    struct observation *o;
    struct drill_id id;
    uint16_t epoch;   /* of the last request sent */
    size_t key_count; /* of o's canaries the first: the slot's keys */
    int64_t started_ns;
    int64_t probe_most_ms;
    int64_t quiet_ns; /* since then we asked the gateway for nothing */
    char probe_trace_id[OTLP_TRACE_ID_SIZE]; /* of the latest; "": none */
    bool *poisoned;
    struct client_connection *connection; /* kept within a phase */
    struct sink_mark *mark;               /* before the first request */
    struct sink_mark *end;                /* when the sinks were looked at */
    int log_fd;                           /* telemetry.json_log; -1: none */
    int64_t log_from;                     /* what is before is not the case's */
    char *log_path;
    struct trial_reading before; /* when the case began */
};

/* Notes why the case could not be carried out; the first reason stays. */
void trial_break(struct trial *t, const struct err *err);

/* Makes the case's canaries, and takes over those of the slot. */
void trial_plant(struct trial *t);
/* The text of a canary that trial_plant() made. Secret. Borrowed. */
const char *trial_canary(const struct trial *t, const char *id);
/* True when the mock or the client saw it on its way. */
bool trial_reached(const struct trial *t, const struct canary *canary);

/* The key a client presents, and the model it asks for. Borrowed. */
const char *trial_client_key(const struct trial *t, int64_t credential);
const char *trial_model(const struct trial *t,
                        const struct case_client *client);
/* The client's own limit in a phase. */
int64_t trial_timeout_ms(const struct trial *t, size_t phase);
/* Sends one request and waits for its end; fills *out and its trace. */
void trial_send(struct trial *t, struct observed_request *out,
                const struct case_client *client, struct drill_id id,
                int64_t timeout_ms);

/* "traceparent: ..." of a request whose spans are to be found again, and its
 * trace id; NULL where the profile has no sink for spans. Caller frees. */
char *trial_traceparent(const struct trial *t, struct observed_request *out,
                        const struct case_client *client, struct drill_id id);
/* When the last answer ended or the last attempt came, by our clock. */
int64_t trial_last_ns(const struct trial *t);
/* Leaves a little time between what else we asked for, a probe or a page, and
 * the first request, so that spans of the one are none of the other's. */
void trial_stand_apart(struct trial *t);
/* Waits until the gateway has told of every request, at most as long as the
 * profile says, and takes what came. After the attempts are there. */
void trial_take_telemetry(struct trial *t);

/* "X-Request-Id: ..." or what else a line of the log is tied by, and notes it;
 * NULL where nobody asks for one, or the scenario sends its own. Caller frees.
 */
char *trial_request_id(const struct trial *t, struct observed_request *out,
                       const struct case_client *client);
/* The id that the answer tells. */
void trial_note_answer_id(const struct trial *t, struct observed_request *out);
/* Where the gateway's log stands before the first request; then reads the
 * lines of the case's requests, and waits for them as long as the profile
 * says. */
void trial_log_begin(struct trial *t);
void trial_take_log(struct trial *t);

/* Around the case: before the probe, behind it, once the attempts are there,
 * when all is over. */
void trial_meter_open(struct trial *t);
void trial_meter_begin(struct trial *t);
void trial_meter_end(struct trial *t);
void trial_meter_close(struct trial *t);

void trial_pause(const struct trial *t, int64_t ms);

/* Stores the script of a phase, from this epoch on. */
bool trial_arm(struct trial *t, size_t phase, uint16_t epoch, struct err *err);
/* An exclusive slot's listeners belong to this request from now on. note: keep
 * what the mock found of listeners that refuse. */
bool trial_lease(struct trial *t, struct drill_id id, bool note,
                 struct err *err);
void trial_lease_end(struct trial *t, bool note);

#endif
