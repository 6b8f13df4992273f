/* lib_memory: memory for libraries that see planted texts in the clear: wiped
 * when they give it back. In the forms that zlib and zstd ask for. */
#ifndef GATEDRILL_HARNESS_LIB_MEMORY_H
#define GATEDRILL_HARNESS_LIB_MEMORY_H

#include <stddef.h>

void *lib_memory_take(void *opaque, unsigned items, unsigned size);
void *lib_memory_take_bytes(void *opaque, size_t size);
void lib_memory_give(void *opaque, void *memory);

#endif
