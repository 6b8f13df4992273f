#include "tests/refgateway/draw.h"

#include <sys/random.h>

/* Mixes a counter into bits that look drawn (the splitmix64 finaliser). */
static uint64_t mix(uint64_t bits)
{
    bits ^= bits >> 30;
    bits *= 0xbf58476d1ce4e5b9u;
    bits ^= bits >> 27;
    bits *= 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

double draw_unit(struct draw *draw)
{
    uint64_t count = atomic_fetch_add(&draw->next, 1) + 1;
    uint64_t bits;

    if (draw->seeded ||
        getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        bits = mix(draw->seed + count * 0x9e3779b97f4a7c15u);
    return (double)(bits >> 11) / 9007199254740992.0;
}
