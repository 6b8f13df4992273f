/*
 * sink: every place where a gateway may leave something, and looking there for
 * planted canaries. A sink_set belongs to one gateway process; a mark is where
 * each sink stood when a case began.
 */
#ifndef GATEDRILL_HARNESS_SINK_H
#define GATEDRILL_HARNESS_SINK_H

#include "harness/observation.h"

struct sink {
    char name[96]; /* "stderr", "file access.log" */
    char *path;    /* what is read */
    bool required; /* silence is hold */
};
struct sink_set {
    struct sink *items;
    size_t count, capacity;
};
void sink_set_add(struct sink_set *set, const char *name, const char *path,
                  bool required);
void sink_set_release(struct sink_set *set);

/* Sizes now, one per sink; caller frees. */
int64_t *sink_mark(const struct sink_set *set);
/* Waits until every required sink has grown beyond its mark, at most wait_ms
 * (a log line may follow the answer by a little). */
void sink_settle(const struct sink_set *set, const int64_t *mark,
                 int64_t wait_ms);
/* Scans each sink from its mark on for every canary of o; fills o->sinks,
 * o->hits and each canary's fate. */
void sink_scan(const struct sink_set *set, const int64_t *mark,
               struct observation *o);
/* What reached the client: credentials anywhere in it; the prompt in error
 * bodies. Adds to o->hits under the sink "client response". */
void sink_scan_client(struct observation *o);
/* Positive control: plants every canary in a scratch file below folder and
 * requires that each is found. Sets o->detector_control. */
void sink_control(struct observation *o, const char *folder);

/* Pure core: calls found() for each occurrence. */
void sink_search(const void *bytes, size_t length, int64_t base,
                 const struct canary *canaries, size_t count,
                 void (*found)(void *context, const struct canary *canary,
                               const char *encoding, int64_t offset),
                 void *context);

#endif
