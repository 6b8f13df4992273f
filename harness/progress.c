#include "harness/progress.h"

#include <string.h>

#include "common/clock.h"
#include "harness/evidence/markup.h"
#include "harness/terminal.h"
#include "harness/outlet.h"

#define REDRAW_NS (NS_PER_S / 10)

void progress_start(struct progress *p, FILE *out, bool live,
                    struct report_style style, int64_t planned, int64_t jobs,
                    int64_t now_ns)
{
    *p = (struct progress){ .out = out,
                            .live = live,
                            .style = style,
                            .planned = planned,
                            .jobs = jobs > 0 ? jobs : 1,
                            .started_ns = now_ns };
}

void progress_plan(struct progress *p, int64_t left_sum_ms,
                   int64_t left_most_ms)
{
    p->left_sum_ms = left_sum_ms;
    p->left_most_ms = left_most_ms;
    if (p->bound_first_ms == 0)
        p->bound_first_ms = progress_bound_ms(p);
}

int64_t progress_bound_ms(const struct progress *p)
{
    int64_t shared = p->left_sum_ms / p->jobs;

    if (p->done >= p->planned)
        return 0;
    return shared > p->left_most_ms ? shared : p->left_most_ms;
}

int64_t progress_left_ms(const struct progress *p, int64_t now_ns)
{
    int64_t bound_ms = progress_bound_ms(p);
    int64_t gone_ms = p->bound_first_ms - bound_ms;
    int64_t elapsed_ms = (now_ns - p->started_ns) / NS_PER_MS;
    int64_t left_ms;

    if (gone_ms <= 0)
        return bound_ms;
    left_ms = elapsed_ms * bound_ms / gone_ms;
    return left_ms < bound_ms ? left_ms : bound_ms;
}

/* A count in its verdict's colour, and only when there is one. */
static void write_count(struct buf *out, const struct progress *p,
                        int64_t count, const char *word, enum verdict verdict)
{
    if (count == 0)
        return;
    buf_printf(out, "  %s%lld %s%s",
               terminal_ink(&p->style, terminal_verdict_ink(verdict)),
               (long long)count, word, terminal_ink(&p->style, INK_PLAIN));
}

void progress_status_line(struct buf *out, const struct progress *p,
                          int64_t now_ns)
{
    int64_t elapsed_s = (now_ns - p->started_ns) / NS_PER_S;
    int64_t left_s = (progress_left_ms(p, now_ns) + 999) / 1000;

    buf_printf(out, "%lld/%lld done", (long long)p->done,
               (long long)p->planned);
    if (p->running > 0)
        buf_printf(out, "  %lld running", (long long)p->running);
    write_count(out, p, p->failed, "failed", VERDICT_FAIL);
    write_count(out, p, p->held, "held", VERDICT_HOLD);
    buf_printf(out, "  %lld s", (long long)elapsed_s);
    if (left_s > 0)
        buf_printf(out, ", about %lld s left", (long long)left_s);
}

void progress_case_line(struct buf *out, const struct progress *p,
                        const struct result *result)
{
    static const char *const words[] = {
        [VERDICT_NOT_APPLICABLE] = "n.a.",
        [VERDICT_PASS] = "pass",
        [VERDICT_HOLD] = "hold",
        [VERDICT_FAIL] = "fail",
    };

    buf_printf(out, "[%lld/%lld] %s%s%s  ", (long long)p->done,
               (long long)p->planned,
               terminal_ink(&p->style, terminal_verdict_ink(result->verdict)),
               words[result->verdict], terminal_ink(&p->style, INK_PLAIN));
    markup_plain(out, result->case_id);
    if (result->verdict != VERDICT_PASS && result->reason[0]) {
        buf_add_text(out, "  ");
        markup_plain(out, result->reason);
    }
}

static void wipe(struct progress *p)
{
    if (!p->drawn || !p->out)
        return;
    outlet_say(p->out, "%s", "\r\033[K");
    p->drawn = false;
}

/* Cuts a line at the terminal's width: a wrapped line cannot be redrawn.
 * Escape sequences take no room. */
static void cut(struct buf *line, int width)
{
    size_t room = width > 1 ? (size_t)width - 1 : line->length;
    size_t seen = 0, i = 0;

    while (i < line->length) {
        if (line->data[i] == '\033') {
            i += strcspn(line->data + i, "m") + 1;
        } else if (seen == room) {
            line->length = i;
            line->data[i] = '\0';
        } else {
            seen++;
            i++;
        }
    }
}

static void draw(struct progress *p, int64_t now_ns)
{
    struct buf line = { 0 };

    progress_status_line(&line, p, now_ns);
    cut(&line, p->style.width);
    wipe(p);
    outlet_say(p->out, "%s", buf_text(&line));
    outlet_say(p->out, "%s", terminal_ink(&p->style, INK_PLAIN));
    fflush(p->out);
    p->drawn = true;
    p->drawn_ns = now_ns;
    buf_release(&line);
}

void progress_tick(struct progress *p, int64_t now_ns)
{
    if (p->out && p->live &&
        (!p->drawn_ns || now_ns - p->drawn_ns >= REDRAW_NS))
        draw(p, now_ns);
}

void progress_case_started(struct progress *p, int64_t now_ns)
{
    p->running++;
    progress_tick(p, now_ns);
}

void progress_case_done(struct progress *p, const struct result *result,
                        int64_t now_ns)
{
    int64_t *const counts[] = {
        [VERDICT_NOT_APPLICABLE] = &p->not_applicable,
        [VERDICT_PASS] = &p->passed,
        [VERDICT_HOLD] = &p->held,
        [VERDICT_FAIL] = &p->failed,
    };
    struct buf line = { 0 };

    (*counts[result->verdict])++;
    p->done++;
    if (p->running > 0)
        p->running--;
    if (p->live) {
        progress_tick(p, now_ns);
        return;
    }
    if (!p->out)
        return;
    progress_case_line(&line, p, result);
    outlet_say(p->out, "%s\n", buf_text(&line));
    fflush(p->out);
    buf_release(&line);
}

void progress_say(struct progress *p, const char *text)
{
    struct buf safe = { 0 };

    if (!p->out)
        return;
    markup_plain(&safe, text);
    wipe(p);
    outlet_say(p->out, "%s\n", buf_text(&safe));
    fflush(p->out);
    buf_release(&safe);
}

void progress_end(struct progress *p)
{
    wipe(p);
    if (p->out)
        fflush(p->out);
}
