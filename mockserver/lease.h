/*
 * lease: slots, each a gateway process with the listeners it was pointed at,
 * and which case a slot is leased to. Changing a lease is a short sequence on
 * the loop: probe what is left, close idle connections, set the listener
 * states, probe those.
 */
#ifndef GATEDRILL_MOCKSERVER_LEASE_H
#define GATEDRILL_MOCKSERVER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/drill_id.h"
#include "common/json.h"
#include "mockserver/listener.h"

#define SLOT_NAME_SIZE 32

struct lease_change;

struct slot {
    char name[SLOT_NAME_SIZE];
    struct listener *listeners;
    struct drill_id lease; /* nonce 0: not leased */
    int64_t foreign;       /* arrivals of no case, so far */
    int64_t foreign_at_lease;
    struct lease_change *change; /* under way; NULL: none */
    struct slot *next;
};

struct slot *slot_find(const struct mock *mock, const char *name);
/* Finds or makes it. */
struct slot *slot_need(struct mock *mock, const char *name);
/* Closes its listeners and every connection on them. */
void slot_free(struct mock *mock, struct slot *slot);
struct listener *slot_listener(const struct slot *slot, const char *upstream);

/* The state that a script's step for the next attempt asks for. */
enum listener_state lease_wants(const struct mock *mock,
                                const struct listener *listener);
/* Puts the listener into the state that its next attempt's step asks for; when
 * that fails it is said on stderr, and the next probe shows it. */
void lease_apply(struct listener *listener);

/*
 * Leases the slot to a case and epoch, or with nonce 0 ends its lease.
 * done     called once, from the loop, never before this returns; answer is the
 *          body for the caller of the control port, to be freed by done
 * Returns false when a change of this slot is under way already.
 */
bool lease_start(struct mock *mock, struct slot *slot, struct drill_id id,
                 void (*done)(void *context, struct json *answer),
                 void *context);

/* The slot goes away: done is called with NULL. */
void lease_abort(struct slot *slot);
/* The case is forgotten: no slot is leased to it any more. */
void lease_drop_case(struct mock *mock, uint64_t nonce);
/* A connection of the slot is gone: a change may wait for it. */
void lease_connection_gone(struct slot *slot);

#endif
