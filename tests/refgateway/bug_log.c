#include "tests/refgateway/bug_log.h"

#include <pthread.h>
#include <string.h>

#include "tests/refgateway/bug.h"

/* The figures are kept in one place for all requests: each line has those of
 * whoever came before. */
static void mix_rows(struct access_entry *log)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct access_entry last;
    struct access_entry mine = *log;

    pthread_mutex_lock(&lock);
    if (last.upstream_count) {
        memcpy(log->upstreams, last.upstreams, sizeof log->upstreams);
        log->upstream_count = last.upstream_count;
        log->retries = last.retries;
        log->upstream = last.upstream;
    }
    last = mine;
    pthread_mutex_unlock(&lock);
}

static void bend_figures(struct access_entry *log,
                         const struct tracing *tracing)
{
    if (bug_is(BUG_LOG_ROWS_MIXED))
        mix_rows(log);
    if (bug_is(BUG_LOG_RETRIES_PLUS_ONE) && log->retries)
        log->retries++;
    if (bug_is(BUG_LOG_UPSTREAM_FIRST) && log->upstream_count)
        log->upstream = log->upstreams[0].name;
    if (bug_is(BUG_LOG_STATUS_OF_FIRST) && tracing->count &&
        tracing->attempts[0].result.status)
        log->status = tracing->attempts[0].result.status;
    if (bug_is(BUG_LOG_ERROR_OF_FIRST) && tracing->count > 1)
        log->error_class = "transient_error";
}

static void bend_cut(struct access_entry *log)
{
    if (strcmp(log->answer, "partial") != 0)
        return;
    if (bug_is(BUG_LOG_CUT_COMPLETE))
        log->answer = "complete";
    if (bug_is(BUG_LOG_CUT_NO_ERROR))
        log->error_class = "none";
    if (bug_is(BUG_LOG_CUT_NO_USAGE))
        log->output_tokens = -1;
    if (bug_is(BUG_LOG_CUT_ALL_USAGE))
        log->output_tokens *= 2;
}

int bug_log(struct access_entry *log, const struct tracing *tracing)
{
    bend_figures(log, tracing);
    bend_cut(log);
    if (bug_is(BUG_LOG_USAGE_WRONG) && log->output_tokens > 0)
        log->output_tokens--;
    if (bug_is(BUG_LOG_FAILURE_MISSING) && strcmp(log->error_class, "none"))
        return 0;
    if (bug_is(BUG_LOG_LINE_AN_ATTEMPT) && tracing->count)
        return (int)tracing->count;
    return 1;
}
