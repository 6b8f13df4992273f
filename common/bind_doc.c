#include "common/bind.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

static const char *const kind_words[] = {
    [BIND_INT] = "whole number",
    [BIND_BOOL] = "true or false",
    [BIND_TRI] = "true or false",
    [BIND_TEXT] = "text",
    [BIND_ENUM] = "word",
    [BIND_TEXTS] = "list of texts",
    [BIND_INTS] = "list of whole numbers",
    [BIND_OBJECT] = "object, below",
    [BIND_LIST] = "list of objects, below",
    [BIND_MAP] = "object of objects, below",
    [BIND_JSON] = "any value",
    [BIND_CUSTOM] = "see meaning",
};

/* A bar would end the cell. */
static void add_cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_add_text(out, "\\");
        buf_add(out, text, 1);
    }
}

static void add_names(struct buf *out, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        buf_printf(out, "%s`%s`", i ? ", " : "", names[i]);
}

static void add_pattern(struct buf *out, const char *pattern)
{
    buf_add_text(out, "`");
    add_cell(out, pattern);
    buf_add_text(out, "`");
}

static void add_range(struct buf *out, const struct bind_row *row)
{
    char range[96];

    if (row->kind == BIND_INT || row->kind == BIND_INTS) {
        bind_range(range, sizeof range, row);
        buf_add_text(out, bind_bounded(row) ? range : "");
    } else if (row->names) {
        add_names(out, row->names);
    } else if (row->pattern) {
        add_pattern(out, row->pattern);
    } else if (row->unit) {
        add_cell(out, row->unit);
    }
    if (row->max > 0 && (row->kind == BIND_TEXTS || row->kind == BIND_LIST ||
                         row->kind == BIND_MAP))
        buf_printf(out, "%s%" PRId64 " to %" PRId64 " entries",
                   row->names || row->pattern ? "; " : "", row->min, row->max);
}

static void add_default(struct buf *out, const struct bind_row *row)
{
    if (row->required)
        buf_add_text(out, "required");
    else if (row->kind == BIND_BOOL)
        buf_add_text(out, "false");
    else if (row->kind == BIND_TRI && row->missing >= 0)
        buf_add_text(out, row->missing ? "true" : "false");
    else if (row->kind == BIND_ENUM && row->missing >= 0)
        buf_printf(out, "`%s`", row->names[row->missing]);
    else if (row->kind == BIND_INT &&
             (!bind_bounded(row) ||
              (row->missing >= row->min && row->missing <= row->max)))
        buf_printf(out, "%" PRId64, row->missing);
}

static void add_row(struct buf *out, const struct bind_row *row)
{
    buf_printf(out, "| `%s` | %s | ", row->key, kind_words[row->kind]);
    add_range(out, row);
    buf_add_text(out, " | ");
    add_default(out, row);
    buf_add_text(out, " | ");
    add_cell(out, row->doc ? row->doc : "");
    buf_add_text(out, " |\n");
}

void bind_write_doc(struct buf *out, const struct bind_row *table,
                    const char *heading)
{
    buf_printf(out,
               "## %s\n\n| field | type | range | default | meaning |\n"
               "|---|---|---|---|---|\n",
               heading);
    for (const struct bind_row *row = table; row->key; row++)
        add_row(out, row);
    for (const struct bind_row *row = table; row->key; row++) {
        const char *ending = row->kind == BIND_LIST  ? "[]"
                             : row->kind == BIND_MAP ? ".*"
                                                     : "";
        char *below;

        if (!row->table)
            continue;
        below = xasprintf("%s.%s%s", heading, row->key, ending);
        buf_add_text(out, "\n");
        bind_write_doc(out, row->table, below);
        free(below);
    }
}
