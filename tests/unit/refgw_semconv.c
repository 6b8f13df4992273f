/* By which names the reference gateway tells. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/refgateway/semconv.h"

static bool has(const struct span *span, const char *key)
{
    for (size_t i = 0; i < span->count; i++)
        if (!strcmp(span->attributes[i].key, key))
            return true;
    return false;
}

Test(refgw_semconv, names_are_new_or_old_or_both)
{
    static const struct {
        const char *word;
        bool is_new, is_old;
    } rows[] = {
        { "http", true, false },
        { "http/dup", true, true },
        { "none", false, true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span span = { 0 };

        setenv("OTEL_SEMCONV_STABILITY_OPT_IN", rows[i].word, 1);
        semconv_begin();
        semconv_text(&span, "url.full", "http://h/");
        semconv_number(&span, "server.port", 80);
        cr_expect_eq(has(&span, "url.full"), rows[i].is_new, "%s",
                     rows[i].word);
        cr_expect_eq(has(&span, "server.port"), rows[i].is_new);
        cr_expect_eq(has(&span, "http.url"), rows[i].is_old);
        cr_expect_eq(has(&span, "net.peer.port"), rows[i].is_old);
        span_release(&span);
    }
}

Test(refgw_semconv, unset_they_are_new)
{
    struct span span = { 0 };

    unsetenv("OTEL_SEMCONV_STABILITY_OPT_IN");
    semconv_begin();
    semconv_text(&span, "url.full", "http://h/");
    cr_expect_eq(span.count, 1);
    cr_expect(has(&span, "url.full"));
    cr_expect(!semconv_own_traces());
    setenv("REFGW_TRACES", "own", 1);
    semconv_begin();
    cr_expect(semconv_own_traces());
    span_release(&span);
}
