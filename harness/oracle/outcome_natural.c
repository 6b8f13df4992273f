/* What an upstream leads to by itself, if no limit runs out. */
#include "harness/oracle/outcome_look.h"

static void natural(struct look *look, enum failure failure, struct span at,
                    const char *reason)
{
    struct outcome outcome = look_made(look, failure, at, reason);

    /* Whoever looks into a body that is not streamed has read it whole, unless
     * he passes it on byte by byte. */
    if (look->effect->streamed ||
        (outcome.claimed && look->runbook->stream.commit == COMMIT_FIRST_BYTE))
        look_add_failure(look, &look->natural, outcome, failure);
    else
        look_add(&look->natural, &outcome);
}

/* Before the head is complete nothing can be committed. */
static void before_head(struct look *look, enum failure failure,
                        const char *reason)
{
    struct outcome outcome =
        look_made(look, failure, look->effect->end_ms, reason);

    outcome.status = -1;
    outcome.code = NULL;
    look_add(&look->natural, &outcome);
}

static void answered(struct look *look, bool passed_on, const char *reason)
{
    struct outcome outcome =
        look_made(look, FAILURE_NONE, look->effect->end_ms, reason);

    outcome.passed_on = passed_on;
    look_add(&look->natural, &outcome);
}

/* A cut is truncated_body, and truncated_before_commit of a stream that has
 * not begun for the client. */
static void truncated(struct look *look, struct span at, const char *reason)
{
    const struct effect *e = look->effect;
    struct outcome outcome =
        look_made(look, FAILURE_TRUNCATED_BODY, at, reason);

    look_add_failure(look, &look->natural, outcome,
                     e->streamed ? FAILURE_TRUNCATED_BEFORE_COMMIT
                                 : FAILURE_TRUNCATED_BODY);
}

/* A reset can take with it what was sent just before: then the gateway saw a
 * reset and no head. */
static void lost_in_reset(struct look *look)
{
    const struct effect *e = look->effect;

    if (e->end_ms.least - e->head_ms.most >= OUTCOME_RACE_MS)
        return;
    before_head(look, FAILURE_RESET_BEFORE_HEADERS,
                "the reset overtook what was sent before it");
}

static void look_at_no_head(struct look *look)
{
    const struct effect *e = look->effect;
    bool partial = e->head == EFFECT_HEAD_PARTIAL;

    if (e->end == EFFECT_END_SILENT)
        return;
    if (e->head == EFFECT_HEAD_MALFORMED) {
        before_head(look, FAILURE_MALFORMED_HEAD,
                    "the bytes are not an HTTP response head");
        before_head(look, FAILURE_EOF_BEFORE_HEADERS,
                    "the connection closed and no head had come");
        return;
    }
    if (e->end == EFFECT_END_RST || e->before_request)
        before_head(look, FAILURE_RESET_BEFORE_HEADERS,
                    "the connection was reset before the head was complete");
    if (e->end != EFFECT_END_RST)
        before_head(look, FAILURE_EOF_BEFORE_HEADERS,
                    "the connection closed before the head was complete");
    if (partial)
        before_head(look, FAILURE_MALFORMED_HEAD, "half a head is not a head");
    if (e->at_accept && e->end == EFFECT_END_RST)
        before_head(look, FAILURE_CONNECT_REFUSED,
                    "a reset at once looks like a failed connection");
}

static void look_at_status(struct look *look)
{
    const struct effect *e = look->effect;
    struct span at = e->head_ms;

    if (e->end != EFFECT_END_SILENT && e->end_ms.most > at.most)
        at.most = e->end_ms.most;
    struct outcome outcome =
        look_made(look, FAILURE_HTTP, at, "the status says so");
    look_add(&look->natural, &outcome);
    if (e->end == EFFECT_END_RST || e->reset_after)
        lost_in_reset(look);
    if (e->end == EFFECT_END_FIN || e->end == EFFECT_END_RST ||
        e->end == EFFECT_END_BROKEN) {
        outcome = look_made(look, FAILURE_TRUNCATED_BODY, e->end_ms,
                            "the error's body was cut");
        look_add(&look->natural, &outcome);
    }
}

static void look_at_cut(struct look *look)
{
    const struct effect *e = look->effect;

    /* After [DONE] nothing is missing, whatever the connection does. */
    if (e->end == EFFECT_END_SILENT && e->streamed && e->whole && e->done)
        answered(look, false, "everything was told before the silence");
    if (e->end == EFFECT_END_SILENT)
        return;
    if (!e->framed && e->end == EFFECT_END_FIN)
        answered(look, true,
                 "a body that ends with the connection does not show a cut");
    truncated(look, e->end_ms,
              e->streamed ? "the stream was cut" : "the body was cut");
    if (e->end == EFFECT_END_RST)
        lost_in_reset(look);
    if (e->end == EFFECT_END_BROKEN) {
        struct outcome outcome = look_made(look, FAILURE_BAD_BODY, e->end_ms,
                                           "a chunk size that is none");

        outcome.claimed = true; /* a cut all the same */
        look_add_failure(look, &look->natural, outcome, FAILURE_BAD_BODY);
        /* Read together with the head, it is one message that is no HTTP. */
        if (e->end_ms.least - e->head_ms.most < OUTCOME_RACE_MS)
            before_head(look, FAILURE_MALFORMED_HEAD,
                        "head and broken framing came as one");
    }
}

/* A stream that is whole by its framing. */
static void look_at_stream(struct look *look)
{
    const struct effect *e = look->effect;

    if (e->error_event) {
        struct outcome outcome =
            look_made(look, FAILURE_ERROR_IN_200, e->error_ms,
                      "the stream says that it failed");

        outcome.error_event = true;
        outcome.claimed = true; /* the client can read the error event */
        look_add_failure(look, &look->natural, outcome, FAILURE_ERROR_IN_200);
        return;
    }
    if (e->malformed_event) {
        struct outcome outcome = look_made(
            look, FAILURE_BAD_BODY, e->malformed_ms, "an event is not JSON");

        answered(look, true,
                 "one event is not JSON, and what becomes of it "
                 "is not declared");
        look_add_failure(look, &look->natural, outcome, FAILURE_BAD_BODY);
        return;
    }
    if (!e->finish) {
        answered(look, true,
                 "the stream ends without a finish_reason, and some "
                 "upstreams' do");
        truncated(look, e->end_ms, "no finish_reason came");
        return;
    }
    if (!e->whole) {
        answered(look, true, "a short answer, with its finish_reason");
        return;
    }
    answered(look, false, "the upstream answered well");
    if (!e->done) {
        struct outcome outcome = look_made(look, FAILURE_TRUNCATED_BODY,
                                           e->end_ms, "no [DONE] came");

        outcome.committed = true;
        if (look->commit.may_ms >= 0)
            look_add(&look->natural, &outcome);
    }
}

static void look_at_whole(struct look *look)
{
    const struct effect *e = look->effect;

    switch (e->content) {
    case EFFECT_CONTENT_NONE:
    case EFFECT_CONTENT_EMPTY:
        natural(look, FAILURE_EMPTY_BODY, e->end_ms,
                e->streamed ? "the stream has no output"
                            : "there is nothing in the answer");
        return;
    case EFFECT_CONTENT_BAD:
        natural(look, FAILURE_BAD_BODY, e->end_ms,
                "the body is not the promised shape");
        return;
    case EFFECT_CONTENT_ERROR:
        natural(look, FAILURE_ERROR_IN_200, e->end_ms,
                "the body is an error object");
        return;
    case EFFECT_CONTENT_ODD:
        answered(look, true, "the answer is oddly labelled or encoded");
        natural(look, FAILURE_BAD_BODY, e->end_ms,
                "the answer is oddly labelled or encoded");
        return;
    case EFFECT_CONTENT_ANSWER:
        break;
    }
    if (e->streamed) {
        look_at_stream(look);
    } else if (!e->finish) {
        answered(look, true, "the answer has no finish_reason");
        natural(look, FAILURE_BAD_BODY, e->end_ms, "no finish_reason came");
    } else {
        answered(look, false, "the upstream answered well");
    }
    if (e->reset_after) {
        truncated(look, e->end_ms, "the connection was reset at the end");
        lost_in_reset(look);
    }
}

void look_at_natural(struct look *look)
{
    const struct effect *e = look->effect;

    if (e->head == EFFECT_HEAD_COMPLETE && e->head_may_be_refused)
        before_head(look, FAILURE_MALFORMED_HEAD,
                    "a strict reader refuses this head");
    if (e->head != EFFECT_HEAD_COMPLETE) {
        look_at_no_head(look);
    } else if (e->status < 200) {
        struct outcome outcome =
            look_made(look, FAILURE_MALFORMED_HEAD, e->head_ms,
                      "an interim status is no answer");

        look_add(&look->natural, &outcome);
    } else if (e->status >= 300) {
        look_at_status(look);
    } else if (e->end == EFFECT_END_COMPLETE) {
        look_at_whole(look);
    } else {
        look_at_cut(look);
    }
}
