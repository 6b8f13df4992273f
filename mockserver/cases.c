#include "mockserver/cases.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/bind.h"
#include "common/xalloc.h"

/* The body of PUT /scripts as a bind table reads it. */
struct arming_body {
    struct json *upstreams;
    struct arming_plant plant;
    struct bind_list watch; /* struct watch_text */
};

#define PLANT(name, text)                                                      \
    {                                                                          \
        .key = #name, .kind = BIND_TEXT,                                       \
        .offset = offsetof(struct arming_plant, name), .doc = text             \
    }
static const struct bind_row plant_table[] = {
    PLANT(completion, "text that every answer carries"),
    PLANT(error, "text that every error carries"),
    PLANT(reasoning, "text of reasoning, where a step asks for it"),
    PLANT(tool_call, "text in the arguments of tool calls"),
    PLANT(account, "text in usage, where a step asks for it"),
    PLANT(account_header, "the same in a header"),
    { 0 },
};
static const struct bind_row watch_table[] = {
    { .key = "id",
      .kind = BIND_TEXT,
      .offset = offsetof(struct watch_text, id),
      .required = true,
      .pattern = "^[a-z0-9_.-]{1,32}$",
      .doc = "what the text is called in the attempt" },
    { .key = "text",
      .kind = BIND_TEXT,
      .offset = offsetof(struct watch_text, text),
      .required = true,
      .doc = "what to look for in the request" },
    { 0 }
};
static const struct bind_row body_table[] = {
    { .key = "upstreams",
      .kind = BIND_JSON,
      .offset = offsetof(struct arming_body, upstreams),
      .doc = "the steps of each upstream; one that is not named is healthy" },
    { .key = "plant",
      .kind = BIND_OBJECT,
      .offset = offsetof(struct arming_body, plant),
      .table = plant_table,
      .doc = "texts put into what the upstreams send" },
    { .key = "watch",
      .kind = BIND_LIST,
      .offset = offsetof(struct arming_body, watch),
      .table = watch_table,
      .item_size = sizeof(struct watch_text),
      .doc = "texts looked for in what the upstreams get" },
    { 0 }
};

static bool arming_is_name(const char *name)
{
    regex_t pattern;
    bool matches;

    if (regcomp(&pattern, UPSTREAM_NAME_PATTERN, REG_EXTENDED | REG_NOSUB))
        return false;
    matches = !regexec(&pattern, name, 0, NULL, 0);
    regfree(&pattern);
    return matches;
}

void arming_add(struct arming *arming, const char *upstream,
                struct script *script)
{
    struct armed_upstream *added;

    arming->upstreams =
        xgrow(arming->upstreams, arming->upstream_count,
              &arming->upstream_capacity, sizeof *arming->upstreams);
    added = &arming->upstreams[arming->upstream_count++];
    *added = (struct armed_upstream){ .script = *script };
    strncpy(added->name, upstream, sizeof added->name - 1);
    *script = (struct script){ 0 };
}

static bool arming_read_upstreams(struct arming *out,
                                  const struct json *upstreams,
                                  const char *path, struct err *err)
{
    if (!upstreams)
        return true;
    if (json_kind(upstreams) != JSON_OBJECT) {
        err_set(err, ERR_SCHEMA, path, "must be an object of step lists");
        return false;
    }
    for (const struct json *node = json_first(upstreams); node;
         node = json_next(node)) {
        struct script script;
        char place[512];

        bind_path(place, sizeof place, path, json_key(node));
        if (!arming_is_name(json_key(node))) {
            err_set(err, ERR_SCHEMA, place,
                    "not an upstream name: must match %s",
                    UPSTREAM_NAME_PATTERN);
            return false;
        }
        if (!script_read(&script, node, place, BIND_STRICT, err))
            return false;
        arming_add(out, json_key(node), &script);
    }
    return true;
}

static void arming_take_watch(struct arming *out, struct bind_list *list)
{
    struct watch_text *items = list->items;

    for (size_t i = 0; i < list->count; i++) {
        out->watch = xgrow(out->watch, out->watch_count, &out->watch_capacity,
                           sizeof *out->watch);
        out->watch[out->watch_count++] = items[i];
        items[i] = (struct watch_text){ 0 };
    }
}

bool arming_read(struct arming *out, const struct json *body, const char *path,
                 struct err *err)
{
    struct arming_body read;
    char place[512];

    *out = (struct arming){ 0 };
    if (!bind_read(&read, sizeof read, body_table, body, path, BIND_STRICT,
                   err))
        return false;
    bind_path(place, sizeof place, path, "upstreams");
    if (!arming_read_upstreams(out, read.upstreams, place, err)) {
        bind_release(&read, body_table);
        arming_release(out);
        return false;
    }
    arming_take_watch(out, &read.watch);
    out->plant = read.plant;
    read.plant = (struct arming_plant){ 0 };
    bind_release(&read, body_table);
    return true;
}

static void arming_wipe(char *secret)
{
    if (secret)
        xwipe(secret, strlen(secret));
    free(secret);
}

void arming_release(struct arming *arming)
{
    if (!arming)
        return;
    for (size_t i = 0; i < arming->upstream_count; i++) {
        script_release(&arming->upstreams[i].script);
        free(arming->upstreams[i].begun_ns);
    }
    for (size_t i = 0; i < arming->watch_count; i++) {
        free(arming->watch[i].id);
        arming_wipe(arming->watch[i].text);
    }
    arming_wipe(arming->plant.completion);
    arming_wipe(arming->plant.error);
    arming_wipe(arming->plant.reasoning);
    arming_wipe(arming->plant.tool_call);
    arming_wipe(arming->plant.account);
    arming_wipe(arming->plant.account_header);
    free(arming->upstreams);
    free(arming->watch);
    *arming = (struct arming){ 0 };
}

static void case_free(struct mock_case *of)
{
    for (size_t i = 0; i < of->arming_count; i++) {
        arming_release(of->armings[i]);
        free(of->armings[i]);
    }
    free(of->armings);
    free(of->tallies);
    free(of->stands);
    free(of->name);
    free(of);
}

static void case_forget(struct mock_case *of)
{
    of->forgotten = true;
    if (of->held == 0)
        case_free(of);
}

void case_hold(struct mock_case *of)
{
    if (of)
        of->held++;
}

void case_drop(struct mock_case *of)
{
    if (of && --of->held == 0 && of->forgotten)
        case_free(of);
}

void cases_release(struct cases *cases)
{
    if (!cases)
        return;
    for (size_t i = 0; i < cases->count; i++)
        case_forget(cases->items[i]);
    free(cases->items);
    *cases = (struct cases){ 0 };
}

static int cases_compare(const struct mock_case *of, uint64_t nonce,
                         const char *name)
{
    if (of->nonce != nonce)
        return of->nonce < nonce ? -1 : 1;
    return nonce ? 0 : strcmp(of->name, name);
}

/* The index of the case, or where it would stand. */
static size_t cases_place(const struct cases *cases, uint64_t nonce,
                          const char *name)
{
    size_t low = 0, high = cases->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (cases_compare(cases->items[middle], nonce, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct mock_case *cases_at(const struct cases *cases, uint64_t nonce,
                                  const char *name)
{
    size_t place = cases_place(cases, nonce, name);

    if (place == cases->count ||
        cases_compare(cases->items[place], nonce, name))
        return NULL;
    return cases->items[place];
}

struct mock_case *cases_find(const struct cases *cases, uint64_t nonce)
{
    return nonce ? cases_at(cases, nonce, "") : NULL;
}

struct mock_case *cases_find_name(const struct cases *cases, const char *name)
{
    return cases_at(cases, 0, name);
}

static void case_put(struct mock_case *of, struct arming *arming)
{
    size_t place = 0;

    while (place < of->arming_count &&
           of->armings[place]->first_epoch < arming->first_epoch)
        place++;
    if (place < of->arming_count &&
        of->armings[place]->first_epoch == arming->first_epoch) {
        arming_release(of->armings[place]);
    } else {
        of->armings = xgrow(of->armings, of->arming_count, &of->arming_capacity,
                            sizeof(struct arming *));
        memmove(of->armings + place + 1, of->armings + place,
                (of->arming_count++ - place) * sizeof(struct arming *));
        of->armings[place] = xcalloc(1, sizeof(struct arming));
    }
    *of->armings[place] = *arming;
    *arming = (struct arming){ 0 };
}

struct mock_case *cases_put(struct cases *cases, uint64_t nonce,
                            const char *name, struct arming *arming)
{
    size_t place = cases_place(cases, nonce, name);
    struct mock_case *of = cases_at(cases, nonce, name);

    if (!of) {
        of = xcalloc(1, sizeof *of);
        *of = (struct mock_case){ .nonce = nonce, .name = xstrdup(name) };
        cases->items = xgrow(cases->items, cases->count, &cases->capacity,
                             sizeof(struct mock_case *));
        memmove(cases->items + place + 1, cases->items + place,
                (cases->count++ - place) * sizeof(struct mock_case *));
        cases->items[place] = of;
    }
    case_put(of, arming);
    return of;
}

bool cases_forget(struct cases *cases, uint64_t nonce)
{
    struct mock_case *of = cases_find(cases, nonce);
    size_t place;

    if (!of)
        return false;
    place = cases_place(cases, nonce, "");
    memmove(cases->items + place, cases->items + place + 1,
            (--cases->count - place) * sizeof(struct mock_case *));
    case_forget(of);
    return true;
}

/* No timed step of it has been met. */
static void case_begin_anew(struct mock_case *of)
{
    for (size_t i = 0; i < of->arming_count; i++)
        for (size_t k = 0; k < of->armings[i]->upstream_count; k++) {
            free(of->armings[i]->upstreams[k].begun_ns);
            of->armings[i]->upstreams[k].begun_ns = NULL;
        }
}

void cases_reset(struct cases *cases)
{
    size_t kept = 0;

    for (size_t i = 0; i < cases->count; i++) {
        struct mock_case *of = cases->items[i];

        if (of->nonce) {
            case_forget(of);
            continue;
        }
        of->tally_count = 0;
        of->stand_count = 0;
        case_begin_anew(of);
        cases->items[kept++] = of;
    }
    cases->count = kept;
}

const struct arming *case_arming(const struct mock_case *of, uint16_t epoch)
{
    for (size_t i = of->arming_count; i-- > 0;)
        if (of->armings[i]->first_epoch <= epoch)
            return of->armings[i];
    return NULL;
}

const struct script *case_script(const struct mock_case *of, uint16_t epoch,
                                 const char *upstream)
{
    const struct arming *arming = case_arming(of, epoch);

    for (size_t i = 0; arming && i < arming->upstream_count; i++)
        if (!strcmp(arming->upstreams[i].name, upstream))
            return &arming->upstreams[i].script;
    return NULL;
}

static struct tally *case_tally(const struct mock_case *of, uint16_t epoch,
                                const char *upstream)
{
    for (size_t i = 0; i < of->tally_count; i++)
        if (of->tallies[i].epoch == epoch &&
            !strcmp(of->tallies[i].upstream, upstream))
            return &of->tallies[i];
    return NULL;
}

int64_t case_next(const struct mock_case *of, uint16_t epoch,
                  const char *upstream)
{
    const struct tally *tally = case_tally(of, epoch, upstream);

    return tally ? tally->attempts + 1 : 1;
}

int64_t case_take(struct mock_case *of, uint16_t epoch, const char *upstream)
{
    struct tally *tally = case_tally(of, epoch, upstream);

    if (!tally) {
        of->tallies = xgrow(of->tallies, of->tally_count, &of->tally_capacity,
                            sizeof *of->tallies);
        tally = &of->tallies[of->tally_count++];
        *tally = (struct tally){ .epoch = epoch };
        strncpy(tally->upstream, upstream, sizeof tally->upstream - 1);
    }
    return ++tally->attempts;
}

void case_untake(struct mock_case *of, uint16_t epoch, const char *upstream,
                 int64_t number)
{
    struct tally *tally = case_tally(of, epoch, upstream);

    if (tally && tally->attempts == number)
        tally->attempts--;
}
