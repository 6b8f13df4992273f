/*
 * head: the response head as its lines come. Pure. It looks for the empty line
 * that ends the head: libcurl calls a response cut before it a success.
 */
#ifndef GATEDRILL_REFGATEWAY_HEAD_H
#define GATEDRILL_REFGATEWAY_HEAD_H

#include <stdbool.h>
#include <stddef.h>

struct head {
    bool complete; /* of the final answer; interim ones (1xx) are passed over */
    int status;    /* of the latest status line; 0: none yet */
    bool framed;   /* Content-Length or chunked, or no body by its status */
    bool refused;  /* by a seeded bug, whatever else comes */
    /* Values, NULL when not sent. What is sent twice becomes a list, which is
     * no valid Retry-After. */
    char *retry_after, *retry_after_ms, *date, *should_retry;
};

/* One line with its line end. Lines after the head (trailers) are ignored. */
void head_take(struct head *head, const char *line, size_t length);
/* True for a complete head whose status is not 2xx. */
bool head_is_error(const struct head *head);
void head_release(struct head *head);

#endif
