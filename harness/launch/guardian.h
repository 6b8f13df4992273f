/*
 * guardian: a small process of ours that outlives a crash: it knows which
 * process groups and which working folder belong to the run, and when the
 * harness is gone without having cleaned up (a closed pipe says so, also after
 * SIGKILL), it ends the groups and removes the folder.
 */
#ifndef GATEDRILL_HARNESS_GUARDIAN_H
#define GATEDRILL_HARNESS_GUARDIAN_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

/* Starts it; before any thread. folder: removed with all it holds when the
 * harness goes. */
bool guardian_start(const char *folder, struct err *err);
/* From any thread. */
void guardian_watch(pid_t group);
void guardian_forget(pid_t group);
/* Lets it go: it ends what is still watched, removes the folder, and is
 * waited for. */
void guardian_stop(void);

#endif
