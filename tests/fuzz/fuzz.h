/* fuzz: what libFuzzer calls: one target a file, its corpus in corpus/<name>/.
 * A target must hold its own promises by ending the program when they break. */
#ifndef GATEDRILL_FUZZ_FUZZ_H
#define GATEDRILL_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                     \
    do {                                                                       \
        if (!(condition))                                                      \
            abort();                                                           \
    } while (0)

#endif
