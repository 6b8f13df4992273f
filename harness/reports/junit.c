#include <string.h>

#include "harness/evidence/markup.h"
#include "harness/evidence/report_parts.h"
#include "harness/evidence/report_table.h"

struct tallies {
    int64_t tests, failures, errors, skipped, ms;
};

/* type < 0: over all evidence types. */
static struct tallies tally(const struct run *run, int type)
{
    struct tallies t = { 0 };

    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];

        if (type >= 0 && (int)result->evidence_type != type)
            continue;
        t.tests++;
        t.failures += result->verdict == VERDICT_FAIL;
        t.errors += result->verdict == VERDICT_HOLD;
        t.skipped += result->verdict == VERDICT_NOT_APPLICABLE;
        t.ms += result->wall_ms;
    }
    return t;
}

static void write_attribute(struct buf *out, const char *name,
                            const char *value)
{
    buf_printf(out, " %s=\"", name);
    markup_xml(out, value);
    buf_add_text(out, "\"");
}

static void write_tallies(struct buf *out, const struct run *run,
                          struct tallies t)
{
    char started[21];

    buf_printf(out,
               " tests=\"%lld\" failures=\"%lld\" errors=\"%lld\""
               " skipped=\"%lld\" time=\"%.3f\"",
               (long long)t.tests, (long long)t.failures, (long long)t.errors,
               (long long)t.skipped, (double)t.ms / 1e3);
    /* The format's timestamps carry no zone. */
    memcpy(started, run->started_utc, sizeof started);
    started[strcspn(started, "Z")] = '\0';
    write_attribute(out, "timestamp", started);
}

static void write_property(struct buf *out, const char *name, const char *value)
{
    buf_add_text(out, "      <property");
    write_attribute(out, "name", name);
    write_attribute(out, "value", value ? value : "");
    buf_add_text(out, "/>\n");
}

static void write_properties(struct buf *out, const struct run *run)
{
    buf_add_text(out, "    <properties>\n");
    write_property(out, "run_id", run->run_id);
    write_property(out, "gateway", run->gateway_name);
    write_property(out, "gateway_version", run->gateway_version);
    write_property(out, "gateway_route_name", run->route_name);
    write_property(out, "environment", run->environment);
    write_property(out, "suite", run->suite);
    write_property(out, "conformance", verdict_names[run->conformance]);
    write_property(out, "promotion", verdict_names[run->promotion]);
    buf_add_text(out, "    </properties>\n");
}

/* <failure> or <error>: the first finding in the attributes, all in the text.
 */
static void write_trouble(struct buf *out, const struct run *run,
                          const struct result *result)
{
    bool failed = result->verdict == VERDICT_FAIL;
    const char *element = failed ? "failure" : "error";
    const struct finding *f;
    size_t from = 0;
    struct buf repro = { 0 };

    f = report_next_finding(result, &from);
    buf_printf(out, "      <%s", element);
    write_attribute(out, "type", failed && f ? f->check : "hold");
    write_attribute(out, "message", result->reason);
    buf_add_text(out, ">");
    for (; f; f = report_next_finding(result, &from)) {
        markup_xml(out, f->check);
        buf_add_text(out, "\n  expected: ");
        markup_xml(out, f->expected);
        buf_add_text(out, "\n  observed: ");
        markup_xml(out, f->observed);
        buf_add_text(out, "\n  because:  ");
        markup_xml(out, f->reason);
        buf_add_text(out, "\n");
    }
    report_repro(&repro, run, result);
    markup_xml(out, buf_text(&repro));
    buf_release(&repro);
    buf_printf(out, "</%s>\n", element);
}

static void write_case(struct buf *out, const struct run *run,
                       const struct result *result)
{
    buf_add_text(out, "    <testcase");
    write_attribute(out, "name", result->case_id);
    write_attribute(out, "classname", result->family);
    buf_printf(out, " time=\"%.3f\"", (double)result->wall_ms / 1e3);
    if (result->verdict == VERDICT_PASS) {
        buf_add_text(out, "/>\n");
        return;
    }
    buf_add_text(out, ">\n");
    if (result->verdict == VERDICT_NOT_APPLICABLE) {
        buf_add_text(out, "      <skipped");
        write_attribute(out, "message", result->reason);
        buf_add_text(out, "/>\n");
    } else {
        write_trouble(out, run, result);
    }
    buf_add_text(out, "    </testcase>\n");
}

static void write_suite(struct buf *out, const struct run *run, int type)
{
    struct tallies t = tally(run, type);

    if (t.tests == 0)
        return;
    buf_add_text(out, "  <testsuite");
    write_attribute(out, "name", evidence_type_names[type]);
    write_tallies(out, run, t);
    buf_add_text(out, ">\n");
    write_properties(out, run);
    for (size_t i = 0; i < run->results.count; i++)
        if ((int)run->results.items[i]->evidence_type == type)
            write_case(out, run, run->results.items[i]);
    buf_add_text(out, "  </testsuite>\n");
}

/* One row of what speaks for the whole run; a hold must never look green. */
static void write_verdict_case(struct buf *out, const char *suite,
                               const char *name, const char *verdict,
                               const char *why)
{
    bool passed = !strcmp(verdict, verdict_names[VERDICT_PASS]);
    bool failed = !strcmp(verdict, verdict_names[VERDICT_FAIL]);
    const char *element = failed ? "failure" : "error";

    buf_add_text(out, "    <testcase");
    write_attribute(out, "name", name);
    write_attribute(out, "classname", suite);
    if (passed) {
        buf_add_text(out, "/>\n");
        return;
    }
    buf_printf(out, ">\n      <%s", element);
    write_attribute(out, "type", failed ? name : "hold");
    write_attribute(out, "message", why);
    buf_add_text(out, "/>\n    </testcase>\n");
}

static void open_suite(struct buf *out, const char *name, struct tallies t)
{
    buf_printf(out,
               "  <testsuite name=\"%s\" tests=\"%lld\" failures=\"%lld\""
               " errors=\"%lld\" skipped=\"0\">\n",
               name, (long long)t.tests, (long long)t.failures,
               (long long)t.errors);
}

/* Where promotion decides, its conditions are what CI must see. */
static struct tallies promotion_tally(const struct run *run)
{
    struct tallies t = { 0 };

    if (!run->promotion_decides)
        return t;
    for (const struct json *row = json_first(run->promotion_conditions); row;
         row = json_next(row)) {
        const char *verdict = json_get_text(row, "verdict", "hold");

        t.tests++;
        t.failures += !strcmp(verdict, verdict_names[VERDICT_FAIL]);
        t.errors += !strcmp(verdict, verdict_names[VERDICT_HOLD]);
    }
    return t;
}

static void write_promotion(struct buf *out, const struct run *run)
{
    struct tallies t = promotion_tally(run);

    if (t.tests == 0)
        return;
    open_suite(out, "promotion", t);
    for (const struct json *row = json_first(run->promotion_conditions); row;
         row = json_next(row))
        write_verdict_case(out, "promotion", json_get_text(row, "id", ""),
                           json_get_text(row, "verdict", "hold"),
                           json_get_text(row, "reason", ""));
    buf_add_text(out, "  </testsuite>\n");
}

/* Cases that never ran, or none that could be judged, leave no row above. */
static struct tallies gap_tally(const struct run *run)
{
    struct tallies t = { 0 };

    if (run->conformance == VERDICT_HOLD && run->held == 0)
        t.tests = t.errors = 1;
    return t;
}

static void write_gap(struct buf *out, const struct run *run)
{
    struct tallies t = gap_tally(run);
    struct buf why = { 0 };

    if (t.tests == 0)
        return;
    report_conformance(&why, run);
    open_suite(out, "run", t);
    write_verdict_case(out, "run", "conformance", verdict_names[VERDICT_HOLD],
                       buf_text(&why));
    buf_add_text(out, "  </testsuite>\n");
    buf_release(&why);
}

static struct tallies plus(struct tallies a, struct tallies b)
{
    return (struct tallies){ .tests = a.tests + b.tests,
                             .failures = a.failures + b.failures,
                             .errors = a.errors + b.errors,
                             .skipped = a.skipped + b.skipped,
                             .ms = a.ms + b.ms };
}

static void print(struct buf *out, const struct run *run,
                  const struct report_style *style)
{
    struct tallies all =
        plus(tally(run, -1), plus(promotion_tally(run), gap_tally(run)));

    (void)style;
    buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<testsuites name=\"gateway-evidence-drill\"");
    write_tallies(out, run, all);
    buf_add_text(out, ">\n");
    for (int type = 0; evidence_type_names[type]; type++)
        write_suite(out, run, type);
    write_promotion(out, run);
    write_gap(out, run);
    buf_add_text(out, "</testsuites>\n");
}

const struct report report_junit = {
    .name = "junit",
    .file = "junit.xml",
    .always = true,
    .text = "JUnit XML: a suite an evidence type; hold is an error",
    .print = print,
};
