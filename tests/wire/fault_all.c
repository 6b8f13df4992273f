/* One try of every row of the fault list: a fault that nobody tries on the wire
 * does not exist. Its own suite has the rest. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/json.h"
#include "common/step.h"
#include "tests/wire/lib/tried.h"

TestSuite(fault_all, .init = tried_start, .fini = tried_stop, .timeout = 60);

static const struct {
    const char *fault;
    const char *step; /* NULL: no request can meet it */
    enum raw_end end;
} tries[] = {
    { "none", "{\"fault\":\"none\"}", RAW_END_MESSAGE },
    { "status", "{\"fault\":\"status\",\"status\":503}", RAW_END_MESSAGE },
    { "delay", "{\"fault\":\"delay\",\"ms\":5}", RAW_END_MESSAGE },
    { "hang", "{\"fault\":\"hang\",\"at\":\"request\"}", RAW_END_OPEN },
    { "close", "{\"fault\":\"close\",\"at\":\"request\"}", RAW_END_FIN },
    { "reset", "{\"fault\":\"reset\",\"at\":\"request\"}", RAW_END_RST },
    { "truncate", "{\"fault\":\"truncate\",\"content_length\":\"long\"}",
      RAW_END_FIN },
    { "refuse", NULL, RAW_END_OPEN },
    { "syn_drop", NULL, RAW_END_OPEN },
    { "body", "{\"fault\":\"body\",\"kind\":\"null\"}", RAW_END_MESSAGE },
    { "bad_chunk", "{\"fault\":\"bad_chunk\"}", RAW_END_FIN },
    { "garbage", "{\"fault\":\"garbage\"}", RAW_END_FIN },
    { "dribble", "{\"fault\":\"dribble\",\"bytes\":500,\"every_ms\":1}",
      RAW_END_MESSAGE },
    { "stream", "{\"fault\":\"stream\"}", RAW_END_MESSAGE },
};

Test(fault_all, rows_of_the_list_are_tried)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        size_t row = 0;

        while (row < sizeof tries / sizeof tries[0] &&
               strcmp(tries[row].fault, fault_rows[i].name) != 0)
            row++;
        cr_assert(row < sizeof tries / sizeof tries[0], "%s is never tried",
                  fault_rows[i].name);
        for (int stream = 0; stream < 2 && tries[row].step; stream++) {
            struct tried t;

            tried_step(&t, fault_rows[i].name, tries[row].step,
                       stream ? TRIED_STREAM : TRIED_PLAIN, tries[row].end);
            cr_expect_str_eq(t.attempt.planned.fault, fault_rows[i].name);
            tried_release(&t);
        }
    }
}

Test(fault_all, control_port_lists_the_same_rows)
{
    struct buf text = { 0 };

    raw_must(&tried_mock, "GET", "/faults", NULL, &text);
    cr_expect(json_valid(buf_text(&text), text.length));
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        struct buf name = { 0 };

        buf_printf(&name, "\"%s\"", fault_rows[i].name);
        cr_expect(strstr(text.data, name.data), "%s in %s", name.data,
                  text.data);
        buf_release(&name);
    }
    buf_release(&text);
}
