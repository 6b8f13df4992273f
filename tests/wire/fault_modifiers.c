/* Headers, Retry-After and ends on any answer. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/wire/lib/tried.h"

TestSuite(fault_modifiers, .init = tried_start, .fini = tried_stop,
          .timeout = 60);

/* Seconds since the epoch by one of the formats; -1: it is not one. */
static time_t read_date(const char *text, const char *format)
{
    struct tm tm = { 0 };
    const char *rest = text ? strptime(text, format, &tm) : NULL;

    return rest && !*rest ? timegm(&tm) : -1;
}

static const char imf[] = "%a, %d %b %Y %H:%M:%S GMT";

Test(fault_modifiers, retry_after_dates_read_back_to_the_instant_meant)
{
    static const struct {
        const char *format;
        const char *pattern;
    } rows[] = {
        { "imf", imf },
        { "rfc850", "%A, %d-%b-%y %H:%M:%S GMT" },
        { "asctime", "%a %b %d %H:%M:%S %Y" },
        { "wrong_day", imf },
    };

    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        time_t before = time(NULL);
        struct tried t;
        char step[160];
        char *date;
        char *retry;
        time_t sent;

        snprintf(step, sizeof step,
                 "{\"fault\":\"status\",\"status\":429,\"retry_after\":"
                 "{\"date_in_ms\":3000,\"format\":\"%s\"}%s}",
                 rows[i / 2].format, i % 2 ? ",\"framing\":\"chunked\"" : "");
        tried_step(&t, step, step, TRIED_PLAIN, RAW_END_MESSAGE);
        date = view_header(&t.view, "Date");
        retry = view_header(&t.view, "Retry-After");
        sent = read_date(date, imf);
        cr_expect(sent >= before && sent <= time(NULL), "%s", date);
        cr_expect(read_date(retry, rows[i / 2].pattern) == sent + 3, "%s: %s",
                  step, retry);
        free(date);
        free(retry);
        tried_release(&t);
    }
}

Test(fault_modifiers, wrong_day_is_wrong)
{
    struct tried t;
    char *date;
    char *retry;

    tried_step(&t, "wrong_day",
               "{\"fault\":\"status\",\"status\":503,\"retry_after\":"
               "{\"date_in_ms\":0,\"format\":\"wrong_day\"}}",
               TRIED_PLAIN, RAW_END_MESSAGE);
    date = view_header(&t.view, "Date");
    retry = view_header(&t.view, "Retry-After");
    cr_assert(date && retry);
    cr_expect_str_eq(date + 3, retry + 3);
    cr_expect(strncmp(date, retry, 3) != 0);
    free(date);
    free(retry);
    tried_release(&t);
}

static const struct {
    const char *more;
    const char *lines[3]; /* all there */
    const char *absent;   /* start of a line that is not; or NULL */
} headers[] = {
    { "\"retry_after\":{\"seconds\":2}", { "Retry-After: 2" }, NULL },
    { "\"retry_after\":{\"seconds\":0}", { "Retry-After: 0" }, NULL },
    { "\"retry_after\":{\"raw\":\"1e3\"}", { "Retry-After: 1e3" }, NULL },
    { "\"retry_after\":{\"raw\":\"-5\"}", { "Retry-After: -5" }, NULL },
    { "\"retry_after\":{\"raw\":\"\"}", { "Retry-After: " }, NULL },
    { "\"retry_after\":{\"seconds\":5,\"ms\":700}",
      { "Retry-After: 5", "retry-after-ms: 700" },
      NULL },
    { "\"headers\":[[\"X-One\",\"1\"],[\"X-One\",\"2\"]]",
      { "X-One: 1", "X-One: 2" },
      NULL },
    { "\"headers\":[[\"Content-Type\",\"text/x\"]]",
      { "Content-Type: text/x" },
      "Content-Type: application" },
    { "\"headers\":[[\"Retry-After\",\"1\"],[\"Retry-After\",\"9\"]]",
      { "Retry-After: 1", "Retry-After: 9" },
      NULL },
    { "\"headers\":[[\"Date\",\"yesterday\"]]", { "Date: yesterday" }, NULL },
};

Test(fault_modifiers, headers_arrive_as_written)
{
    for (size_t i = 0; i < 2 * sizeof headers / sizeof headers[0]; i++) {
        struct tried t;
        char step[256];

        /* As a reply of the library, and as raw bytes. */
        snprintf(step, sizeof step,
                 "{\"fault\":\"status\",\"status\":429,%s%s}",
                 headers[i / 2].more, i % 2 ? ",\"framing\":\"chunked\"" : "");
        tried_step(&t, step, step, TRIED_PLAIN, RAW_END_MESSAGE);
        for (size_t k = 0; k < 3 && headers[i / 2].lines[k]; k++)
            cr_expect(raw_has_header(&t.answer, headers[i / 2].lines[k]),
                      "%s: %s", step, buf_text(&t.view.head));
        if (headers[i / 2].absent)
            cr_expect(!strstr(t.view.head.data, headers[i / 2].absent));
        tried_release(&t);
    }
}

Test(fault_modifiers, one_date_header_only)
{
    static const char *const steps[] = {
        "{\"fault\":\"status\",\"status\":429}",
        "{\"fault\":\"status\",\"status\":429,\"framing\":\"chunked\"}",
        ("{\"fault\":\"status\",\"status\":429,"
         "\"headers\":[[\"Date\",\"yesterday\"]]}"),
    };

    for (int i = 0; i < 3; i++) {
        struct tried t;
        const char *first;

        tried_step(&t, steps[i], steps[i], TRIED_PLAIN, RAW_END_MESSAGE);
        first = strstr(t.view.head.data, "\r\nDate: ");
        cr_assert(first);
        cr_expect(!strcasestr(first + 1, "\r\nDate: "));
        tried_release(&t);
    }
}

Test(fault_modifiers, any_answer_ends_as_told)
{
    static const struct {
        const char *step;
        enum raw_end end;
        bool whole;
    } rows[] = {
        { "{\"fault\":\"status\",\"status\":503,\"end\":{\"how\":\"fin\"}}",
          RAW_END_FIN, true },
        { "{\"fault\":\"status\",\"status\":503,\"end\":{\"how\":\"rst\"}}",
          RAW_END_RST, true },
        { "{\"fault\":\"status\",\"status\":503,\"end\":{\"how\":\"hang\"}}",
          RAW_END_OPEN, true },
        { "{\"fault\":\"status\",\"status\":503,\"end\":"
          "{\"how\":\"rst\",\"at\":\"body:50%\"}}",
          RAW_END_RST, false },
        { "{\"fault\":\"body\",\"kind\":\"html\",\"end\":"
          "{\"how\":\"fin\",\"at\":\"body:10\"}}",
          RAW_END_FIN, false },
        { "{\"fault\":\"stream\",\"end\":{\"how\":\"hang\","
          "\"at\":\"body:100%\"}}",
          RAW_END_OPEN, false },
        { "{\"fault\":\"truncate\",\"content_length\":\"long\","
          "\"end\":{\"how\":\"rst\"}}",
          RAW_END_RST, false },
        { "{\"fault\":\"garbage\",\"end\":{\"how\":\"rst\"}}", RAW_END_RST,
          false },
        { "{\"fault\":\"delay\",\"ms\":20,\"end\":{\"how\":\"rst\","
          "\"at\":\"request\"}}",
          RAW_END_RST, false },
        { "{\"fault\":\"dribble\",\"bytes\":100,\"every_ms\":1,"
          "\"end\":{\"how\":\"fin\",\"at\":\"headers_end\"}}",
          RAW_END_FIN, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;

        tried_step(&t, rows[i].step, rows[i].step, TRIED_PLAIN, rows[i].end);
        cr_expect(t.view.whole == rows[i].whole, "%s", rows[i].step);
        tried_release(&t);
    }
}

Test(fault_modifiers, no_status_but_a_final_one_is_taken_for_an_answer)
{
    struct tried t;

    tried_step(&t, "103", "{\"fault\":\"status\",\"status\":103}", TRIED_PLAIN,
               RAW_END_FIN);
    cr_expect(t.answer.status == 103);
    cr_expect(t.attempt.planned.status == 103);
    cr_expect(t.attempt.delivered.status == -1);
    cr_expect(t.answer.head_length == t.answer.bytes.length);
    tried_release(&t);
}
