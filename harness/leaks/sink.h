/*
 * sink: every place where a gateway may leave something, and looking there for
 * planted canaries. A sink_set belongs to one gateway process; a mark is where
 * each sink stood when a case began.
 */
#ifndef GATEDRILL_HARNESS_SINK_H
#define GATEDRILL_HARNESS_SINK_H

#include "harness/leaks/scan.h"

struct sink {
    char name[96]; /* "stderr", "file access.log" */
    char *path;    /* the file that is read; NULL: of a kind that is not */
    bool required; /* silence is hold */
    int64_t first; /* its size when it was added */
};
struct sink_set {
    struct sink *items;
    size_t count, capacity;
};
/* When the gateway is ready: what it wrote while starting does not show that it
 * logs requests. A sink whose path is NULL has a problem in every scan. */
void sink_set_add(struct sink_set *set, const char *name, const char *path,
                  bool required);
void sink_set_release(struct sink_set *set);

/* Sizes now, one per sink, 0 for what is not there; caller frees. */
int64_t *sink_mark(const struct sink_set *set);
/* Waits until every required sink has grown beyond its mark, at most wait_ms
 * (a log line may follow the answer by a little). */
void sink_settle(const struct sink_set *set, const int64_t *mark,
                 int64_t wait_ms);
/*
 * Scans each sink from its mark to its present end for every canary of set,
 * which was made of o's, in bounded memory. Adds to o->sinks, and to o->hits
 * the first SINK_HITS_MOST of a canary in a sink. A file that is not there is
 * silent; one that shrank is read from its start and has a problem, since what
 * was cut away is not known.
 */
#define SINK_HITS_MOST 8
void sink_scan(const struct sink_set *sinks, const int64_t *mark,
               struct scan_set *set, struct observation *o);
/* The same for bytes from..to of an open file. Sets bytes to how many were
 * read, or to an errno below zero. NULL, or why not all was searched. */
const char *sink_search(struct scan_set *set, int fd, int64_t from, int64_t to,
                        size_t most, struct scan_hits *out, int64_t *bytes);
/*
 * What reached the client. Adds to o->hits under the sink "client response":
 * credentials anywhere in it, and the prompt in what says an error. A
 * completion belongs there; it and the upstream's error text are only marked as
 * reached.
 */
void sink_scan_client(struct scan_set *set, struct observation *o);
/*
 * Control of the detector: a scratch file below folder without a canary must
 * give no hit, and one with every canary in every way that plant.h knows must
 * give each of them whole, at its place. Sets o->detector_control, and
 * o->detector_missed to what was not found. The file is gone afterwards.
 */
void sink_control(struct scan_set *set, struct observation *o,
                  const char *folder);

#endif
