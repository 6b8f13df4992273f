/*
 * run_folder: a run on disk. Whole files appear at once (temporary name, sync,
 * rename, sync of the folder); JSON lines are appended and synced. Everything
 * written passes the self-scan first: text that holds one of the run's secrets
 * is refused. Every function may be called from several threads at once.
 */
#ifndef GATEDRILL_HARNESS_RUN_FOLDER_H
#define GATEDRILL_HARNESS_RUN_FOLDER_H

#include <pthread.h>

#include "harness/evidence/evidence.h"
#include "harness/evidence/forbidden.h"

#define RUN_FOLDER_LINES 2

struct run_folder {
    char *path; /* <out>/<run_id> */
    struct forbidden forbidden;
    pthread_rwlock_t forbidding; /* many look, one adds */
    struct {
        char name[32]; /* "records.jsonl" */
        int fd;
        int64_t count; /* lines that are safe on disk */
    } lines[RUN_FOLDER_LINES];
    int64_t file_count; /* whole files that are safe on disk */
    pthread_mutex_t lock;
};

/* Only what secrets may be added to, and text be searched for; there is no
 * folder yet. */
void run_folder_init(struct run_folder *out);
/* Creates path and its folders records/, inputs/ and quarantine/ (0700). ERR_IO
 * when it cannot, ERR_STATE when path already holds a run. */
bool run_folder_open(struct run_folder *out, const char *path, struct err *err);
/* Accepts one that was only initialised. */
void run_folder_close(struct run_folder *folder);
/* A secret that must never be written. Copied; wiped on close. Texts shorter
 * than 8 bytes are not secrets and are ignored. */
void run_folder_forbid(struct run_folder *folder, const struct canary *secret);
/* The self-scan alone, for what is written elsewhere: ERR_STATE as below. */
bool run_folder_allows(struct run_folder *folder, const char *name,
                       const char *text, size_t length, struct err *err);
/* For what must be said in any case: each secret becomes "[id]". */
void run_folder_conceal(struct run_folder *folder, struct buf *text);
/*
 * Writes a whole file; name is relative to the folder and may hold one '/'.
 * Errors: ERR_IO (disk full, unwritable: says what is safe on disk), ERR_STATE
 * when the self-scan refuses, naming the file and the secret's id, never its
 * text.
 */
bool run_folder_write(struct run_folder *folder, const char *name,
                      const char *text, size_t length, struct err *err);
/* Appends one line (without its newline). A line that could not be written
 * whole is taken back. */
bool run_folder_append(struct run_folder *folder, const char *name,
                       const char *line, struct err *err);
/* Copies a file in, scanned: an input of the run. */
bool run_folder_copy(struct run_folder *folder, const char *name,
                     const char *from, struct err *err);
/* Moves what leaked to quarantine/name, mode 0600, unscanned: the one place
 * where a secret may stand. Never in the manifest. */
bool run_folder_quarantine(struct run_folder *folder, const char *name,
                           const char *from, struct err *err);
/* manifest.json: SHA-256 and size of every file, counts; written last. */
bool run_folder_manifest(struct run_folder *folder, const struct run *run,
                         struct err *err);

/* What may go into a ticket, by the contract's table. */
bool run_file_ticket_safe(const char *name);
/* "records/012-transient-5xx-once-status-503.json" */
void run_record_name(char *out, size_t size, const struct result *result);

/*
 * The steps of a run's life on disk.
 * begin   run.json, so that a killed run can be told
 * result  history line, record file, record line, in this order: a record line
 *         stands for a case whose evidence is whole. A record that is not
 *         valid, or holds a secret, is refused.
 * end     evidence.json, evidence.md, every report that is always written,
 *         run.json again, then manifest.json. Calls run_sum_up and
 *         evidence_promotion; sets run->complete.
 */
bool run_save_begin(struct run_folder *folder, const struct run *run,
                    struct err *err);
bool run_save_result(struct run_folder *folder, const struct result *result,
                     struct err *err);
bool run_save_end(struct run_folder *folder, struct run *run,
                  const struct runbook *runbook, struct err *err);
/* For a result that was refused: each secret in it becomes its id. What a
 * gateway made of a request, it may have put into a path or a name. */
void run_conceal_result(struct run_folder *folder, struct result *result);
/* run_save_result(), concealed where it would be refused else: a gateway that
 * puts a key into a path, or a name of its telemetry, has put it into what we
 * note as well; the run goes on, without the key. */
bool run_save_safely(struct run_folder *folder, struct result *result,
                     struct err *err);

/*
 * Reads a run back from its evidence alone: run.json, records.jsonl,
 * history.jsonl. Without a manifest the run is incomplete: counts and results
 * are those of the finished cases, note says so. A torn last line is left out.
 * Errors: ERR_IO, ERR_SYNTAX, ERR_SCHEMA with file and place.
 */
bool run_load(struct run *out, const char *folder, struct err *err);

#endif
