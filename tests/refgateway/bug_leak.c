#include "tests/refgateway/bug_leak.h"

#include "tests/refgateway/bug.h"

void bug_leak(struct access_log *log, const struct relay *relay,
              const char *request)
{
    const struct settings *settings = relay->plan.settings;
    const char *key = settings->upstreams[0].keys[0];

    if (bug_is(BUG_COMPLETION_IN_LOG) && relay->end == RELAY_ANSWER)
        access_log_leak(log, buf_text(relay_answer(relay)));
    if (relay->course.progress.attempts < 2 && relay->end != RELAY_FAILED)
        return;
    if (bug_is(BUG_KEY_IN_LOG))
        access_log_leak(log, key);
    if (bug_is(BUG_CLIENT_KEY_IN_LOG))
        access_log_leak(log, settings->client_key);
    if (bug_is(BUG_PROMPT_IN_LOG))
        access_log_leak(log, request);
    if (bug_is(BUG_KEY_IN_STDERR))
        fprintf(stderr, "upstream failed; Authorization: Bearer %s\n", key);
}
