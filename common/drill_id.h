/*
 * drill_id: the marker that ties an attempt at the mock to a case and to one
 * client request of it. Text form: "gd-" + 16 hex digits, of which the first
 * 12 name the case and the last 4 the epoch (the client request, from 1; 0
 * means "the epoch the lease says": a request whose text must not differ from
 * another's). It travels in the message text, since real gateways drop headers.
 */
#ifndef GATEDRILL_COMMON_DRILL_ID_H
#define GATEDRILL_COMMON_DRILL_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRILL_ID_SIZE 20 /* "gd-" + 16 + NUL */

struct drill_id {
    uint64_t nonce; /* 48 bits, never 0 in a valid id */
    uint16_t epoch;
};

void drill_id_format(char out[static DRILL_ID_SIZE], struct drill_id id);
/* Exactly a drill id and nothing else. */
bool drill_id_parse(struct drill_id *out, const char *text);
/* How many *distinct* drill ids stand in the bytes; the last one found goes to
 * *out (untouched when 0). */
size_t drill_id_find(struct drill_id *out, const void *bytes, size_t length);

#endif
