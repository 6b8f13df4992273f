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

static void write_usage(struct buf *out, int64_t count)
{
    buf_printf(out,
               "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%" PRId64
               ",\"total_tokens\":%" PRId64
               ",\"prompt_tokens_details\":{\"cached_tokens\":0,"
               "\"audio_tokens\":0},\"completion_tokens_details\":{"
               "\"reasoning_tokens\":0,\"audio_tokens\":0,"
               "\"accepted_prediction_tokens\":0,"
               "\"rejected_prediction_tokens\":0}}",
               PROMPT_TOKENS, count, count + PROMPT_TOKENS);
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

static void write_choice(struct buf *out, const struct completion *completion,
                         const struct fault_request *request)
{
    struct buf text = { 0 };

    if (request->completion_canary)
        buf_printf(&text, "%s ", request->completion_canary);
    for (int64_t i = 1; i <= completion->count; i++)
        completion_write_token(&text, request, i, completion->count);
    buf_add_text(out, "{\"index\":0,\"message\":{\"role\":\"assistant\","
                      "\"content\":");
    json_quote(out, buf_text(&text), text.length);
    if (completion->raw_bytes) {
        /* Back inside the quotes. */
        out->length--;
        buf_printf(out, "%s\"", completion->raw_bytes);
    }
    buf_printf(out,
               ",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,"
               "\"finish_reason\":%s}",
               completion->finish ? "\"stop\"" : "null");
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
        write_usage(out, completion->no_choices ? 0 : completion->count);
        buf_add_text(out, ",");
    }
    /* The tokens come last, so that a cut in the second half of the body shows
     * in them. */
    buf_add_text(out, "\"service_tier\":\"default\","
                      "\"system_fingerprint\":\"fp_490a4ad033\","
                      "\"choices\":[");
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

void completion_write_content_chunk(struct buf *out,
                                    const struct fault_request *request,
                                    const char *text, size_t length)
{
    struct buf delta = { 0 };

    buf_add_text(&delta, "{\"content\":");
    json_quote(&delta, text, length);
    buf_add_text(&delta, "}");
    completion_write_chunk(out, request, buf_text(&delta), "null");
    buf_release(&delta);
}

void completion_write_usage_chunk(struct buf *out,
                                  const struct fault_request *request,
                                  int64_t count)
{
    write_chunk_start(out, request);
    buf_add_text(out, ",\"choices\":[],");
    write_usage(out, count);
    buf_add_text(out, "}\n\n");
}
