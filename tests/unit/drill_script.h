/* drill_script: a case out of a few JSON texts, for tests of the oracle and of
 * the checks. */
#ifndef GATEDRILL_TESTS_UNIT_DRILL_SCRIPT_H
#define GATEDRILL_TESTS_UNIT_DRILL_SCRIPT_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/scenario.h"
#include "common/xalloc.h"
#include "harness/oracle/oracle.h"

struct drill_script {
    struct runbook runbook;
    struct drill_case drill_case;
    struct case_phase phase;
    struct case_upstream upstreams[2];
};

static inline void drill_script_read_steps(struct case_upstream *upstream,
                                           const char *name, const char *text)
{
    struct err err = { 0 };
    struct json *steps = json_parse(text, strlen(text), name, &err);

    cr_assert_not_null(steps, "%s: %s", text, err.text);
    cr_assert(
        script_read(&upstream->script, steps, "s.json: $", BIND_STRICT, &err),
        "%s: %s: %s", text, err.where, err.text);
    upstream->name = xstrdup(name);
    json_free(steps);
}

/* runbook: JSON text, or "@name" for a shipped gateway's. primary, fallback:
 * arrays of steps; NULL: healthy. */
static inline void drill_script_init(struct drill_script *d,
                                     const char *runbook, bool stream,
                                     const char *primary, const char *fallback)
{
    struct err err = { 0 };

    *d = (struct drill_script){ 0 };
    if (runbook[0] == '@') {
        char path[4096];

        snprintf(path, sizeof path, "%s/harness/gateways/%s/runbook.json",
                 GATEDRILL_SOURCE_DIR, runbook + 1);
        cr_assert(runbook_load(&d->runbook, path, &err), "%s: %s", err.where,
                  err.text);
    } else {
        struct json *document =
            json_parse(runbook, strlen(runbook), "r.json", &err);

        cr_assert_not_null(document, "%s: %s", runbook, err.text);
        cr_assert(runbook_read(&d->runbook, document, "r.json", &err), "%s: %s",
                  err.where, err.text);
        json_free(document);
    }
    if (primary)
        drill_script_read_steps(&d->upstreams[d->phase.upstream_count++],
                                "primary", primary);
    if (fallback)
        drill_script_read_steps(&d->upstreams[d->phase.upstream_count++],
                                "fallback", fallback);
    d->phase.upstreams = d->upstreams;
    d->phase.client.stream = stream;
    d->phase.client.requests = 1;
    d->phase.client.concurrency = 1;
    d->phase.expect.runbook = true;
    d->drill_case.phases = &d->phase;
    d->drill_case.phase_count = 1;
    d->drill_case.id = (char *)(uintptr_t) "unit/case";
}

static inline void drill_script_release(struct drill_script *d)
{
    for (size_t i = 0; i < d->phase.upstream_count; i++) {
        free(d->upstreams[i].name);
        script_release(&d->upstreams[i].script);
    }
    runbook_release(&d->runbook);
}

#endif
