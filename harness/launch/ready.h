/* ready: waiting until a program serves. There is no event for "another
 * process listens", so this asks again every few ms, and stops at once when the
 * program ends. */
#ifndef GATEDRILL_HARNESS_READY_H
#define GATEDRILL_HARNESS_READY_H

#include "harness/launch/process.h"

enum ready_kind {
    READY_TCP,  /* "127.0.0.1:8080" */
    READY_HTTP, /* a URL that answers 2xx */
};

/* Whether somebody serves there now. */
bool ready_now(enum ready_kind kind, const char *target);
bool ready_wait(enum ready_kind kind, const char *target,
                struct process *process, int64_t timeout_ms);

#endif
