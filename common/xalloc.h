/* xalloc: memory that is there, or the program ends with exit status 4 after
 * one line on stderr. Callers never test for NULL. */
#ifndef GATEDRILL_COMMON_XALLOC_H
#define GATEDRILL_COMMON_XALLOC_H

#include <stddef.h>

/* Ends the program as above: for libraries that report a failed allocation. */
_Noreturn void xalloc_fail(void);

void *xcalloc(size_t count, size_t size) __attribute__((malloc));
/* What it moves leaves no copy behind. */
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text) __attribute__((malloc));
char *xstrndup(const char *text, size_t length) __attribute__((malloc));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Frees what may have held a secret: all of it is overwritten first. NULL is
 * accepted. */
void xfree(void *memory);
/* Overwrites length bytes in a way the compiler keeps: for credentials. */
void xwipe(void *memory, size_t length);

/* Grows *items (of item_size bytes each, capacity *capacity) so that one more
 * fits beside count; returns the new base. */
void *xgrow(void *items, size_t count, size_t *capacity, size_t item_size);

#endif
