#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bind.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "mockserver/admin.h"
#include "mockserver/connection.h"
#include "mockserver/control.h"
#include "mockserver/exchange.h"
#include "mockserver/lease.h"

#define POLL_MOST_MS 60000

void control_refuse(struct admin_call *call, const struct err *err)
{
    admin_answer_error(
        call, err->code == ERR_STATE || err->code == ERR_NET ? 409 : 400,
        err->where, err->text);
}

void control_ok(struct admin_call *call)
{
    struct json *answer = json_new_object();

    json_add_bool(answer, "ok", true);
    admin_answer_json(call, answer);
}

/* The body as JSON; NULL when the call was answered with what is wrong. */
struct json *control_body(struct admin_call *call)
{
    struct err err;
    struct json *body =
        json_parse(buf_text(&call->body), call->body.length, "body", &err);

    if (!body)
        control_refuse(call, &err);
    return body;
}

bool control_read(struct admin_call *call, void *out, size_t size,
                  const struct bind_row *table)
{
    struct err err;
    struct json *body = control_body(call);
    bool read;

    if (!body)
        return false;
    read = bind_read(out, size, table, body, "body: $", BIND_STRICT, &err);
    json_free(body);
    if (!read)
        control_refuse(call, &err);
    return read;
}

bool control_drill_id(struct admin_call *call, const char *text,
                      struct drill_id *id)
{
    if (text && drill_id_parse(id, text))
        return true;
    admin_answer_error(call, 400, "drill_id",
                       "not a drill id: \"gd-\" and 16 hex digits, of which "
                       "the first 12 are not all 0");
    return false;
}

static void control_healthz(struct admin_call *call)
{
    struct json *answer = json_new_object();
    char key[2 * FINGERPRINT_KEY_BYTES + 1];

    digest_to_hex(key, call->mock->fingerprint_key, FINGERPRINT_KEY_BYTES);
    json_add_bool(answer, "ok", true);
    json_add_text(answer, "version", GATEDRILL_VERSION);
    json_add_text(answer, "fingerprint_key", key);
    admin_answer_json(call, answer);
}

static void control_put_script(struct admin_call *call)
{
    struct arming arming;
    struct drill_id id;
    struct err err;
    struct json *body;
    struct mock_case *of;
    bool fresh;

    if (!control_drill_id(call, call->path + strlen("/scripts/"), &id))
        return;
    body = control_body(call);
    if (!body)
        return;
    if (!arming_read(&arming, body, "body: $", &err)) {
        json_free(body);
        control_refuse(call, &err);
        return;
    }
    json_free(body);
    arming.first_epoch = id.epoch;
    fresh = !cases_find(&call->mock->cases, id.nonce);
    of = cases_put(&call->mock->cases, id.nonce, "", &arming);
    if (fresh)
        of->foreign_before = call->mock->foreign;
    control_ok(call);
}

static void control_delete_script(struct admin_call *call)
{
    struct drill_id id;

    if (!control_drill_id(call, call->path + strlen("/scripts/"), &id))
        return;
    if (!cases_find(&call->mock->cases, id.nonce)) {
        admin_answer_error(call, 404, "drill_id", "no script of that case");
        return;
    }
    lease_drop_case(call->mock, id.nonce);
    mock_end_open(call->mock, id.nonce);
    cases_forget(&call->mock->cases, id.nonce);
    journal_forget(&call->mock->journal, id.nonce);
    control_ok(call);
}

static bool control_number(struct admin_call *call, const char *name,
                           int64_t most, int64_t *out)
{
    const char *text = server_query(call->library, name);
    char words[96];
    char *end = NULL;

    *out = 0;
    if (!text)
        return true;
    *out = strtoll(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && *out <= most)
        return true;
    snprintf(words, sizeof words, "must be a whole number of 0..%" PRId64,
             most);
    admin_answer_error(call, 400, name, words);
    return false;
}

struct control_open {
    struct exchange **items; /* in order of arrival */
    size_t count, capacity;
};

static int control_compare(const void *left, const void *right)
{
    const struct exchange *const *l = left, *const *r = right;

    return (*l)->number < (*r)->number ? -1 : (*l)->number > (*r)->number;
}

static void control_find_open(struct control_open *out,
                              const struct admin_call *call)
{
    for (struct connection *c = call->mock->data.connections; c; c = c->next) {
        struct exchange *e = c->exchange;

        if (!e || (call->nonce && e->attempt.id.nonce != call->nonce))
            continue;
        out->items = xgrow(out->items, out->count, &out->capacity,
                           sizeof(struct exchange *));
        out->items[out->count++] = e;
    }
    if (out->count)
        qsort(out->items, out->count, sizeof(struct exchange *),
              control_compare);
}

/* Attempts of the case that are still open; their lines go to out, if any. */
static int64_t control_open_attempts(const struct admin_call *call,
                                     struct buf *out)
{
    struct control_open open = { 0 };

    control_find_open(&open, call);
    for (size_t i = 0; out && i < open.count; i++) {
        char *line;

        exchange_fill(open.items[i], ATTEMPT_END_OPEN);
        line = journal_print(&call->mock->journal, &open.items[i]->attempt);
        buf_printf(out, "%s\n", line);
        free(line);
    }
    free(open.items);
    return (int64_t)open.count;
}

/* Arrivals of no case: on the slots leased to this one, else anywhere since its
 * script came. */
static int64_t control_foreign(const struct admin_call *call)
{
    const struct mock *mock = call->mock;
    const struct mock_case *of = cases_find(&mock->cases, call->nonce);
    int64_t foreign = 0;
    bool leased = false;

    for (const struct slot *slot = mock->slots; slot; slot = slot->next) {
        if (!call->nonce || slot->lease.nonce != call->nonce)
            continue;
        leased = true;
        foreign += slot->foreign - slot->foreign_at_lease;
    }
    if (leased)
        return foreign;
    return mock->foreign - (of ? of->foreign_before : 0);
}

void control_poll_answer(struct admin_call *call)
{
    const struct journal *journal = &call->mock->journal;
    int64_t open;

    buf_clear(&call->answer);
    journal_read(journal, call->nonce, call->after, &call->answer);
    open = control_open_attempts(call, call->with_open ? &call->answer : NULL);
    buf_printf(&call->answer,
               "{\"end\":{\"open\":%" PRId64 ",\"last\":%" PRId64
               ",\"foreign\":%" PRId64 ",\"dropped\":%" PRId64 "}}\n",
               open, journal->last_seq, control_foreign(call),
               journal->dropped);
    admin_answer(call, 200, "application/x-ndjson");
}

static void control_get_attempts(struct admin_call *call)
{
    const char *text = server_query(call->library, "drill_id");
    const char *open = server_query(call->library, "open");
    struct drill_id id = { 0 };
    struct buf lines = { 0 };
    int64_t wait_ms;
    size_t count;

    if ((text && !control_drill_id(call, text, &id)) ||
        !control_number(call, "after", INT64_MAX, &call->after) ||
        !control_number(call, "wait_ms", POLL_MOST_MS, &wait_ms))
        return;
    call->nonce = id.nonce;
    call->with_open = open && !strcmp(open, "1");
    count =
        journal_read(&call->mock->journal, call->nonce, call->after, &lines);
    buf_release(&lines);
    if (count || !wait_ms) {
        control_poll_answer(call);
        return;
    }
    call->polling = true;
    loop_arm(&call->mock->loop, &call->deadline,
             clock_now_ns() + wait_ms * NS_PER_MS);
}

static void control_get_faults(struct admin_call *call)
{
    struct json *answer = json_new_object();
    struct json *faults = json_add_array(answer, "faults");
    struct json *words = json_add_array(answer, "dialects");

    for (const struct fault_row *row = fault_rows; row->name; row++) {
        struct json *fault = json_new_object();

        json_add_text(fault, "name", row->name);
        json_add_text(fault, "parameters", row->parameters);
        json_add_text(fault, "text", row->text);
        json_append(faults, fault);
    }
    for (size_t i = 0; dialects[i]; i++)
        json_append(words, json_new_text(dialects[i]->name));
    admin_answer_json(call, answer);
}

static void control_reset(struct admin_call *call)
{
    struct mock *mock = call->mock;

    for (struct slot *slot = mock->slots, *next; slot; slot = next) {
        bool alone = slot->listeners && slot->listeners->alone;

        next = slot->next;
        if (alone)
            lease_drop_case(mock, slot->lease.nonce);
        else
            slot_free(mock, slot);
    }
    mock_end_open(mock, 0);
    cases_reset(&mock->cases);
    journal_forget(&mock->journal, 0);
    for (struct slot *slot = mock->slots; slot; slot = slot->next)
        for (struct listener *l = slot->listeners; l; l = l->next)
            lease_apply(l);
    control_ok(call);
}

static void control_metric(struct buf *out, const char *name, const char *type,
                           const char *help, int64_t value)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRId64 "\n", name, help,
               name, type, name, value);
}

static void control_get_metrics(struct admin_call *call)
{
    const struct mock *mock = call->mock;
    struct buf *out = &call->answer;

    control_metric(out, "gatedrill_mock_attempts_total", "counter",
                   "Attempts that are over.", mock->attempts);
    control_metric(out, "gatedrill_mock_foreign_total", "counter",
                   "Arrivals of no case.", mock->foreign);
    control_metric(out, "gatedrill_mock_unfaithful_total", "counter",
                   "Arrivals whose plan the wire did not carry out.",
                   mock->unfaithful);
    control_metric(out, "gatedrill_mock_open", "gauge",
                   "Arrivals not over yet.", mock->open);
    control_metric(out, "gatedrill_mock_connections", "gauge",
                   "Connections to upstream listeners.",
                   mock->data.connection_count);
    control_metric(out, "gatedrill_mock_connections_total", "counter",
                   "Connections accepted so far.", mock->data.last_number);
    control_metric(out, "gatedrill_mock_cases", "gauge", "Scripts held.",
                   (int64_t)mock->cases.count);
    control_metric(out, "gatedrill_mock_journal_lines", "gauge",
                   "Journal lines in memory.",
                   (int64_t)(mock->journal.count - mock->journal.blank));
    control_metric(out, "gatedrill_mock_journal_dropped_total", "counter",
                   "Journal lines lost to the bound.", mock->journal.dropped);
    admin_answer(call, 200, "text/plain; version=0.0.4; charset=utf-8");
}

struct control_route {
    const char *method, *path;
    bool prefix; /* more follows the path */
    void (*act)(struct admin_call *call);
};
static const struct control_route control_routes[] = {
    { "GET", "/healthz", false, control_healthz },
    { "POST", "/listeners", false, control_post_listeners },
    { "DELETE", "/listeners", false, control_delete_listeners },
    { "PUT", "/scripts/", true, control_put_script },
    { "DELETE", "/scripts/", true, control_delete_script },
    { "POST", "/leases", false, control_post_lease },
    { "DELETE", "/leases", false, control_delete_lease },
    { "GET", "/attempts", false, control_get_attempts },
    { "GET", "/faults", false, control_get_faults },
    { "POST", "/reset", false, control_reset },
    { "GET", "/metrics", false, control_get_metrics },
    { 0 }
};

void control_do(struct admin_call *call)
{
    for (const struct control_route *route = control_routes; route->path;
         route++) {
        bool fits = route->prefix
                        ? !strncmp(call->path, route->path, strlen(route->path))
                        : !strcmp(call->path, route->path);

        if (fits && !strcmp(call->method, route->method)) {
            route->act(call);
            return;
        }
    }
    admin_answer_error(call, 404, call->path, "there is no such call");
}
