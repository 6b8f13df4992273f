#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/drill/trial_parts.h"

#define POLL_MS  10
#define LOG_MOST ((size_t)64 << 20) /* of what a case leaves there */

#define REQUEST_ID "X-Request-Id"

/* The header by which the client says which request it is; NULL: nobody asks
 * for one. */
static const char *id_header(const struct trial *t)
{
    const char *tie = t->drill->profile.log.id.request_header;

    if (tie && strcasecmp(tie, "traceparent") != 0)
        return tie;
    return t->planned->runbook->request.request_id >= 0 ? REQUEST_ID : NULL;
}

/* Ids that any program takes as they are. */
static bool is_plain(const char *id)
{
    size_t length = strlen(id);

    return length && length < OBSERVED_ID_SIZE &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                      "0123456789._-") == length;
}

static void note_sent(const struct trial *t, struct observed_request *out,
                      const char *name, const char *id)
{
    const char *tie = t->drill->profile.log.id.request_header;

    if (!is_plain(id))
        return;
    if (tie && !strcasecmp(tie, name))
        snprintf(out->log_id, sizeof out->log_id, "%s", id);
    if (!strcasecmp(name, REQUEST_ID))
        digest_fingerprint(out->request_id_fingerprint,
                           t->drill->control.fingerprint_key, id, strlen(id));
}

/* What the scenario or the profile sends under that name; NULL: nothing. */
static const char *own_id(const struct trial *t,
                          const struct case_client *client, const char *name)
{
    const struct profile_pairs *pairs = &t->drill->profile.client.headers;
    const struct step_header *headers = client->headers.items;

    for (size_t i = 0; i < client->headers.count; i++)
        if (!strcasecmp(headers[i].name, name))
            return headers[i].value;
    for (size_t i = 0; i < pairs->count; i++)
        if (!strcasecmp(pairs->items[i].name, name))
            return pairs->items[i].value;
    return NULL;
}

char *trial_request_id(const struct trial *t, struct observed_request *out,
                       const struct case_client *client)
{
    const char *name = id_header(t);
    const char *own = name ? own_id(t, client, name) : NULL;
    uint8_t fresh[16];
    char hex[33], id[37];

    if (own)
        note_sent(t, out, name, own);
    if (!name || own)
        return NULL;
    digest_random(fresh, sizeof fresh);
    fresh[6] = (uint8_t)((fresh[6] & 0x0f) | 0x40); /* UUID, version 4 */
    fresh[8] = (uint8_t)((fresh[8] & 0x3f) | 0x80);
    digest_to_hex(hex, fresh, sizeof fresh);
    hex[32] = '\0';
    snprintf(id, sizeof id, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
             hex + 16, hex + 20);
    note_sent(t, out, name, id);
    return xasprintf("%s: %s", name, id);
}

void trial_note_answer_id(const struct trial *t, struct observed_request *out)
{
    const struct profile_log *log = &t->drill->profile.log;
    const char *tie =
        log->id.response_header ? log->id.response_header : id_header(t);
    char *id = http_trace_header(&out->trace, REQUEST_ID);

    if (id && *id)
        digest_fingerprint(out->answer_id_fingerprint,
                           t->drill->control.fingerprint_key, id, strlen(id));
    free(id);
    if (log->id.request_header &&
        !strcasecmp(log->id.request_header, "traceparent"))
        snprintf(out->log_id, sizeof out->log_id, "%s", out->trace_id);
    if (out->log_id[0] || !log->declared || !tie)
        return;
    /* Where the client's is none to rely on, the gateway's own counts. */
    id = http_trace_header(&out->trace, tie);
    if (id && is_plain(id))
        snprintf(out->log_id, sizeof out->log_id, "%s", id);
    free(id);
}

/* --- the file ------------------------------------------------------------- */

/* Of a glob such as "access.log*" the file that is written to. */
static char *live_file(char *path)
{
    size_t length = path ? strlen(path) : 0;

    while (length && path[length - 1] == '*')
        path[--length] = '\0';
    return path;
}

static char *path_of(const struct trial *t, struct err *err)
{
    const char *sink = t->drill->profile.log.sink;

    if (!strcmp(sink, sink_kind_names[SINK_STDOUT]) ||
        !strcmp(sink, sink_kind_names[SINK_STDERR]))
        return xasprintf("%s/%s.log", t->slot->gateway.folder, sink);
    return live_file(
        names_fill(&t->slot->gateway.names, sink, "$.telemetry.json_log", err));
}

static int open_log(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

void trial_log_begin(struct trial *t)
{
    struct stat status;
    struct err err;

    t->log_fd = -1;
    if (!t->drill->profile.log.declared)
        return;
    t->log_path = path_of(t, &err);
    t->log_fd = t->log_path ? open_log(t->log_path) : -1;
    if (t->log_fd >= 0 && fstat(t->log_fd, &status) == 0)
        t->log_from = status.st_size;
}

/* Reads on where it stopped; whole lines go to the log. Returns false when it
 * cannot. */
static bool read_on(int fd, int64_t *from, struct json_log *out,
                    const struct json_log_ask *ask, bool all)
{
    struct buf text = { 0 };
    char piece[16384];
    ssize_t got;

    while ((got = pread(fd, piece, sizeof piece,
                        *from + (int64_t)text.length)) > 0 &&
           text.length < LOG_MOST)
        buf_add(&text, piece, (size_t)got);
    if (text.length) {
        *from += (int64_t)json_log_add(out, ask, text.data, text.length, all);
        xwipe(text.data, text.length);
    }
    buf_release(&text);
    return got >= 0;
}

/* The file was renamed: what follows is in a new one of its name. */
static void follow(struct trial *t, const struct json_log_ask *ask, bool all)
{
    struct stat now, before;
    int fd;

    if (stat(t->log_path, &now) != 0)
        return;
    if (t->log_fd >= 0 && fstat(t->log_fd, &before) == 0 &&
        before.st_ino == now.st_ino && before.st_dev == now.st_dev) {
        if (now.st_size < t->log_from) {
            t->log_from = 0; /* cut to nothing, and begun anew */
            t->o->log.moved = true;
        }
        return;
    }
    fd = open_log(t->log_path);
    if (fd < 0)
        return;
    if (t->log_fd >= 0) {
        read_on(t->log_fd, &t->log_from, &t->o->log, ask, all);
        close(t->log_fd);
        t->o->log.moved = true;
    }
    t->log_fd = fd;
    t->log_from = 0;
}

static bool has_all(const struct observation *o)
{
    const struct log_line *line;

    for (size_t i = 0; i < o->request_count; i++)
        if (o->requests[i].log_id[0] && !json_log_find(&o->log, i, &line))
            return false;
    return true;
}

static void look(struct trial *t, const struct json_log_ask *ask, bool all)
{
    if (t->log_fd >= 0)
        t->o->log.read |=
            read_on(t->log_fd, &t->log_from, &t->o->log, ask, all);
    follow(t, ask, all);
}

/* A line that is not there yet may still come. */
static void wait_for_lines(struct trial *t, const struct json_log_ask *ask)
{
    const struct timespec pause = { 0, POLL_MS * NS_PER_MS };
    int64_t until_ns =
        clock_now_ns() + t->drill->profile.log.flush_ms * NS_PER_MS;
    bool all = !t->slot->kind.shared;

    look(t, ask, all);
    while (!has_all(t->o) && clock_now_ns() < until_ns &&
           !t->drill->cancelled) {
        nanosleep(&pause, NULL);
        look(t, ask, all);
    }
    look(t, ask, all);
}

/* How the log calls the upstreams: by their names, unless it is said. */
static void name_upstreams(struct trial *t, struct profile_pairs *out)
{
    const struct profile_pairs *values =
        &t->drill->profile.log.facts[FACT_UPSTREAM].values;
    struct err err;

    out->items = xcalloc(t->slot->upstream_count + 1, sizeof *out->items);
    for (size_t i = 0; i < t->slot->upstream_count; i++) {
        const char *name = t->slot->upstreams[i].name;
        const char *called = values->count ? NULL : name;
        char *value;

        for (size_t k = 0; k < values->count; k++)
            if (!strcmp(values->items[k].name, name))
                called = values->items[k].value;
        value = called ? names_fill(&t->slot->gateway.names, called,
                                    "$.telemetry.json_log", &err)
                       : NULL;
        if (value)
            out->items[out->count++] =
                (struct profile_pair){ xstrdup(name), value };
    }
}

void trial_take_log(struct trial *t)
{
    struct observation *o = t->o;
    struct json_log_ask ask = { .log = &t->drill->profile.log,
                                .count = o->request_count };
    const char **ids;

    if (!t->drill->profile.log.declared)
        return;
    ids = xcalloc(o->request_count + 1, sizeof *ids);
    for (size_t i = 0; i < o->request_count; i++)
        ids[i] = o->requests[i].log_id;
    ask.ids = ids;
    name_upstreams(t, &ask.upstreams);
    wait_for_lines(t, &ask);
    if (!o->log.read)
        snprintf(o->log.problem, sizeof o->log.problem, "cannot be read");
    profile_pairs_release(&ask.upstreams);
    free(ids);
    if (t->log_fd >= 0)
        close(t->log_fd);
    free(t->log_path);
    t->log_fd = -1;
    t->log_path = NULL;
}
