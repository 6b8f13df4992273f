/*
 * late: what a gateway writes when a case is over: lines that were held back,
 * what it says while it ends. When every gateway has ended, all sinks are
 * looked through once more for the canaries of all cases; what no case has told
 * of fails the case whose canary it is. Of a key, which all cases of a process
 * have in common, it fails the one that ended there last.
 */
#ifndef GATEDRILL_HARNESS_LATE_H
#define GATEDRILL_HARNESS_LATE_H

#include "harness/judge/observation.h"
#include "harness/leaks/sink.h"

struct drill;
struct planned_case;
struct slot;

#define LATE_ID_SIZE 24

/* A process that has ended, or is about to. */
struct late_slot {
    char id[LATE_ID_SIZE];
    const struct runbook *runbook;
    struct sink_set sinks;
    struct page *pages; /* of each sink as it was at the end; {0} of files, and
                           of long pages where nothing is suspect */
    struct canary *keys;
    size_t key_count;
};
struct late_told {
    char canary[sizeof((struct sink_hit *)0)->canary];
    char sink[sizeof((struct sink_hit *)0)->sink];
};
/* A case that was carried out, on one process or, tried again, on two. */
struct late_case {
    struct planned_case *planned;
    char slots[2][LATE_ID_SIZE];
    size_t slot_count;
    struct canary *canaries; /* its own: those of its processes left out */
    size_t canary_count;
    struct late_told *told; /* what it found itself */
    size_t told_count;
};
struct late {
    struct late_slot *slots;
    size_t slot_count, slot_capacity;
    struct late_case *cases; /* in the order in which they ended */
    size_t case_count, case_capacity;
};

/* Any thread; while the case still has its slot. Of a case that is tried again
 * the last observation counts. */
void late_add_case(struct drill *drill, struct planned_case *planned,
                   const struct slot *slot, const struct observation *o);
/* Any thread; before the gateway is asked to end. Takes over the slot's
 * sinks. Harmless twice. */
void late_add_slot(struct drill *drill, struct slot *slot);
/* When all gateways have ended. Saves what is found. False and err when the
 * search or the saving failed. */
bool late_sweep(struct drill *drill, struct err *err);
void late_release(struct late *late);

#endif
