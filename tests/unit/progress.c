#include <criterion/criterion.h>

#include "harness/progress.h"
#include "harness/terminal.h"
#include "tests/unit/hand_made.h"

static const struct report_style plain = { 0 };
static const struct report_style wide = { .colour = true, .width = 80 };

/* What a function writes to its stream. */
struct stage {
    char *text;
    size_t length;
    FILE *out;
    struct progress p;
};

static void open_stage(struct stage *s, bool live, struct report_style style)
{
    s->out = open_memstream(&s->text, &s->length);
    progress_start(&s->p, s->out, live, style, 4, 2, NS_PER_S);
}

static const char *shown(struct stage *s)
{
    fflush(s->out);
    return s->text;
}

static void close_stage(struct stage *s)
{
    fclose(s->out);
    free(s->text);
}

Test(progress, colour_needs_a_terminal_that_wants_it)
{
    static const struct {
        bool terminal;
        const char *no_color, *term;
        bool colour;
    } rows[] = {
        { true, NULL, "xterm", true }, { true, "", "xterm", true },
        { true, "1", "xterm", false }, { true, NULL, "dumb", false },
        { true, NULL, NULL, false },   { false, NULL, "xterm", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report_style style = terminal_style(
            rows[i].terminal, rows[i].no_color, rows[i].term, 120);

        cr_expect_eq(style.colour, rows[i].colour, "row %zu", i);
        cr_expect_eq(style.width, rows[i].terminal ? 120 : 0);
    }
}

Test(progress, without_colour_there_is_no_escape_sequence)
{
    cr_expect_str_eq(terminal_ink(&plain, INK_RED), "");
    cr_expect_str_neq(terminal_ink(&wide, INK_RED), "");
    cr_expect_str_eq(terminal_ink(NULL, INK_RED), "");
}

Test(progress, at_most_the_shared_sum_or_the_longest_case_is_left)
{
    struct progress p = { .planned = 10, .jobs = 4 };

    progress_plan(&p, 8000, 1000);
    cr_expect_eq(progress_bound_ms(&p), 2000);
    progress_plan(&p, 8000, 5000);
    cr_expect_eq(progress_bound_ms(&p), 5000);
    p.done = 10;
    cr_expect_eq(progress_bound_ms(&p), 0);
}

Test(progress, time_left_follows_the_pace_so_far)
{
    struct progress p = { .planned = 10, .jobs = 1, .started_ns = NS_PER_S };

    progress_plan(&p, 40000, 8000);
    cr_expect_eq(progress_left_ms(&p, 2 * NS_PER_S), 40000, "no pace yet");
    progress_plan(&p, 30000, 8000);
    cr_expect_eq(progress_left_ms(&p, 2 * NS_PER_S), 3000,
                 "a quarter took one second");
    cr_expect_eq(progress_left_ms(&p, 90 * NS_PER_S), 30000,
                 "never above the plan");
    progress_plan(&p, 0, 0);
    cr_expect_eq(progress_left_ms(&p, 2 * NS_PER_S), 0);
}

Test(progress, the_status_line_counts)
{
    struct progress p = { .planned = 46,
                          .done = 12,
                          .running = 8,
                          .jobs = 4,
                          .failed = 1,
                          .started_ns = NS_PER_S };
    struct buf out = { 0 };

    progress_plan(&p, 8000, 1000);
    progress_status_line(&out, &p, 6 * NS_PER_S);
    cr_expect_str_eq(buf_text(&out), "12/46 done  8 running  1 failed  5 s, "
                                     "about 2 s left");
    buf_release(&out);
}

Test(progress, no_terminal_gets_one_plain_line_a_case)
{
    struct stage s;
    struct run run;

    hand_run(&run);
    open_stage(&s, false, plain);
    for (size_t i = 0; i < 4; i++) {
        progress_case_started(&s.p, NS_PER_S);
        progress_case_done(&s.p, run.results.items[i], NS_PER_S);
    }
    progress_end(&s.p);
    cr_expect_str_eq(
        shown(&s),
        "[1/4] pass  control/healthy\n"
        "[2/4] fail  transient/5xx-always[status=503]  "
        "attempts_per_upstream: primary 4 <&> ?[31m\n"
        "[3/4] hold  connection/refused  fault_delivered: not refused\n"
        "[4/4] n.a.  auth/no-client-key  auth.on_401 is not declared\n");
    close_stage(&s);
    run_release(&run);
}

Test(progress, a_terminal_is_redrawn_at_most_ten_times_a_second)
{
    struct stage s;
    size_t first;

    open_stage(&s, true, wide);
    progress_tick(&s.p, NS_PER_S);
    first = strlen(shown(&s));
    cr_expect_gt(first, 0);
    progress_tick(&s.p, NS_PER_S + NS_PER_S / 20);
    cr_expect_eq(strlen(shown(&s)), first);
    progress_tick(&s.p, NS_PER_S + NS_PER_S / 10);
    cr_expect_gt(strlen(shown(&s)), first);
    cr_expect_null(strchr(shown(&s), '\n'), "one line, redrawn in place");
    close_stage(&s);
}

Test(progress, the_live_line_goes_away_for_a_message_and_at_the_end)
{
    struct stage s;

    open_stage(&s, true, plain);
    progress_tick(&s.p, NS_PER_S);
    progress_say(&s.p, "gateway refgw is ready\033[2J");
    cr_expect_str_eq(shown(&s), "0/4 done  0 s\r\033[K"
                                "gateway refgw is ready?[2J\n");
    progress_end(&s.p);
    progress_end(&s.p);
    cr_expect_eq(s.length, strlen("0/4 done  0 s\r\033[K"
                                  "gateway refgw is ready?[2J\n"));
    close_stage(&s);
}

Test(progress, the_live_line_never_wraps)
{
    const struct report_style narrow = { .colour = true, .width = 12 };
    struct stage s;

    open_stage(&s, true, narrow);
    s.p.failed = 3;
    progress_tick(&s.p, NS_PER_S);
    cr_expect_str_eq(shown(&s), "0/4 done  \033[31m3\033[0m");
    close_stage(&s);
}

Test(progress, without_a_stream_nothing_is_shown_and_all_is_counted)
{
    struct progress p;
    struct run run;

    hand_run(&run);
    progress_start(&p, NULL, true, wide, 4, 2, NS_PER_S);
    progress_say(&p, "x");
    for (size_t i = 0; i < 4; i++) {
        progress_case_started(&p, NS_PER_S);
        progress_case_done(&p, run.results.items[i], NS_PER_S);
    }
    progress_tick(&p, 9 * NS_PER_S);
    progress_end(&p);
    cr_expect_eq(p.done, 4);
    cr_expect_eq(p.running, 0);
    cr_expect_eq(p.failed, 1);
    cr_expect_eq(p.held, 1);
    run_release(&run);
}
