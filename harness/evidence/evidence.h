/*
 * evidence: the record of one judged case, and the run it belongs to. The
 * first twelve members of a record are the drill template's; everything else
 * stands under "extensions". docs/evidence-record.md shows the shape.
 *
 * Deciding only: values in, JSON out. What writes is run_folder.h.
 */
#ifndef GATEDRILL_HARNESS_EVIDENCE_H
#define GATEDRILL_HARNESS_EVIDENCE_H

#include <time.h>

#include "harness/judge/check.h"

#define EVIDENCE_SCHEMA       "gateway-evidence/v0.1"
#define EVIDENCE_TEST_ID_SIZE 64
#define EVIDENCE_LABEL_SIZE   32

/* What a case was for, read off its script and client. */
enum probe_kind {
    PROBE_HAPPY_PATH,         /* a valid key and only healthy upstreams */
    PROBE_INVALID_CREDENTIAL, /* a wrong key, or upstreams that answer 401 */
    PROBE_FAULT,              /* anything else */
};
extern const char *const probe_kind_names[];
enum probe_kind probe_kind(const struct drill_case *drill_case);

/*
 * One judged case, ready to be recorded and reported. It owns its words, so
 * that it looks the same whether it was just judged or read back from disk.
 */
struct result {
    char test_id[EVIDENCE_TEST_ID_SIZE];
    char *case_id, *scenario, *family, *title;
    enum evidence_type evidence_type;
    enum probe_kind probe;
    bool variant;         /* of another configuration than the profile's own */
    int64_t number;       /* of the case, before filtering, from 1 */
    int64_t repeat;       /* from 1 */
    enum verdict verdict; /* NOT_APPLICABLE: no record is written */
    char reason[256];     /* of hold or not_applicable; first failed check */
    struct findings findings; /* exact texts, for lab files and the terminal */
    char **names;             /* check ids that findings borrow, when read
                                 back; NULL-terminated or NULL */
    struct json *record;      /* the evidence record; NULL: not applicable */
    struct json *history;     /* one line of history.jsonl; NULL: not judged, or
                                 saved and forgotten */
    int64_t wall_ms;          /* lab files only */
};

/* A result without an answer yet: words and numbers copied from the case. */
struct result *result_new(const struct drill_case *drill_case,
                          const char *test_id);
/* Fills verdict, reason, findings (taken over: *findings is emptied), record
 * and history of a judged case. when: now. wall_ms: from the first byte of the
 * case to its verdict. */
struct run;
void result_judge(struct result *result, const struct run *run,
                  const struct judged *judged, struct findings *findings,
                  time_t when, int64_t wall_ms);
/* The same for a case that the runbook or the profile makes impossible. */
void result_skip(struct result *result, const char *reason);
/*
 * Something of a judged case was found in a sink after the case was over: its
 * record, findings and verdict say so from now on, and history becomes a
 * further line, of kind "late".
 * late     profile, runbook, and the new hits
 * finding  what check redaction says of them
 */
void result_add_late(struct result *result, const struct observation *late,
                     const struct finding *finding);
/* What was saved is large, and no report looks at it. */
void result_forget_history(struct result *result);
void result_free(struct result *result);

struct result_list {
    struct result **items; /* owned */
    size_t count, capacity;
};
void result_list_add(struct result_list *list, struct result *result);

/* "gateway-evidence-drill-20260624-012"; number from 1. */
void evidence_test_id(char out[static EVIDENCE_TEST_ID_SIZE], time_t when,
                      int64_t number);

/* The whole run, for reports. Also rebuilt from a run's folder. */
struct run {
    char run_id[48]; /* "20260624T100000Z-3fa94c1b" */
    char *folder;
    char started_utc[21], ended_utc[21];
    char *gateway_name, *gateway_version, *environment, *route_name,
        *route_template, *api_reference_url;
    char *suite;
    char *dialect; /* of the mock's bodies; NULL: "cometapi" */
    uint64_t seed; /* 0..2^63-1 */
    /* Further members for run.json ("digests", "versions", "options"), as an
     * object; NULL: none. Copied in run_to_json. */
    struct json *facts;
    /* {"minimal-chat": {"version": "1", "sha256": "..."}}; may be NULL. */
    struct json *fixtures;
    struct result_list results; /* in case order */
    int64_t planned;            /* cases chosen */
    int64_t passed, failed, held, not_applicable;
    enum verdict conformance, promotion;
    bool promotion_decides; /* the exit code follows promotion */
    bool complete;          /* a manifest was written */
    bool interrupted;
    char repro_prefix[256];            /* "gatedrill repro" */
    struct json *promotion_conditions; /* six, each with verdict and reason */
    int64_t tolerance_ms;
    int64_t shuffled_from; /* first repeat of the pass in another order; 0 */
    int64_t wall_ms, longest_case_ms, sum_cases_ms;
    char **expected_breaks; /* owned; check ids a known-bad profile must fail;
                               NULL-terminated or NULL */
    char note[256]; /* what run_load has to say: "incomplete: ..."; or "" */
};
void run_release(struct run *run);

/* Counts, conformance, longest and sum from the results. Conformance is the
 * worst of all cases; hold when nothing could be judged. */
void run_sum_up(struct run *run);
/* run.json, at the start as at the end. Holds no duration. */
struct json *run_to_json(const struct run *run);
/* The verdict the exit code follows. */
enum verdict run_deciding_verdict(const struct run *run);
/*
 * A known-bad profile must fail exactly the checks its `breaks` names (required
 * checks, over all cases). True when it does, or when none are expected; else
 * says in words which are missing and which are too many.
 */
bool run_breaks_as_expected(const struct run *run, struct buf *why);

/* The record of a case: the twelve fields in order, then "extensions". Of the
 * result its test_id and repeat are read. The
 * self-scan of run_folder refuses one that holds a canary. */
struct json *evidence_record(const struct run *run, const struct judged *judged,
                             const struct findings *findings,
                             const struct result *result, time_t when);
/*
 * True when the twelve fields stand first, in order, each within its
 * vocabulary, and no key names what a record must not hold (price, quota,
 * support ...). Else ERR_STATE and the place.
 */
bool evidence_record_check(const struct json *record, struct err *err);

/* attempts, traces, probes, sinks, what was allowed: enough to judge again. */
struct json *evidence_history(const struct judged *judged,
                              const struct findings *findings,
                              const char *test_id);

/* Adds what the result itself says (case, verdict, reason, wall time) to its
 * history line. */
void evidence_history_result(struct json *history, const struct result *result);

/* The twelve fields in order, NULL-terminated. */
extern const char *const evidence_fields[];

/* "lt_250ms", "lt_1s", ... "ge_30s" for a time; bounds in ms, rising. An
 * undeclared or empty list means 250, 1000, 5000, 30000. */
void evidence_bucket(char out[static EVIDENCE_LABEL_SIZE], int64_t ms,
                     const struct bind_ints *bounds);
/* Copies text, with every duration in it ("143 ms", "101, 202 ms", "1.5 s")
 * replaced by its bucket's label: ticket-safe files hold no exact latency. */
void evidence_bucket_text(struct buf *out, const char *text,
                          const struct bind_ints *bounds);

/*
 * The six conditions of promotion from the run's results: fills
 * run->promotion_conditions, an array of {"id","verdict","reason"}, and
 * run->promotion. A condition that was not evaluated is hold. Reads records
 * and findings of run->results; runbook is the profile's own.
 */
void evidence_promotion(struct run *run, const struct runbook *runbook);
extern const char *const promotion_ids[]; /* NULL-terminated */
/* The ids of the checks the n-th condition rests on, NULL-terminated; NULL
 * beyond the last condition. */
const char *const *promotion_checks(size_t condition);

/* evidence.json, from the records alone, and evidence.md from it. */
struct json *evidence_page(const struct run *run);
void evidence_page_write(struct buf *out, const struct json *page);

#endif
