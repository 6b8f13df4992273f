#include "harness/oracle/oracle_hint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "harness/oracle/oracle.h"

static enum obeyed form_is(bool listed)
{
    return listed ? OBEYED_SURELY : OBEYED_MAYBE;
}

static int64_t whole_ms(double seconds)
{
    double ms = seconds * 1000;

    return ms < (double)HINT_MS_MOST ? (int64_t)ms : HINT_MS_MOST;
}

static void add(struct hints *out, const char *text, enum obeyed readable,
                int64_t least_ms, int64_t most_ms)
{
    struct hint hint = {
        .readable = readable,
        .least_ms = least_ms,
        .most_ms = most_ms,
    };

    snprintf(hint.text, sizeof hint.text, "%s", text);
    if (out->count < HINTS_MOST)
        out->items[out->count++] = hint;
}

/* The largest number in a text such as "2, 5", as a lenient reader sees each;
 * below 0: there is none that asks for a wait. */
static double largest(const char *text)
{
    double most = -1;

    for (const char *at = text; *at;) {
        char *end;
        double value = strtod(at, &end);

        if (end == at) {
            at++;
            continue;
        }
        /* What stands inside a word is no number of its own. */
        if (!isnan(value) && value > most)
            most = value;
        at = end;
    }
    return most;
}

/*
 * Text we did not make. delay-seconds of RFC 9110 10.2.3 are digits alone, and
 * what is anything else may be ignored, or read as leniently as strtod does: a
 * fraction, a unit behind it, an exponent, the first or any of a list. Never is
 * it a shorter wait than its first number's whole seconds, nor a negative one.
 */
static void add_raw(struct hints *out, const char *raw, enum obeyed readable)
{
    size_t digits = strspn(raw, "0123456789");
    double first = strtod(raw, NULL);
    double most = largest(raw);
    bool decimal = digits > 0 && raw[digits] == '.' && raw[digits + 1] &&
                   !raw[digits + 1 + strspn(raw + digits + 1, "0123456789")];

    if (digits > 0 && raw[digits] == '\0') {
        /* Too many digits for an integer: read as very long, or ignored. */
        add(out, "Retry-After", digits > 9 ? OBEYED_MAYBE : readable,
            whole_ms(first), whole_ms(first));
        return;
    }
    if (isnan(first) || raw[0] == '-' || most < 0)
        return;
    if (!decimal && digits > 0)
        first = (double)strtoull(raw, NULL, 10); /* 1 of "1e3" */
    add(out, "Retry-After", OBEYED_MAYBE, whole_ms(first),
        whole_ms(ceil(most)));
}

/* A date has a resolution of one second, and counts from the answer's Date. One
 * that is past asks for no wait. */
static void add_date(struct hints *out, const struct step_retry_after *sent,
                     enum obeyed readable)
{
    int64_t ahead_ms =
        sent->date_ago_ms >= 0 ? -sent->date_ago_ms : sent->date_in_ms;

    add(out, "Retry-After",
        sent->format == CLOCK_HTTP_DATE_IMF ? readable : OBEYED_MAYBE,
        ahead_ms > 1000 ? ahead_ms - 1000 : 0,
        ahead_ms > -1000 ? ahead_ms + 1000 : 0);
}

/* Lines that the step names stand in place of its retry_after. Of several a
 * gateway reads one, or none. Returns how many there are. */
static size_t add_lines(struct hints *out, const struct step *step,
                        enum obeyed readable)
{
    static const char name[] = "Retry-After";
    const struct step_header *headers = step->headers.items;
    size_t lines = 0;

    for (size_t i = 0; i < step->headers.count; i++)
        lines += !strcasecmp(headers[i].name, name);
    for (size_t i = 0; i < step->headers.count; i++)
        if (!strcasecmp(headers[i].name, name))
            add_raw(out, headers[i].value, lines > 1 ? OBEYED_MAYBE : readable);
    return lines;
}

/* "6m0s", "500ms", "1": as most who write such texts mean it. No bound where
 * it is none of these, or a Unix time. */
static int64_t duration_ms(const char *text)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = { { "ms", 1 },    { "s", 1000 },   { "m", 60000 },
                  { "h", 3.6e6 }, { "d", 8.64e7 }, { "", 1000 } };
    double sum = -1;

    text += strcspn(text, "0123456789");
    while (*text >= '0' && *text <= '9') {
        char *end;
        double number = strtod(text, &end);
        size_t i = 0;

        if (number >= 1e9)
            return ALLOWED_ANY;
        while (strncmp(end, units[i].unit, strlen(units[i].unit)) != 0)
            i++;
        sum = (sum < 0 ? 0 : sum) + number * units[i].ms;
        text = end + strlen(units[i].unit);
    }
    return sum < 0 ? ALLOWED_ANY : (int64_t)sum;
}

static void add_elsewhere(struct hints *out, const char *text)
{
    add(out, "another hint", OBEYED_MAYBE, 0, duration_ms(text));
    if (out->count)
        out->items[out->count - 1].elsewhere = true;
}

static bool is_reset_header(const char *name)
{
    static const char *const prefixes[] = { "x-ratelimit-reset", "ratelimit",
                                            "x-ms-retry-after", NULL };

    for (size_t i = 0; prefixes[i]; i++)
        if (!strncasecmp(name, prefixes[i], strlen(prefixes[i])))
            return true;
    return false;
}

/* At most one of each kind: more of them say the same. */
static void add_other_places(struct hints *out, const struct step *step)
{
    static const char *const words[] = { "try again in", "retry in",
                                         "retry after", NULL };
    const struct step_header *headers = step->headers.items;
    const char *at = NULL;

    for (size_t i = 0; i < step->headers.count; i++)
        if (is_reset_header(headers[i].name)) {
            add_elsewhere(out, headers[i].value);
            break;
        }
    for (size_t k = 0; step->message && words[k] && !at; k++)
        at = strcasestr(step->message, words[k]);
    if (at)
        add_elsewhere(out, at);
}

enum said hint_said(const struct step *step)
{
    const struct step_header *headers = step->headers.items;

    for (size_t i = 0; i < step->headers.count; i++) {
        if (strcasecmp(headers[i].name, "x-should-retry"))
            continue;
        if (!strcasecmp(headers[i].value, "true"))
            return SAID_YES;
        if (!strcasecmp(headers[i].value, "false"))
            return SAID_NO;
    }
    return SAID_NOTHING;
}

void hints_of(struct hints *out, const struct runbook *runbook,
              const struct step *step)
{
    const struct step_retry_after *sent = &step->retry_after;
    const struct retry_formats *formats = &runbook->retry.retry_after.formats;
    bool seconds = formats->declared ? formats->seconds : true;
    bool date = formats->declared ? formats->date : true;

    *out = (struct hints){ 0 };
    /* ms beats the others where it is declared and sent. */
    if (sent->ms >= 0)
        add(out, "retry-after-ms", form_is(formats->ms), sent->ms, sent->ms);
    if (add_lines(out, step, form_is(seconds)) > 0)
        ; /* ours does not go out */
    else if (sent->raw)
        add_raw(out, sent->raw, form_is(seconds));
    else if (sent->seconds >= 0)
        add(out, "Retry-After", form_is(seconds),
            whole_ms((double)sent->seconds), whole_ms((double)sent->seconds));
    else if (sent->date_in_ms >= 0 || sent->date_ago_ms >= 0)
        add_date(out, sent, form_is(date));
    add_other_places(out, step);
}
