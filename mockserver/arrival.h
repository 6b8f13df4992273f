/*
 * arrival: what a request says, read into an attempt: from the head's own bytes
 * and from the body. Fingerprints, digests and names only: no secret, prompt or
 * completion gets into the attempt. Pure.
 */
#ifndef GATEDRILL_MOCKSERVER_ARRIVAL_H
#define GATEDRILL_MOCKSERVER_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attempt.h"
#include "mockserver/cases.h"
#include "mockserver/head.h"

/* What selecting and answering need besides the attempt itself. */
struct arrival {
    char path[256];        /* of the target, without a scenario prefix */
    const char *path_name; /* scenario in the path; NULL; borrowed */
    struct drill_id text, header, trace; /* nonce 0: none */
    bool http_1_0;
    bool wants_close;
    bool stream;
    bool include_usage;
    char *model; /* as asked for; NULL: none */
};
void arrival_release(struct arrival *arrival);

/*
 * head     as head_read() gave it
 * names    scenario ids, NULL-terminated
 * accepts  says whether a key's fingerprint is among those taken
 */
void arrival_read_head(struct arrival *out, struct attempt *attempt,
                       const struct head *head, const char *const *names,
                       const uint8_t key[static FINGERPRINT_KEY_BYTES],
                       bool (*accepts)(const void *context,
                                       const char *fingerprint),
                       const void *context);

/* Where our look at the bytes failed: the library's word. */
void arrival_read_library(struct arrival *out, struct attempt *attempt,
                          const char *method, const char *url,
                          const char *version);

/* The body as far as it came; complete: all of it. */
void arrival_read_body(struct arrival *out, struct attempt *attempt,
                       const void *body, size_t length, bool complete,
                       const uint8_t key[static FINGERPRINT_KEY_BYTES]);

/* The body was too long to be kept: its length is known, its content is not. */
void arrival_forget_body(struct attempt *attempt, int64_t length);

/* Which watched texts the request carries, and where: "prompt@body",
 * "client.key@header:cookie", "prompt@target". A JSON body holds a text also
 * when it is escaped there. */
void arrival_find_watched(struct attempt *attempt, const struct arming *arming,
                          const struct head *head, const char *head_bytes,
                          size_t head_length, const void *body,
                          size_t body_length);

#endif
