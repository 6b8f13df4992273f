#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cli.h"
#include "common/nearest.h"
#include "common/scenario.h"
#include "common/xalloc.h"
#include "harness/judge/check.h"
#include "harness/cmd.h"
#include "harness/home.h"
#include "harness/launch/profile.h"
#include "harness/evidence/report.h"
#include "harness/outlet.h"

/* Each kind fills an array of objects; the members shown on a line are named in
 * its row. */
static bool list_scenarios(struct json *out, struct err *err)
{
    char *root = home_path("scenarios");
    struct scenarios all;
    bool loaded = scenarios_load(&all, root, err);

    for (size_t i = 0; loaded && i < all.count; i++) {
        const struct scenario *scenario = &all.items[i];
        struct json *row = json_new_object();

        json_add_text(row, "id", scenario->id);
        json_add_int(row, "cases", (int64_t)scenario->case_count);
        json_add_text(row, "evidence_type",
                      json_get_text(scenario->document, "evidence_type", NULL));
        json_add_text(row, "title",
                      json_get_text(scenario->document, "title", NULL));
        json_append(out, row);
    }
    if (loaded)
        scenarios_release(&all);
    free(root);
    return loaded;
}

static bool list_faults(struct json *out, struct err *err)
{
    (void)err;
    for (size_t i = 0; fault_rows[i].name; i++) {
        struct json *row = json_new_object();

        json_add_text(row, "id", fault_rows[i].name);
        json_add_text(row, "parameters", fault_rows[i].parameters);
        json_add_text(row, "title", fault_rows[i].text);
        json_append(out, row);
    }
    return true;
}

static bool list_checks(struct json *out, struct err *err)
{
    (void)err;
    for (size_t i = 0; checks[i]; i++) {
        struct json *row = json_new_object();

        json_add_text(row, "id", checks[i]->id);
        json_add_text(row, "evidence_type",
                      evidence_type_names[checks[i]->evidence_type]);
        json_add_text(row, "severity", severity_names[checks[i]->severity]);
        json_add_text(row, "title", checks[i]->text);
        json_append(out, row);
    }
    return true;
}

static bool list_reports(struct json *out, struct err *err)
{
    (void)err;
    for (size_t i = 0; reports[i]; i++) {
        struct json *row = json_new_object();

        json_add_text(row, "id", reports[i]->name);
        json_add_text(row, "file", reports[i]->file);
        json_add_text(row, "title", reports[i]->text);
        json_append(out, row);
    }
    return true;
}

static struct json *gateway_row(const char *name, const struct profile *profile)
{
    struct json *row = json_new_object();
    struct buf title = { 0 };

    json_add_text(row, "id", name);
    json_add_text(row, "process_reuse",
                  process_reuse_names[profile->process_reuse]);
    json_add_text(row, "route", profile->route.template);
    buf_printf(&title, "%s, upstreams", profile->route.template);
    for (size_t i = 0; i < profile->upstreams.count; i++)
        buf_printf(&title, " %s", profile->upstreams.keys[i]);
    if (profile->breaks.count > 0)
        buf_add_text(&title, "; known bad, must fail");
    for (size_t i = 0; i < profile->breaks.count; i++)
        buf_printf(&title, " %s", profile->breaks.items[i]);
    json_add_text(row, "title", buf_text(&title));
    buf_release(&title);
    return row;
}

static bool add_gateway(struct json *out, const char *name, struct err *err)
{
    struct profile profile;

    if (!profile_load(&profile, name, err))
        return false;
    json_append(out, gateway_row(name, &profile));
    profile_release(&profile);
    return true;
}

static int folders_only(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
}

/* The shipped ones: in the source tree, or where they are installed. */
static bool list_gateways(struct json *out, struct err *err)
{
    char *root = home_path("harness/gateways");
    struct dirent **entries = NULL;
    int count = scandir(root, &entries, folders_only, alphasort);
    bool listed = true;

    if (count < 0) {
        free(root);
        root = home_path("gateways");
        count = scandir(root, &entries, folders_only, alphasort);
    }
    if (count < 0) {
        err_set_errno(err, ERR_IO, root);
        listed = false;
    }
    for (int i = 0; i < count; i++) {
        listed = listed && add_gateway(out, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    free(root);
    return listed;
}

static const struct kind {
    const char *name;
    bool (*list)(struct json *out, struct err *err);
    const char *columns[3]; /* between id and title */
} kinds[] = {
    { "scenarios", list_scenarios, { "cases", "evidence_type", NULL } },
    { "faults", list_faults, { "parameters", NULL } },
    { "checks", list_checks, { "evidence_type", "severity", NULL } },
    { "gateways", list_gateways, { "process_reuse", NULL } },
    { "reports", list_reports, { "file", NULL } },
    { NULL, NULL, { NULL } },
};

static void write_cell(struct buf *out, const struct json *value)
{
    if (value && json_kind(value) == JSON_NUMBER)
        buf_printf(out, "%lld", (long long)json_int(value, 0));
    else
        buf_add_text(out, json_text(value, "-"));
}

/* The widest cell of a column, so that lines stand under each other. */
static int column_width(const struct json *rows, const char *key)
{
    size_t widest = 0;

    for (const struct json *row = json_first(rows); row; row = json_next(row)) {
        struct buf cell = { 0 };

        write_cell(&cell, json_get(row, key));
        widest = cell.length > widest ? cell.length : widest;
        buf_release(&cell);
    }
    return widest > 40 ? 40 : (int)widest;
}

static void print_cell(const struct json *rows, const struct json *row,
                       const char *key)
{
    struct buf cell = { 0 };

    write_cell(&cell, json_get(row, key));
    outlet_say(stdout, "%-*s  ", column_width(rows, key), buf_text(&cell));
    buf_release(&cell);
}

static void print_lines(const struct kind *kind, const struct json *rows)
{
    for (const struct json *row = json_first(rows); row; row = json_next(row)) {
        print_cell(rows, row, "id");
        for (size_t i = 0; i < 3 && kind->columns[i]; i++)
            print_cell(rows, row, kind->columns[i]);
        outlet_say(stdout, "%s\n", json_get_text(row, "title", ""));
    }
}

static const struct kind *find_kind(const char *name, struct err *err)
{
    struct nearest nearest = { .word = name };

    for (size_t i = 0; kinds[i].name; i++) {
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
        nearest_consider(&nearest, kinds[i].name);
    }
    err_set(err, ERR_USAGE, "list",
            "there are no \"%s\"%s%s%s; known are scenarios, faults, checks, "
            "gateways, reports",
            name, nearest.best ? "; did you mean \"" : "",
            nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
    return NULL;
}

/* only: NULL for every kind. As JSON one kind is an array, all are an object of
 * arrays. */
static bool list(const struct kind *only, bool as_json, struct err *err)
{
    struct json *all = json_new_object();
    bool listed = true;
    char *text;

    for (size_t i = 0; kinds[i].name && listed; i++) {
        struct json *rows;

        if (only && only != &kinds[i])
            continue;
        rows = json_add_array(all, kinds[i].name);
        listed = kinds[i].list(rows, err);
        if (!listed || as_json)
            continue;
        if (!only)
            outlet_say(stdout, "%s%s\n", i ? "\n" : "", kinds[i].name);
        print_lines(&kinds[i], rows);
    }
    if (listed && as_json) {
        text = json_print_pretty(only ? json_get(all, only->name) : all);
        outlet_say(stdout, "%s\n", text);
        free(text);
    }
    json_free(all);
    return listed;
}

int cmd_list(int argc, char **argv)
{
    struct cli_list rest = { 0 };
    bool as_json = false, help = false;
    const struct cli_option options[] = {
        { .name = "json",
          .kind = CLI_FLAG,
          .out = &as_json,
          .help = "as JSON instead of lines" },
        { .name = "help", .kind = CLI_FLAG, .out = &help, .help = "this text" },
        { 0 },
    };
    const struct kind *only = NULL;
    struct err err = { 0 };
    int code = EXIT_PASS;
    bool read = cli_parse(options, argc, argv, &rest, &err);

    if (read && rest.count > 1) {
        err_set(&err, ERR_USAGE, "list", "wants one kind, got %zu", rest.count);
        read = false;
    }
    if (read && rest.count == 1)
        read = (only = find_kind(rest.items[0], &err)) != NULL;
    if (!read) {
        code = cmd_fail(&err);
    } else if (help) {
        outlet_say(stdout, "usage: gatedrill list "
                           "[scenarios|faults|checks|gateways|reports]\n\n");
        cli_write_help(stdout, options);
    } else if (!list(only, as_json, &err)) {
        code = cmd_fail(&err);
    }
    cli_list_release(&rest);
    return code;
}
