#include "tests/wire/lib/raw.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/xalloc.h"

#define PATIENCE_MS 5000

const char *const raw_end_names[] = { "open", "fin", "rst", "message", NULL };

static void raw_exec(int out, const char *const *options)
{
    const char *bin = getenv("GATEDRILL_BIN");
    const char *arguments[64] = { "gatedrill-mock" };
    char *path = xasprintf("%s/gatedrill-mock", bin ? bin : "build/bin");

    for (size_t i = 0; options && options[i]; i++)
        arguments[i + 1] = options[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    /* execv takes no const, and changes nothing. */
    union {
        const char **in;
        char *const *out;
    } argv = { .in = arguments };

    execv(path, argv.out);
    _exit(127);
}

void raw_mock_start(struct raw_mock *mock, const char *const *options)
{
    int64_t begun_ns = clock_now_ns();
    int pipe_fds[2];
    FILE *out;
    char *admin;

    *mock = (struct raw_mock){ 0 };
    cr_assert(!pipe2(pipe_fds, O_CLOEXEC));
    mock->pid = fork();
    cr_assert(mock->pid >= 0);
    if (!mock->pid)
        raw_exec(pipe_fds[1], options);
    close(pipe_fds[1]);
    out = fdopen(pipe_fds[0], "r");
    cr_assert(out && fgets(mock->ready, sizeof mock->ready, out),
              "gatedrill-mock did not say that it is ready");
    mock->ready_ms = (clock_now_ns() - begun_ns) / NS_PER_MS;
    fclose(out);
    admin = strstr(mock->ready, "\"admin\":\"http://127.0.0.1:");
    cr_assert(admin, "%s", mock->ready);
    mock->admin =
        (uint16_t)strtol(strrchr(strtok(admin, ","), ':') + 1, NULL, 10);
    /* strtok() cut it. */
    mock->ready[strlen(mock->ready)] = ',';
}

void raw_mock_stop(struct raw_mock *mock)
{
    int status = 0;

    kill(mock->pid, SIGTERM);
    cr_assert(waitpid(mock->pid, &status, 0) == mock->pid);
    cr_assert(WIFEXITED(status) && !WEXITSTATUS(status),
              "gatedrill-mock ended with status %#x", (unsigned)status);
}

static uint16_t raw_port_in(const char *text, const char *upstream)
{
    char *key = xasprintf("\"%s\":\"http://127.0.0.1:", upstream);
    const char *at = strstr(text, key);

    cr_assert(at, "no %s in %s", upstream, text);
    at += strlen(key);
    free(key);
    return (uint16_t)strtol(at, NULL, 10);
}

uint16_t raw_port_of(const struct raw_mock *mock, const char *upstream)
{
    return raw_port_in(mock->ready, upstream);
}

int raw_call(const struct raw_mock *mock, const char *method, const char *path,
             const char *body, struct buf *answer)
{
    char *head = xasprintf("%s %s HTTP/1.1\r\nHost: m\r\nConnection: close\r\n"
                           "Content-Length: %zu\r\n\r\n",
                           method, path, body ? strlen(body) : 0);
    static struct raw_answer got;
    int fd = raw_connect(mock->admin);
    int status;

    raw_send(fd, head);
    if (body)
        raw_send(fd, body);
    free(head);
    raw_read(fd, &got, PATIENCE_MS);
    close(fd);
    status = got.status;
    if (answer) {
        buf_clear(answer);
        buf_add_text(answer, raw_body(&got));
    }
    raw_answer_release(&got);
    return status;
}

void raw_must(const struct raw_mock *mock, const char *method, const char *path,
              const char *body, struct buf *answer)
{
    struct buf own = { 0 };
    int status = raw_call(mock, method, path, body, answer ? answer : &own);

    cr_assert(status == 200, "%s %s: %d %s", method, path, status,
              buf_text(answer ? answer : &own));
    buf_release(&own);
}

uint16_t raw_listen(const struct raw_mock *mock, const char *slot,
                    const char *upstream)
{
    struct buf answer = { 0 };
    char *body = xasprintf(
        "{\"slot\":\"%s\",\"upstreams\":[{\"name\":\"%s\"}]}", slot, upstream);
    uint16_t port;

    raw_must(mock, "POST", "/listeners", body, &answer);
    port = raw_port_in(buf_text(&answer), upstream);
    free(body);
    buf_release(&answer);
    return port;
}

void raw_arm(const struct raw_mock *mock, const char *drill_id,
             const char *upstream, const char *steps)
{
    char *path = xasprintf("/scripts/%s", drill_id);
    char *body = xasprintf("{\"upstreams\":{\"%s\":%s}}", upstream, steps);

    raw_must(mock, "PUT", path, body, NULL);
    free(path);
    free(body);
}

void raw_lease(const struct raw_mock *mock, const char *slot,
               const char *drill_id, struct buf *answer)
{
    char *body =
        xasprintf("{\"slot\":\"%s\",\"drill_id\":\"%s\"}", slot, drill_id);

    raw_must(mock, "POST", "/leases", body, answer);
    free(body);
}

uint16_t raw_ready(const struct raw_mock *mock, const char *steps)
{
    uint16_t port = raw_listen(mock, "s1", "primary");

    raw_arm(mock, RAW_CASE, "primary", steps);
    raw_lease(mock, "s1", RAW_CASE, NULL);
    return port;
}

static size_t raw_parse_attempts(struct buf *lines, struct attempt *out,
                                 size_t most)
{
    size_t found = 0;

    for (char *line = strtok(lines->data, "\n"); line;
         line = strtok(NULL, "\n")) {
        struct err err;

        if (!strncmp(line, "{\"end\":", 7))
            break;
        cr_assert(found < most, "one attempt more than expected: %s", line);
        cr_assert(attempt_parse(&out[found++], line, strlen(line), &err),
                  "%s: %s", err.where, err.text);
    }
    return found;
}

void raw_attempts(const struct raw_mock *mock, const char *drill_id,
                  struct attempt *out, size_t count)
{
    int64_t until_ns = clock_now_ns() + 2 * NS_PER_S;
    char *path = xasprintf("/attempts?drill_id=%s", drill_id);
    struct buf answer = { 0 };
    size_t found;

    for (;;) {
        raw_must(mock, "GET", path, NULL, &answer);
        found = raw_parse_attempts(&answer, out, count);
        if (found == count || clock_now_ns() > until_ns)
            break;
        for (size_t i = 0; i < found; i++)
            attempt_release(&out[i]);
        usleep(2000);
    }
    cr_assert(found == count, "%zu attempts, expected %zu", found, count);
    free(path);
    buf_release(&answer);
}

static int raw_try(uint16_t port, int *fd)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1;

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(*fd >= 0);
    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return connect(*fd, (struct sockaddr *)&address, sizeof address) ? errno
                                                                     : 0;
}

int raw_connect(uint16_t port)
{
    int fd, error = raw_try(port, &fd);

    cr_assert(!error, "connect to port %u: %s", port, strerror(error));
    return fd;
}

int raw_connect_error(uint16_t port)
{
    int fd, error = raw_try(port, &fd);

    close(fd);
    return error;
}

void raw_send_bytes(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length) {
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

        cr_assert(sent > 0, "send: %s", strerror(errno));
        at += sent;
        length -= (size_t)sent;
    }
}

void raw_send(int fd, const char *text)
{
    raw_send_bytes(fd, text, strlen(text));
}

void raw_abort(int fd)
{
    const struct linger cut = { .l_onoff = 1 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
    close(fd);
}

const char *raw_chat(const char *id, bool stream, const char *extra)
{
    static char request[4096];
    char body[1024];

    snprintf(body, sizeof body,
             "{\"model\":\"drill-model\",\"messages\":[{\"role\":\"user\","
             "\"content\":\"Say ok. %s\"}]%s}",
             id ? id : "", stream ? ",\"stream\":true" : "");
    snprintf(request, sizeof request,
             "POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
             "Content-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n"
             "%s",
             extra, strlen(body), body);
    return request;
}

void raw_answer_release(struct raw_answer *answer)
{
    buf_release(&answer->bytes);
}

static void raw_look_at_head(struct raw_answer *out)
{
    const char *text = buf_text(&out->bytes);
    const char *end = strstr(text, "\r\n\r\n");

    out->status = -1;
    out->head_length = end ? (size_t)(end - text) + 4 : 0;
    if (!strncmp(text, "HTTP/1.1 ", 9) && strlen(text) > 11)
        out->status = (int)strtol(text + 9, NULL, 10);
}

const char *raw_body(const struct raw_answer *answer)
{
    cr_assert(answer->head_length, "the head is not whole: %s",
              buf_text(&answer->bytes));
    return buf_text(&answer->bytes) + answer->head_length;
}

bool raw_has_header(const struct raw_answer *answer, const char *line)
{
    const char *at = buf_text(&answer->bytes);
    const char *end = at + answer->head_length;
    size_t length = strlen(line);

    for (; at < end; at = strstr(at, "\r\n") + 2)
        if (!strncasecmp(at, line, length) && at[length] == '\r')
            return true;
    return false;
}

/* True when the bytes so far are one whole message. */
static bool raw_is_whole(struct raw_answer *out)
{
    const char *length;
    const char *body;

    raw_look_at_head(out);
    if (!out->head_length)
        return false;
    body = raw_body(out);
    length = strcasestr(buf_text(&out->bytes), "\r\ncontent-length: ");
    if (length && length < body)
        return out->bytes.length - out->head_length >=
               (size_t)strtol(length + 18, NULL, 10);
    return strstr(body, "\r\n0\r\n\r\n") || !strncmp(body, "0\r\n\r\n", 5);
}

/* One read; false when it was the last. */
static bool raw_read_once(int fd, struct raw_answer *out, int64_t patience_ms)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    static char bytes[65536];
    ssize_t got;

    if (poll(&wait, 1, (int)patience_ms) <= 0) {
        out->end = RAW_END_OPEN;
        return false;
    }
    got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) {
        cr_assert(got == 0 || errno == ECONNRESET, "recv: %s", strerror(errno));
        out->end = got ? RAW_END_RST : RAW_END_FIN;
        return false;
    }
    buf_add(&out->bytes, bytes, (size_t)got);
    if (out->read_count < RAW_READS_MOST) {
        out->reads[out->read_count].at_ns = clock_now_ns();
        out->reads[out->read_count++].length = (size_t)got;
    }
    return true;
}

static void raw_begin(struct raw_answer *out)
{
    memset(out, 0, sizeof *out);
    out->begun_ns = clock_now_ns();
}

void raw_read(int fd, struct raw_answer *out, int64_t patience_ms)
{
    raw_begin(out);
    while (raw_read_once(fd, out, patience_ms)) {
    }
    out->end_ns = clock_now_ns();
    raw_look_at_head(out);
}

void raw_read_message(int fd, struct raw_answer *out, int64_t patience_ms)
{
    raw_begin(out);
    while (raw_read_once(fd, out, patience_ms)) {
        if (!raw_is_whole(out))
            continue;
        out->end = RAW_END_MESSAGE;
        break;
    }
    out->end_ns = clock_now_ns();
    raw_look_at_head(out);
}

size_t raw_close_waits(uint16_t port)
{
    FILE *table = fopen("/proc/net/tcp", "re");
    char line[512];
    size_t found = 0;

    cr_assert(table);
    while (fgets(line, sizeof line, table)) {
        unsigned local, state;

        if (sscanf(line, " %*d: %*8X:%4X %*8X:%*4X %2X", &local, &state) == 2 &&
            local == port && state == 8)
            found++;
    }
    fclose(table);
    return found;
}
