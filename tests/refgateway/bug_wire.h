/*
 * bug_wire: the seeded bugs that misread, or hand on, what an answer is made
 * of: its head, its bytes, its connection. Nothing here does anything unless
 * its bug is active.
 */
#ifndef GATEDRILL_REFGATEWAY_BUG_WIRE_H
#define GATEDRILL_REFGATEWAY_BUG_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>
#include <microhttpd.h>

#include "tests/refgateway/policy.h"

/* One line of an upstream's answer, kept for the rest of this request. */
void bug_wire_line(const char *line, size_t length);
/* The upstream's headers go into the client's answer. */
void bug_wire_forward(struct MHD_Response *response);
/* The head that was kept is more than this gateway could take. */
bool bug_wire_head_too_large(void);
/* Bytes of a body, before they are looked at. */
void bug_wire_bytes(char *bytes, size_t length);
/* What is made of a call: its request, the plain answer, whether all of the
 * request went out. */
void bug_wire_result(const char *request, const char *answer, bool sent,
                     struct result *result);

/* Connections are kept and used again, without the care that takes. */
void bug_wire_connections(CURL *easy);
/* The call on this thread has ended, its connection too: whether well, so that
 * it may be kept. */
void bug_wire_ended(bool well);

#endif
