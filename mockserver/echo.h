/*
 * echo: what of a request a step may send back: its credentials and its prompt.
 * Secret: it lives as long as the plan is made, and is wiped. Pure.
 */
#ifndef GATEDRILL_MOCKSERVER_ECHO_H
#define GATEDRILL_MOCKSERVER_ECHO_H

#include <stddef.h>

#include "mockserver/fault.h"
#include "mockserver/head.h"

#define ECHO_HEADERS      8
#define ECHO_PROMPT_BYTES 400

struct echo {
    struct step_header headers[ECHO_HEADERS]; /* names as they came */
    size_t header_count;
    char *prompt; /* up to ECHO_PROMPT_BYTES of the last text; NULL: none */
};

/* body  as far as it came; may be NULL */
void echo_read(struct echo *out, const struct head *head, const char *body,
               size_t length);
void echo_release(struct echo *echo);
/* Borrowed from it. */
struct fault_echo echo_view(const struct echo *echo);

#endif
