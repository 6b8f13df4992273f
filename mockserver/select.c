#include "mockserver/select.h"

#include <stdio.h>
#include <string.h>

/* Which epoch an id stands for, and whether that one is over. */
static void select_epoch(struct selection *selection, struct drill_id seen,
                         uint16_t current)
{
    selection->id.epoch = seen.epoch ? seen.epoch : current;
    selection->late = selection->id.epoch < current;
}

static struct selection select_leased(const struct select_input *in)
{
    struct selection selection = { .by = ATTEMPT_BY_LEASE,
                                   .of = cases_find(in->cases, in->lease.nonce),
                                   .id = in->lease };
    const struct drill_id *ids[] = { &in->text, &in->header, &in->trace };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (ids[i]->nonce != in->lease.nonce)
            continue;
        select_epoch(&selection, *ids[i], in->lease.epoch);
        break;
    }
    /* A trace id is the gateway's own more often than not. */
    selection.contradiction =
        (in->text.nonce && in->text.nonce != in->lease.nonce) ||
        (in->header.nonce && in->header.nonce != in->lease.nonce);
    return selection;
}

static bool select_by_id(struct selection *out, const struct select_input *in,
                         struct drill_id id, enum attempt_by by)
{
    struct mock_case *of = cases_find(in->cases, id.nonce);

    if (!of)
        return false;
    *out = (struct selection){ .by = by, .of = of, .id = id };
    select_epoch(out, id, of->highest_epoch ? of->highest_epoch : 1);
    out->contradiction = by == ATTEMPT_BY_TEXT && in->header.nonce &&
                         in->header.nonce != id.nonce;
    return true;
}

static bool select_by_name(struct selection *out, const struct select_input *in,
                           const char *name, enum attempt_by by)
{
    struct mock_case *of = name ? cases_find_name(in->cases, name) : NULL;

    if (!of)
        return false;
    *out = (struct selection){ .by = by, .of = of };
    return true;
}

struct selection select_case(const struct select_input *in)
{
    struct selection selection;

    if (in->lease.nonce)
        return select_leased(in);
    if (select_by_id(&selection, in, in->text, ATTEMPT_BY_TEXT) ||
        select_by_id(&selection, in, in->header, ATTEMPT_BY_HEADER) ||
        select_by_id(&selection, in, in->trace, ATTEMPT_BY_HEADER) ||
        select_by_name(&selection, in, in->path_name, ATTEMPT_BY_PATH) ||
        select_by_name(&selection, in, in->model_name, ATTEMPT_BY_MODEL) ||
        select_by_name(&selection, in, in->default_name, ATTEMPT_BY_DEFAULT))
        return selection;
    return (struct selection){ .by = ATTEMPT_BY_NOTHING, .foreign = true };
}

bool select_traceparent(struct drill_id *out, const char *value, size_t length)
{
    /* "00-<32 hex>-<16 hex>-<2 hex>" (W3C Trace Context). */
    char text[DRILL_ID_SIZE];

    if (length < 55 || value[2] != '-' || value[35] != '-')
        return false;
    snprintf(text, sizeof text, "gd-%.16s", value + 19);
    return drill_id_parse(out, text);
}

const char *select_path(const char *path, const char *const *names,
                        const char **rest)
{
    const char *best = NULL;
    size_t best_length = 0;

    if (strncmp(path, "/s/", 3))
        return NULL;
    for (; *names; names++) {
        size_t length = strlen(*names);

        if (length > best_length && !strncmp(path + 3, *names, length) &&
            path[3 + length] == '/') {
            best = *names;
            best_length = length;
        }
    }
    if (best)
        *rest = path + 3 + best_length;
    return best;
}

bool select_is_chat(const char *method, const char *path)
{
    return !strcmp(method, "POST") && !strcmp(path, "/v1/chat/completions");
}
