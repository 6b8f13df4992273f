#include "harness/evidence/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/xalloc.h"
#include "harness/evidence/report_table.h"
#include "harness/outlet.h"
#include "harness/terminal.h"

const struct report *const reports[] = {
#define ROW(name) &report_##name,
    REPORT_TABLE(ROW)
#undef ROW
        NULL,
};

const struct report *report_find(const char *name)
{
    for (size_t i = 0; reports[i]; i++)
        if (!strcmp(reports[i]->name, name))
            return reports[i];
    return NULL;
}

static void unknown_format(const char *name, struct err *err)
{
    struct nearest nearest = { .word = name };
    struct buf known = { 0 };

    for (size_t i = 0; reports[i]; i++) {
        nearest_consider(&nearest, reports[i]->name);
        buf_printf(&known, "%s%s", i ? ", " : "", reports[i]->name);
    }
    err_set(err, ERR_USAGE, "--report",
            "there is no report \"%s\"%s%s%s; known are %s", name,
            nearest.best ? "; did you mean \"" : "",
            nearest.best ? nearest.best : "", nearest.best ? "\"?" : "",
            buf_text(&known));
    buf_release(&known);
}

/* The report of FORMAT or FORMAT=FILE; *file borrows from spec, or NULL. */
static const struct report *spec_read(const char *spec, const char **file,
                                      struct err *err)
{
    size_t length = strcspn(spec, "=");
    char *name = xstrndup(spec, length);
    const struct report *report = report_find(name);

    *file = spec[length] ? spec + length + 1 : NULL;
    if (!report)
        unknown_format(name, err);
    else if (*file && !**file) {
        err_set(err, ERR_USAGE, "--report", "%s= names no file", name);
        report = NULL;
    }
    free(name);
    return report;
}

bool report_spec_check(const char *spec, struct err *err)
{
    const char *file;

    return spec_read(spec, &file, err) != NULL;
}

bool report_emit(const struct run *run, const char *spec, struct err *err)
{
    const char *file;
    const struct report *report = spec_read(spec, &file, err);
    struct report_style style = { .colour = false, .width = 0 };
    struct buf text = { 0 };
    bool to_stdout = !file || !strcmp(file, "-");
    bool live, written;

    if (!report)
        return false;
    if (to_stdout)
        style = terminal_look(stdout, &live);
    report->print(&text, run, &style);
    written = to_stdout ? outlet_stream(stdout, "standard output", &text, err)
                        : outlet_file(file, &text, err);
    buf_release(&text);
    return written;
}
