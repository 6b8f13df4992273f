#include "mockserver/fault.h"

#include <string.h>

#include "common/answer.h"
#include "mockserver/healthy.h"
#include "mockserver/page.h"

static const char json[] = "application/json";

static const struct completion sound = { .count = ANSWER_TOKENS,
                                         .sent = ANSWER_TOKENS,
                                         .usage = true,
                                         .usage_as = -1,
                                         .finish = true };

typedef void draft_body(struct draft *draft, const struct step *step,
                        const struct fault_request *request);

static void draft_html(struct draft *draft, const struct step *step,
                       const struct fault_request *request)
{
    bool as_json = step->kind == STEP_BODY_HTML_AS_JSON;
    struct buf text = { 0 };

    page_write(&text, 502, NULL, request->error_canary);
    draft_set_body(draft, as_json ? json : "text/html; charset=utf-8",
                   buf_text(&text), text.length);
    buf_release(&text);
}

static void draft_words(struct draft *draft, const struct step *step,
                        const struct fault_request *request)
{
    struct buf text = { 0 };

    (void)step;
    buf_add_text(&text, "upstream connect error or disconnect before headers");
    if (request->error_canary)
        buf_printf(&text, " %s", request->error_canary);
    draft_set_body(draft, json, buf_text(&text), text.length);
    buf_release(&text);
}

/* A cut of nothing would be a healthy answer: at least one byte is missing. */
static void draft_cut_json(struct draft *draft, const struct step *step,
                           const struct fault_request *request)
{
    int64_t percent = step->percent >= 0 ? step->percent : 50;
    struct buf text = { 0 };
    size_t length;

    completion_write(&text, &sound, request);
    length = text.length * (size_t)percent / 100;
    if (length >= text.length)
        length = text.length - 1;
    draft_set_body(draft, json, buf_text(&text), length);
    buf_release(&text);
}

static void draft_wrong_type(struct draft *draft, const struct step *step,
                             const struct fault_request *request)
{
    healthy_draft(draft, step, request);
    draft_set_content_type(draft, "text/plain; charset=utf-8");
}

static void draft_invalid_utf8(struct draft *draft, const struct step *step,
                               const struct fault_request *request)
{
    struct completion completion = sound;

    (void)step;
    completion.raw_bytes = " \xff\xfe\xc3(";
    healthy_draft_completion(draft, &completion, request);
}

static struct healthy_error error_of(const struct step *step)
{
    return (struct healthy_error){ .status = 502,
                                   .code = step->code,
                                   .type = step->error_type,
                                   .message = step->message };
}

static void draft_error_object(struct draft *draft, const struct step *step,
                               const struct fault_request *request)
{
    struct healthy_error said = error_of(step);

    healthy_draft_error(draft, &said, request);
}

static void draft_no_choices(struct draft *draft, const struct step *step,
                             const struct fault_request *request)
{
    const struct completion completion = { .usage = true,
                                           .usage_as = -1,
                                           .no_choices = true };

    (void)step;
    healthy_draft_completion(draft, &completion, request);
}

/* Half an answer, and an error beside it (as providers behind relays do). */
static void draft_error_and_choices(struct draft *draft,
                                    const struct step *step,
                                    const struct fault_request *request)
{
    struct completion completion = sound;
    struct healthy_error said = error_of(step);
    struct buf error = { 0 }, more = { 0 };

    healthy_write_error(&error, &said, request);
    /* Its one member. */
    buf_printf(&more, "%.*s,", (int)error.length - 2, error.data + 1);
    completion.sent = ANSWER_TOKENS / 2;
    completion.more = buf_text(&more);
    healthy_draft_completion(draft, &completion, request);
    buf_release(&error);
    buf_release(&more);
}

static void draft_members(struct draft *draft, const struct step *step,
                          const struct fault_request *request)
{
    struct completion completion = sound;

    completion.more =
        step->kind == STEP_BODY_HUGE_NUMBER
            ? "\"score\":1e400,"
            : "\"object\":\"chat.completion\",\"model\":\"another\",";
    healthy_draft_completion(draft, &completion, request);
}

static void draft_bom(struct draft *draft, const struct step *step,
                      const struct fault_request *request)
{
    struct buf text = { 0 };

    (void)step;
    buf_add_text(&text, "\xef\xbb\xbf");
    completion_write(&text, &sound, request);
    draft_set_body(draft, json, text.data, text.length);
    buf_release(&text);
}

/* Either a fixed text or a function. */
static const struct {
    const char *text;
    draft_body *function;
} kinds[] = {
    [STEP_BODY_EMPTY] = { .text = "" },
    [STEP_BODY_EMPTY_STRING] = { .text = "\"\"" },
    [STEP_BODY_NULL] = { .text = "null" },
    [STEP_BODY_EMPTY_ARRAY] = { .text = "[]" },
    [STEP_BODY_EMPTY_OBJECT] = { .text = "{}" },
    [STEP_BODY_NOT_JSON] = { .function = draft_words },
    [STEP_BODY_CUT_JSON] = { .function = draft_cut_json },
    [STEP_BODY_HTML] = { .function = draft_html },
    [STEP_BODY_HTML_AS_JSON] = { .function = draft_html },
    [STEP_BODY_WRONG_CONTENT_TYPE] = { .function = draft_wrong_type },
    [STEP_BODY_INVALID_UTF8] = { .function = draft_invalid_utf8 },
    [STEP_BODY_ERROR_OBJECT] = { .function = draft_error_object },
    [STEP_BODY_NO_CHOICES] = { .function = draft_no_choices },
    [STEP_BODY_ERROR_AND_CHOICES] = { .function = draft_error_and_choices },
    [STEP_BODY_BOM] = { .function = draft_bom },
    [STEP_BODY_DUPLICATE_KEYS] = { .function = draft_members },
    [STEP_BODY_HUGE_NUMBER] = { .function = draft_members },
    [STEP_BODY_SSE] = { .function = healthy_draft_sse },
    [STEP_BODY_JSON] = { .function = healthy_draft_json },
};

void fault_body_draft(struct draft *draft, const struct step *step,
                      const struct fault_request *request)
{
    const char *text = kinds[step->kind].text;

    if (text)
        draft_set_body(draft, json, text, strlen(text));
    else
        kinds[step->kind].function(draft, step, request);
    draft->status = step->status >= 0 ? step->status : 200;
}
