#include "tests/refgateway/ledger.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "tests/refgateway/access_log.h"

static char folder[] = "/tmp/gatedrill-ledger-XXXXXX";

static char *in_folder(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
}

static void finish(void)
{
    static const char *const names[] = { "spend.db",     "spend.db-wal",
                                         "spend.db-shm", "socket",
                                         "log",          "log.1",
                                         "log.2.gz" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = in_folder(names[i]);

        unlink(path);
        free(path);
    }
    cr_expect_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(refgw_ledger, .init = begin, .fini = finish);

static const struct ledger_row row = { .upstream = "primary",
                                       .model = "primary-model",
                                       .status = 200,
                                       .input_tokens = 7,
                                       .output_tokens = -1 };

Test(refgw_ledger, a_request_is_a_row_of_names_and_figures)
{
    char *path = in_folder("spend.db");
    struct err err = { 0 };
    struct ledger *ledger = ledger_open(path, NULL, &err);
    sqlite3 *database;
    sqlite3_stmt *rows;

    cr_assert_not_null(ledger, "%s", err.text);
    ledger_write(ledger, &row);
    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(database,
                                    "SELECT upstream, model, key_alias, "
                                    "status, input_tokens, output_tokens, "
                                    "note, details FROM requests",
                                    -1, &rows, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_step(rows), SQLITE_ROW);
    cr_expect_str_eq((const char *)sqlite3_column_text(rows, 0), "primary");
    cr_expect_str_eq((const char *)sqlite3_column_text(rows, 1),
                     "primary-model");
    cr_expect_str_eq((const char *)sqlite3_column_text(rows, 2), "primary-key");
    cr_expect_eq(sqlite3_column_int(rows, 3), 200);
    cr_expect_eq(sqlite3_column_int(rows, 4), 7);
    for (int i = 5; i < 8; i++)
        cr_expect_eq(sqlite3_column_type(rows, i), SQLITE_NULL);
    cr_expect_eq(sqlite3_step(rows), SQLITE_DONE);
    sqlite3_finalize(rows);
    sqlite3_close(database);
    ledger_close(ledger);
    free(path);
}

Test(refgw_ledger, a_request_is_a_line_by_syslog)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char *path = in_folder("socket");
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct err err = { 0 };
    struct ledger *ledger;
    char line[256] = "";

    strcpy(address.sun_path, path);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ledger = ledger_open(NULL, path, &err);
    cr_assert_not_null(ledger, "%s", err.text);
    ledger_write(ledger, &row);
    cr_assert_gt(recv(fd, line, sizeof line - 1, MSG_DONTWAIT), 0);
    cr_expect_eq(strncmp(line, "<134>", 5), 0, "%s", line);
    cr_expect(strstr(line, "]: request upstream=primary status=200"), "%s",
              line);
    ledger_close(ledger);
    close(fd);
    free(path);
}

Test(refgw_ledger, what_is_no_address_is_told)
{
    struct err err = { 0 };

    cr_expect_null(ledger_open(NULL, "localhost", &err));
    cr_expect_eq(err.code, ERR_USAGE);
    cr_expect_null(ledger_open("/nonexistent/spend.db", NULL, &err));
    cr_expect_eq(err.code, ERR_IO);
}

static bool is_there(const char *name)
{
    char *path = in_folder(name);
    bool yes = access(path, F_OK) == 0;

    free(path);
    return yes;
}

Test(refgw_ledger, a_full_log_is_rotated_and_then_compressed)
{
    const struct access_entry entry = { .method = "POST", .route = "/x" };
    char *path = in_folder("log");
    struct access_log log;
    struct err err;

    cr_assert(access_log_open(&log, path, 10, &err));
    cr_expect(!is_there("log.1"));
    access_log_write(&log, &entry);
    cr_expect(is_there("log.1"));
    cr_expect(!is_there("log.2.gz"));
    access_log_write(&log, &entry);
    cr_expect(is_there("log") && is_there("log.1") && is_there("log.2.gz"));
    access_log_close(&log);
    free(path);
}
