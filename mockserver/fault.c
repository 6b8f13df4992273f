#include "mockserver/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/credential.h"
#include "common/xalloc.h"
#include "mockserver/encode.h"
#include "mockserver/render.h"
#include "mockserver/sse.h"

static fault_draft_function *const functions[FAULT_COUNT] = {
#define FAULT(name, effect, parameters, text)                                  \
    [FAULT_##name] = fault_##name##_draft,
#include "common/fault_list.h"
#undef FAULT
};

static void add_date(struct draft *draft, const char *name, int64_t wall_ms,
                     enum clock_http_date format)
{
    char date[64];

    clock_format_http(date, sizeof date, (time_t)(wall_ms / 1000), format);
    draft_add_header(draft, name, date);
}

/* One clock for Date and Retry-After: the moment the answer starts. */
static void add_own_headers(struct draft *draft,
                            const struct fault_request *request)
{
    char request_id[DIALECT_REQUEST_ID_SIZE];

    dialect_request_id(request_id, request->wall_ms, request->request_number);
    add_date(draft, "Date", draft->wall_ms + draft->wait_ms,
             CLOCK_HTTP_DATE_IMF);
    draft_add_header(draft, request->dialect->request_id_header, request_id);
}

static void add_retry_after(struct draft *draft,
                            const struct step_retry_after *retry_after)
{
    char number[24];

    if (retry_after->seconds >= 0) {
        snprintf(number, sizeof number, "%" PRId64, retry_after->seconds);
        draft_add_header(draft, "Retry-After", number);
    }
    if (retry_after->date_in_ms != -1)
        add_date(draft, "Retry-After",
                 draft->wall_ms + draft->wait_ms + retry_after->date_in_ms,
                 (enum clock_http_date)retry_after->format);
    if (retry_after->date_ago_ms >= 0)
        add_date(draft, "Retry-After",
                 draft->wall_ms + draft->wait_ms - retry_after->date_ago_ms,
                 (enum clock_http_date)retry_after->format);
    if (retry_after->raw)
        draft_add_header(draft, "Retry-After", retry_after->raw);
    if (retry_after->ms >= 0) {
        snprintf(number, sizeof number, "%" PRId64, retry_after->ms);
        draft_add_header(draft, "retry-after-ms", number);
    }
}

/* A header the step names stands in place of ours; named twice, it comes
 * twice. */
static void add_step_headers(struct draft *draft, const struct step *step)
{
    const struct step_header *headers = step->headers.items;

    for (size_t i = 0; i < step->headers.count; i++)
        draft_remove_header(draft, headers[i].name);
    for (size_t i = 0; i < step->headers.count; i++)
        draft_add_header(draft, headers[i].name, headers[i].value);
}

static void modify_end(struct draft *draft, const struct step *step)
{
    bool silent = draft->status < 0 && !draft->garbage.length;

    if (step->end_how < 0 || silent)
        return;
    draft->end = (enum step_end)step->end_how;
    draft->end_wait_ms = step->end_after_ms;
    if (step->end_at.at == POINT_UNSET || step->end_at.at == POINT_END)
        return;
    draft->cut = step->end_at;
    buf_clear(&draft->tail);
}

/* The length headers that contradict each other need a framing to do so. */
static void modify_framing(struct draft *draft, const struct step *step,
                           const struct fault_request *request)
{
    bool old = request->http_1_0 ||
               step->head.status_line == STEP_STATUS_LINE_HTTP_1_0;
    bool lengths = step->head.odd == STEP_ODD_DUPLICATE_LENGTH ||
                   step->head.odd == STEP_ODD_CONFLICTING_LENGTH;

    if (old && draft->framing == STEP_FRAMING_CHUNKED)
        draft->framing = STEP_FRAMING_CLOSE;
    if (lengths)
        draft->framing = STEP_FRAMING_LENGTH;
    if (step->chunks.bytes > 0 || step->chunks.style >= 0 ||
        step->chunks.trailers.count ||
        step->head.odd == STEP_ODD_LENGTH_AND_CHUNKED)
        draft->framing = STEP_FRAMING_CHUNKED;
    if (step->framing >= 0)
        draft->framing = (enum step_framing)step->framing;
}

static void add_pads(struct draft *draft, const struct step_head *head)
{
    int64_t each = head->pad_header_bytes > 0 ? head->pad_header_bytes : 1024;
    int64_t left = head->pad_bytes;

    for (int i = 1; left > 0; i++, left -= each) {
        int64_t size = left < each ? left : each;
        struct buf value = { 0 };
        char name[24];

        snprintf(name, sizeof name, "X-Pad-%d", i);
        /* The name, ": " and the line end count too. */
        size -= (int64_t)strlen(name) + 4;
        for (int64_t k = 0; k < size || !k; k++)
            buf_add(&value, "p", 1);
        draft_add_header(draft, name, buf_text(&value));
        buf_release(&value);
    }
}

static void modify_look(struct draft *draft, const struct step *step)
{
    const struct bind_list *trailers = &step->chunks.trailers;
    const struct step_header *items = trailers->items;

    draft->interim = &step->interim;
    draft->head = &step->head;
    draft->chunks = &step->chunks;
    draft->early = step->early == 1;
    /* Who refuses the head leaves at once: nothing may be unsent then. */
    if (step->head.odd >= 0 || step->head.pad_bytes > 0)
        draft->at_once = true;
    for (size_t i = 0; i < trailers->count; i++)
        draft_add_header(draft, "Trailer", items[i].name);
    add_pads(draft, &step->head);
    for (size_t i = 0; i < step->head.omit.count; i++)
        draft_remove_header(draft, step->head.omit.items[i]);
    draft->idle = &step->idle;
    sse_modify(draft, &step->sse);
    if (step->encoding >= 0)
        encode_draft(draft, (enum step_encoding)step->encoding);
}

static void modify(struct draft *draft, const struct step *step,
                   const struct fault_request *request)
{
    if (step->before_ms > 0)
        draft->wait_ms += step->before_ms;
    modify_framing(draft, step, request);
    if (step->pace_bytes > 0) {
        draft->pace_bytes = step->pace_bytes;
        draft->pace_every_ms = step->pace_every_ms;
    }
    modify_end(draft, step);
    add_own_headers(draft, request);
    add_retry_after(draft, &step->retry_after);
    add_step_headers(draft, step);
    draft->last_answer = request->last_answer;
    modify_look(draft, step);
}

static void add_padding(struct buf *text, int64_t bytes)
{
    static const char filler[] =
        "filler filler filler filler filler filler filler filler filler "
        "filler filler filler filler filler filler filler filler filler ";
    int64_t block = (int64_t)sizeof filler - 1;

    for (int64_t i = 0; i < bytes; i += block)
        buf_add(text, filler, (size_t)(bytes - i < block ? bytes - i : block));
}

#define MASKED_FIRST 8
#define MASKED_LAST  4

/* As OpenAI repeats a key that it refuses. */
static void add_masked(struct buf *out, const char *key)
{
    size_t length = strlen(key), shown = MASKED_FIRST + MASKED_LAST;

    for (size_t i = 0; i < length; i++) {
        bool open =
            length > shown && (i < MASKED_FIRST || i >= length - MASKED_LAST);

        buf_add(out, open ? &key[i] : "*", 1);
    }
}

static void add_echoed_key(struct buf *out, const struct step *step,
                           const struct step_header *header)
{
    const char *key = credential_key(header->name, header->value);

    if (step->echo.what == STEP_ECHO_MASKED_CREDENTIAL)
        add_masked(out, key);
    else
        buf_add_text(out, key);
}

static void add_echo(struct buf *text, const struct step *step,
                     const struct fault_echo *echo)
{
    const char *space = text->length ? " " : "";

    if (step->echo.what == STEP_ECHO_PROMPT && echo->prompt)
        buf_printf(text, "%s%s", space, echo->prompt);
    for (size_t i = 0;
         step->echo.what != STEP_ECHO_PROMPT && i < echo->header_count;
         i++, space = " ") {
        buf_add_text(text, space);
        add_echoed_key(text, step, &echo->headers[i]);
    }
}

/* A header value has no line ends and no other control bytes. */
static void add_prompt_header(struct draft *draft, const char *prompt)
{
    char *value = xstrdup(prompt);

    for (char *at = value; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = ' ';
    draft_add_header(draft, "X-Prompt", value);
    free(value);
}

static void add_echo_headers(struct draft *draft, const struct step *step,
                             const struct fault_echo *echo)
{
    if (step->echo.where != STEP_ECHO_HEADER)
        return;
    if (step->echo.what == STEP_ECHO_PROMPT && echo->prompt)
        add_prompt_header(draft, echo->prompt);
    for (size_t i = 0; i < echo->header_count; i++) {
        const struct step_header *header = &echo->headers[i];
        struct buf key = { 0 };

        if (step->echo.what == STEP_ECHO_CREDENTIAL)
            draft_add_header(draft, header->name, header->value);
        if (step->echo.what != STEP_ECHO_MASKED_CREDENTIAL)
            continue;
        add_echoed_key(&key, step, header);
        draft_add_header(draft, "X-Key", buf_text(&key));
        buf_release(&key);
    }
}

/* A text planted in every answer, with what the step wants beside it; NULL:
 * nothing at all. */
static const char *plant(struct buf *out, const char *canary,
                         const struct step *step,
                         const struct fault_request *request)
{
    if (canary)
        buf_add_text(out, canary);
    if (step->echo.where == STEP_ECHO_BODY)
        add_echo(out, step, &request->echo);
    if (step->pad_bytes > 0) {
        if (canary)
            buf_add_text(out, " ");
        add_padding(out, step->pad_bytes);
    }
    return out->length ? buf_text(out) : NULL;
}

void fault_plan(struct plan *plan, const struct step *step,
                const struct fault_request *request)
{
    struct draft draft;
    struct fault_request said = *request;
    struct buf completion = { 0 }, error = { 0 };

    said.completion_canary =
        plant(&completion, request->completion_canary, step, request);
    said.error_canary = plant(&error, request->error_canary, step, request);
    if (step->model)
        said.model = step->model;
    draft_init(&draft, request->wall_ms);
    functions[step->fault](&draft, step, &said);
    modify(&draft, step, &said);
    add_echo_headers(&draft, step, &request->echo);
    if (request->plants.account_header)
        draft_add_header(&draft, "X-Account-Balance",
                         request->plants.account_header);
    render_plan(plan, &draft);
    draft_release(&draft);
    if (step->echo.what >= 0 && completion.data) {
        xwipe(completion.data, completion.capacity);
        xwipe(error.data, error.capacity);
    }
    buf_release(&completion);
    buf_release(&error);
}
