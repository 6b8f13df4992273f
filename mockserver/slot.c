#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mockserver/connection.h"
#include "mockserver/lease.h"
#include "mockserver/mock.h"

struct slot *slot_find(const struct mock *mock, const char *name)
{
    for (struct slot *slot = mock->slots; slot; slot = slot->next)
        if (!strcmp(slot->name, name))
            return slot;
    return NULL;
}

struct slot *slot_need(struct mock *mock, const char *name)
{
    struct slot *slot = slot_find(mock, name);

    if (slot)
        return slot;
    slot = xcalloc(1, sizeof *slot);
    snprintf(slot->name, sizeof slot->name, "%s", name);
    slot->next = mock->slots;
    mock->slots = slot;
    return slot;
}

struct listener *slot_listener(const struct slot *slot, const char *upstream)
{
    for (struct listener *l = slot->listeners; l; l = l->next)
        if (!strcmp(l->upstream, upstream))
            return l;
    return NULL;
}

void slot_free(struct mock *mock, struct slot *slot)
{
    struct slot **link = &mock->slots;

    lease_abort(slot);
    for (struct connection *c = mock->data.connections, *next; c; c = next) {
        next = c->next;
        if (c->listener->slot == slot)
            connection_cut(c);
    }
    for (struct listener *l = slot->listeners, *next; l; l = next) {
        next = l->next;
        listener_close(l);
    }
    while (*link != slot)
        link = &(*link)->next;
    *link = slot->next;
    free(slot);
}
