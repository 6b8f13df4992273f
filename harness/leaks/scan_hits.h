/*
 * scan_hits: what a scan notes, made into findings: the same place seen through
 * two views is one, and pieces near to each other that make up a whole canary
 * are that canary.
 */
#ifndef GATEDRILL_HARNESS_SCAN_HITS_H
#define GATEDRILL_HARNESS_SCAN_HITS_H

#include "harness/leaks/scan.h"

#define SCAN_NOTES_MOST 128 /* of a canary in a text: pieces and wholes */
/* Records between two halves of one text: they are still one. */
#define SCAN_NEAR_BYTES 8192

/* Adds a hit, or puts it in the place of one that shows less of the same. */
void scan_hits_note(struct scan_hits *hits, const struct scan_hit *hit);
/* Joins what belongs together, and leaves out what is too little to be told,
 * and of each canary what is beyond `most`. */
void scan_hits_conclude(struct scan_hits *hits, const struct needle_set *set,
                        size_t most);

#endif
