/*
 * progress: what a run shows while it works. On a terminal one line, redrawn
 * at most ten times a second; elsewhere one plain line per finished case. The
 * caller holds its own lock: nothing here is called by two threads at once.
 */
#ifndef GATEDRILL_HARNESS_PROGRESS_H
#define GATEDRILL_HARNESS_PROGRESS_H

#include <stdio.h>

#include "harness/evidence/evidence.h"
#include "harness/evidence/report.h"

struct progress {
    FILE *out;
    bool live; /* a terminal: redraw; else lines */
    struct report_style style;
    int64_t planned, done, running;
    int64_t passed, failed, held, not_applicable;
    int64_t jobs;           /* cases at once */
    int64_t started_ns;     /* clock_now_ns() */
    int64_t left_sum_ms;    /* planned longest times of what is not done */
    int64_t left_most_ms;   /* the longest of them */
    int64_t bound_first_ms; /* progress_bound_ms() when it was first known */
    int64_t drawn_ns;       /* 0: never */
    bool drawn;             /* a line of ours stands on the terminal */
};

/* out: borrowed; NULL shows nothing. live and style usually come from
 * terminal.h. */
void progress_start(struct progress *p, FILE *out, bool live,
                    struct report_style style, int64_t planned, int64_t jobs,
                    int64_t now_ns);
/* What is left to do, planned: the sum of the longest times, and the longest
 * of them. */
void progress_plan(struct progress *p, int64_t left_sum_ms,
                   int64_t left_most_ms);
void progress_case_started(struct progress *p, int64_t now_ns);
void progress_case_done(struct progress *p, const struct result *result,
                        int64_t now_ns);
/* Redraws when a tenth of a second has gone by; call it while waiting. */
void progress_tick(struct progress *p, int64_t now_ns);
/* A message above the live line ("gateway haproxy is ready"). */
void progress_say(struct progress *p, const char *text);
/* Takes the live line away, so that a report can follow. */
void progress_end(struct progress *p);

/* Deciding parts. */
/* What is left at most by plan: the sum shared by the jobs, or the longest. */
int64_t progress_bound_ms(const struct progress *p);
/* What is left by the pace so far: cases plan for the worst and are mostly
 * faster. Never above the bound; 0 when nothing is left to start. */
int64_t progress_left_ms(const struct progress *p, int64_t now_ns);
void progress_status_line(struct buf *out, const struct progress *p,
                          int64_t now_ns);
void progress_case_line(struct buf *out, const struct progress *p,
                        const struct result *result);

#endif
