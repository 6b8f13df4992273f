#include "harness/telemetry/otlp_receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"

#define CONNECTIONS_MOST  256u
#define CONNECTION_MEMORY (16u << 10)
#define TIMEOUT_S         30u
#define TOO_LARGE         413u

struct otlp_receiver {
    struct MHD_Daemon *daemon;
    char *url;
    int file;
    pthread_mutex_t lock;
    pthread_cond_t arrived; /* on CLOCK_MONOTONIC */
    struct telemetry seen;  /* not taken yet */
    struct metrics points;  /* of all so far */
    int64_t points_ns;      /* when the latest of them came */
    bool points_lost;
    const char *problem; /* NULL: all that was sent stands in the file */
};

/* One request on its way in. */
struct incoming {
    struct buf body;
    bool answered;
};

static void note_problem(struct otlp_receiver *receiver, const char *problem)
{
    pthread_mutex_lock(&receiver->lock);
    receiver->problem = problem;
    pthread_mutex_unlock(&receiver->lock);
}

static void append(struct otlp_receiver *receiver, const char *bytes,
                   size_t length)
{
    while (length) {
        ssize_t put = write(receiver->file, bytes, length);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            note_problem(receiver, "its file cannot be written");
            return;
        }
        bytes += put;
        length -= (size_t)put;
    }
}

/* Before the checks may look: what they see stands in the file already. */
static void keep(struct otlp_receiver *receiver, struct otlp_answer *answer)
{
    if (answer->plain.length)
        buf_add(&answer->plain, "\n", 1); /* two requests are two texts */
    append(receiver, buf_text(&answer->plain), answer->plain.length);
    if (answer->status == TOO_LARGE)
        note_problem(receiver, "a request was longer than 64 MiB");
    pthread_mutex_lock(&receiver->lock);
    telemetry_join(&receiver->seen, &answer->seen);
    receiver->points_lost |= answer->points_lost;
    if (answer->points.count)
        receiver->points_ns = clock_now_ns();
    receiver->points_lost |= !metrics_merge(&receiver->points, &answer->points);
    pthread_cond_broadcast(&receiver->arrived);
    pthread_mutex_unlock(&receiver->lock);
}

static enum MHD_Result answer(struct otlp_receiver *receiver,
                              struct MHD_Connection *connection,
                              const char *url, const char *method,
                              struct incoming *incoming)
{
    struct otlp_answer decided;
    struct MHD_Response *response;
    enum MHD_Result queued;

    incoming->answered = true;
    otlp_answer(&decided, method, url,
                MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                            "Content-Type"),
                MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                            "Content-Encoding"),
                buf_text(&incoming->body), incoming->body.length);
    /* What could not be read may hold a secret all the same. */
    keep(receiver, &decided);
    response = MHD_create_response_from_buffer(
        decided.body.length, decided.body.data, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", decided.type);
    queued = MHD_queue_response(connection, decided.status, response);
    MHD_destroy_response(response);
    otlp_answer_release(&decided);
    return queued;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *bytes,
                                  size_t *size, void **state)
{
    struct incoming *incoming = *state;

    (void)version;
    if (!incoming) {
        *state = xcalloc(1, sizeof *incoming);
        return MHD_YES;
    }
    if (*size) {
        /* One byte more than is taken tells that it is too large. */
        if (incoming->body.length <= OTLP_BODY_MOST)
            buf_add(&incoming->body, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    return answer(user, connection, url, method, incoming);
}

static void on_completed(void *user, struct MHD_Connection *connection,
                         void **state, enum MHD_RequestTerminationCode code)
{
    struct incoming *incoming = *state;

    (void)connection;
    (void)code;
    if (!incoming)
        return;
    /* It broke off: what came of it may hold a secret. */
    if (!incoming->answered && incoming->body.length) {
        buf_add(&incoming->body, "\n", 1);
        append(user, incoming->body.data, incoming->body.length);
    }
    if (incoming->body.data)
        xwipe(incoming->body.data, incoming->body.length);
    buf_release(&incoming->body);
    free(incoming);
    *state = NULL;
}

/* The library tells of each connection that goes: not news. */
static void on_library_log(void *user, const char *format, va_list args)
{
    (void)user;
    (void)format;
    (void)args;
}

/* A free port of the loopback; sets url. */
static int listen_anywhere(struct otlp_receiver *receiver, struct err *err)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) ||
        listen(fd, 128) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) {
        err_set_errno(err, ERR_NET, "the OTLP receiver's port");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    receiver->url =
        xasprintf("http://127.0.0.1:%d", (int)ntohs(address.sin_port));
    return fd;
}

static bool start(struct otlp_receiver *receiver, struct err *err)
{
    int fd = listen_anywhere(receiver, err);

    if (fd < 0)
        return false;
    receiver->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_request,
        receiver, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        receiver, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, MHD_OPTION_END);
    if (receiver->daemon)
        return true;
    err_set(err, ERR_STATE, "the OTLP receiver", "its server does not start");
    close(fd);
    return false;
}

struct otlp_receiver *otlp_receiver_new(const char *file, struct err *err)
{
    struct otlp_receiver *receiver = xcalloc(1, sizeof *receiver);
    pthread_condattr_t monotonic;

    pthread_mutex_init(&receiver->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&receiver->arrived, &monotonic);
    pthread_condattr_destroy(&monotonic);
    receiver->file =
        open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (receiver->file < 0)
        err_set_errno(err, ERR_IO, file);
    else if (start(receiver, err))
        return receiver;
    otlp_receiver_free(receiver);
    return NULL;
}

void otlp_receiver_free(struct otlp_receiver *receiver)
{
    if (!receiver)
        return;
    if (receiver->daemon)
        MHD_stop_daemon(receiver->daemon);
    if (receiver->file >= 0)
        close(receiver->file);
    telemetry_release(&receiver->seen);
    metrics_release(&receiver->points);
    pthread_cond_destroy(&receiver->arrived);
    pthread_mutex_destroy(&receiver->lock);
    free(receiver->url);
    free(receiver);
}

const char *otlp_receiver_url(const struct otlp_receiver *receiver)
{
    return receiver->url;
}

bool otlp_receiver_wait(struct otlp_receiver *receiver, int64_t wait_ms,
                        bool (*enough)(const struct telemetry *telemetry,
                                       const void *context),
                        const void *context)
{
    int64_t until_ns = clock_now_ns() + wait_ms * NS_PER_MS;
    struct timespec until = { until_ns / 1000000000, until_ns % 1000000000 };
    bool is_enough;

    pthread_mutex_lock(&receiver->lock);
    while (!(is_enough = enough(&receiver->seen, context)) &&
           clock_now_ns() < until_ns)
        pthread_cond_timedwait(&receiver->arrived, &receiver->lock, &until);
    pthread_mutex_unlock(&receiver->lock);
    return is_enough;
}

void otlp_receiver_take(struct otlp_receiver *receiver, struct telemetry *out,
                        const char *const *trace_ids,
                        const struct telemetry_window *windows, size_t count)
{
    pthread_mutex_lock(&receiver->lock);
    telemetry_adopt(&receiver->seen, windows, count);
    telemetry_take(out, &receiver->seen, trace_ids);
    pthread_mutex_unlock(&receiver->lock);
}

bool otlp_receiver_metrics(struct otlp_receiver *receiver, struct metrics *out,
                           int64_t *came_ns)
{
    bool all;

    pthread_mutex_lock(&receiver->lock);
    metrics_copy(out, &receiver->points);
    *came_ns = receiver->points_ns;
    all = !receiver->points_lost;
    pthread_mutex_unlock(&receiver->lock);
    return all;
}

const char *otlp_receiver_problem(void *context)
{
    struct otlp_receiver *receiver = context;
    const char *problem;

    pthread_mutex_lock(&receiver->lock);
    problem = receiver->problem;
    pthread_mutex_unlock(&receiver->lock);
    return problem;
}
