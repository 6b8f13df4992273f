/*
 * front: the side of the gateway that clients see, by libmicrohttpd with a
 * thread a connection: a request is worked on from top to bottom in one place,
 * and a thread that waits costs nothing that matters here.
 */
#ifndef GATEDRILL_REFGATEWAY_FRONT_H
#define GATEDRILL_REFGATEWAY_FRONT_H

#include "common/err.h"
#include "tests/refgateway/access_log.h"
#include "tests/refgateway/draw.h"
#include "tests/refgateway/exporter.h"
#include "tests/refgateway/meter.h"
#include "tests/refgateway/rules.h"
#include "tests/refgateway/settings.h"

struct front;

/* Borrowed until front_stop(). */
struct front_plan {
    const struct rules *rules;
    const struct settings *settings;
    struct settings_memory *memory;
    struct draw *draw;
    struct access_log *log;
    struct exporter *exporter; /* NULL: none */
    struct meter *meter;       /* NULL: nobody counts */
};

/* listen_fd: bound and listening; owned by the front from here on, also when
 * NULL is returned (err is set). */
struct front *front_start(const struct front_plan *plan, int listen_fd,
                          struct err *err);
/* Takes no more connections, ends what is under way (503, or a cut that the
 * client can see), then returns. */
void front_stop(struct front *front);

#endif
