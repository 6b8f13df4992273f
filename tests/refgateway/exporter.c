#include "tests/refgateway/exporter.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/xalloc.h"

#define BATCH_MS   50
#define TIMEOUT_MS 2000L
#define BATCH_MOST (8u << 20) /* nobody fetches them: the rest is dropped */

struct exporter {
    char *url;
    enum span_coding coding;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct buf batch;
    bool stopping;
};

static size_t ignore(char *bytes, size_t size, size_t count, void *user)
{
    (void)bytes;
    (void)user;
    return size * count;
}

/* Whether it arrived or not: telemetry must not hold up what it tells of. */
static void send_batch(const struct exporter *exporter, CURL *easy,
                       const struct buf *batch)
{
    const char *type = exporter->coding == SPAN_JSON
                           ? "Content-Type: application/json"
                           : "Content-Type: application/x-protobuf";
    struct curl_slist *headers = curl_slist_append(NULL, type);
    struct buf request = { 0 };

    span_write_request(&request, batch, exporter->coding);
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_URL, exporter->url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.data);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)request.length);
    curl_easy_perform(easy);
    curl_slist_free_all(headers);
    buf_release(&request);
}

/* What gathers while a batch is sent, and a little longer, is the next one. */
static void *run(void *user)
{
    const struct timespec pause = { 0, BATCH_MS * NS_PER_MS };
    struct exporter *exporter = user;
    CURL *easy = curl_easy_init();
    bool stopping = !easy;

    while (!stopping) {
        struct buf batch;

        pthread_mutex_lock(&exporter->lock);
        while (!exporter->batch.length && !exporter->stopping)
            pthread_cond_wait(&exporter->changed, &exporter->lock);
        stopping = exporter->stopping;
        batch = exporter->batch;
        exporter->batch = (struct buf){ 0 };
        pthread_mutex_unlock(&exporter->lock);
        if (batch.length)
            send_batch(exporter, easy, &batch);
        buf_release(&batch);
        if (!stopping)
            nanosleep(&pause, NULL);
    }
    curl_easy_cleanup(easy);
    return NULL;
}

bool exporter_start(struct exporter **out, struct err *err)
{
    const char *endpoint = getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
    const char *protocol = getenv("OTEL_EXPORTER_OTLP_PROTOCOL");
    struct exporter *exporter;

    *out = NULL;
    if (!endpoint || !*endpoint)
        return true;
    exporter = xcalloc(1, sizeof *exporter);
    exporter->url = xasprintf("%s/v1/traces", endpoint);
    exporter->coding =
        protocol && !strcmp(protocol, "http/json") ? SPAN_JSON : SPAN_PROTOBUF;
    pthread_mutex_init(&exporter->lock, NULL);
    pthread_cond_init(&exporter->changed, NULL);
    if (pthread_create(&exporter->thread, NULL, run, exporter) == 0) {
        *out = exporter;
        return true;
    }
    err_set(err, ERR_STATE, "exporter", "its thread does not start");
    free(exporter->url);
    free(exporter);
    return false;
}

void exporter_add(struct exporter *exporter, const struct span *spans,
                  size_t count)
{
    if (!exporter)
        return;
    pthread_mutex_lock(&exporter->lock);
    for (size_t i = 0; i < count && exporter->batch.length < BATCH_MOST; i++)
        span_write(&exporter->batch, &spans[i], exporter->coding);
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
    buf_release(&exporter->batch);
    free(exporter->url);
    free(exporter);
}
