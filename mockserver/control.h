/*
 * control: what the calls on the control port do; admin.h carries them. Each
 * answers its call, now or later.
 */
#ifndef GATEDRILL_MOCKSERVER_CONTROL_H
#define GATEDRILL_MOCKSERVER_CONTROL_H

#include "common/bind.h"
#include "common/drill_id.h"
#include "common/err.h"
#include "mockserver/admin.h"

/* control_slots.c */
void control_post_listeners(struct admin_call *call);
void control_delete_listeners(struct admin_call *call);
void control_post_lease(struct admin_call *call);
void control_delete_lease(struct admin_call *call);

/* Answers. 409 for ERR_STATE and ERR_NET, else 400. */
void control_refuse(struct admin_call *call, const struct err *err);
void control_ok(struct admin_call *call);

/* Readers; on false or NULL the call was answered with what is wrong. */
struct json *control_body(struct admin_call *call);
bool control_read(struct admin_call *call, void *out, size_t size,
                  const struct bind_row *table);
bool control_drill_id(struct admin_call *call, const char *text,
                      struct drill_id *id);

#endif
