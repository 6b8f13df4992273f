#include "tests/refgateway/front.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/refgateway/exchange.h"

#define CONNECTIONS_MOST  4096u
#define CONNECTION_MEMORY (64u << 10)
#define STOP_GRACE_MS     1000

struct front {
    struct front_plan plan;
    struct MHD_Daemon *daemon;
    int stop_fd; /* readable once we are being stopped */
    _Atomic int active;
};

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *bytes,
                                  size_t *size, void **state)
{
    struct front *front = user;

    (void)version;
    if (!*state) {
        atomic_fetch_add(&front->active, 1);
        *state = exchange_new(&front->plan, front->stop_fd, url, method);
        return MHD_YES;
    }
    if (*size) {
        exchange_collect(*state, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    return exchange_answer(*state, connection);
}

static void on_completed(void *user, struct MHD_Connection *connection,
                         void **state, enum MHD_RequestTerminationCode code)
{
    struct front *front = user;

    (void)connection;
    if (!*state)
        return;
    exchange_end(*state, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    *state = NULL;
    atomic_fetch_sub(&front->active, 1);
}

/* The library reports each connection that we end on purpose: not news. */
static void on_library_log(void *user, const char *format, va_list args)
{
    (void)user;
    (void)format;
    (void)args;
}

struct front *front_start(const struct front_plan *plan, int listen_fd,
                          struct err *err)
{
    struct front *front = xcalloc(1, sizeof *front);

    front->plan = *plan;
    front->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (front->stop_fd < 0) {
        err_set_errno(err, ERR_IO, "eventfd");
        close(listen_fd);
        free(front);
        return NULL;
    }
    front->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
            MHD_USE_POLL | MHD_USE_ITC,
        0, NULL, NULL, on_request, front, MHD_OPTION_EXTERNAL_LOGGER,
        on_library_log, NULL, MHD_OPTION_LISTEN_SOCKET, listen_fd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, front,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!front->daemon) {
        err_set(err, ERR_STATE, "listener", "the HTTP server does not start");
        close(front->stop_fd);
        close(listen_fd);
        free(front);
        return NULL;
    }
    return front;
}

void front_stop(struct front *front)
{
    int64_t until_ns = clock_now_ns() + STOP_GRACE_MS * NS_PER_MS;
    MHD_socket listen_fd = MHD_quiesce_daemon(front->daemon);
    const struct timespec tick = { 0, NS_PER_MS };

    eventfd_write(front->stop_fd, 1);
    while (atomic_load(&front->active) && clock_now_ns() < until_ns)
        nanosleep(&tick, NULL);
    MHD_stop_daemon(front->daemon);
    if (listen_fd != MHD_INVALID_SOCKET)
        close(listen_fd);
    close(front->stop_fd);
    free(front);
}
