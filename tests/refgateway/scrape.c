#include "tests/refgateway/scrape.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"

#define TIMEOUT_S 30u

struct scrape {
    struct MHD_Daemon *daemon;
    struct meter *meter;
};

static enum MHD_Result answer(struct MHD_Connection *connection,
                              unsigned status, const struct buf *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body->length, body->data, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result queued;

    MHD_add_response_header(response, "Content-Type",
                            "text/plain; version=0.0.4; charset=utf-8");
    queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *bytes,
                                  size_t *size, void **state)
{
    struct scrape *scrape = user;
    bool found = !strcmp(url, "/metrics") && !strcmp(method, "GET");
    struct buf page = { 0 };
    enum MHD_Result queued;

    (void)version;
    (void)bytes;
    if (!*state) {
        *state = scrape; /* the head alone */
        return MHD_YES;
    }
    if (*size) {
        *size = 0;
        return MHD_YES;
    }
    if (found)
        meter_write_page(&page, scrape->meter);
    queued = answer(connection, found ? 200 : 404, &page);
    buf_release(&page);
    return queued;
}

static void on_library_log(void *user, const char *format, va_list args)
{
    (void)user;
    (void)format;
    (void)args;
}

struct scrape *scrape_start(struct meter *meter, int listen_fd, struct err *err)
{
    struct scrape *scrape = xcalloc(1, sizeof *scrape);

    scrape->meter = meter;
    scrape->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_request,
        scrape, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_TIMEOUT,
        TIMEOUT_S, MHD_OPTION_END);
    if (scrape->daemon)
        return scrape;
    err_set(err, ERR_STATE, "metrics", "the page's server does not start");
    close(listen_fd);
    free(scrape);
    return NULL;
}

void scrape_stop(struct scrape *scrape)
{
    if (!scrape)
        return;
    MHD_stop_daemon(scrape->daemon);
    free(scrape);
}
