/* draw: the dice of the backoff, from a seed or from the operating system. */
#ifndef GATEDRILL_REFGATEWAY_DRAW_H
#define GATEDRILL_REFGATEWAY_DRAW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct draw {
    _Atomic uint64_t next; /* how many were drawn; any thread may draw */
    uint64_t seed;
    bool seeded;
};

/* 0 <= unit < 1. */
double draw_unit(struct draw *draw);

#endif
