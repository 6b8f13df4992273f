/*
 * outlet: everything that this program says on a terminal, or writes to a file
 * that is not in the run's folder. What is said has each secret of the run
 * replaced by its id; a file with one is not written. Nothing else of the
 * harness prints (tests/layers.sh).
 */
#ifndef GATEDRILL_HARNESS_OUTLET_H
#define GATEDRILL_HARNESS_OUTLET_H

#include <stdio.h>

#include "harness/evidence/run_folder.h"

/* Whose secrets: of one run at a time, before its first thread and until after
 * its last. NULL: there are none. Borrowed. Log lines pass here too. */
void outlet_guard(struct run_folder *folder);

void outlet_say(FILE *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A whole text, any length, at once and flushed; name stands in errors. False
 * and ERR_STATE when it holds a secret, ERR_IO. */
bool outlet_stream(FILE *out, const char *name, const struct buf *text,
                   struct err *err);
bool outlet_file(const char *path, const struct buf *text, struct err *err);

#endif
