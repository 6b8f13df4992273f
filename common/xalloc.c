#include "common/xalloc.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void xalloc_fail(void)
{
    static const char text[] = "out of memory; what was finished is on disk\n";

    fwrite(text, 1, sizeof text - 1, stderr);
    _Exit(4);
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory)
        xalloc_fail();
    return memory;
}

/* Not realloc(): where that moves something it leaves a copy behind. */
void *xrealloc(void *old, size_t size)
{
    size_t had = old ? malloc_usable_size(old) : 0;
    void *memory;

    size = size ? size : 1;
    if (old && had >= size && had <= 2 * size)
        return old;
    memory = malloc(size);
    if (!memory)
        xalloc_fail();
    if (old) {
        memcpy(memory, old, had < size ? had : size);
        xfree(old);
    }
    return memory;
}

void xfree(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

char *xstrndup(const char *text, size_t length)
{
    char *copy = xcalloc(length + 1, 1);

    memcpy(copy, text, length);
    return copy;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        xalloc_fail();
    return text;
}

void xwipe(void *memory, size_t length)
{
    if (memory)
        explicit_bzero(memory, length);
}

void *xgrow(void *items, size_t count, size_t *capacity, size_t item_size)
{
    size_t wanted;

    if (count < *capacity)
        return items;
    wanted = *capacity ? *capacity * 2 : 8;
    if (wanted > SIZE_MAX / item_size)
        xalloc_fail();
    items = xrealloc(items, wanted * item_size);
    memset((char *)items + *capacity * item_size, 0,
           (wanted - *capacity) * item_size);
    *capacity = wanted;
    return items;
}
