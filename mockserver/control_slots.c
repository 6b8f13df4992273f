#include <stdio.h>
#include <string.h>

#include "common/bind.h"
#include "mockserver/admin.h"
#include "mockserver/control.h"
#include "mockserver/lease.h"

/* The bodies. */
struct listen_upstream {
    char *name, *dialect;
    struct bind_texts accept;
};
struct listen_body {
    char *slot, *host;
    struct bind_list upstreams; /* struct listen_upstream */
};
struct lease_body {
    char *slot, *drill_id;
};

#define SLOT_PATTERN "^[A-Za-z0-9_.-]{1,31}$"

static const struct bind_row listen_upstream_table[] = {
    { .key = "name",
      .kind = BIND_TEXT,
      .offset = offsetof(struct listen_upstream, name),
      .required = true,
      .pattern = UPSTREAM_NAME_PATTERN,
      .doc = "which upstream it plays" },
    { .key = "accept",
      .kind = BIND_TEXTS,
      .offset = offsetof(struct listen_upstream, accept),
      .pattern = "^[0-9a-f]{16}$",
      .doc = "fingerprints of the keys it takes; absent: any key" },
    { .key = "dialect",
      .kind = BIND_TEXT,
      .offset = offsetof(struct listen_upstream, dialect),
      .doc = "how it words its errors" },
    { 0 }
};
static const struct bind_row listen_table[] = {
    { .key = "slot",
      .kind = BIND_TEXT,
      .offset = offsetof(struct listen_body, slot),
      .required = true,
      .pattern = SLOT_PATTERN,
      .doc = "one gateway process" },
    { .key = "host",
      .kind = BIND_TEXT,
      .offset = offsetof(struct listen_body, host),
      .doc = "numeric address to bind to; default 127.0.0.1" },
    { .key = "upstreams",
      .kind = BIND_LIST,
      .offset = offsetof(struct listen_body, upstreams),
      .required = true,
      .min = 1,
      .max = 64,
      .table = listen_upstream_table,
      .item_size = sizeof(struct listen_upstream),
      .doc = "one listener each" },
    { 0 }
};
static const struct bind_row lease_table[] = {
    { .key = "slot",
      .kind = BIND_TEXT,
      .offset = offsetof(struct lease_body, slot),
      .required = true,
      .pattern = SLOT_PATTERN,
      .doc = "the slot to lease" },
    { .key = "drill_id",
      .kind = BIND_TEXT,
      .offset = offsetof(struct lease_body, drill_id),
      .required = true,
      .pattern = "^gd-[0-9a-f]{16}$",
      .doc = "the case and epoch it is leased to" },
    { 0 }
};

static struct listener *control_open(struct mock *mock, struct slot *slot,
                                     const char *host,
                                     const struct listen_upstream *upstream,
                                     struct err *err)
{
    struct sockaddr_storage address;
    struct listener *listener;
    const struct dialect *dialect = mock->dialect;
    socklen_t length;
    char text[80];

    snprintf(text, sizeof text, strchr(host, ':') ? "[%s]:0" : "%s:0", host);
    if (!listener_address(&address, &length, text, err))
        return NULL;
    if (!listener_is_loopback(&address) && !mock->control->token) {
        err_set(err, ERR_USAGE, "body: $.host",
                "%s is not loopback: that wants --admin-token-file", host);
        return NULL;
    }
    if (upstream->dialect)
        dialect = dialect_find(upstream->dialect);
    if (!dialect) {
        err_set(err, ERR_SCHEMA, "body: $.upstreams",
                "no dialect \"%s\": see GET /faults", upstream->dialect);
        return NULL;
    }
    if (slot_listener(slot, upstream->name)) {
        err_set(err, ERR_STATE, "body: $.upstreams",
                "slot %s has a listener %s already", slot->name,
                upstream->name);
        return NULL;
    }
    listener = listener_open(mock, slot, upstream->name, text, err);
    if (!listener)
        return NULL;
    listener->dialect = dialect;
    listener->accept_any = !upstream->accept.declared;
    for (size_t i = 0; i < upstream->accept.count; i++)
        listener_accept_key(listener, upstream->accept.items[i]);
    return listener;
}

/* Opens all of them, or none. */
static bool control_open_all(struct mock *mock, struct slot *slot,
                             const struct listen_body *body, struct json *urls,
                             struct err *err)
{
    const struct listen_upstream *upstreams = body->upstreams.items;
    struct listener *before = slot->listeners;

    for (size_t i = 0; i < body->upstreams.count; i++) {
        struct listener *listener =
            control_open(mock, slot, body->host ? body->host : "127.0.0.1",
                         &upstreams[i], err);

        if (!listener)
            goto fail;
        listener->next = slot->listeners;
        slot->listeners = listener;
        json_add_text(urls, listener->upstream, listener->url);
    }
    return true;

fail:
    while (slot->listeners != before) {
        struct listener *listener = slot->listeners;

        slot->listeners = listener->next;
        listener_close(listener);
    }
    return false;
}

void control_post_listeners(struct admin_call *call)
{
    struct listen_body body;
    struct json *answer;
    struct slot *slot;
    struct err err;
    bool fresh;

    if (!control_read(call, &body, sizeof body, listen_table))
        return;
    fresh = !slot_find(call->mock, body.slot);
    slot = slot_need(call->mock, body.slot);
    answer = json_new_object();
    if (slot->change) {
        err_set(&err, ERR_STATE, body.slot, "its lease is changing");
        goto fail;
    }
    if (!control_open_all(call->mock, slot, &body,
                          json_add_object(answer, "listeners"), &err)) {
        if (fresh)
            slot_free(call->mock, slot);
        goto fail;
    }
    bind_release(&body, listen_table);
    admin_answer_json(call, answer);
    return;

fail:
    bind_release(&body, listen_table);
    json_free(answer);
    control_refuse(call, &err);
}

/* The slot that the query names; NULL when the call was answered. */
static struct slot *control_slot(struct admin_call *call, const char *name)
{
    struct slot *slot = name ? slot_find(call->mock, name) : NULL;

    if (!slot)
        admin_answer_error(call, 404, "slot", "there is no slot of that name");
    return slot;
}

void control_delete_listeners(struct admin_call *call)
{
    struct slot *slot = control_slot(call, server_query(call->library, "slot"));

    if (!slot)
        return;
    slot_free(call->mock, slot);
    control_ok(call);
}

static void control_lease_done(void *context, struct json *answer)
{
    struct admin_call *call = context;

    if (answer)
        admin_answer_json(call, answer);
    else
        admin_answer_error(call, 409, "slot", "the slot was deleted meanwhile");
}

static void control_lease(struct admin_call *call, const char *name,
                          struct drill_id id)
{
    struct slot *slot = control_slot(call, name);

    if (slot && !lease_start(call->mock, slot, id, control_lease_done, call))
        admin_answer_error(call, 409, name, "its lease is changing already");
}

void control_post_lease(struct admin_call *call)
{
    struct lease_body body;
    struct drill_id id;

    if (!control_read(call, &body, sizeof body, lease_table))
        return;
    if (!control_drill_id(call, body.drill_id, &id)) {
        bind_release(&body, lease_table);
        return;
    }
    if (cases_find(&call->mock->cases, id.nonce))
        control_lease(call, body.slot, id);
    else
        admin_answer_error(call, 409, "body: $.drill_id",
                           "no script of that case: PUT /scripts/{drill_id} "
                           "comes first");
    bind_release(&body, lease_table);
}

void control_delete_lease(struct admin_call *call)
{
    control_lease(call, server_query(call->library, "slot"),
                  (struct drill_id){ 0 });
}
