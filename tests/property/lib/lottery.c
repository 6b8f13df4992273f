#include "tests/property/lib/lottery.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* splitmix64 */
static uint64_t next(struct lottery *lottery)
{
    uint64_t bits = lottery->state += 0x9e3779b97f4a7c15u;

    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

struct lottery lottery_of(uint64_t seed)
{
    return (struct lottery){ seed };
}

int64_t lottery_number(struct lottery *lottery, int64_t least, int64_t most)
{
    return least + (int64_t)(next(lottery) % (uint64_t)(most - least + 1));
}

bool lottery_chance(struct lottery *lottery, int64_t percent)
{
    return lottery_number(lottery, 1, 100) <= percent;
}

const char *lottery_word(struct lottery *lottery, const char *const *words)
{
    int64_t count = 0;

    while (words[count])
        count++;
    return words[lottery_number(lottery, 0, count - 1)];
}

/* --- JSON ---------------------------------------------------------------- */

/* A comma unless an object or a list has just begun. */
static void separate(struct buf *out)
{
    char last = out->length ? out->data[out->length - 1] : '{';

    if (last != '{' && last != '[')
        buf_add_text(out, ",");
}

__attribute__((format(printf, 2, 3))) static void
member(struct buf *out, const char *format, ...)
{
    va_list arguments;
    char text[256];

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    separate(out);
    buf_add_text(out, text);
}

static void open_object(struct buf *out, const char *name)
{
    separate(out);
    buf_printf(out, "\"%s\":{", name);
}

struct draw_of {
    struct buf *out;
    struct lottery *lottery;
    bool strict;
};

/* Whether a figure is declared: always where everything is. */
static bool says(const struct draw_of *d, int64_t percent)
{
    return d->strict || lottery_chance(d->lottery, percent);
}

static void maybe_number(const struct draw_of *d, int64_t percent,
                         const char *name, int64_t least, int64_t most)
{
    if (says(d, percent))
        member(d->out, "\"%s\":%" PRId64, name,
               lottery_number(d->lottery, least, most));
}

static void maybe_word(const struct draw_of *d, int64_t percent,
                       const char *name, const char *const *words)
{
    if (says(d, percent))
        member(d->out, "\"%s\":\"%s\"", name, lottery_word(d->lottery, words));
}

static void maybe_flag(const struct draw_of *d, int64_t percent,
                       const char *name)
{
    if (says(d, percent))
        member(d->out, "\"%s\":%s", name,
               lottery_chance(d->lottery, 50) ? "true" : "false");
}

/* Each word by chance; numbers are words without quotes. */
static void maybe_list(const struct draw_of *d, int64_t percent,
                       const char *name, const char *const *words, bool quoted,
                       int64_t each)
{
    const char *quote = quoted ? "\"" : "";

    if (!says(d, percent))
        return;
    separate(d->out);
    buf_printf(d->out, "\"%s\":[", name);
    for (size_t i = 0; words[i]; i++)
        if (lottery_chance(d->lottery, each))
            member(d->out, "%s%s%s", quote, words[i], quote);
    buf_add_text(d->out, "]");
}

/* --- runbooks ------------------------------------------------------------ */

static const char *const classes[] = {
    "http_429",           "http_5xx",
    "http_408",           "http_409",
    "connect_refused",    "reset_before_headers",
    "eof_before_headers", "malformed_head",
    "header_timeout",     "first_token_timeout",
    "idle_timeout",       "attempt_timeout",
    "truncated_body",     "truncated_before_commit",
    "bad_body",           "empty_body",
    "error_in_200",       NULL
};
static const char *const codes[] = { "invalid_request", "model_not_found",
                                     "insufficient_quota", NULL };
static const char *const jitters[] = { "none", "full", "equal", "additive",
                                       NULL };
static const char *const hinted[] = { "http_429", "http_503", "http_500",
                                      NULL };
static const char *const formats[] = { "\"seconds\"", "\"date\",\"seconds\"",
                                       "\"ms\"", "\"seconds\",\"date\",\"ms\"",
                                       NULL };
static const char *const above[] = { "give_up", "fail", "backoff", NULL };
static const char *const should[] = { "ignored", "no", "obeyed", NULL };
static const char *const factors[] = { "1", "1.5", "2", "3", NULL };
static const char *const afters[] = { "retries_exhausted", "each_failure",
                                      NULL };
static const char *const auth_words[] = { "fail_closed", "rotate_key",
                                          "fallback", NULL };
static const char *const auth_alone[] = { "fail_closed", "rotate_key", NULL };
static const char *const auth_closed[] = { "fail_closed", NULL };
static const char *const whose[] = { "first", "last", "priority", NULL };
static const char *const commits[] = { "first_byte", "first_event",
                                       "first_output", NULL };
static const char *const commit_late[] = { "first_output", NULL };

static void add_backoff(const struct draw_of *d)
{
    if (!says(d, 75))
        return;
    open_object(d->out, "backoff");
    if (says(d, 90)) {
        member(d->out, "\"base_ms\":%" PRId64,
               lottery_number(d->lottery, d->strict ? 40 : 0, 120));
        if (says(d, 85))
            member(d->out, "\"factor\":%s", lottery_word(d->lottery, factors));
        maybe_number(d, 60, "cap_ms", 120, 900);
        maybe_word(d, 90, "jitter", jitters);
    }
    buf_add_text(d->out, "}");
}

static void add_retry_after(const struct draw_of *d)
{
    if (!says(d, 70))
        return;
    open_object(d->out, "retry_after");
    maybe_list(d, 85, "on", hinted, true, 70);
    if (says(d, 60))
        member(d->out, "\"formats\":[%s]", lottery_word(d->lottery, formats));
    if (says(d, 70)) {
        member(d->out, "\"cap_ms\":%" PRId64,
               lottery_number(d->lottery, 500, 4000));
        maybe_word(d, 70, "above_cap", above);
    }
    maybe_number(d, 20, "total_cap_ms", 1000, 6000);
    buf_add_text(d->out, "}");
}

static void add_retry(const struct draw_of *d)
{
    if (!says(d, 92))
        return;
    open_object(d->out, "retry");
    maybe_number(d, 92, "budget", 0, 3);
    maybe_number(d, 60, "total_attempts_max", d->strict ? 2 : 1, 8);
    maybe_list(d, 88, "on", classes, true, 70);
    maybe_list(d, 60, "never_on_codes", codes, true, 70);
    maybe_word(d, 50, "should_retry", should);
    add_backoff(d);
    add_retry_after(d);
    buf_add_text(d->out, "}");
}

/* False: there is no fallback. */
static bool add_fallback(const struct draw_of *d)
{
    if (!says(d, 78))
        return false;
    open_object(d->out, "fallback");
    member(d->out, "\"order\":[\"primary\",\"fallback\"]");
    if (!d->strict)
        maybe_word(d, 50, "after", afters);
    maybe_list(d, 88, "on", classes, true, 70);
    if (!d->strict)
        maybe_list(d, 20, "on_codes", codes, true, 50);
    buf_add_text(d->out, "}");
    return true;
}

static void add_ends(const struct draw_of *d, bool fallback)
{
    const char *const *auth = d->strict  ? auth_closed
                              : fallback ? auth_words
                                         : auth_alone;
    static const char *const refused[] = { "401", "403", "502", NULL };
    static const char *const server[] = { "502", "503", "504", NULL };
    static const char *const client[] = { "400", "404", "422", "429", NULL };

    if (says(d, 75)) {
        open_object(d->out, "auth");
        maybe_word(d, 90, "on_401", auth);
        maybe_word(d, 40, "on_403", auth);
        if (!d->strict)
            maybe_number(d, 30, "known_good_retry", 0, 1);
        maybe_list(d, 60, "client_status", refused, false, 100);
        buf_add_text(d->out, "}");
    }
    if (!says(d, 70))
        return;
    open_object(d->out, "client_errors");
    if (d->strict || lottery_chance(d->lottery, 50))
        member(d->out, "\"upstream_4xx\":\"same\"");
    else
        maybe_list(d, 50, "upstream_4xx", client, false, 100);
    if (!d->strict && lottery_chance(d->lottery, 25))
        member(d->out, "\"exhausted\":\"same\"");
    else
        maybe_list(d, 60, "exhausted", server, false, 100);
    maybe_list(d, 40, "bad_body", server, false, 100);
    maybe_word(d, 50, "all_failed", whose);
    buf_add_text(d->out, "}");
}

static void add_limits(const struct draw_of *d)
{
    if (says(d, 90)) {
        open_object(d->out, "timeouts");
        /* Strictly: far enough from each other that one surely comes first. */
        maybe_number(d, 80, "header_ms", 100, d->strict ? 300 : 800);
        maybe_number(d, 70, "first_token_ms", d->strict ? 600 : 200, 1000);
        maybe_number(d, 80, "idle_ms", 100, 800);
        maybe_number(d, 50, "attempt_ms", d->strict ? 1500 : 400, 2000);
        if (d->strict)
            member(d->out, "\"total_ms\":60000");
        else
            maybe_number(d, 60, "total_ms", 800, 9000);
        maybe_flag(d, 50, "comments_are_progress");
        maybe_flag(d, 40, "cover_streams");
        if (!d->strict)
            maybe_flag(d, 30, "last_attempt_exempt");
        buf_add_text(d->out, "}");
    }
    if (!says(d, 80))
        return;
    open_object(d->out, "stream");
    maybe_word(d, 85, "commit", d->strict ? commit_late : commits);
    if (says(d, 80))
        member(d->out, "\"after_commit\":%s",
               lottery_chance(d->lottery, 50)   ? "[\"error_event\"]"
               : lottery_chance(d->lottery, 50) ? "[\"abort\"]"
                                                : "[\"error_event\","
                                                  "\"abort\"]");
    buf_add_text(d->out, "}");
}

void lottery_runbook(struct buf *out, struct lottery *lottery,
                     enum lottery_kind kind)
{
    struct draw_of d = { out, lottery, kind == LOTTERY_STRICT };

    buf_add_text(out, "{");
    add_retry(&d);
    add_ends(&d, add_fallback(&d));
    add_limits(&d);
    if (says(&d, 70))
        member(out, "\"upstreams\":{\"primary\":{\"credential\":\"own\"},"
                    "\"fallback\":{\"credential\":\"own\"}}");
    if (says(&d, 50))
        member(out, "\"request\":{\"body\":\"json_equal\"}");
    buf_add_text(out, "}");
}

/* --- steps --------------------------------------------------------------- */

static const char *const failing[] = { "500", "502", "503", "504", "529",
                                       "429", "408", "409", "400", "404",
                                       "422", "401", "403", NULL };
static const char *const points[] = { "accept",      "request_head", "request",
                                      "status_line", "headers",      "body:50%",
                                      "body:10%",    "event:3",      "event:20",
                                      NULL };
static const char *const silent[] = { "request",  "headers", "body:50%",
                                      "body:90%", "event:1", "event:12",
                                      NULL };
static const char *const kinds[] = {
    "empty",        "empty_string", "null",     "empty_array",
    "empty_object", "not_json",     "cut_json", "html",
    "error_object", "no_choices",   "json",     NULL
};

static void add_hint(struct buf *out, struct lottery *l)
{
    static const char *const raw[] = {
        "soon", "-1",  "1.5",      "7",   "2, 3",
        "1 s",  "1e3", "Infinity", "NaN", "99999999999999999999",
        NULL
    };
    static const char *const forms[] = { "rfc850", "asctime", "wrong_day",
                                         NULL };

    switch (lottery_number(l, 0, 9)) {
    case 6:
        member(out, "\"retry_after\":{\"date_ago_ms\":%" PRId64 "}",
               lottery_number(l, 0, 5000));
        break;
    case 7:
        member(out,
               "\"retry_after\":{\"date_in_ms\":%" PRId64 ",\"format\":\"%s\"}",
               lottery_number(l, 0, 5000), lottery_word(l, forms));
        break;
    case 8:
        member(out,
               "\"headers\":[[\"Retry-After\",\"1\"],"
               "[\"Retry-After\",\"%s\"],[\"x-should-retry\",\"%s\"]]",
               lottery_word(l, raw), lottery_chance(l, 50) ? "true" : "false");
        break;
    case 9:
        member(out,
               "\"headers\":[[\"x-ratelimit-reset-tokens\",\"%" PRId64
               "ms\"]],\"message\":\"try again in %" PRId64 "s\"",
               lottery_number(l, 1, 5000), lottery_number(l, 1, 50));
        break;
    case 0:
    case 1:
        member(out, "\"retry_after\":{\"seconds\":%" PRId64 "}",
               lottery_number(l, 0, 5));
        break;
    case 2:
        member(out, "\"retry_after\":{\"ms\":%" PRId64 "}",
               lottery_number(l, 0, 3000));
        break;
    case 3:
        member(out, "\"retry_after\":{\"date_in_ms\":%" PRId64 "}",
               lottery_number(l, 0, 5000));
        break;
    default:
        member(out, "\"retry_after\":{\"raw\":\"%s\"}", lottery_word(l, raw));
    }
}

static void add_status(struct buf *out, struct lottery *l, int64_t hint)
{
    member(out, "\"fault\":\"status\",\"status\":%s", lottery_word(l, failing));
    if (lottery_chance(l, 25))
        member(out, "\"code\":\"%s\"", lottery_word(l, codes));
    if (lottery_chance(l, hint))
        add_hint(out, l);
}

static void add_stream(struct buf *out, struct lottery *l)
{
    member(out, "\"fault\":\"stream\"");
    if (lottery_chance(l, 50))
        member(out, "\"interval_ms\":%" PRId64, lottery_number(l, 0, 60));
    switch (lottery_number(l, 0, 6)) {
    case 0:
        member(out, "\"error_at\":%" PRId64, lottery_number(l, 0, 10));
        break;
    case 1:
        member(out, "\"finish\":false");
        break;
    case 2:
        member(out, "\"done\":false");
        break;
    case 3:
        member(out, "\"malformed_at\":%" PRId64, lottery_number(l, 1, 10));
        break;
    case 4:
        member(out, "\"comments_only\":true,\"comment_every_ms\":100");
        break;
    case 5:
        member(out, "\"role_only\":true");
        break;
    default:
        member(out, "\"events\":%" PRId64, lottery_number(l, 1, 24));
    }
}

static void add_wild(struct buf *out, struct lottery *l, bool stream)
{
    switch (lottery_number(l, 0, stream ? 12 : 10)) {
    case 0:
    case 1:
        member(out, "\"fault\":\"none\"");
        break;
    case 2:
    case 3:
    case 4:
        add_status(out, l, 40);
        break;
    case 5:
        member(out, "\"fault\":\"delay\",\"ms\":%" PRId64,
               lottery_number(l, 1, 1800));
        break;
    case 6:
        member(out, "\"fault\":\"hang\",\"at\":\"%s\"",
               lottery_word(l, silent));
        break;
    case 7:
        member(out, "\"fault\":\"close\",\"at\":\"%s\"",
               lottery_word(l, points));
        break;
    case 8:
        member(out, "\"fault\":\"reset\",\"at\":\"%s\"",
               lottery_word(l, points));
        break;
    case 9:
        member(out, "\"fault\":\"body\",\"kind\":\"%s\"",
               lottery_word(l, kinds));
        break;
    case 10:
        member(out, lottery_chance(l, 50)
                        ? "\"fault\":\"bad_chunk\""
                        : "\"fault\":\"truncate\",\"content_length\":\"long\"");
        break;
    default:
        add_stream(out, l);
    }
}

/* One meaning each, whoever looks: no races, no odd bytes. */
static void add_plain(struct buf *out, struct lottery *l)
{
    switch (lottery_number(l, 0, 5)) {
    case 0:
        member(out, "\"fault\":\"none\"");
        break;
    case 1:
        member(out, "\"fault\":\"close\",\"at\":\"request\"");
        break;
    case 2:
        member(out, "\"fault\":\"hang\",\"at\":\"request\"");
        break;
    default:
        add_status(out, l, 0);
    }
}

/* A busy upstream: what is retried most, and how long to wait. */
static void add_busy(struct buf *out, struct lottery *l)
{
    static const char *const busy[] = { "429", "503", "500", NULL };

    member(out, "\"fault\":\"status\",\"status\":%s", lottery_word(l, busy));
    if (lottery_chance(l, 60))
        add_hint(out, l);
}

void lottery_script(struct buf *out, struct lottery *lottery,
                    enum lottery_kind kind, bool stream)
{
    int64_t count = lottery_number(lottery, 1, 4);
    bool busy = lottery_chance(lottery, 35);

    if (kind == LOTTERY_WILD && lottery_chance(lottery, 5)) {
        buf_add_text(out, "[{\"fault\":\"refuse\"}]");
        return;
    }
    buf_add_text(out, "[");
    for (int64_t i = 0; i < count; i++) {
        separate(out);
        buf_add_text(out, "{");
        if (kind == LOTTERY_STRICT)
            add_plain(out, lottery);
        else if (busy)
            add_busy(out, lottery);
        else
            add_wild(out, lottery, stream);
        buf_add_text(out, "}");
    }
    buf_add_text(out, "]");
}
