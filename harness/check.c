#include "harness/check.h"

#include <stdio.h>
#include <string.h>

const struct check *const checks[] = {
#define CHECK(name) &check_##name,
#include "harness/check_table.h"
#undef CHECK
    NULL,
};

const struct check *check_find(const char *id)
{
    for (size_t i = 0; checks[i]; i++)
        if (!strcmp(checks[i]->id, id))
            return checks[i];
    return NULL;
}

/* What leaked, and which key went where, holds whatever else broke. */
static bool judged_anyway(const struct check *check)
{
    return check->severity == SEVERITY_PRECONDITION ||
           check == &check_redaction || check == &check_one_credential;
}

/* A scenario may make its case advisory; what must never happen stays. */
static enum severity severity_of(const struct check *check,
                                 const struct judged *judged)
{
    const struct drill_case *drill_case = judged->observation->drill_case;

    if (judged_anyway(check))
        return check->severity;
    for (size_t i = 0; i < drill_case->phase_count; i++)
        if (drill_case->phases[i].expect.severity_advisory == 1)
            return SEVERITY_ADVISORY;
    return check->severity;
}

void judge_case(struct findings *out, const struct judged *judged)
{
    const struct observation *o = judged->observation;

    for (size_t i = 0; checks[i]; i++) {
        const struct check *check = checks[i];
        struct finding *finding = findings_add(out);

        finding->check = check->id;
        finding->evidence_type = check->evidence_type;
        finding->severity = severity_of(check, judged);
        if (o->broken[0] && !judged_anyway(check))
            snprintf(finding->reason, sizeof finding->reason,
                     "the case was not carried out in full");
        else
            check->judge(judged, finding);
    }
}
