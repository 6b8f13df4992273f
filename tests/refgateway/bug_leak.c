#include "tests/refgateway/bug_leak.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_place.h"
#include "tests/refgateway/bug_text.h"
#include "tests/refgateway/bug_write.h"

/* What is leaked. */
enum leaked {
    LEAKED_KEY,        /* the upstream's */
    LEAKED_HEADER,     /* with "Bearer " before it */
    LEAKED_CLIENT_KEY, /* the gateway's own */
    LEAKED_REQUEST,    /* the client's body */
    LEAKED_MESSAGE,    /* the text of its last message */
    LEAKED_SYSTEM,     /* of its first */
    LEAKED_ARGUMENTS,  /* of the tool call among them */
    LEAKED_MASKED,     /* of the upstream's key too many letters */
    LEAKED_PROMPT,     /* the same, from its own words on */
};

/* On the failure path: of a request that was retried or failed. */
static const struct {
    enum bug bug;
    enum leaked leaked;
    bug_write *write;
    bool to_stderr;
} leaks[] = {
    { BUG_KEY_IN_LOG, LEAKED_KEY, bug_write_plain, false },
    { BUG_CLIENT_KEY_IN_LOG, LEAKED_CLIENT_KEY, bug_write_plain, false },
    { BUG_PROMPT_IN_LOG, LEAKED_REQUEST, bug_write_plain, false },
    { BUG_KEY_IN_STDERR, LEAKED_HEADER, bug_write_plain, true },
    { BUG_KEY_AS_BASE64, LEAKED_HEADER, bug_write_base64, false },
    { BUG_KEY_AS_HEX, LEAKED_KEY, bug_write_hex, false },
    { BUG_KEY_AS_PERCENT, LEAKED_HEADER, bug_write_percent, false },
    { BUG_KEY_AS_ENTITIES, LEAKED_KEY, bug_write_entities, true },
    { BUG_KEY_UPPER, LEAKED_HEADER, bug_write_upper, false },
    { BUG_KEY_AS_UTF16, LEAKED_HEADER, bug_write_utf16, true },
    { BUG_KEY_AS_GO_BYTES, LEAKED_HEADER, bug_write_go_bytes, true },
    { BUG_KEY_AS_JAVA_BYTES, LEAKED_CLIENT_KEY, bug_write_java_bytes, true },
    { BUG_KEY_IN_GZIP, LEAKED_HEADER, bug_write_gzip, false },
    { BUG_PROMPT_IN_ZLIB, LEAKED_MESSAGE, bug_write_zlib, false },
    { BUG_KEY_IN_TWO_RECORDS, LEAKED_KEY, bug_write_two_records, false },
    { BUG_PROMPT_WRAPPED, LEAKED_PROMPT, bug_write_wrapped, false },
    { BUG_PROMPT_PREVIEW, LEAKED_PROMPT, bug_write_preview, false },
    { BUG_PROMPT_PREVIEW_BASE64, LEAKED_PROMPT, bug_write_base64, false },
    { BUG_PROMPT_AS_UNICODE, LEAKED_MESSAGE, bug_write_unicode, false },
    { BUG_PROMPT_JSON_TWICE, LEAKED_MESSAGE, bug_write_json_twice, false },
    { BUG_REQUEST_IN_LOG, LEAKED_REQUEST, bug_write_plain, false },
    { BUG_SYSTEM_PROMPT_IN_LOG, LEAKED_SYSTEM, bug_write_plain, false },
    { BUG_TOOL_ARGUMENTS_IN_LOG, LEAKED_ARGUMENTS, bug_write_plain, false },
    { BUG_KEY_MASKED_TOO_LITTLE, LEAKED_MASKED, bug_write_plain, false },
};

/* Of an answer that is passed on: the bug that logs it, and where it stands. */
static const struct {
    enum bug bug;
    const char *pointer;
} answers[] = {
    { BUG_REASONING_IN_LOG, "/choices/0/message/reasoning_content" },
    { BUG_TOOL_CALL_IN_LOG,
      "/choices/0/message/tool_calls/0/function/arguments" },
    { BUG_USAGE_IN_LOG, "/usage/cost_details/balance_left" },
};

char *bug_leak_message(const char *request)
{
    struct err err;
    struct json *root = json_parse(request, strlen(request), "request", &err);
    const struct json *messages = json_get(root, "messages");
    size_t count = json_count(messages);
    char *text = xstrdup(
        count ? json_get_text(json_at(messages, count - 1), "content", "")
              : "");

    json_free(root);
    return text;
}

static char *prompt_of(const char *request)
{
    char *message = bug_leak_message(request);
    const char *prompt = strstr(message, "gdprompt");
    char *text = xstrndup(prompt ? prompt : "", 30);

    free(message);
    return text;
}

/* A text within JSON, as it means it; "" where there is none. */
static char *text_at(const char *document, const char *pointer)
{
    struct err err;
    struct json *root =
        json_parse(document, strlen(document), "document", &err);
    char *text = xstrdup(json_text(json_pointer(root, pointer), ""));

    json_free(root);
    return text;
}

static char *text_of(enum leaked leaked, const struct settings *settings,
                     const char *request)
{
    const char *key = settings->upstreams[0].keys[0];

    switch (leaked) {
    case LEAKED_KEY:
        return xstrdup(key);
    case LEAKED_HEADER:
        return xasprintf("Authorization: Bearer %s", key);
    case LEAKED_CLIENT_KEY:
        return xstrdup(settings->client_key);
    case LEAKED_REQUEST:
        return xstrdup(request);
    case LEAKED_MESSAGE:
        return bug_leak_message(request);
    case LEAKED_SYSTEM:
        return text_at(request, "/messages/0/content");
    case LEAKED_ARGUMENTS:
        return text_at(request, "/messages/2/tool_calls/0/function/arguments");
    case LEAKED_MASKED:
        return xasprintf("refused: %.12s***%s", key, key + strlen(key) - 6);
    case LEAKED_PROMPT:
        return prompt_of(request);
    }
    return xstrdup("");
}

static void leak(size_t index, struct access_log *log,
                 const struct settings *settings, const char *request)
{
    char *text = text_of(leaks[index].leaked, settings, request);
    struct buf line = { 0 };

    leaks[index].write(&line, text, strlen(text));
    if (leaks[index].to_stderr) {
        fwrite(line.data, 1, line.length, stderr);
        fputc('\n', stderr);
    } else {
        access_log_leak_bytes(log, line.data, line.length);
    }
    buf_release(&line);
    free(text);
}

static void leak_answer(struct access_log *log, const char *answer)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        char *text;

        if (!bug_is(answers[i].bug))
            continue;
        text = text_at(answer, answers[i].pointer);
        access_log_leak(log, text);
        free(text);
    }
}

void bug_leak(struct access_log *log, const struct relay *relay,
              const char *request)
{
    char *message;

    if (bug_is(BUG_COMPLETION_IN_LOG) && relay->end == RELAY_ANSWER)
        access_log_leak(log, buf_text(relay_answer(relay)));
    if (relay->end == RELAY_ANSWER)
        leak_answer(log, buf_text(relay_answer(relay)));
    if (relay->course.progress.attempts < 2 && relay->end != RELAY_FAILED)
        return;
    for (size_t i = 0; i < sizeof leaks / sizeof leaks[0]; i++)
        if (bug_is(leaks[i].bug))
            leak(i, log, relay->plan.settings, request);
    if (bug_is(BUG_UPSTREAM_TEXT_IN_LOG))
        access_log_leak(log, bug_text());
    message = bug_leak_message(request);
    bug_place(log, relay->plan.settings->upstreams[0].keys[0], message);
    free(message);
}

/* What an upstream says about its failure, as its JSON means it. */
static char *refusal_of(const struct buf *body)
{
    struct err err;
    struct json *root =
        json_parse(buf_text(body), body->length, "answer", &err);
    char *text = xstrdup(
        json_get_text(json_get(root, "error"), "message", buf_text(body)));

    json_free(root);
    return text;
}

void bug_leak_refusal(const struct buf *body)
{
    struct buf line = { 0 };
    char *text;

    if (!bug_is(BUG_REFUSAL_IN_STDERR) && !bug_is(BUG_REFUSAL_AS_BASE64))
        return;
    text = refusal_of(body);
    if (bug_is(BUG_REFUSAL_IN_STDERR))
        bug_write_plain(&line, text, strlen(text));
    else
        bug_write_base64(&line, text, strlen(text));
    fprintf(stderr, "upstream said: %s\n", buf_text(&line));
    buf_release(&line);
    free(text);
}
