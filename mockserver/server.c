#include "mockserver/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mockserver/connection.h"

/* The library speaks up at every connection we end; what matters of it stands
 * in the journal. */
static void server_log(void *context, const char *format, va_list args)
{
    (void)context;
    (void)format;
    (void)args;
}

static struct connection *server_connection(struct MHD_Connection *library)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(library, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection_link *link = info ? info->socket_context : NULL;

    return link ? link->connection : NULL;
}

static enum MHD_Result server_on_request(void *context,
                                         struct MHD_Connection *library,
                                         const char *url, const char *method,
                                         const char *version, const char *body,
                                         size_t *body_length, void **state)
{
    static char seen;
    const struct server *server = context;
    struct connection *connection = server_connection(library);
    struct server_request request = {
        .library = library,
        .method = method,
        .url = url,
        .version = version,
        .body = body,
        .body_length = *body_length,
        .first = !*state,
    };

    if (!connection)
        return MHD_NO;
    *state = &seen;
    *body_length = 0;
    return server->calls->request(connection, &request) == SERVER_GO_ON
               ? MHD_YES
               : MHD_NO;
}

static void server_on_completed(void *context, struct MHD_Connection *library,
                                void **state,
                                enum MHD_RequestTerminationCode code)
{
    const struct server *server = context;
    struct connection *connection = server_connection(library);

    *state = NULL;
    if (connection)
        server->calls->completed(connection,
                                 code == MHD_REQUEST_TERMINATED_COMPLETED_OK
                                     ? SERVER_END_SENT
                                     : SERVER_END_BROKEN);
}

static void server_on_connection(void *context, struct MHD_Connection *library,
                                 void **socket_context,
                                 enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    struct connection_link *link;

    (void)library;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        link = xcalloc(1, sizeof *link);
        *link =
            (struct connection_link){ server->adopting, server->adopting->fd };
        server->adopting->link = link;
        server->adopting = NULL;
        *socket_context = link;
        return;
    }
    link = *socket_context;
    *socket_context = NULL;
    if (link->connection)
        connection_library_closed(link->connection);
    else
        tap_detach(link->fd);
    free(link);
}

static void server_ready(struct loop_watch *watch, uint32_t events)
{
    /* server_run() comes at the end of every turn. */
    (void)watch;
    (void)events;
}

bool server_start(struct server *server, struct loop *loop,
                  const struct server_calls *calls, void *context,
                  unsigned connection_limit, size_t connection_bytes,
                  struct err *err)
{
    const union MHD_DaemonInfo *info;

    *server = (struct server){ .loop = loop,
                               .calls = calls,
                               .context = context,
                               .watch = { server_ready } };
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, server_on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
        server_log, NULL, MHD_OPTION_NOTIFY_COMPLETED, server_on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, server_on_connection, server,
        MHD_OPTION_CONNECTION_LIMIT, connection_limit,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_bytes, MHD_OPTION_END);
    info = server->daemon
               ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)
               : NULL;
    if (!info || !loop_watch(loop, info->epoll_fd, EPOLLIN, &server->watch)) {
        err_set_errno(err, ERR_IO, "libmicrohttpd");
        server_stop(server);
        return false;
    }
    return true;
}

void server_run(struct server *server)
{
    server->hurry = false;
    MHD_run(server->daemon);
}

bool server_wants_turn(const struct server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;

    return server->hurry ||
           (MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES &&
            timeout_ms == 0);
}

void server_stop(struct server *server)
{
    const union MHD_DaemonInfo *info;

    if (!server->daemon)
        return;
    for (struct connection *c = server->connections, *next; c; c = next) {
        next = c->next;
        connection_cut(c);
    }
    MHD_run(server->daemon);
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info)
        loop_unwatch(server->loop, info->epoll_fd, &server->watch);
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}

bool server_adopt(struct server *server, struct connection *connection)
{
    server->adopting = connection;
    server->hurry = true;
    connection->hold = CONNECTION_LIBRARY;
    if (MHD_add_connection(server->daemon, connection->fd,
                           (const struct sockaddr *)&connection->peer,
                           connection->peer_length) == MHD_YES)
        return true;
    log_line(LOG_WARNING, "connection %lld refused by the library: %s",
             (long long)connection->number, strerror(errno));
    /* It closed the descriptor; when it had begun with the connection, that
     * is freed already. */
    if (server->adopting) {
        server->adopting = NULL;
        connection_library_closed(connection);
    }
    return false;
}

static bool server_add_headers(struct MHD_Response *response,
                               const struct step_header *headers,
                               size_t header_count, char refused[static 64])
{
    for (size_t i = 0; i < header_count; i++) {
        if (MHD_add_response_header(response, headers[i].name,
                                    headers[i].value) == MHD_YES)
            continue;
        strncpy(refused, headers[i].name, 63);
        refused[63] = '\0';
        return false;
    }
    return true;
}

bool server_reply(void *library, int64_t status,
                  const struct step_header *headers, size_t header_count,
                  struct buf *body, char refused[static 64])
{
    size_t length = body->length;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        length, buf_take(body), MHD_RESPMEM_MUST_FREE);
    bool queued;

    refused[0] = '\0';
    if (!response)
        return false;
    queued = server_add_headers(response, headers, header_count, refused) &&
             MHD_queue_response(library, (unsigned)status, response) == MHD_YES;
    MHD_destroy_response(response);
    return queued;
}

void server_suspend(void *library)
{
    MHD_suspend_connection(library);
}

void server_resume(struct server *server, void *library)
{
    server->hurry = true;
    MHD_resume_connection(library);
}

const char *server_query(void *library, const char *name)
{
    return MHD_lookup_connection_value(library, MHD_GET_ARGUMENT_KIND, name);
}

const char *server_header(void *library, const char *name)
{
    return MHD_lookup_connection_value(library, MHD_HEADER_KIND, name);
}
