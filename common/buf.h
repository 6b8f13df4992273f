/* buf: a growing run of bytes; always NUL-terminated after the last byte, so
 * that text can be read from data directly. A zeroed buf is empty and valid. */
#ifndef GATEDRILL_COMMON_BUF_H
#define GATEDRILL_COMMON_BUF_H

#include <stddef.h>
#include <stdarg.h>

struct buf {
    char *data; /* NULL while nothing was ever added */
    size_t length;
    size_t capacity;
};

void buf_release(struct buf *b); /* wipes: many hold a secret */
void buf_clear(struct buf *b);   /* keeps the memory */
void buf_add(struct buf *b, const void *bytes, size_t length);
void buf_add_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* The text, "" when empty. Borrowed. */
const char *buf_text(const struct buf *b);
/* Hands the text over to the caller (free it), leaves b empty. Never NULL. */
char *buf_take(struct buf *b);

#endif
