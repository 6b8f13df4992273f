#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/leaks/source.h"

#define BUSY_MS     1000
#define STAMP_PRIME 1099511628211ULL

static void fail(struct page *page, sqlite3 *database)
{
    page_fail(page, "the database cannot be read: %.60s",
              sqlite3_errmsg(database));
}

/* Every text and blob of a row, and nothing else: figures hold no canary. */
static void add_row(struct page *page, sqlite3_stmt *rows, const size_t *places)
{
    for (int i = 0; i < sqlite3_column_count(rows); i++) {
        int type = sqlite3_column_type(rows, i);

        if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
            const void *bytes = sqlite3_column_blob(rows, i);
            int length = sqlite3_column_bytes(rows, i);

            if (length > 0)
                page_add(page, bytes, (size_t)length, places[i]);
        }
    }
}

static void add_rows(struct page *page, sqlite3 *database, sqlite3_stmt *rows,
                     const char *table)
{
    int columns = sqlite3_column_count(rows), code;
    size_t *places = xcalloc((size_t)columns + 1, sizeof *places);

    for (int i = 0; i < columns; i++) {
        char name[PAGE_PLACE_SIZE];

        snprintf(name, sizeof name, "%.30s.%.30s", table,
                 sqlite3_column_name(rows, i));
        places[i] = page_place(page, name);
    }
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        add_row(page, rows, places);
    if (code != SQLITE_DONE)
        fail(page, database);
    free(places);
}

static void add_table(struct page *page, sqlite3 *database, const char *table)
{
    sqlite3_stmt *rows = NULL;
    char *query = sqlite3_mprintf("SELECT * FROM \"%w\"", table);

    if (!query)
        xalloc_fail();
    if (sqlite3_prepare_v2(database, query, -1, &rows, NULL) == SQLITE_OK)
        add_rows(page, database, rows, table);
    else
        fail(page, database);
    sqlite3_finalize(rows);
    sqlite3_free(query);
}

/* What a virtual table shows stands in ordinary ones. */
static const char tables_query[] =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND "
    "(sql IS NULL OR sql NOT LIKE 'CREATE VIRTUAL%') ORDER BY name";

static void add_tables(struct page *page, sqlite3 *database)
{
    sqlite3_stmt *tables = NULL;
    int code = sqlite3_prepare_v2(database, tables_query, -1, &tables, NULL);

    /* One moment for all of them, whatever the gateway writes meanwhile. */
    if (code == SQLITE_OK)
        code = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        fail(page, database);
        sqlite3_finalize(tables);
        return;
    }
    while ((code = sqlite3_step(tables)) == SQLITE_ROW)
        add_table(page, database, (const char *)sqlite3_column_text(tables, 0));
    if (code != SQLITE_DONE)
        fail(page, database);
    sqlite3_finalize(tables);
    sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
}

/* A database that is not there yet holds nothing. */
static void fetch(struct page *page, const struct source_target *target)
{
    sqlite3 *database = NULL;

    if (access(target->path, F_OK) != 0)
        return;
    if (sqlite3_open_v2(target->path, &database,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                        NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(database, BUSY_MS);
        add_tables(page, database);
    } else {
        fail(page, database);
    }
    sqlite3_close(database);
}

/* Whoever reads locks out who writes, where there is no write-ahead log. */
static uint64_t stamp(const struct source_target *target)
{
    static const char *const endings[] = { "", "-wal", "-journal" };
    uint64_t sum = 0;

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *path = xasprintf("%s%s", target->path, endings[i]);
        struct stat status = { 0 };

        stat(path, &status);
        sum = sum * STAMP_PRIME + (uint64_t)status.st_ino;
        sum = sum * STAMP_PRIME + (uint64_t)status.st_size;
        sum = sum * STAMP_PRIME + (uint64_t)status.st_mtim.tv_sec;
        sum = sum * STAMP_PRIME + (uint64_t)status.st_mtim.tv_nsec;
        free(path);
    }
    return sum;
}

const struct source source_sqlite = { .name = "sqlite",
                                      .fetch = fetch,
                                      .stamp = stamp };
