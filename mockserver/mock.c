#include "mockserver/mock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/xalloc.h"
#include "mockserver/admin.h"
#include "mockserver/connection.h"
#include "mockserver/exchange.h"
#include "mockserver/lease.h"
#include "mockserver/withhold.h"

/* Holds a request head of 12 KB (measured: the head and the answer's share it).
 */
#define CONNECTION_BYTES 16384
/* Kept for listeners, files and connections in the middle of a take-over. */
#define DESCRIPTORS_KEPT 512

unsigned mock_connection_limit(int64_t descriptors)
{
    int64_t limit = descriptors - DESCRIPTORS_KEPT;

    return (unsigned)(limit < 64 ? 64 : limit > 1 << 20 ? 1 << 20 : limit);
}

static int64_t mock_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return 1024;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur == RLIM_INFINITY ? 1 << 20 : (int64_t)limit.rlim_cur;
}

static bool mock_make_healthy(struct mock *mock, struct err *err)
{
    static const char text[] = "[{\"fault\":\"none\"}]";
    struct json *steps = json_parse(text, strlen(text), "healthy", err);
    bool read = steps && script_read(&mock->healthy, steps, "healthy: $",
                                     BIND_STRICT, err);

    json_free(steps);
    return read;
}

bool mock_init(struct mock *mock, const struct dialect *dialect, int64_t seed,
               const char *journal_path, struct err *err)
{
    unsigned limit = mock_connection_limit(mock_raise_descriptors());

    *mock =
        (struct mock){ .dialect = dialect, .request_number = (uint64_t)seed };
    digest_random(mock->fingerprint_key, sizeof mock->fingerprint_key);
    if (!loop_init(&mock->loop, err) || !mock_make_healthy(mock, err) ||
        !journal_open(&mock->journal, JOURNAL_LINES_MOST, journal_path, err))
        return false;
    mock->journal.cases = &mock->cases;
    withhold_logs(&mock->cases);
    return server_start(&mock->data, &mock->loop, &exchange_calls, mock, limit,
                        CONNECTION_BYTES, err) &&
           server_start(&mock->admin, &mock->loop, &admin_calls, mock, limit,
                        CONNECTION_BYTES, err);
}

void mock_run(struct mock *mock)
{
    while (!mock->loop.stopped) {
        loop_turn(&mock->loop, server_wants_turn(&mock->data) ||
                                   server_wants_turn(&mock->admin));
        server_run(&mock->data);
        server_run(&mock->admin);
    }
}

void mock_release(struct mock *mock)
{
    while (mock->slots)
        slot_free(mock, mock->slots);
    server_stop(&mock->data);
    server_stop(&mock->admin);
    withhold_logs(NULL);
    cases_release(&mock->cases);
    scenarios_release(&mock->scenarios);
    free(mock->scenario_names);
    script_release(&mock->healthy);
    journal_release(&mock->journal);
    xwipe(mock->fingerprint_key, sizeof mock->fingerprint_key);
}

void mock_end_open(struct mock *mock, uint64_t nonce)
{
    for (struct connection *c = mock->data.connections, *next; c; c = next) {
        const struct exchange *e = c->exchange;

        next = c->next;
        if (e && (!nonce || e->attempt.id.nonce == nonce))
            connection_cut(c);
    }
}
