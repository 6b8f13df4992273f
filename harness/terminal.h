/* terminal: what a stream can show, decided once from the environment. */
#ifndef GATEDRILL_HARNESS_TERMINAL_H
#define GATEDRILL_HARNESS_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/evidence/report.h"

/* Colour and redrawing need a terminal; colour also that NO_COLOR is unset or
 * empty and TERM is not "dumb". Pure. */
struct report_style terminal_style(bool is_terminal, const char *no_color,
                                   const char *term, int width);
/* The same for a stream, asked from the system. live: may lines be redrawn? */
struct report_style terminal_look(FILE *stream, bool *live);

/* Escape sequences, "" when the style has no colour. */
enum terminal_ink {
    INK_PLAIN,
    INK_BOLD,
    INK_DIM,
    INK_GREEN,
    INK_YELLOW,
    INK_RED
};
const char *terminal_ink(const struct report_style *style,
                         enum terminal_ink ink);
enum terminal_ink terminal_verdict_ink(enum verdict verdict);

#endif
