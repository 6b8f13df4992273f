#include "common/xalloc.h"

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

void *xrealloc(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);

    if (!memory)
        xalloc_fail();
    return memory;
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
