/*
 * plant: a text as programs write it down, for the control of the detector and
 * its tests: what a view undoes, done. One row a way; the codings of coder.h
 * have one each as well.
 */
#ifndef GATEDRILL_HARNESS_PLANT_H
#define GATEDRILL_HARNESS_PLANT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

struct plant {
    const char *name; /* "json-unicode" */
    void (*write)(struct buf *out, const char *text, size_t length);
    bool packs; /* several texts cost hardly more than one */
    bool deep;  /* what decode.h undoes, and neither a needle nor a view */
};
extern const struct plant plants[]; /* ends with { 0 } */

#endif
