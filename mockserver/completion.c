#include "mockserver/completion.h"

#include <inttypes.h>
#include <string.h>

#include "common/answer.h"
#include "common/json.h"
#include "common/xalloc.h"

/* The mock does not count the prompt; the figure is only to be passed on. */
#define PROMPT_TOKENS 29

static void write_id(struct buf *out, const struct fault_request *request)
{
    char letters[30];

    dialect_letters(letters, sizeof letters,
                    request->request_number ^ (uint64_t)request->wall_ms);
    buf_printf(out, "{\"id\":\"chatcmpl-%s\"", letters);
}

static void write_model(struct buf *out, const struct fault_request *request)
{
    const char *model =
        request->model && request->model[0] ? request->model : "drill-model";

    buf_printf(out,
               ",\"created\":%" PRId64 ",\"model\":", request->wall_ms / 1000);
    json_quote(out, model, strlen(model));
}

/* Members of a usage that is told as it is not. */
static const char *const odd_usage[] = {
    [STEP_USAGE_NULL] = "\"usage\":null",
    [STEP_USAGE_NEGATIVE] = "\"usage\":{\"prompt_tokens\":-1,"
                            "\"completion_tokens\":-24,\"total_tokens\":-25}",
};

/* What nobody documented, and relays send all the same. */
static void write_account(struct buf *out, const char *account)
{
    if (!account)
        return;
    buf_add_text(out, ",\"cost_details\":{\"balance_left\":");
    json_quote(out, account, strlen(account));
    buf_add_text(out, ",\"currency\":\"USD\"}");
}

static void write_usage(struct buf *out, int64_t count, int64_t usage_as,
                        const struct fault_request *request)
{
    if (usage_as == STEP_USAGE_NULL || usage_as == STEP_USAGE_NEGATIVE) {
        buf_add_text(out, odd_usage[usage_as]);
        return;
    }
    buf_printf(out,
               "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%" PRId64
               ",\"total_tokens\":%" PRId64
               ",\"prompt_tokens_details\":{\"cached_tokens\":0,"
               "\"audio_tokens\":0},\"completion_tokens_details\":{"
               "\"reasoning_tokens\":0,\"audio_tokens\":0,"
               "\"accepted_prediction_tokens\":0,"
               "\"rejected_prediction_tokens\":0}",
               PROMPT_TOKENS, count, count + PROMPT_TOKENS);
    write_account(out, request->plants.account);
    buf_add_text(out, "}");
}

void completion_write_token(struct buf *out,
                            const struct fault_request *request, int64_t index,
                            int64_t count)
{
    struct answer_token token = {
        .attempt = request->attempt,
        .index = index,
        .count = count,
        .tag = answer_tag(request->id),
    };

    strncpy(token.upstream, request->upstream, sizeof token.upstream - 1);
    answer_add_token(out, &token);
    if (index == count)
        out->data[--out->length] = '\0';
}

/* The content, and the call whose arguments are the text. */
static void write_tool_call(struct buf *out, const struct buf *text)
{
    struct buf arguments = { 0 };

    buf_add_text(&arguments, "{\"text\":");
    json_quote(&arguments, buf_text(text), text->length);
    buf_add_text(&arguments, "}");
    buf_add_text(out, "null,\"tool_calls\":[{\"id\":\"call_0\",\"type\":"
                      "\"function\",\"function\":{\"name\":\"record\","
                      "\"arguments\":");
    json_quote(out, arguments.data, arguments.length);
    buf_add_text(out, "}}]");
    buf_release(&arguments);
}

static void write_choice(struct buf *out, const struct completion *completion,
                         const struct fault_request *request)
{
    struct buf text = { 0 };

    if (request->completion_canary)
        buf_printf(&text, "%s ", request->completion_canary);
    if (completion->tool_calls && request->plants.tool_call)
        buf_printf(&text, "%s ", request->plants.tool_call);
    for (int64_t i = 1; i <= completion->sent; i++)
        completion_write_token(&text, request, i, completion->count);
    buf_add_text(out, "{\"index\":0,\"message\":{\"role\":\"assistant\",");
    if (request->plants.reasoning) {
        buf_add_text(out, "\"reasoning_content\":");
        json_quote(out, request->plants.reasoning,
                   strlen(request->plants.reasoning));
        buf_add_text(out, ",");
    }
    buf_add_text(out, "\"content\":");
    if (completion->tool_calls)
        write_tool_call(out, &text);
    else
        json_quote(out, buf_text(&text), text.length);
    if (completion->raw_bytes) {
        /* Back inside the quotes. */
        out->length--;
        buf_printf(out, "%s\"", completion->raw_bytes);
    }
    buf_add_text(out, ",\"refusal\":null,\"annotations\":[]},"
                      "\"logprobs\":null,\"finish_reason\":");
    if (completion->finish)
        buf_printf(out, "\"%s\"}",
                   step_finish_names[completion->finish_reason]);
    else
        buf_add_text(out, "null}");
    buf_release(&text);
}

void completion_write(struct buf *out, const struct completion *completion,
                      const struct fault_request *request)
{
    write_id(out, request);
    buf_add_text(out, ",\"object\":\"chat.completion\"");
    write_model(out, request);
    buf_add_text(out, ",");
    if (completion->usage) {
        write_usage(out, completion->no_choices ? 0 : completion->count,
                    completion->usage_as, request);
        buf_add_text(out, ",");
    }
    /* The tokens come last, so that a cut in the second half of the body shows
     * in them. */
    buf_printf(out,
               "\"service_tier\":\"default\","
               "\"system_fingerprint\":\"fp_490a4ad033\",%s"
               "\"choices\":[",
               completion->more ? completion->more : "");
    if (!completion->no_choices)
        write_choice(out, completion, request);
    buf_add_text(out, "]}");
}

static void write_chunk_start(struct buf *out,
                              const struct fault_request *request)
{
    buf_add_text(out, "data: ");
    write_id(out, request);
    buf_add_text(out, ",\"object\":\"chat.completion.chunk\"");
    write_model(out, request);
}

void completion_write_chunk(struct buf *out,
                            const struct fault_request *request,
                            const char *delta, const char *finish_reason)
{
    write_chunk_start(out, request);
    buf_printf(out,
               ",\"choices\":[{\"index\":0,\"delta\":%s,\"logprobs\":null,"
               "\"finish_reason\":%s}]%s}\n\n",
               delta, finish_reason,
               request->include_usage ? ",\"usage\":null" : "");
}

void completion_write_text_chunk(struct buf *out,
                                 const struct fault_request *request,
                                 const char *member, const char *text,
                                 size_t length)
{
    struct buf delta = { 0 };

    buf_printf(&delta, "{\"%s\":", member);
    json_quote(&delta, text, length);
    buf_add_text(&delta, "}");
    completion_write_chunk(out, request, buf_text(&delta), "null");
    buf_release(&delta);
}

void completion_write_content_chunk(struct buf *out,
                                    const struct fault_request *request,
                                    const char *text, size_t length)
{
    completion_write_text_chunk(out, request, "content", text, length);
}

void completion_write_usage_chunk(struct buf *out,
                                  const struct fault_request *request,
                                  int64_t count, int64_t usage_as)
{
    write_chunk_start(out, request);
    buf_add_text(out, ",\"choices\":[],");
    write_usage(out, count, usage_as, request);
    buf_add_text(out, "}\n\n");
}

void completion_write_arguments_chunk(struct buf *out,
                                      const struct fault_request *request,
                                      bool first, const char *text,
                                      size_t length)
{
    struct buf delta = { 0 };

    buf_add_text(&delta, "{\"tool_calls\":[{\"index\":0,");
    if (first)
        buf_add_text(&delta, "\"id\":\"call_0\",\"type\":\"function\",");
    buf_printf(&delta, "\"function\":{%s\"arguments\":",
               first ? "\"name\":\"record\"," : "");
    json_quote(&delta, text, length);
    buf_add_text(&delta, "}}]}");
    completion_write_chunk(out, request, buf_text(&delta), "null");
    buf_release(&delta);
}

void completion_write_frame(struct buf *out,
                            const struct fault_request *request,
                            const char *members)
{
    write_chunk_start(out, request);
    buf_printf(out, "%s}\n\n", members);
}

int64_t completion_finish(const struct step *step)
{
    if (step->finish_reason >= 0)
        return step->finish_reason;
    return step->tool_calls == 1 ? STEP_FINISH_TOOL_CALLS : STEP_FINISH_STOP;
}

int64_t completion_events(const struct step *step, int64_t count)
{
    return step->finish_reason == STEP_FINISH_ERROR ? count / 2 : count;
}
