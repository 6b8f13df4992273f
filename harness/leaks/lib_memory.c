#include "harness/leaks/lib_memory.h"

#include "common/xalloc.h"

void *lib_memory_take(void *opaque, unsigned items, unsigned size)
{
    (void)opaque;
    return xcalloc(items, size);
}

void *lib_memory_take_bytes(void *opaque, size_t size)
{
    (void)opaque;
    return xcalloc(1, size);
}

void lib_memory_give(void *opaque, void *memory)
{
    (void)opaque;
    xfree(memory);
}
