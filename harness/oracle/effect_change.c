#include "harness/oracle/effect_change.h"

#include "common/answer.h"

/* Sizes of what a healthy upstream sends, in bytes, for the time a paced answer
 * takes: the mock's heads and bodies lie well inside. */
#define HEAD_BYTES_LEAST  60
#define HEAD_BYTES_MOST   800
#define BODY_BYTES_LEAST  300
#define BODY_BYTES_MOST   8000
#define EVENT_BYTES_MOST  600
#define STREAM_BYTES_MOST 24000

static const struct span never = { EFFECT_NEVER, EFFECT_NEVER };

static struct span exactly(int64_t ms)
{
    return (struct span){ ms, ms };
}

int64_t effect_interval_ms(const struct step *step)
{
    return step->interval_ms > 0 ? step->interval_ms : 0;
}

static void shift(struct span *span, int64_t least, int64_t most)
{
    if (span->least >= 0)
        span->least += least;
    if (span->most >= 0)
        span->most += most;
}

static void shift_all(struct effect *e, int64_t least, int64_t most)
{
    shift(&e->end_ms, least, most);
    shift(&e->event_ms, least, most);
    shift(&e->output_ms, least, most);
    shift(&e->error_ms, least, most);
    shift(&e->malformed_ms, least, most);
}

int64_t effect_event_count(const struct step *step)
{
    return step->events >= 0 ? step->events : ANSWER_TOKENS;
}

int64_t effect_event_at_ms(const struct step *step, int64_t n)
{
    return n > 1 ? (n - 1) * effect_interval_ms(step) : 0;
}

void effect_frame(struct effect *e, const struct step *step)
{
    if (step->framing == STEP_FRAMING_CLOSE && e->connects)
        e->framed = false;
}

void effect_pace(struct effect *e, const struct step *step, int64_t bytes,
                 int64_t every_ms)
{
    int64_t filler =
        e->body_begins && step->pad_bytes > 0 ? step->pad_bytes : 0;
    int64_t body_least =
        e->body_begins ? BODY_BYTES_LEAST + (step->encoding < 0 ? filler : 0)
                       : 0;
    int64_t body_most = e->body_begins ? BODY_BYTES_MOST + filler : 0;
    int64_t head_least, head_most;

    if (bytes <= 0 || every_ms <= 0 || e->head != EFFECT_HEAD_COMPLETE)
        return;
    if (e->streamed)
        body_most = STREAM_BYTES_MOST + filler;
    head_least = (HEAD_BYTES_LEAST / bytes) * every_ms;
    head_most = (HEAD_BYTES_MOST / bytes + 1) * every_ms;
    shift(&e->head_ms, head_least, head_most);
    shift_all(e, head_least, head_most);
    shift(&e->end_ms, (body_least / bytes) * every_ms,
          (body_most / bytes + 1) * every_ms);
    if (e->output_ms.most >= 0)
        e->output_ms.most = e->end_ms.most;
    if (e->event_ms.most >= 0)
        e->event_ms.most = e->end_ms.most;
    if (e->gap_ms < every_ms)
        e->gap_ms = every_ms;
    /* Whole output events come as seldom as their bytes do. */
    if (e->streamed) {
        int64_t event_ms = (EVENT_BYTES_MOST / bytes + 1) * every_ms;

        if (e->output_gap_ms < event_ms)
            e->output_gap_ms = event_ms;
    } else if (e->output_gap_ms < every_ms) {
        e->output_gap_ms = every_ms;
    }
}

void effect_linger(struct effect *e, int64_t ms)
{
    if (ms <= 0 || !e->connects || e->end == EFFECT_END_COMPLETE)
        return;
    shift(&e->end_ms, ms, ms);
    if (e->head != EFFECT_HEAD_COMPLETE)
        return;
    if (e->gap_ms < ms)
        e->gap_ms = ms;
    if (e->output_gap_ms < ms)
        e->output_gap_ms = ms;
}

void effect_delay(struct effect *e, int64_t ms)
{
    if (ms <= 0 || !e->connects)
        return;
    shift(&e->head_ms, ms, ms);
    shift_all(e, ms, ms);
}

enum effect_end effect_end_of(enum step_end how)
{
    static const enum effect_end ends[] = {
        [STEP_END_KEEP] = EFFECT_END_COMPLETE,
        [STEP_END_FIN] = EFFECT_END_FIN,
        [STEP_END_RST] = EFFECT_END_RST,
        [STEP_END_HANG] = EFFECT_END_SILENT,
    };

    return ends[how];
}

/* Ends the exchange before its head is complete. */
static void cut_head(struct effect *e, struct point at, enum effect_end end)
{
    struct span when = e->head_ms;

    e->head = at.at == POINT_STATUS_LINE || at.at == POINT_HEADERS
                  ? EFFECT_HEAD_PARTIAL
                  : EFFECT_HEAD_NONE;
    if (e->head == EFFECT_HEAD_PARTIAL)
        when.least = 0;
    e->at_accept = at.at == POINT_ACCEPT;
    e->before_request = at.at == POINT_ACCEPT || at.at == POINT_REQUEST_HEAD;
    e->status = -1;
    e->code = NULL;
    e->content = EFFECT_CONTENT_NONE;
    e->body_begins = e->streamed = e->whole = false;
    e->finish = e->done = e->error_event = e->malformed_event = false;
    e->comments_forever = false;
    e->gap_ms = e->output_gap_ms = 0;
    e->event_ms = e->output_ms = e->error_ms = e->malformed_ms = never;
    e->end = end;
    e->end_ms = when;
}

/* Whether the message is over before content event n has come. */
static bool ends_by_itself(const struct effect *e, const struct step *step,
                           int64_t n)
{
    return !e->streamed || n > effect_event_count(step) ||
           (step->error_at >= 0 && step->error_at < n);
}

static void cut_body(struct effect *e, const struct step *step, struct point at,
                     enum effect_end end)
{
    bool nothing = at.at == POINT_HEADERS_END ||
                   ((at.at == POINT_BODY_PERCENT || at.at == POINT_BODY_BYTES ||
                     at.at == POINT_EVENT) &&
                    at.value == 0);
    struct span when = e->end_ms;

    if (at.at == POINT_EVENT && ends_by_itself(e, step, at.value))
        nothing = false; /* the cut comes at the end of what there is */
    else if (at.at == POINT_EVENT)
        when = exactly(e->head_ms.least + effect_event_at_ms(step, at.value));
    else
        when.least = e->head_ms.least;
    if (nothing)
        when = e->head_ms;
    e->whole = e->finish = e->done = false;
    if (nothing) {
        /* The role chunk goes out before the first content event. */
        bool role = at.at == POINT_EVENT && e->streamed;

        e->body_begins = role;
        e->content = EFFECT_CONTENT_NONE;
        e->event_ms = role ? e->event_ms : never;
        e->output_ms = never;
    }
    if (e->error_event && e->error_ms.least > when.most) {
        e->error_event = false;
        e->error_ms = never;
    }
    if (e->malformed_event && e->malformed_ms.least > when.most) {
        e->malformed_event = false;
        e->malformed_ms = never;
    }
    e->end = end;
    e->end_ms = when;
}

/* All bytes of a body that a length frames: nothing is missing. */
static bool reaches_end(const struct effect *e, const struct step *step,
                        struct point at)
{
    if (e->streamed || step->framing == STEP_FRAMING_CHUNKED)
        return false;
    return (at.at == POINT_BODY_PERCENT && at.value >= 100) ||
           (at.at == POINT_BODY_BYTES && at.value >= BODY_BYTES_MOST) ||
           (at.at == POINT_EVENT && at.value >= ANSWER_TOKENS);
}

static void cut_after(struct effect *e, enum effect_end end)
{
    if (end == EFFECT_END_RST)
        e->reset_after = true;
    else if (end == EFFECT_END_SILENT && !e->framed)
        e->end = EFFECT_END_SILENT;
}

void effect_cut(struct effect *e, const struct step *step, struct point at,
                enum effect_end end)
{
    if (!e->connects || end == EFFECT_END_COMPLETE)
        return;
    if (end != EFFECT_END_BROKEN && reaches_end(e, step, at))
        at.at = POINT_END;
    switch (at.at) {
    case POINT_ACCEPT:
    case POINT_REQUEST_HEAD:
    case POINT_REQUEST:
    case POINT_STATUS_LINE:
    case POINT_HEADERS:
        cut_head(e, at, end);
        return;
    case POINT_HEADERS_END:
    case POINT_BODY_PERCENT:
    case POINT_BODY_BYTES:
    case POINT_EVENT:
        cut_body(e, step, at, end);
        return;
    case POINT_UNSET:
    case POINT_END:
        cut_after(e, end);
        return;
    }
}
