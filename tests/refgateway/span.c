#include "tests/refgateway/span.h"

#include <assert.h>
#include <stdlib.h>

#include "common/xalloc.h"

void span_text(struct span *span, const char *key, const char *text)
{
    assert(span->count < SPAN_ATTRIBUTES);
    span->attributes[span->count++] =
        (struct span_attribute){ .key = key, .text = xstrdup(text) };
}

void span_number(struct span *span, const char *key, int64_t number)
{
    assert(span->count < SPAN_ATTRIBUTES);
    span->attributes[span->count++] =
        (struct span_attribute){ .key = key, .number = number };
}

void span_release(struct span *span)
{
    for (size_t i = 0; i < span->count; i++)
        free(span->attributes[i].text);
    free(span->said.text);
    free(span->name);
    *span = (struct span){ 0 };
}
