#include "tests/refgateway/semconv.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key, *old;
} names[] = {
    { "http.request.method", "http.method" },
    { "http.response.status_code", "http.status_code" },
    { "http.request.resend_count", "http.resend_count" },
    { "server.address", "net.peer.name" },
    { "server.port", "net.peer.port" },
    { "url.full", "http.url" },
    { "url.scheme", "http.scheme" },
    { "url.path", "http.target" },
    { "gen_ai.provider.name", "gen_ai.system" },
    { "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens" },
    { "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens" },
};

static bool use_new = true, use_old, own_traces;

void semconv_begin(void)
{
    const char *names_wanted = getenv("OTEL_SEMCONV_STABILITY_OPT_IN");
    const char *traces = getenv("REFGW_TRACES");

    own_traces = traces && !strcmp(traces, "own");
    if (!names_wanted || !*names_wanted)
        return;
    use_new =
        !strcmp(names_wanted, "http") || !strcmp(names_wanted, "http/dup");
    use_old = strcmp(names_wanted, "http") != 0;
}

bool semconv_own_traces(void)
{
    return own_traces;
}

static const char *old_of(const char *key)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i].key, key))
            return names[i].old;
    return key;
}

void semconv_text(struct span *span, const char *key, const char *text)
{
    if (use_new)
        span_text(span, key, text);
    if (use_old)
        span_text(span, old_of(key), text);
}

void semconv_number(struct span *span, const char *key, int64_t number)
{
    if (use_new)
        span_number(span, key, number);
    if (use_old)
        span_number(span, old_of(key), number);
}
