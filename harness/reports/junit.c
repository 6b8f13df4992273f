#include <string.h>

#include "harness/markup.h"
#include "harness/report_parts.h"
#include "harness/report_table.h"

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

static void print(struct buf *out, const struct run *run,
                  const struct report_style *style)
{
    (void)style;
    buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<testsuites name=\"gateway-evidence-drill\"");
    write_tallies(out, run, tally(run, -1));
    buf_add_text(out, ">\n");
    for (int type = 0; evidence_type_names[type]; type++)
        write_suite(out, run, type);
    buf_add_text(out, "</testsuites>\n");
}

const struct report report_junit = {
    .name = "junit",
    .file = "junit.xml",
    .always = true,
    .text = "JUnit XML: a suite an evidence type; hold is an error",
    .print = print,
};
