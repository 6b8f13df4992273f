#include "mockserver/withhold.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"

#define SHORTEST 8 /* below that a text is a word */

/* One line, also in lower case: where something stands it is the same place. */
struct withholding {
    struct buf *line;
    struct buf lower;
};

static void add_lower(struct buf *out, const char *text, size_t length)
{
    size_t from = out->length;

    buf_add(out, text, length);
    for (; from < out->length; from++)
        out->data[from] = (char)tolower((unsigned char)out->data[from]);
}

/* Never longer than what it replaces: a reader has bounds. */
static void replace(struct buf *in, size_t from, size_t to, const char *id)
{
    struct buf out = { 0 };

    buf_add(&out, in->data, from);
    buf_printf(&out, "[%.*s]", (int)(to - from - 2), id);
    buf_add(&out, in->data + to, in->length - to);
    xwipe(in->data, in->length);
    buf_release(in);
    *in = out;
}

/* text: in lower case; least: how many bytes of its beginning. */
static void withhold_form(struct withholding *w, const char *id,
                          const struct buf *text, size_t least)
{
    size_t from = 0;

    least = text->length < least ? text->length : least;

    while (from + least <= w->lower.length) {
        const char *at = memmem(w->lower.data + from, w->lower.length - from,
                                text->data, least);
        size_t length = least;

        if (!at)
            return;
        from = (size_t)(at - w->lower.data);
        while (length < text->length && from + length < w->lower.length &&
               at[length] == text->data[length])
            length++;
        replace(w->line, from, from + length, id);
        replace(&w->lower, from, from + length, id);
    }
}

/* Whole ones first: of which form a piece is, the piece does not say. */
static void withhold_text(struct withholding *w, const char *id,
                          const char *text)
{
    static const size_t leasts[] = { SIZE_MAX, WITHHOLD_LEAST };
    struct buf quoted = { 0 }, forms[2] = { 0 };

    if (!text || strlen(text) < SHORTEST)
        return;
    json_quote(&quoted, text, strlen(text));
    add_lower(&forms[0], quoted.data + 1, quoted.length - 2);
    add_lower(&forms[1], text, strlen(text));
    for (size_t i = 0; i < 4; i++)
        withhold_form(w, id, &forms[i % 2], leasts[i / 2]);
    xwipe(quoted.data, quoted.length);
    buf_release(&quoted);
    for (size_t i = 0; i < 2; i++) {
        xwipe(forms[i].data, forms[i].length);
        buf_release(&forms[i]);
    }
}

static void withhold_case(struct withholding *w, const struct mock_case *of)
{
    for (size_t i = 0; i < of->arming_count; i++) {
        const struct arming *arming = of->armings[i];

        for (size_t k = 0; k < arming->watch_count; k++)
            withhold_text(w, arming->watch[k].id, arming->watch[k].text);
        withhold_text(w, "completion", arming->plant.completion);
        withhold_text(w, "error_text", arming->plant.error);
        withhold_text(w, "reasoning", arming->plant.reasoning);
        withhold_text(w, "tool_call", arming->plant.tool_call);
        withhold_text(w, "commercial.usage", arming->plant.account);
        withhold_text(w, "commercial.header", arming->plant.account_header);
    }
}

void withhold(struct buf *line, const struct cases *cases, uint64_t nonce)
{
    struct withholding w = { .line = line };

    if (!cases || !line->length)
        return;
    add_lower(&w.lower, line->data, line->length);
    for (size_t i = 0; i < cases->count; i++)
        if (!nonce || cases->items[i]->nonce == nonce)
            withhold_case(&w, cases->items[i]);
    xwipe(w.lower.data, w.lower.length);
    buf_release(&w.lower);
}

static const struct cases *logging;

static void withhold_log(struct buf *line)
{
    withhold(line, logging, 0);
}

void withhold_logs(const struct cases *cases)
{
    logging = cases;
    log_conceal(cases ? withhold_log : NULL);
}
