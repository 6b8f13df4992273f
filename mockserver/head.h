/*
 * head: our own strict look at the bytes of a request head. libmicrohttpd's
 * parser forgives bare line feeds, two lengths, folded lines and a missing Host
 * (reference: measured, G6); whoever judges a gateway's framing must not. Pure.
 */
#ifndef GATEDRILL_MOCKSERVER_HEAD_H
#define GATEDRILL_MOCKSERVER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attempt.h"

#define HEAD_HEADERS_MOST 128

/* A header field: slices of the head's bytes, value without outer blanks. */
struct head_header {
    const char *name, *value;
    size_t name_length, value_length;
};

struct head {
    char method[16]; /* cut when longer, like target */
    char target[256];
    char version[16];
    struct head_header headers[HEAD_HEADERS_MOST];
    size_t header_count;
    /* Words such as "bare_lf"; each once, in order of appearance:
     * bare_lf, bare_cr, nul, bad_request_line, lower_case_method,
     * not_http_1, empty_line_before, query, long_target, obs_fold,
     * space_before_colon, no_colon, non_token_header, control_in_value,
     * too_many_headers, no_host, duplicate_host, bad_content_length,
     * duplicate_content_length, length_and_chunked, odd_transfer_encoding. */
    char findings[ATTEMPT_HEAD_FINDINGS][32];
    size_t finding_count;
    int64_t content_length; /* of the first one; -1: none or unreadable */
    bool chunked;           /* Transfer-Encoding ends in chunked */
    bool wants_close;       /* Connection: close, or HTTP/1.0 without keep */
    bool expects_continue;
};

/*
 * Reads a whole head, up to and with its blank line (or as much as there is).
 * bytes is borrowed for as long as the slices in *out are used.
 */
void head_read(struct head *out, const char *bytes, size_t length);

/* The index-th header of that name (any case), from 0; NULL when absent. */
const struct head_header *head_find(const struct head *head, const char *name,
                                    size_t index);

/* Where the head ends: the number of bytes up to and with the blank line, 0
 * while there is none. Empty lines before the request line do not count.
 */
size_t head_end(const char *bytes, size_t length);

#endif
