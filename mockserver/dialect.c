#include "mockserver/dialect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/json.h"

const struct dialect *const dialects[] = {
#define DIALECT(name) &dialect_##name,
#include "mockserver/dialect_table.h"
#undef DIALECT
    NULL,
};

const struct dialect *dialect_find(const char *name)
{
    for (size_t i = 0; dialects[i]; i++) {
        if (!strcmp(dialects[i]->name, name))
            return dialects[i];
    }
    return NULL;
}

const struct dialect_row *dialect_pick(const struct dialect_row *rows,
                                       const struct dialect_error *error)
{
    const struct dialect_row *by_code = NULL;
    const struct dialect_row *by_status = NULL;
    const struct dialect_row *last = rows;

    for (const struct dialect_row *row = rows; row->message; row++) {
        bool same_code = error->code && row->code && row->code[0] &&
                         !strcmp(row->code, error->code);
        bool same_status = row->status == error->status;

        if (same_code && same_status)
            return row;
        if (same_code && !by_code)
            by_code = row;
        if (same_status && !by_status)
            by_status = row;
        last = row;
    }
    if (by_code)
        return by_code;
    return by_status ? by_status : last;
}

/* "{model}" becomes the model's name. */
static void add_filled(struct buf *out, const char *text, const char *model)
{
    static const char mark[] = "{model}";
    const char *place = strstr(text, mark);

    if (!place) {
        buf_add_text(out, text);
        return;
    }
    buf_add(out, text, (size_t)(place - text));
    buf_add_text(out, model && model[0] ? model : "unknown");
    buf_add_text(out, place + sizeof mark - 1);
}

static void add_message(struct buf *out, const struct dialect_style *style,
                        const struct dialect_row *row,
                        const struct dialect_error *error)
{
    struct buf text = { 0 };

    if (error->message)
        buf_add_text(&text, error->message);
    else
        add_filled(&text, row->message, error->model);
    if (error->canary) {
        buf_add_text(&text, " ");
        buf_add_text(&text, error->canary); /* it may be megabytes long */
    }
    if (style->id_in_message && error->request_id)
        buf_printf(&text, " (request id: %s)", error->request_id);
    json_quote(out, buf_text(&text), text.length);
    buf_release(&text);
}

void dialect_write_error(struct buf *out, const struct dialect_style *style,
                         const struct dialect_row *rows,
                         const struct dialect_error *error)
{
    const struct dialect_row *row = dialect_pick(rows, error);
    const char *code = error->code ? error->code : row->code;
    const char *type = error->type ? error->type
                       : row->type ? row->type
                                   : style->type;

    buf_add_text(out, "{\"error\":{\"message\":");
    add_message(out, style, row, error);
    buf_add_text(out, ",\"type\":");
    json_quote(out, type, strlen(type));
    if (row->param)
        buf_printf(out, ",\"param\":%s", row->param);
    if (code) {
        buf_add_text(out, ",\"code\":");
        json_quote(out, code, strlen(code));
    } else if (style->empty_code) {
        buf_printf(out, ",\"code\":%s", style->empty_code);
    }
    buf_add_text(out, "}}");
}

/* splitmix64: spreads a small number over all bits. */
static uint64_t dialect_mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15u;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

void dialect_letters(char *out, size_t size, uint64_t number)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789";

    for (size_t i = 0; i + 1 < size; i++) {
        number = dialect_mix(number);
        out[i] = letters[number % (sizeof letters - 1)];
    }
    out[size - 1] = '\0';
}

void dialect_request_id(char out[static DIALECT_REQUEST_ID_SIZE],
                        int64_t wall_ms, uint64_t number)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    uint64_t nanoseconds =
        (uint64_t)(wall_ms % 1000) * 1000000 + dialect_mix(number) % 1000000;
    struct tm tm;
    char day[15];
    char letters[9];

    gmtime_r(&seconds, &tm);
    strftime(day, sizeof day, "%Y%m%d%H%M%S", &tm);
    dialect_letters(letters, sizeof letters, number ^ (uint64_t)wall_ms);
    snprintf(out, DIALECT_REQUEST_ID_SIZE, "%s%" PRIu64 "%s", day, nanoseconds,
             letters);
}
