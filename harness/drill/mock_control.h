/*
 * mock_control: the harness' side of docs/control.md, as typed calls. A handle
 * is immutable once opened: any thread may call. Each call is one short HTTP
 * exchange over loopback (attempts may wait). Errors: ERR_NET when the mock
 * does not answer, ERR_STATE with the mock's own words when it refuses.
 */
#ifndef GATEDRILL_HARNESS_MOCK_CONTROL_H
#define GATEDRILL_HARNESS_MOCK_CONTROL_H

#include "common/attempt.h"
#include "common/digest.h"
#include "common/json.h"

struct mock_control {
    char *admin; /* "http://127.0.0.1:40001" */
    char *token; /* NULL: none */
    uint8_t fingerprint_key[FINGERPRINT_KEY_BYTES];
    char version[32];
};

bool mock_control_open(struct mock_control *out, const char *admin,
                       const char *token, struct err *err);
void mock_control_release(struct mock_control *control);

/* One upstream of a slot. */
struct mock_upstream {
    const char *name;
    const char *const *accept; /* fingerprints, NULL-terminated; NULL: any */
    const char *dialect;       /* NULL: the mock's default */
    char url[64];              /* filled: "http://127.0.0.1:40002" */
};
bool mock_control_listen(const struct mock_control *control, const char *slot,
                         struct mock_upstream *upstreams, size_t count,
                         struct err *err);
bool mock_control_unlisten(const struct mock_control *control, const char *slot,
                           struct err *err);

/* What PUT /scripts takes, built up and then sent whole. */
struct mock_script {
    struct json *body; /* starts with mock_script_new(); freed by put */
    struct json *upstreams, *plant, *watch; /* its members; borrowed */
};
struct mock_script mock_script_new(void);
/* steps: an array; copied. */
void mock_script_upstream(struct mock_script *script, const char *upstream,
                          const struct json *steps);
void mock_script_plant(struct mock_script *script, const char *where,
                       const char *text); /* where: "completion", "error" */
void mock_script_watch(struct mock_script *script, const char *id,
                       const char *text);
/* Sends and frees, whatever came of it. id.epoch: the first epoch it holds for.
 */
bool mock_control_put(const struct mock_control *control, struct drill_id id,
                      struct mock_script *script, struct err *err);
bool mock_control_forget(const struct mock_control *control, struct drill_id id,
                         struct err *err);

/* Listener states as the mock itself found them. */
struct mock_probe {
    char upstream[UPSTREAM_NAME_SIZE];
    bool expected_refused; /* or unanswered: no connection, in one way */
    bool seen_refused;     /* in that way */
};
struct mock_probes {
    struct mock_probe *items;
    size_t count, capacity;
};
bool mock_control_lease(const struct mock_control *control, const char *slot,
                        struct drill_id id, struct mock_probes *probes,
                        struct err *err);
bool mock_control_lease_end(const struct mock_control *control,
                            const char *slot, struct mock_probes *probes,
                            struct err *err);
void mock_probes_release(struct mock_probes *probes);

struct mock_attempts {
    struct attempt *items; /* appended to by each call */
    size_t count, capacity;
    int64_t open;    /* still open at the last call */
    int64_t last;    /* highest seq of a finished one; the next call asks for
                        what comes after it */
    int64_t foreign; /* on the slot while it was leased to this case */
};
/* Appends what is new since all->last. wait_ms: long poll. include_open: the
 * open ones too; they stay new, so ask for them once, at the end. */
bool mock_control_attempts(const struct mock_control *control,
                           struct drill_id id, int64_t wait_ms,
                           bool include_open, struct mock_attempts *all,
                           struct err *err);
void mock_attempts_release(struct mock_attempts *all);

#endif
