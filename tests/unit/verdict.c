#include "harness/judge/verdict.h"

#include <criterion/criterion.h>

struct row {
    const char *check;
    enum severity severity;
    enum verdict verdict;
};

static enum verdict verdict_of_rows(const struct row *rows, size_t count)
{
    struct findings all = { 0 };
    enum verdict verdict;

    for (size_t i = 0; i < count; i++) {
        struct finding *finding = findings_add(&all);

        finding->check = rows[i].check;
        finding->severity = rows[i].severity;
        finding->verdict = rows[i].verdict;
    }
    verdict = verdict_of(&all);
    findings_release(&all);
    return verdict;
}
#define VERDICT_OF(...)                                                        \
    verdict_of_rows((const struct row[]){ __VA_ARGS__ },                       \
                    sizeof((const struct row[]){ __VA_ARGS__ }) /              \
                        sizeof(struct row))

#define PRE(verdict)                                                           \
    {                                                                          \
        "fault_delivered", SEVERITY_PRECONDITION, verdict                      \
    }
#define REQ(verdict)                                                           \
    {                                                                          \
        "attempts_total", SEVERITY_REQUIRED, verdict                           \
    }
#define ADV(verdict)                                                           \
    {                                                                          \
        "probe_after", SEVERITY_ADVISORY, verdict                              \
    }
#define LEAK(verdict)                                                          \
    {                                                                          \
        "redaction", SEVERITY_REQUIRED, verdict                                \
    }
#define KEY(verdict)                                                           \
    {                                                                          \
        "one_credential", SEVERITY_REQUIRED, verdict                           \
    }

Test(verdict, the_worst_required_finding_wins)
{
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_PASS), REQ(VERDICT_PASS)),
                 VERDICT_PASS);
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_PASS), REQ(VERDICT_PASS),
                            REQ(VERDICT_NOT_APPLICABLE)),
                 VERDICT_PASS);
    cr_expect_eq(
        VERDICT_OF(PRE(VERDICT_PASS), REQ(VERDICT_PASS), REQ(VERDICT_HOLD)),
        VERDICT_HOLD);
    cr_expect_eq(
        VERDICT_OF(PRE(VERDICT_PASS), REQ(VERDICT_FAIL), REQ(VERDICT_HOLD)),
        VERDICT_FAIL);
}

Test(verdict, without_an_answer_it_is_hold)
{
    cr_expect_eq(verdict_of_rows(NULL, 0), VERDICT_HOLD);
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_PASS)), VERDICT_HOLD);
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_PASS), REQ(VERDICT_NOT_APPLICABLE)),
                 VERDICT_HOLD);
}

Test(verdict, a_broken_precondition_is_hold_whatever_was_seen)
{
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_HOLD), REQ(VERDICT_PASS)),
                 VERDICT_HOLD);
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_HOLD), REQ(VERDICT_FAIL)),
                 VERDICT_HOLD);
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_FAIL), REQ(VERDICT_PASS)),
                 VERDICT_HOLD);
}

Test(verdict, a_leak_or_a_wrong_key_stands_all_the_same)
{
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_HOLD), LEAK(VERDICT_FAIL)),
                 VERDICT_FAIL);
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_HOLD), KEY(VERDICT_FAIL)),
                 VERDICT_FAIL);
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_HOLD), KEY(VERDICT_PASS)),
                 VERDICT_HOLD);
}

Test(verdict, advisory_findings_never_fail_a_case)
{
    cr_expect_eq(
        VERDICT_OF(PRE(VERDICT_PASS), REQ(VERDICT_PASS), ADV(VERDICT_FAIL)),
        VERDICT_PASS);
    cr_expect_eq(
        VERDICT_OF(PRE(VERDICT_PASS), REQ(VERDICT_HOLD), ADV(VERDICT_PASS)),
        VERDICT_HOLD);
    cr_expect_eq(VERDICT_OF(PRE(VERDICT_PASS), ADV(VERDICT_FAIL)),
                 VERDICT_PASS);
}

Test(verdict, worse_is_worse)
{
    cr_expect_eq(verdict_worse(VERDICT_PASS, VERDICT_HOLD), VERDICT_HOLD);
    cr_expect_eq(verdict_worse(VERDICT_FAIL, VERDICT_HOLD), VERDICT_FAIL);
    cr_expect_eq(verdict_worse(VERDICT_NOT_APPLICABLE, VERDICT_PASS),
                 VERDICT_PASS);
}
