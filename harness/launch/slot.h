/*
 * slot: one gateway process with the listeners leased to it and the keys it
 * was given. An exclusive slot runs one case at a time, so a lease can say
 * whose an attempt is before a byte is read; a shared one runs many at once,
 * told apart by the drill id in the message text.
 */
#ifndef GATEDRILL_HARNESS_SLOT_H
#define GATEDRILL_HARNESS_SLOT_H

#include "common/scenario.h"
#include "harness/launch/gateway.h"
#include "harness/drill/mock_control.h"
#include "harness/telemetry/otlp_receiver.h"
#include "harness/leaks/sink.h"
#include "harness/leaks/syslog_receiver.h"

struct drill;
struct drill_case;

#define SLOT_UPSTREAMS 8
#define SLOT_KEYS      SCENARIO_KEYS_MOST

/* Which configuration of the gateway a case needs. */
struct slot_kind {
    const char *variant; /* NULL: the profile's own */
    bool wrong_key;      /* the gateway's keys for the primary are wrong */
    bool shared;
};

struct slot {
    char id[24];
    struct slot_kind kind;
    struct gateway gateway;
    const struct runbook *runbook;
    struct mock_upstream upstreams[SLOT_UPSTREAMS];
    size_t upstream_count;
    /* What the gateway was given, in the order of ${NAME.key.N}. */
    struct canary keys[SLOT_UPSTREAMS][SLOT_KEYS];
    size_t key_counts[SLOT_UPSTREAMS];
    struct canary good_key;   /* wrong_key: what the primary would accept */
    struct canary client_key; /* what the client presents */
    struct canary bad_client_key;
    struct sink_set sinks;
    struct otlp_receiver *otlp;     /* NULL: the profile has no such sink */
    char *otlp_file;                /* what it received */
    struct syslog_receiver *syslog; /* NULL: likewise */
    char *syslog_file;
    int64_t users;
    char before[256]; /* the case that ended here last; "" for none */
    bool spoiled;     /* not to be used again */
    /* Of its keys, in the order of cases; NULL: no case was searched yet. */
    struct needle_set *needles;
    bool controlled; /* the detector was shown to find them */
    bool opening;    /* shared: being started by another worker */
    struct err opening_err;
};

/* What a case needs, by its client and the profile's process_reuse. */
struct slot_kind slot_kind_of(const struct drill *drill,
                              const struct drill_case *c);
/* Opens listeners at the mock and starts the gateway on them. */
bool slot_open(struct slot *out, struct drill *drill, struct slot_kind kind,
               int64_t number, struct err *err);
/* The same without starting the gateway: its files are rendered. */
bool slot_prepare(struct slot *out, struct drill *drill, struct slot_kind kind,
                  int64_t number, struct err *err);
void slot_close(struct slot *slot, struct drill *drill);
/* Makes slot->needles of these keys, if it is not there yet. They are copied.
 * Not to be called by several at once. */
bool slot_compile(struct slot *slot, const struct canary *keys, size_t count,
                  struct err *err);

/* What a phase scripts for each upstream, with "${trap.url}" and its like put
 * in; false and err when there is no such upstream. mock_control_put() frees
 * it. */
bool slot_script(struct mock_script *out, const struct slot *slot,
                 const struct case_phase *phase, struct err *err);

/* Adds what the profile declares to slot->sinks, once the gateway runs.
 * ERR_SCHEMA for an unknown name. */
bool slot_add_sinks(struct slot *slot, const struct drill *drill,
                    struct err *err);

/* True when the upstream is called with the client's own credential. */
bool slot_passes_credential(const struct slot *slot, const char *upstream);

#endif
