/* plant_run: the rows of plant.h that write a text as a run of letters or
 * numbers; most of them within a body, as gateways log what they sent. */
#ifndef GATEDRILL_HARNESS_PLANT_RUN_H
#define GATEDRILL_HARNESS_PLANT_RUN_H

#include <stddef.h>

#include "common/buf.h"

void plant_base64_body(struct buf *out, const char *text, size_t length);
void plant_base64_mime(struct buf *out, const char *text, size_t length);
void plant_base64_twice(struct buf *out, const char *text, size_t length);
void plant_hex_body(struct buf *out, const char *text, size_t length);
void plant_hexdump(struct buf *out, const char *text, size_t length);
void plant_xxd(struct buf *out, const char *text, size_t length);
void plant_hex_array(struct buf *out, const char *text, size_t length);
void plant_number_lines(struct buf *out, const char *text, size_t length);
void plant_utf16_little(struct buf *out, const char *text, size_t length);
void plant_utf16_big(struct buf *out, const char *text, size_t length);

/* Lines of so many letters; 0: one line. */
void plant_add_base64(struct buf *out, const char *bytes, size_t length,
                      size_t line);
/* Sixteen bytes a line, with an offset before and letters behind them; groups
 * of so many bytes. */
void plant_add_dump(struct buf *out, const char *bytes, size_t length,
                    size_t group, const char *after_offset);
/* Releases it, too. */
void plant_wipe(struct buf *buf);

#endif
