#include "tests/refgateway/ledger.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"

#define BUSY_MS 2000
/* local0, informational: RFC 3164, 4.1.1 */
#define PRIORITY 134

struct ledger {
    sqlite3 *spend; /* NULL: none */
    sqlite3_stmt *insert;
    int syslog; /* -1: none */
    pthread_mutex_t lock;
};

static const char tables[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
    "CREATE TABLE IF NOT EXISTS requests(time TEXT, upstream TEXT, model TEXT,"
    " key_alias TEXT, status INTEGER, input_tokens INTEGER,"
    " output_tokens INTEGER, note TEXT, details BLOB)";

static const char insert[] =
    "INSERT INTO requests VALUES(?1, ?2, ?3, ?2 || '-key', ?4, ?5, ?6, ?7, ?8)";

static bool open_spend(struct ledger *ledger, const char *path, struct err *err)
{
    int code = sqlite3_open(path, &ledger->spend);

    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(ledger->spend, BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_exec(ledger->spend, tables, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(ledger->spend, insert, -1, &ledger->insert,
                                  NULL);
    if (code == SQLITE_OK)
        return true;
    err_set(err, ERR_IO, path, "%s", sqlite3_errmsg(ledger->spend));
    return false;
}

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_un un;
};

/* 0: it is none. */
static socklen_t read_address(union address *out, const char *text)
{
    const char *colon = strrchr(text, ':');
    char host[16];

    *out = (union address){ 0 };
    if (*text == '/' && strlen(text) < sizeof out->un.sun_path) {
        out->un.sun_family = AF_UNIX;
        memcpy(out->un.sun_path, text, strlen(text) + 1);
        return sizeof out->un;
    }
    if (!colon || (size_t)(colon - text) >= sizeof host)
        return 0;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    out->in.sin_family = AF_INET;
    out->in.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    return inet_pton(AF_INET, host, &out->in.sin_addr) == 1 ? sizeof out->in
                                                            : 0;
}

static bool open_syslog(struct ledger *ledger, const char *text,
                        struct err *err)
{
    union address address;
    socklen_t size = read_address(&address, text);

    if (!size) {
        err_set(err, ERR_USAGE, "SYSLOG",
                "%s is neither HOST:PORT in figures nor a path", text);
        return false;
    }
    ledger->syslog =
        socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ledger->syslog < 0 || connect(ledger->syslog, &address.any, size)) {
        err_set_errno(err, ERR_NET, text);
        return false;
    }
    return true;
}

struct ledger *ledger_open(const char *spend, const char *syslog,
                           struct err *err)
{
    struct ledger *ledger = xcalloc(1, sizeof *ledger);

    ledger->syslog = -1;
    pthread_mutex_init(&ledger->lock, NULL);
    if ((!spend || open_spend(ledger, spend, err)) &&
        (!syslog || !*syslog || open_syslog(ledger, syslog, err)))
        return ledger;
    ledger_close(ledger);
    return NULL;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    sqlite3_finalize(ledger->insert);
    sqlite3_close(ledger->spend);
    if (ledger->syslog >= 0)
        close(ledger->syslog);
    pthread_mutex_destroy(&ledger->lock);
    free(ledger);
}

static void bind_tokens(sqlite3_stmt *row, int at, int64_t tokens)
{
    if (tokens >= 0)
        sqlite3_bind_int64(row, at, tokens);
}

static void spend(struct ledger *ledger, const struct ledger_row *row,
                  const char *note, const void *details, size_t length)
{
    char now[21];

    if (!ledger->spend)
        return;
    clock_format_rfc3339(now, (time_t)(clock_wall_ms() / 1000));
    pthread_mutex_lock(&ledger->lock);
    sqlite3_reset(ledger->insert);
    sqlite3_clear_bindings(ledger->insert);
    sqlite3_bind_text(ledger->insert, 1, now, -1, SQLITE_STATIC);
    sqlite3_bind_text(ledger->insert, 2, row->upstream, -1, SQLITE_STATIC);
    sqlite3_bind_text(ledger->insert, 3, row->model, -1, SQLITE_STATIC);
    sqlite3_bind_int(ledger->insert, 4, row->status);
    bind_tokens(ledger->insert, 5, row->input_tokens);
    bind_tokens(ledger->insert, 6, row->output_tokens);
    sqlite3_bind_text(ledger->insert, 7, note, -1, SQLITE_STATIC);
    if (details)
        sqlite3_bind_blob(ledger->insert, 8, details, (int)length,
                          SQLITE_STATIC);
    if (sqlite3_step(ledger->insert) != SQLITE_DONE)
        fprintf(stderr, "the spend log cannot be written: %s\n",
                sqlite3_errmsg(ledger->spend));
    sqlite3_reset(ledger->insert);
    pthread_mutex_unlock(&ledger->lock);
}

static void say(struct ledger *ledger, const char *text)
{
    char stamp[24];
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    char *line;

    if (ledger->syslog < 0)
        return;
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &tm);
    line = xasprintf("<%d>%s localhost refgw[%d]: %s", PRIORITY, stamp,
                     (int)getpid(), text);
    if (send(ledger->syslog, line, strlen(line), MSG_NOSIGNAL) < 0)
        fputs("a syslog line could not be sent\n", stderr);
    free(line);
}

void ledger_write(struct ledger *ledger, const struct ledger_row *row)
{
    char *text = xasprintf("request upstream=%s status=%d",
                           row->upstream ? row->upstream : "none", row->status);

    spend(ledger, row, NULL, NULL, 0);
    say(ledger, text);
    free(text);
}

static const struct ledger_row nothing = { .input_tokens = -1,
                                           .output_tokens = -1 };

void ledger_leak_text(struct ledger *ledger, const char *text)
{
    spend(ledger, &nothing, text, NULL, 0);
}

void ledger_leak_blob(struct ledger *ledger, const void *bytes, size_t length)
{
    spend(ledger, &nothing, NULL, bytes, length);
}

void ledger_leak_syslog(struct ledger *ledger, const char *text)
{
    say(ledger, text);
}
