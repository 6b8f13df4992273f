/*
 * run_folder: a run on disk. Whole files appear at once (temporary name, sync,
 * rename); JSON lines are appended and synced. Everything written passes the
 * self-scan first: text that holds one of the run's canaries is refused.
 */
#ifndef GATEDRILL_HARNESS_RUN_FOLDER_H
#define GATEDRILL_HARNESS_RUN_FOLDER_H

#include "harness/evidence.h"

struct run_folder {
    char *path;
    /* Canaries of the run, for the self-scan; grows while cases start. */
    struct canary_list *canaries;
    int lines_fd[4];
    void *lock; /* one writer at a time */
};

/* Creates <out>/<run_id>/ and its folders. */
bool run_folder_open(struct run_folder *out, const char *path, struct err *err);
void run_folder_close(struct run_folder *folder);
/* Secrets that must never be written. Copied; wiped on close. */
void run_folder_forbid(struct run_folder *folder, const char *id,
                       const char *text);
/* Errors: ERR_IO (disk full: what is safe is said), ERR_STATE when the
 * self-scan refuses, naming the canary's id and never its text. */
bool run_folder_write(struct run_folder *folder, const char *name,
                      const char *text, size_t length, struct err *err);
bool run_folder_append(struct run_folder *folder, const char *name,
                       const char *line, struct err *err);
bool run_folder_copy(struct run_folder *folder, const char *name,
                     const char *from, struct err *err);
/* manifest.json: SHA-256 and size of every file below, written last. */
bool run_folder_manifest(struct run_folder *folder, struct err *err);

/* Reads a run back from its evidence alone. */
bool run_load(struct run *out, const char *folder, struct err *err);
void run_release(struct run *run);

#endif
