/* step_headers: ordered header pairs, [["Name", "value"], ...], as bind tables
 * read them into a struct bind_list of struct step_header. A name is a token
 * and a value has no line end (RFC 9110 5.1, 5.5). */
#ifndef GATEDRILL_COMMON_STEP_HEADERS_H
#define GATEDRILL_COMMON_STEP_HEADERS_H

#include "common/step.h"

bool step_headers_parse(void *field, const struct json *node, const char *path,
                        struct err *err);
void step_headers_release(void *field);
extern const char step_headers_schema[];

/* Tables of the modifiers that are objects. */
extern const struct bind_row step_head_table[];
extern const struct bind_row step_chunks_table[];
extern const struct bind_row step_sse_table[];
extern const struct bind_row step_echo_table[];
extern const struct bind_row step_idle_table[];

/* The modifiers any fault may carry, as a space separated list; every other
 * key of a step is a parameter. */
extern const char step_modifiers[];

#endif
