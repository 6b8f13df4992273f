/*
 * alone: the mock without a harness: the listeners, scripts and keys that the
 * command line names.
 */
#ifndef GATEDRILL_MOCKSERVER_ALONE_H
#define GATEDRILL_MOCKSERVER_ALONE_H

#include "common/json.h"
#include "mockserver/mock.h"
#include "mockserver/options.h"

/* The slot of the listeners from --listen. */
#define ALONE_SLOT "default"

/* Reads scenarios and the default script, opens the listeners. Errors: as the
 * readers give them, ERR_USAGE, ERR_NET. */
bool alone_open(struct mock *mock, const struct options *options,
                struct err *err);

/* Adds each listener's URL, or what is advertised for it. */
void alone_list(const struct mock *mock, const struct cli_list *advertise,
                struct json *urls);

#endif
