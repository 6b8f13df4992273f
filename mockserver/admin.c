#include "mockserver/admin.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "mockserver/connection.h"

static struct admin_call *admin_of_deadline(struct loop_timer *timer)
{
    return (struct admin_call *)(void *)((char *)timer -
                                         offsetof(struct admin_call, deadline));
}

static void admin_resume(struct admin_call *call)
{
    if (call->state != ADMIN_WAITING)
        return;
    call->state = ADMIN_READY;
    loop_disarm(&call->mock->loop, &call->deadline);
    if (call->connection)
        server_resume(&call->mock->admin, call->library);
}

static void admin_on_deadline(struct loop_timer *timer)
{
    struct admin_call *call = admin_of_deadline(timer);

    control_poll_answer(call);
}

static void admin_call_free(struct admin_call *call)
{
    struct admin_call **link = &call->mock->control->calls;

    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    loop_disarm(&call->mock->loop, &call->deadline);
    if (call->body.data)
        xwipe(call->body.data, call->body.capacity);
    buf_release(&call->body);
    buf_release(&call->answer);
    free(call);
}

void admin_answer(struct admin_call *call, int64_t status, const char *type)
{
    call->status = status;
    call->type = type;
    if (!call->connection)
        admin_call_free(call); /* the caller left meanwhile */
    else if (call->state == ADMIN_WAITING)
        admin_resume(call);
    else
        call->state = ADMIN_READY;
}

static void admin_answer_with(struct admin_call *call, int64_t status,
                              struct json *answer)
{
    char *text = json_print(answer);

    buf_clear(&call->answer);
    buf_printf(&call->answer, "%s\n", text);
    free(text);
    json_free(answer);
    admin_answer(call, status, "application/json");
}

void admin_answer_json(struct admin_call *call, struct json *answer)
{
    admin_answer_with(call, 200, answer);
}

void admin_answer_error(struct admin_call *call, int64_t status,
                        const char *where, const char *text)
{
    struct json *answer = json_new_object();
    struct json *error = json_add_object(answer, "error");

    json_add_text(error, "where", where);
    json_add_text(error, "text", text);
    admin_answer_with(call, status, answer);
}

void admin_notice(struct mock *mock, uint64_t nonce)
{
    if (!mock->control)
        return;
    for (struct admin_call *call = mock->control->calls, *next; call;
         call = next) {
        next = call->next;
        if (call->state == ADMIN_WAITING && call->polling &&
            (!call->nonce || call->nonce == nonce))
            control_poll_answer(call);
    }
}

/* Takes as long for every wrong token of a length. */
static bool admin_token_fits(const char *token, const char *header)
{
    size_t length = strlen(token);
    unsigned char differs = 0;

    if (!header || strncmp(header, "Bearer ", 7) ||
        strlen(header + 7) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        differs |= (unsigned char)(header[7 + i] ^ token[i]);
    return !differs;
}

static struct admin_call *admin_begin(struct connection *connection,
                                      const struct server_request *request)
{
    struct mock *mock = connection->server->context;
    struct admin_call *call = xcalloc(1, sizeof *call);

    *call = (struct admin_call){ .mock = mock,
                                 .connection = connection,
                                 .library = request->library,
                                 .deadline = { .fire = admin_on_deadline },
                                 .next = mock->control->calls };
    mock->control->calls = call;
    connection->exchange = call;
    return call;
}

static enum server_answer admin_reply(struct admin_call *call)
{
    char type[] = "Content-Type";
    char *value = xstrdup(call->type);
    struct step_header header = { type, value };
    char refused[64];
    bool sent = server_reply(call->library, call->status, &header, 1,
                             &call->answer, refused);

    free(value);
    return sent ? SERVER_GO_ON : SERVER_DROP;
}

static void admin_do(struct admin_call *call,
                     const struct server_request *request)
{
    const struct admin *admin = call->mock->control;

    call->method = request->method;
    call->path = request->url;
    if (admin->token &&
        !admin_token_fits(admin->token,
                          server_header(call->library, "Authorization")))
        admin_answer_error(call, 401, "authorization",
                           "this control port wants its token: "
                           "Authorization: Bearer <token>");
    else if (call->body_too_long)
        admin_answer_error(call, 400, "body", "longer than 16 MiB");
    else
        control_do(call);
}

static enum server_answer admin_request(struct connection *connection,
                                        const struct server_request *request)
{
    struct admin_call *call = connection->exchange;

    if (!call) {
        admin_begin(connection, request);
        return SERVER_GO_ON;
    }
    if (request->body_length) {
        if (call->body.length + request->body_length > ADMIN_BODY_MOST)
            call->body_too_long = true;
        else
            buf_add(&call->body, request->body, request->body_length);
        return SERVER_GO_ON;
    }
    if (call->state == ADMIN_READING)
        admin_do(call, request);
    if (connection->closing || connection->peer_rst_ns)
        return SERVER_DROP;
    if (call->state == ADMIN_READY)
        return admin_reply(call);
    call->state = ADMIN_WAITING;
    server_suspend(call->library);
    return SERVER_GO_ON;
}

static void admin_completed(struct connection *connection, enum server_end end)
{
    struct admin_call *call = connection->exchange;

    (void)end;
    connection->exchange = NULL;
    if (call)
        call->connection = NULL;
    /* One that control.c still works on is freed when it answers. */
    if (call && call->state != ADMIN_WAITING)
        admin_call_free(call);
    inbound_next(&connection->tap.in, clock_now_ns());
    outbound_reset(&connection->tap.out);
    connection_request_over(connection);
}

static void admin_peer_left(struct connection *connection)
{
    struct admin_call *call = connection->exchange;

    if (!call || call->state != ADMIN_WAITING)
        return;
    if (connection->closing)
        server_resume(connection->server, call->library);
    else if (call->polling)
        /* Nobody half-closes towards a control port: who polls has left. */
        control_poll_answer(call);
}

static bool admin_is_busy(const struct connection *connection)
{
    const struct admin_call *call = connection->exchange;

    return call && !connection->closing && call->state != ADMIN_READING;
}

static void admin_never_ready(struct connection *connection, uint32_t events)
{
    (void)connection;
    (void)events;
}

static void admin_gone(struct connection *connection)
{
    if (connection->exchange)
        admin_completed(connection, SERVER_END_BROKEN);
}

const struct server_calls admin_calls = {
    .request = admin_request,
    .completed = admin_completed,
    .peer_left = admin_peer_left,
    .is_busy = admin_is_busy,
    .ready = admin_never_ready,
    .gone = admin_gone,
};

static void admin_accept(struct loop_watch *watch, uint32_t events)
{
    struct admin *admin =
        (struct admin *)(void *)((char *)watch - offsetof(struct admin, watch));
    struct server *server = &admin->mock->admin;

    (void)events;
    for (;;) {
        struct sockaddr_storage peer = { 0 };
        socklen_t length = sizeof peer;
        int fd = accept4(admin->listen_fd, (struct sockaddr *)&peer, &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0)
            return;
        server_adopt(server, connection_new(server, NULL, fd, &peer, length));
    }
}

static bool admin_read_token(struct admin *admin, const char *path,
                             struct err *err)
{
    char token[256] = "";
    FILE *file = fopen(path, "re");
    bool read = file && fgets(token, sizeof token, file);

    if (!file || ferror(file)) {
        err_set_errno(err, ERR_IO, path);
        if (file)
            fclose(file);
        return false;
    }
    fclose(file);
    token[strcspn(token, " \t\r\n")] = '\0';
    if (!read || strlen(token) < 8) {
        err_set(err, ERR_USAGE, path,
                "holds no token: its first line must have 8..255 characters");
        return false;
    }
    admin->token = xstrdup(token);
    xwipe(token, sizeof token);
    return true;
}

bool admin_start(struct admin *admin, struct mock *mock, const char *address,
                 const char *token_file, struct err *err)
{
    socklen_t length;

    *admin = (struct admin){ .mock = mock,
                             .watch = { admin_accept },
                             .listen_fd = -1 };
    if (!listener_address(&admin->address, &length, address, err) ||
        (token_file && !admin_read_token(admin, token_file, err)))
        goto fail;
    if (!admin->token && !listener_is_loopback(&admin->address)) {
        err_set(err, ERR_USAGE, address,
                "not loopback: a control port that others reach wants "
                "--admin-token-file");
        goto fail;
    }
    admin->listen_fd =
        listener_bind(&admin->address, length, LISTENER_ALONE, err);
    if (admin->listen_fd < 0)
        goto fail;
    listener_url(admin->url, sizeof admin->url, &admin->address);
    if (!loop_watch(&mock->loop, admin->listen_fd, EPOLLIN, &admin->watch)) {
        err_set_errno(err, ERR_NET, admin->url);
        goto fail;
    }
    mock->control = admin;
    return true;

fail:
    admin_stop(admin);
    return false;
}

void admin_stop(struct admin *admin)
{
    if (admin->listen_fd >= 0) {
        loop_unwatch(&admin->mock->loop, admin->listen_fd, &admin->watch);
        close(admin->listen_fd);
    }
    while (admin->calls)
        admin_call_free(admin->calls);
    if (admin->token)
        xwipe(admin->token, strlen(admin->token));
    free(admin->token);
    admin->listen_fd = -1;
    admin->token = NULL;
    if (admin->mock)
        admin->mock->control = NULL;
}
