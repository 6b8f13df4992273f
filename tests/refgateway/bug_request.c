#include "tests/refgateway/bug_request.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/request_id.h"

#define BUFFERED 8192 /* of a body, by a seeded bug */

/* Of the headers that come from the client the first may be the idempotency
 * key. */
static void mix_up_idempotency(struct call_plan *call, bool is_retry)
{
    static char name[] = "Idempotency-Key", value[] = "of-this-attempt";
    static struct call_header other = { name, value };

    if (!is_retry || !call->header_count ||
        strcmp(call->headers[0].name, other.name))
        return;
    if (bug_is(BUG_IDEMPOTENCY_LOST)) {
        call->headers++;
        call->header_count--;
    }
    if (bug_is(BUG_IDEMPOTENCY_NEW)) {
        call->headers = &other;
        call->header_count = 1;
    }
}

static void mix_up_keys(struct call_plan *call, const struct relay_plan *plan,
                        const struct progress *progress, bool is_fallback,
                        bool is_retry)
{
    const struct settings_upstream *primary = &plan->settings->upstreams[0];

    if (bug_is(BUG_CLIENT_KEY_FORWARDED) ||
        (is_fallback && bug_is(BUG_CLIENT_KEY_TO_FALLBACK)))
        call->key = plan->client_credential;
    if (is_fallback && bug_is(BUG_PRIMARY_KEY_TO_FALLBACK))
        call->key = primary->keys[0];
    if (is_fallback && bug_is(BUG_PRIMARY_HEADERS_TO_FALLBACK)) {
        call->own = primary->headers;
        call->own_count = primary->header_count;
    }
    if (is_fallback && bug_is(BUG_OTHER_KEY_TO_FALLBACK))
        call->key = primary->keys[progress->at[0].key];
    if (is_retry && bug_is(BUG_NO_KEY_ON_RETRY))
        call->key = NULL;
    if (bug_is(BUG_SECOND_CREDENTIAL))
        call->also = plan->client_credential;
    if (bug_is(BUG_KEY_TWICE))
        call->also = call->key;
    if (is_fallback && bug_is(BUG_FALLBACK_AT_PRIMARY))
        call->url = primary->url;
}

static void write_model(struct buf *body, const struct relay_plan *plan,
                        const char *model)
{
    buf_clear(body);
    request_body_write(body, &plan->body, model);
}

static void drop(struct buf *body, const char *member)
{
    struct err err;
    struct json *root = json_parse(body->data, body->length, "body", &err);
    char *text;

    json_remove(root, member);
    text = json_print(root);
    buf_clear(body);
    buf_add_text(body, text);
    free(text);
    json_free(root);
}

/* A member at the end of the object. */
static void add_member(struct buf *body, const char *member)
{
    char *brace = strrchr(body->data, '}');
    struct buf all = { 0 };

    buf_add(&all, body->data, (size_t)(brace - body->data));
    buf_printf(&all, ",%s}", member);
    buf_release(body);
    *body = all;
}

static void double_body(struct buf *body)
{
    struct buf once = { 0 };

    buf_add(&once, body->data, body->length);
    buf_add(body, once.data, once.length);
    buf_release(&once);
}

static void mix_up_body(struct buf *body, const struct relay_plan *plan,
                        bool is_fallback, bool is_retry)
{
    const char *primary_model = plan->settings->upstreams[0].model;

    if (is_fallback && bug_is(BUG_PRIMARY_MODEL_TO_FALLBACK))
        write_model(body, plan, primary_model);
    if (bug_is(BUG_MODEL_OF_CLIENT))
        write_model(body, plan, NULL);
    if (bug_is(BUG_MODEL_DROPPED))
        drop(body, "model");
    if (bug_is(BUG_FIELDS_DROPPED)) {
        drop(body, "logit_bias");
        drop(body, "seed");
    }
    if (bug_is(BUG_FIELD_ADDED))
        add_member(body, "\"max_tokens\":256");
    if (is_retry && bug_is(BUG_BODY_CHANGED_ON_RETRY))
        add_member(body, "\"user\":\"retry\"");
    if (is_retry && bug_is(BUG_BODY_CUT_ON_RETRY) && body->length > BUFFERED) {
        body->length = BUFFERED;
        body->data[BUFFERED] = '\0';
    }
    if (is_retry && bug_is(BUG_BODY_DOUBLED_ON_RETRY))
        double_body(body);
    if ((is_retry && bug_is(BUG_BODY_LOST_ON_RETRY)) ||
        (is_fallback && bug_is(BUG_BODY_LOST_ON_FALLBACK)))
        buf_clear(body);
}

size_t bug_request_id(struct call_header *headers, size_t count, bool is_later)
{
    static char other[] = "of-this-attempt";
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        bool is_id = !strcmp(headers[i].name, REQUEST_ID_HEADER);

        if (is_id && is_later && bug_is(BUG_REQUEST_ID_LOST))
            continue;
        headers[kept] = headers[i];
        if (is_id && is_later && bug_is(BUG_REQUEST_ID_NEW))
            headers[kept].value = other;
        kept++;
    }
    return kept;
}

static _Thread_local int64_t began_ns;

int64_t bug_request_began_ns(void)
{
    return began_ns;
}

static void mix_up_route(struct call_plan *call)
{
    for (size_t i = 0; i < call->header_count; i++)
        if (!strcmp(call->headers[i].name, BUG_ROUTING_HEADER))
            call->url = call->headers[i].value;
}

void bug_request(struct call_plan *call, struct buf *body,
                 const struct relay_plan *plan, const struct progress *progress)
{
    bool is_fallback = progress->current > 0;
    bool is_retry = progress->at[progress->current].attempts > 1;

    if (progress->attempts == 1)
        began_ns = clock_now_ns();
    if (bug_is(BUG_ROUTING_HEADER_OBEYED))
        mix_up_route(call);
    mix_up_keys(call, plan, progress, is_fallback, is_retry);
    mix_up_idempotency(call, is_fallback || is_retry);
    mix_up_body(body, plan, is_fallback, is_retry);
    call->body = buf_text(body);
    call->length = body->length;
}
