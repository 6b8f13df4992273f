#include "tests/refgateway/debug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/refgateway/bug.h"

static bool on;

void debug_begin(void)
{
    const char *level = getenv("LOG_LEVEL");

    on = level && !strcmp(level, "debug");
}

/* One write a line: several requests speak at once. */
static void say(struct buf *line)
{
    buf_add(line, "\n", 1);
    fwrite(line->data, 1, line->length, stderr);
    buf_release(line);
}

static void add_header(struct buf *line, const char *name, size_t bytes)
{
    buf_printf(line, " %.64s (%zu)", name, bytes);
}

static enum MHD_Result on_header(void *user, enum MHD_ValueKind kind,
                                 const char *name, const char *value)
{
    (void)kind;
    add_header(user, name, value ? strlen(value) : 0);
    return MHD_YES;
}

void debug_request(struct MHD_Connection *connection, const char *request_id,
                   size_t body_bytes)
{
    struct buf line = { 0 };

    if (!on)
        return;
    buf_printf(&line, "debug: request %s, headers:", request_id);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &line);
    buf_printf(&line, "; body %zu bytes", body_bytes);
    say(&line);
}

void debug_call(const struct call_plan *plan)
{
    struct buf line = { 0 };

    if (!on)
        return;
    buf_add_text(&line, "debug: attempt, headers:");
    if (plan->key)
        add_header(&line, "Authorization",
                   strlen("Bearer ") + strlen(plan->key));
    for (size_t i = 0; i < plan->header_count; i++)
        add_header(&line, plan->headers[i].name,
                   strlen(plan->headers[i].value));
    for (size_t i = 0; i < plan->own_count; i++)
        add_header(&line, plan->own[i].name, strlen(plan->own[i].value));
    buf_printf(&line, "; body %zu bytes", plan->length);
    if (plan->key && bug_is(BUG_DEBUG_KEY))
        buf_printf(&line, "; Authorization: Bearer %s", plan->key);
    if (bug_is(BUG_DEBUG_REQUEST))
        buf_printf(&line, "; %s", plan->body);
    say(&line);
}

void debug_result(const struct result *result, const char *body,
                  int64_t took_ms)
{
    struct buf line = { 0 };

    if (!on)
        return;
    buf_printf(&line, "debug: %s, status %d, %zu bytes after %lld ms",
               outcome_names[result->outcome], result->status, strlen(body),
               (long long)took_ms);
    if (bug_is(BUG_DEBUG_ANSWER))
        buf_printf(&line, "; %s", body);
    say(&line);
}
