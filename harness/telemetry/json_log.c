#include "harness/telemetry/json_log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"

const char *const log_outcome_names[] = { "nothing", "complete", "partial",
                                          "neither", NULL };

/* --- values --------------------------------------------------------------- */

/* nginx and others write "-" for what is not there. */
static bool is_absent(const struct json *node)
{
    const char *text = json_text(node, NULL);

    return !node || json_kind(node) == JSON_NULL ||
           (text && (!*text || !strcmp(text, "-")));
}

/* 3, "3", "+3" (haproxy, where a retry went to another server). */
static int64_t figure_of_text(const char *text, size_t length)
{
    char digits[20];
    size_t from = length && *text == '+';
    char *end;
    int64_t figure;

    if (length == 1 && *text == '-')
        return LOG_UNSAID;
    if (length - from == 0 || length - from >= sizeof digits)
        return LOG_NO_NUMBER;
    memcpy(digits, text + from, length - from);
    digits[length - from] = '\0';
    figure = strtoll(digits, &end, 10);
    return *end || figure < 0 ? LOG_NO_NUMBER : figure;
}

static int64_t figure_of(const struct json *node)
{
    const char *text = json_text(node, NULL);

    if (is_absent(node))
        return LOG_UNSAID;
    if (text)
        return figure_of_text(text, strlen(text));
    return json_is_int(node) && json_int(node, -1) >= 0 ? json_int(node, -1)
                                                        : LOG_NO_NUMBER;
}

/* --- lists ---------------------------------------------------------------- */

/* The entries of a text or of an array, one after the other. */
struct entries {
    const char *at, *separator; /* of a text; at NULL: over */
    const struct json *item;    /* of an array */
};

static struct entries entries_of(const struct json *node, const char *separator)
{
    struct entries entries = { .separator = separator };

    if (!node)
        return entries;
    if (json_kind(node) == JSON_ARRAY)
        entries.item = json_first(node);
    else
        entries.at = json_text(node, NULL);
    /* A "-" is an entry that says nothing: an attempt without a status. */
    if (entries.at && !entries.at[0])
        entries.at = NULL;
    return entries;
}

/* The next entry; *node for one of an array, else its text. */
static bool entries_next(struct entries *entries, const struct json **node,
                         const char **text, size_t *length)
{
    const char *end;

    *node = entries->item;
    *text = json_text(entries->item, NULL);
    if (entries->item) {
        *length = *text ? strlen(*text) : 0;
        entries->item = json_next(entries->item);
        return true;
    }
    *text = entries->at;
    if (!entries->at)
        return false;
    end = entries->separator ? strstr(entries->at, entries->separator) : NULL;
    *length = end ? (size_t)(end - entries->at) : strlen(entries->at);
    entries->at = end ? end + strlen(entries->separator) : NULL;
    return true;
}

/* How many there are; *last the figure of the last. */
static int64_t count_entries(const struct json *node, const char *separator,
                             int64_t *last)
{
    struct entries entries = entries_of(node, separator);
    const struct json *item;
    const char *text;
    size_t length;
    int64_t count = 0;

    *last = LOG_UNSAID;
    while (entries_next(&entries, &item, &text, &length)) {
        *last = text   ? figure_of_text(text, length)
                : item ? figure_of(item)
                       : LOG_NO_NUMBER;
        count++;
    }
    return count;
}

/* --- the facts ------------------------------------------------------------ */

typedef void read_fact(struct log_line *line, enum log_fact fact,
                       const struct profile_log_fact *how,
                       const struct json *node, const struct json_log_ask *ask);

static void read_count(struct log_line *line, enum log_fact fact,
                       const struct profile_log_fact *how,
                       const struct json *node, const struct json_log_ask *ask)
{
    int64_t last;

    (void)ask;
    line->figures[fact] = how->list || (node && json_kind(node) == JSON_ARRAY)
                              ? count_entries(node, how->list, &last)
                              : figure_of(node);
}

static void read_figure(struct log_line *line, enum log_fact fact,
                        const struct profile_log_fact *how,
                        const struct json *node, const struct json_log_ask *ask)
{
    (void)ask;
    line->figures[fact] = figure_of(node);
    if (how->list)
        count_entries(node, how->list, &line->figures[fact]);
}

/* Of a list the last: who answered in the end. */
static void read_upstream(struct log_line *line, enum log_fact fact,
                          const struct profile_log_fact *how,
                          const struct json *node,
                          const struct json_log_ask *ask)
{
    struct entries entries = entries_of(node, how->list);
    const struct json *item;
    const char *text = NULL, *name;
    size_t length = 0, at;

    (void)fact;
    while (entries_next(&entries, &item, &name, &at)) {
        text = name;
        length = at;
    }
    if (!text)
        return;
    snprintf(line->upstream, sizeof line->upstream, "?");
    for (size_t i = 0; i < ask->upstreams.count; i++) {
        const struct profile_pair *pair = &ask->upstreams.items[i];

        if (strlen(pair->value) == length &&
            !strncmp(pair->value, text, length))
            snprintf(line->upstream, sizeof line->upstream, "%s", pair->name);
    }
}

static void read_statuses(struct log_line *line, enum log_fact fact,
                          const struct profile_log_fact *how,
                          const struct json *node,
                          const struct json_log_ask *ask)
{
    struct entries entries = entries_of(node, how->list);
    const struct json *item;
    const char *text;
    size_t length;

    (void)ask;
    line->figures[fact] = 0;
    while (line->status_count < LOG_STATUSES_MOST &&
           entries_next(&entries, &item, &text, &length))
        line->statuses[line->status_count++] =
            text ? figure_of_text(text, length) : figure_of(item);
    line->figures[fact] = (int64_t)line->status_count;
}

static bool listed(const struct bind_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (!strcmp(texts->items[i], text))
            return true;
    return false;
}

static void read_error(struct log_line *line, enum log_fact fact,
                       const struct profile_log_fact *how,
                       const struct json *node, const struct json_log_ask *ask)
{
    const char *text = json_text(node, NULL);

    (void)fact;
    (void)ask;
    line->error = is_absent(node) || (text && listed(&how->none, text)) ||
                          (json_kind(node) == JSON_BOOL && !json_true(node))
                      ? LOG_ERROR_NONE
                      : LOG_ERROR_SOME;
}

static void read_outcome(struct log_line *line, enum log_fact fact,
                         const struct profile_log_fact *how,
                         const struct json *node,
                         const struct json_log_ask *ask)
{
    /* "" may be a declared word: what is left out at the end. */
    const char *text = json_text(node, "");

    (void)fact;
    (void)ask;
    if (listed(&how->complete, text))
        line->outcome = LOG_OUTCOME_COMPLETE;
    else if (listed(&how->partial, text))
        line->outcome = LOG_OUTCOME_PARTIAL;
    else
        line->outcome =
            is_absent(node) ? LOG_OUTCOME_UNSAID : LOG_OUTCOME_OTHER;
}

static read_fact *const readers[FACT_COUNT] = {
    [FACT_ATTEMPTS_TOTAL] = read_count,
    [FACT_RETRIES_TOTAL] = read_figure,
    [FACT_RETRIES_PRIMARY] = read_figure,
    [FACT_STATUS] = read_figure,
    [FACT_UPSTREAM] = read_upstream,
    [FACT_STATUSES] = read_statuses,
    [FACT_ERROR] = read_error,
    [FACT_OUTCOME] = read_outcome,
    [FACT_INPUT_TOKENS] = read_figure,
    [FACT_OUTPUT_TOKENS] = read_figure,
};

/* --- lines ---------------------------------------------------------------- */

/* Whose it is; ask->count: nobody's here. A traceparent is found by the trace
 * id in it. */
static size_t whose(const struct json_log_ask *ask, const char *id)
{
    bool within = ask->log->id.request_header &&
                  !strcasecmp(ask->log->id.request_header, "traceparent");

    for (size_t i = 0; i < ask->count; i++)
        if (ask->ids[i][0] && (within ? strcasestr(id, ask->ids[i]) != NULL
                                      : !strcasecmp(id, ask->ids[i])))
            return i;
    return ask->count;
}

static void add_line(struct json_log *out, const struct json_log_ask *ask,
                     size_t request, const struct json *document)
{
    struct log_line *line;

    out->lines =
        xgrow(out->lines, out->count, &out->capacity, sizeof *out->lines);
    line = &out->lines[out->count++];
    *line = (struct log_line){ .request = request };
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const struct profile_log_fact *how = &ask->log->facts[i];

        line->figures[i] = LOG_UNSAID;
        if (how->pointer)
            readers[i](line, (enum log_fact)i, how,
                       json_pointer(document, how->pointer), ask);
    }
}

static bool holds(const char *text, size_t length, const char *id)
{
    size_t size = strlen(id);
    int first = tolower((unsigned char)id[0]);

    for (size_t at = 0; size && at + size <= length; at++)
        if (tolower((unsigned char)text[at]) == first &&
            !strncasecmp(text + at, id, size))
            return true;
    return false;
}

static bool holds_an_id(const struct json_log_ask *ask, const char *text,
                        size_t length)
{
    for (size_t i = 0; i < ask->count; i++)
        if (holds(text, length, ask->ids[i]))
            return true;
    return false;
}

/* What stands before the object, as loggers put a time there, is skipped. */
static void look_at(struct json_log *out, const struct json_log_ask *ask,
                    const char *text, size_t length, bool all)
{
    const char *begin = memchr(text, '{', length);
    struct json *document;
    struct err err;
    const char *id;

    if (!begin || (!all && !holds_an_id(ask, text, length)))
        return;
    document = json_parse(begin, length - (size_t)(begin - text), "log", &err);
    if (!document)
        return;
    id = json_text(json_pointer(document, ask->log->id.pointer), "");
    if (!*id || !strcmp(id, "-"))
        out->nameless++;
    else if (whose(ask, id) < ask->count)
        add_line(out, ask, whose(ask, id), document);
    json_free(document);
}

size_t json_log_add(struct json_log *out, const struct json_log_ask *ask,
                    const char *text, size_t length, bool all)
{
    size_t used = 0;
    const char *end;

    while (used < length &&
           (end = memchr(text + used, '\n', length - used)) != NULL) {
        look_at(out, ask, text + used, (size_t)(end - text) - used, all);
        used = (size_t)(end - text) + 1;
    }
    return used;
}

size_t json_log_find(const struct json_log *log, size_t request,
                     const struct log_line **line)
{
    size_t count = 0;

    *line = NULL;
    for (size_t i = 0; i < log->count; i++) {
        if (log->lines[i].request != request)
            continue;
        if (!count++)
            *line = &log->lines[i];
    }
    return count;
}

void json_log_release(struct json_log *log)
{
    free(log->lines);
    *log = (struct json_log){ 0 };
}
