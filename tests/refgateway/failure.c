#include "tests/refgateway/failure.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/xalloc.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_leak.h"

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Seeded: what nobody asked for. */
static void say_too_much(struct record *record, const struct tracing *tracing)
{
    char *message =
        tracing->prompt ? bug_leak_message(tracing->prompt) : xstrdup("");

    if (bug_is(BUG_PROMPT_IN_RECORD)) {
        free(record->body);
        record->body = xasprintf("could not answer: %s", message);
    }
    if (bug_is(BUG_USER_MESSAGE_RECORD)) {
        record->event = "gen_ai.user.message";
        record_text(record, "content", message);
    }
    if (bug_is(BUG_DETAILS_RECORD)) {
        record->event = "gen_ai.client.inference.operation.details";
        record_text(record, "gen_ai.input.messages", message);
    }
    free(message);
}

void failure_tell(struct exporter *exporter, const struct tracing *tracing,
                  const struct access_entry *log)
{
    struct record record = { .trace_id = tracing->trace_id,
                             .span_id = tracing->id,
                             .time_ns = now_ns() };
    int64_t attempts = 0;

    if (!exporter || !strcmp(log->error_class, "none"))
        return;
    for (size_t i = 0; i < log->upstream_count; i++)
        attempts += log->upstreams[i].attempts;
    record.body = xasprintf("request failed: %s", log->error_class);
    record_text(&record, "error.type", log->error_class);
    record_text(&record, "request_id", log->request_id);
    record_number(&record, "attempts", attempts);
    if (log->status)
        record_number(&record, "http.response.status_code", log->status);
    say_too_much(&record, tracing);
    exporter_add_record(exporter, &record);
    record_release(&record);
}
