/*
 * sink: every place where a gateway may leave something, and looking there for
 * planted canaries. A sink_set belongs to one gateway process; a mark is what
 * each sink held at one moment. Sinks are files, that grow (trail.h), or pages,
 * that are fetched anew (page.h, source.h).
 */
#ifndef GATEDRILL_HARNESS_SINK_H
#define GATEDRILL_HARNESS_SINK_H

#include "harness/leaks/page.h"
#include "harness/leaks/scan.h"
#include "harness/leaks/source.h"
#include "harness/leaks/trail.h"

struct sink_stand { /* of one sink at one moment */
    struct trail files;
    struct page page;
    uint64_t stamp; /* of the source; 0: it has none */
};
struct sink_mark { /* of a set at one moment, by its indexes */
    struct sink_stand *items;
    size_t count;
};

struct sink_spec {
    const char *name;            /* "stderr", "file access.log" */
    bool required;               /* silence is hold */
    int64_t flush_ms;            /* what a case left is there by then; 0: not
                                    declared */
    const char *path;            /* files: a path or a glob */
    const struct source *source; /* pages; NULL: files */
    const struct source_target *target; /* copied */
    /* Texts that were handed over: what stands in one of them is no finding.
     * NULL-terminated, copied; NULL: none. */
    char *const *handed;
    /* Files that were there before the gateway ran: their first content is by
     * the profile's will. NULL-terminated, copied; NULL: none. */
    char *const *given;
    /* Files: puts what is on its way into the file; NULL, or why some of it is
     * lost. May be NULL. */
    const char *(*drain)(void *context);
    void *context;
};
struct sink {
    char name[96];
    bool required;
    int64_t flush_ms;
    char *path;
    const struct source *source;
    struct source_target target;
    char **handed, **given;
    const char *(*drain)(void *context);
    void *context;
    struct sink_stand first; /* when it was added: files are not open, pages
                                have no text */
};
struct sink_set {
    struct sink *items;
    size_t count, capacity;
};
/* When the gateway is ready: what it wrote while starting does not show that it
 * logs requests. */
void sink_set_add(struct sink_set *set, const struct sink_spec *spec);
void sink_set_release(struct sink_set *set);

/* What stands there now: pages are fetched, then files looked at, since the
 * gateway may log that it was asked for a page. Free it with sink_mark_free().
 */
struct sink_mark *sink_mark(const struct sink_set *set);
/* Of a mark that is only looked at as the earlier one: pages may be long. */
void sink_mark_forget_text(struct sink_mark *mark);
void sink_mark_free(struct sink_mark *mark);
/*
 * Waits until every required sink has grown beyond its mark, at most wait_ms (a
 * log line may follow the answer by a little); a sink that declares flush_ms,
 * as long as that. Returns what stands there then, for sink_mark_free(): files
 * before any page is fetched.
 */
struct sink_mark *sink_settle(const struct sink_set *set,
                              const struct sink_mark *mark, int64_t wait_ms);
/* What came into the files of a sink between two marks; release it with
 * trail_parts_release(). */
void sink_parts(struct trail_parts *out, const struct sink_mark *from,
                const struct sink_mark *to, size_t index);

/*
 * Scans what came into each sink between two marks for every canary of set,
 * which was made of o's, in bounded memory. Adds to o->sinks, and to o->hits
 * the first SINK_HITS_MOST of a canary in a sink. What could not be read whole,
 * or was cut away unseen, has a problem.
 */
#define SINK_HITS_MOST 8
void sink_scan(const struct sink_set *sinks, const struct sink_mark *from,
               const struct sink_mark *to, struct scan_set *set,
               struct observation *o);
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
 * Control of the detector: a scratch file, which stands in no folder, without a
 * canary must give no hit, and one with each canary from index first on in
 * every way that plant.h knows must give each of them whole, at its place. Sets
 * o->detector_control, and o->detector_missed to what was not found.
 */
void sink_control(struct scan_set *set, struct observation *o, size_t first);

/* Copies, and wipes, lists of texts that may hold keys. NULL is fine. */
char **sink_texts_copy(char *const *texts);
void sink_texts_free(char **texts);

#endif
