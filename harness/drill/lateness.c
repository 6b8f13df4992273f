#include "harness/drill/lateness.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

#define LATENESS_EVERY_NS (5 * NS_PER_MS)
/* One bucket a tenth of a second; the ring holds about 27 minutes, and longer
 * runs forget only what no running case asks for. */
#define LATENESS_BUCKET_NS (100 * NS_PER_MS)
#define LATENESS_BUCKETS   16384

/* The worst of each bucket; with lateness.lock. */
struct lateness_ring {
    int64_t worst_ns[LATENESS_BUCKETS];
    int64_t bucket_of[LATENESS_BUCKETS]; /* which tenth it holds */
};

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool running, stopping;
    int64_t start_ns;
    struct lateness_ring sleeper, probes;
    int64_t best_probe_ns; /* 0: none yet */
} lateness = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void ring_clear(struct lateness_ring *ring)
{
    memset(ring->worst_ns, 0, sizeof ring->worst_ns);
    memset(ring->bucket_of, -1, sizeof ring->bucket_of);
}

static void ring_note(struct lateness_ring *ring, int64_t at_ns,
                      int64_t late_ns)
{
    int64_t bucket = (at_ns - lateness.start_ns) / LATENESS_BUCKET_NS;
    size_t slot = (size_t)(bucket % LATENESS_BUCKETS);

    if (ring->bucket_of[slot] != bucket) {
        ring->bucket_of[slot] = bucket;
        ring->worst_ns[slot] = 0;
    }
    if (late_ns > ring->worst_ns[slot])
        ring->worst_ns[slot] = late_ns;
}

static int64_t ring_worst_ms(const struct lateness_ring *ring, int64_t from_ns,
                             int64_t to_ns)
{
    int64_t first, last, worst_ns = 0;

    pthread_mutex_lock(&lateness.lock);
    first = (from_ns - lateness.start_ns) / LATENESS_BUCKET_NS;
    last = (to_ns - lateness.start_ns) / LATENESS_BUCKET_NS;
    for (int64_t i = first < 0 ? 0 : first; i <= last; i++) {
        size_t slot = (size_t)(i % LATENESS_BUCKETS);

        if (ring->bucket_of[slot] == i && ring->worst_ns[slot] > worst_ns)
            worst_ns = ring->worst_ns[slot];
    }
    pthread_mutex_unlock(&lateness.lock);
    return (worst_ns + NS_PER_MS - 1) / NS_PER_MS;
}

static void *lateness_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lateness.lock);
    while (!lateness.stopping) {
        int64_t due_ns = clock_now_ns() + LATENESS_EVERY_NS;
        struct timespec due = { due_ns / NS_PER_S, due_ns % NS_PER_S };
        int64_t now_ns;

        while (!lateness.stopping &&
               pthread_cond_timedwait(&lateness.stop, &lateness.lock, &due) !=
                   ETIMEDOUT)
            continue;
        now_ns = clock_now_ns();
        ring_note(&lateness.sleeper, now_ns, now_ns - due_ns);
    }
    pthread_mutex_unlock(&lateness.lock);
    return NULL;
}

void lateness_start(void)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lateness.stop, &attributes);
    pthread_condattr_destroy(&attributes);
    ring_clear(&lateness.sleeper);
    ring_clear(&lateness.probes);
    lateness.best_probe_ns = 0;
    lateness.start_ns = clock_now_ns();
    lateness.stopping = false;
    lateness.running =
        pthread_create(&lateness.thread, NULL, lateness_main, NULL) == 0;
}

void lateness_stop(void)
{
    if (!lateness.running)
        return;
    pthread_mutex_lock(&lateness.lock);
    lateness.stopping = true;
    pthread_cond_broadcast(&lateness.stop);
    pthread_mutex_unlock(&lateness.lock);
    pthread_join(lateness.thread, NULL);
    pthread_cond_destroy(&lateness.stop);
    lateness.running = false;
}

void lateness_note_probe(int64_t at_ns, int64_t took_ns)
{
    pthread_mutex_lock(&lateness.lock);
    ring_note(&lateness.probes, at_ns, took_ns);
    if (!lateness.best_probe_ns || took_ns < lateness.best_probe_ns)
        lateness.best_probe_ns = took_ns;
    pthread_mutex_unlock(&lateness.lock);
}

int64_t lateness_worst_ms(int64_t from_ns, int64_t to_ns)
{
    return ring_worst_ms(&lateness.sleeper, from_ns, to_ns);
}

int64_t lateness_worst_probe_ms(int64_t from_ns, int64_t to_ns)
{
    return ring_worst_ms(&lateness.probes, from_ns, to_ns);
}

int64_t lateness_best_probe_ms(void)
{
    int64_t best_ns;

    pthread_mutex_lock(&lateness.lock);
    best_ns = lateness.best_probe_ns;
    pthread_mutex_unlock(&lateness.lock);
    return best_ns / NS_PER_MS;
}
