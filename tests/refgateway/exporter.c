#include "tests/refgateway/exporter.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/envelope.h"
#include "tests/refgateway/post.h"

#define BATCH_MS   50
#define BATCH_MOST (8u << 20) /* nobody fetches them: the rest is dropped */

struct exporter {
    char *urls[ENVELOPE_SIGNALS];
    enum span_coding coding;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct buf batches[ENVELOPE_SIGNALS];
    bool stopping;
    struct span_attribute more; /* seeded: of the resource */
    struct post post;
    struct meter *meter; /* borrowed; NULL: none */
    int64_t started_ns;
};

/* Whether it arrived or not: telemetry must not hold up what it tells of. */
static void send_batch(const struct exporter *exporter, CURL *easy,
                       enum envelope_signal signal, const struct buf *batch)
{
    struct buf request = { 0 };

    envelope_write(&request, signal, batch, exporter->coding,
                   exporter->more.text ? &exporter->more : NULL);
    post_send(&exporter->post, easy, exporter->urls[signal],
              exporter->coding == SPAN_JSON ? "application/json"
                                            : "application/x-protobuf",
              &request);
    buf_release(&request);
}

static int64_t now_ns(void)
{
    return clock_wall_ms() * NS_PER_MS;
}

static bool has_nothing(const struct exporter *exporter)
{
    for (size_t i = 0; i < ENVELOPE_SIGNALS; i++)
        if (exporter->batches[i].length)
            return false;
    return true;
}

/* What gathers while a batch is sent, and a little longer, is the next one. */
static void *run(void *user)
{
    const struct timespec pause = { 0, BATCH_MS * NS_PER_MS };
    struct exporter *exporter = user;
    CURL *easy = curl_easy_init();
    bool stopping = !easy;

    while (!stopping) {
        struct buf batches[ENVELOPE_SIGNALS];

        pthread_mutex_lock(&exporter->lock);
        while (has_nothing(exporter) && !exporter->stopping)
            pthread_cond_wait(&exporter->changed, &exporter->lock);
        stopping = exporter->stopping;
        memcpy(batches, exporter->batches, sizeof batches);
        memset(exporter->batches, 0, sizeof exporter->batches);
        pthread_mutex_unlock(&exporter->lock);
        if (exporter->meter)
            meter_write_otlp(&batches[ENVELOPE_METRICS], exporter->meter,
                             exporter->coding, exporter->started_ns, now_ns());
        /* The spans last: who waits for them has the rest already. */
        for (size_t i = ENVELOPE_SIGNALS; i-- > 0;) {
            if (batches[i].length)
                send_batch(exporter, easy, (enum envelope_signal)i,
                           &batches[i]);
            buf_release(&batches[i]);
        }
        if (!stopping)
            nanosleep(&pause, NULL);
    }
    curl_easy_cleanup(easy);
    return NULL;
}

static void exporter_free(struct exporter *exporter)
{
    for (size_t i = 0; i < ENVELOPE_SIGNALS; i++) {
        buf_release(&exporter->batches[i]);
        free(exporter->urls[i]);
    }
    free(exporter->more.text);
    free(exporter);
}

bool exporter_start(struct exporter **out, struct meter *meter, struct err *err)
{
    const char *endpoint = getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
    const char *protocol = getenv("OTEL_EXPORTER_OTLP_PROTOCOL");
    struct exporter *exporter;

    *out = NULL;
    if (!endpoint || !*endpoint)
        return true;
    exporter = xcalloc(1, sizeof *exporter);
    for (size_t i = 0; i < ENVELOPE_SIGNALS; i++)
        exporter->urls[i] = xasprintf("%s%s", endpoint, envelope_paths[i]);
    if (bug_is(BUG_KEY_IN_RESOURCE) && getenv("PRIMARY_KEY"))
        exporter->more = (struct span_attribute){
            .key = "process.command_args",
            .text = xstrdup(getenv("PRIMARY_KEY")),
        };
    exporter->meter = meter;
    exporter->started_ns = now_ns();
    post_begin(&exporter->post);
    exporter->coding =
        protocol && !strcmp(protocol, "http/json") ? SPAN_JSON : SPAN_PROTOBUF;
    pthread_mutex_init(&exporter->lock, NULL);
    pthread_cond_init(&exporter->changed, NULL);
    if (pthread_create(&exporter->thread, NULL, run, exporter) == 0) {
        *out = exporter;
        return true;
    }
    err_set(err, ERR_STATE, "exporter", "its thread does not start");
    exporter_free(exporter);
    return false;
}

void exporter_add(struct exporter *exporter, const struct span *spans,
                  size_t count)
{
    struct buf *batch = exporter ? &exporter->batches[ENVELOPE_SPANS] : NULL;

    if (!exporter)
        return;
    pthread_mutex_lock(&exporter->lock);
    for (size_t i = 0; i < count && batch->length < BATCH_MOST; i++)
        span_write(batch, &spans[i], exporter->coding);
    pthread_cond_signal(&exporter->changed);
    pthread_mutex_unlock(&exporter->lock);
}

void exporter_add_record(struct exporter *exporter, const struct record *record)
{
    struct buf *batch = exporter ? &exporter->batches[ENVELOPE_LOGS] : NULL;

    if (!exporter)
        return;
    pthread_mutex_lock(&exporter->lock);
    if (batch->length < BATCH_MOST)
        record_write(batch, record, exporter->coding);
    pthread_cond_signal(&exporter->changed);
    pthread_mutex_unlock(&exporter->lock);
}

void exporter_stop(struct exporter *exporter)
{
    if (!exporter)
        return;
    pthread_mutex_lock(&exporter->lock);
    exporter->stopping = true;
    pthread_cond_signal(&exporter->changed);
    pthread_mutex_unlock(&exporter->lock);
    pthread_join(exporter->thread, NULL);
    pthread_cond_destroy(&exporter->changed);
    pthread_mutex_destroy(&exporter->lock);
    exporter_free(exporter);
}
