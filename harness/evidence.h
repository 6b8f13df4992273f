/*
 * evidence: the record of one judged case, and the run it belongs to. The
 * first twelve members of a record are the drill template's; everything else
 * stands under "extensions". docs/evidence-record.md shows the shape.
 */
#ifndef GATEDRILL_HARNESS_EVIDENCE_H
#define GATEDRILL_HARNESS_EVIDENCE_H

#include "harness/check.h"

/* One judged case, ready to be recorded and reported. */
struct result {
    char test_id[64];
    const struct drill_case *drill_case;
    enum verdict verdict; /* NOT_APPLICABLE: no record is written */
    char reason[256];     /* of hold or not_applicable; first failed check */
    struct findings findings;
    struct json *record;  /* the evidence record; NULL: not applicable */
    struct json *history; /* for history.jsonl */
    int64_t wall_ms;      /* lab files only */
    int64_t repeat;       /* from 1 */
};
void result_release(struct result *result);

struct result_list {
    struct result **items; /* owned */
    size_t count, capacity;
};

/* The whole run, for reports. Also rebuilt from a run's folder. */
struct run {
    char run_id[48]; /* "20260624T100000Z-3fa94c1b" */
    char *folder;
    char started_utc[21], ended_utc[21];
    char *gateway_name, *gateway_version, *environment, *route_name,
        *route_template, *api_reference_url;
    char *suite;
    uint64_t seed;
    struct json *document;      /* run.json */
    struct result_list results; /* in case order */
    int64_t planned;            /* cases chosen */
    int64_t passed, failed, held, not_applicable;
    enum verdict conformance, promotion;
    bool complete; /* a manifest was written */
    bool interrupted;
    char repro_prefix[256];            /* "gatedrill repro" */
    struct json *promotion_conditions; /* six, each with verdict and reason */
    int64_t tolerance_ms;
    int64_t wall_ms, longest_case_ms, sum_cases_ms;
    const char *const *expected_breaks; /* profile's, NULL-terminated or NULL */
};

/*
 * The record of a case.
 * environment, route...  from run
 * The self-scan (evidence_write) refuses a record that holds a canary.
 */
struct json *evidence_record(const struct run *run, const struct judged *judged,
                             const struct findings *findings,
                             const char *test_id);
/* attempts, traces, probes, sinks: enough to judge again. */
struct json *evidence_history(const struct judged *judged,
                              const struct findings *findings,
                              const char *test_id);

/* The twelve fields in order. */
extern const char *const evidence_fields[];

/* The six conditions of promotion from the run's results: an array of
 * {"id","verdict","reason"}; sets run->promotion. Conditions that were not
 * evaluated are hold. */
void evidence_promotion(struct run *run, const struct runbook *runbook);
/* evidence.json */
struct json *evidence_page(const struct run *run,
                           const struct runbook *runbook);

#endif
