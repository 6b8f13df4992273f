/* process: one child in its own process group and folder, started without a
 * shell, with the environment it is given and nothing else, its output in
 * files; awaited by event, ended with its whole group. */
#ifndef GATEDRILL_HARNESS_PROCESS_H
#define GATEDRILL_HARNESS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

struct process {
    pid_t pid; /* also its group; 0: none */
    int pidfd; /* readable once it has ended; its status stays until stop */
    char *stdout_path, *stderr_path;
};

struct process_spec {
    char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    char *const *environment; /* NULL-terminated "NAME=value" */
    const char *folder;       /* working folder */
    const char *stdout_path;  /* appended to; created 0600 */
    const char *stderr_path;
    int stdout_fd; /* instead of stdout_path when > 0; borrowed */
};

/* As many open files as the system allows: hundreds of cases at once need them.
 * Children get what this program was started with. Once, before any thread. */
void process_raise_descriptors(void);
/* Errors (ERR_STATE): the command, and what the system said. */
bool process_start(struct process *out, const struct process_spec *spec,
                   struct err *err);
/* Waits at most timeout_ms for it to end by itself; true when it has. */
bool process_wait(struct process *process, int64_t timeout_ms);
/* Asks by signal, waits, then kills the group. Harmless twice. Releases. */
void process_stop(struct process *process, int signal_number,
                  int64_t timeout_ms);
/* Looks without taking the status away, so that any thread may: true when it
 * has ended, and how: "exit status 3", "killed by signal 11 (SEGV)". */
bool process_has_ended(const struct process *process, char *how, size_t size);
/* Runs to the end and returns its exit status (128 + n for signal n), -1 and
 * err when it could not be started or took longer. */
int process_run(const struct process_spec *spec, int64_t timeout_ms,
                struct err *err);
/* The last lines of a file, at most `bytes`, as one printable line each. Caller
 * frees. */
char *process_tail(const char *path, size_t bytes);
/* "TERM", "SIGTERM" or "15" to a number; -1 when unknown. */
int process_signal_number(const char *name);

#endif
