#include "harness/leaks/source.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/launch/process.h"

static char folder[] = "/tmp/gatedrill-source-XXXXXX";
static char path[64];

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/spend.db", folder);
}

static void finish(void)
{
    unlink(path);
    cr_expect_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(source, .init = begin, .fini = finish);

static sqlite3 *open_database(void)
{
    sqlite3 *database;

    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    return database;
}

static void say(sqlite3 *database, const char *words)
{
    char *problem = NULL;

    cr_assert_eq(sqlite3_exec(database, words, NULL, NULL, &problem), SQLITE_OK,
                 "%s", problem);
}

static void fetch(struct page *page)
{
    struct source_target target = { .path = path };

    *page = (struct page){ 0 };
    source_sqlite.fetch(page, &target);
}

/* "place=text" of each piece, one a line. */
static char *pieces_of(const struct page *page)
{
    struct buf out = { 0 };

    for (size_t i = 0; i < page->count; i++) {
        size_t from = i ? page->pieces[i - 1].end : 0;

        buf_printf(&out, "%s=%.*s\n", page->places[page->pieces[i].place],
                   (int)(page->pieces[i].end - from), page->text.data + from);
    }
    return buf_take(&out);
}

Test(source, a_database_gives_texts_and_blobs_of_every_table)
{
    sqlite3 *database = open_database();
    struct page page;

    say(database, "CREATE TABLE \"a \"\"b\"(note TEXT, n INT, more);"
                  "CREATE TABLE c(note BLOB);"
                  "INSERT INTO \"a \"\"b\" VALUES('one', 7, x'0041'), "
                  "('two', NULL, '');"
                  "INSERT INTO c VALUES(x'42')");
    fetch(&page);
    cr_expect_str_eq(page.problem, "");
    cr_expect_eq(page.text.length, 9);
    cr_assert_eq(page.count, 4);
    cr_expect_eq(memcmp(page.text.data, "one\0AtwoB", 9), 0);
    cr_expect_str_eq(page.places[page.pieces[0].place], "a \"b.note");
    cr_expect_str_eq(page.places[page.pieces[1].place], "a \"b.more");
    page_release(&page);
    sqlite3_close(database);
}

/* The gateway is in the middle of a write, by the way that is usual. */
Test(source, a_database_is_read_while_it_is_written)
{
    sqlite3 *database = open_database();
    struct page before, after;
    char *pieces, more[80];

    say(database, "PRAGMA journal_mode = WAL; CREATE TABLE t(x);"
                  "INSERT INTO t VALUES('old')");
    fetch(&before);
    say(database, "INSERT INTO t VALUES('new')");
    say(database, "BEGIN; INSERT INTO t VALUES('not yet')");
    fetch(&after);
    pieces = pieces_of(&after);
    cr_expect_str_eq(pieces, "t.x=old\nt.x=new\n");
    cr_expect_eq(page_growth(&before, &after), 3);
    cr_expect_str_eq(after.problem, "");
    say(database, "ROLLBACK");
    free(pieces);
    page_release(&before);
    page_release(&after);
    sqlite3_close(database);
    snprintf(more, sizeof more, "%s-wal", path);
    unlink(more);
    snprintf(more, sizeof more, "%s-shm", path);
    unlink(more);
}

Test(source, the_stamp_of_a_database_tells_that_it_was_written)
{
    static const char *const modes[] = { "DELETE", "WAL" };
    struct source_target target = { .path = path };

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char words[120], more[80];
        sqlite3 *database;
        uint64_t absent = source_sqlite.stamp(&target), made;
        struct page page;

        database = open_database();
        snprintf(words, sizeof words,
                 "PRAGMA journal_mode = %s; CREATE TABLE t(x);"
                 "INSERT INTO t VALUES('old')",
                 modes[i]);
        say(database, words);
        made = source_sqlite.stamp(&target);
        cr_expect_neq(absent, made, "%s", modes[i]);
        fetch(&page);
        cr_expect_eq(source_sqlite.stamp(&target), made, "%s", modes[i]);
        page_release(&page);
        /* A clock of the file system's may stand still for 10 ms. */
        poll(NULL, 0, 20);
        say(database, "INSERT INTO t VALUES('new')");
        cr_expect_neq(source_sqlite.stamp(&target), made, "%s", modes[i]);
        made = source_sqlite.stamp(&target);
        say(database, "BEGIN IMMEDIATE; INSERT INTO t VALUES('other')");
        if (!i)
            cr_expect_neq(source_sqlite.stamp(&target), made);
        say(database, "ROLLBACK");
        sqlite3_close(database);
        snprintf(more, sizeof more, "%s-wal", path);
        unlink(more);
        snprintf(more, sizeof more, "%s-shm", path);
        unlink(more);
        unlink(path);
    }
}

Test(source, a_database_that_is_not_there_is_empty)
{
    struct page page;

    fetch(&page);
    cr_expect_eq(page.count, 0);
    cr_expect_str_eq(page.problem, "");
    page_release(&page);
}

Test(source, what_is_no_database_is_a_problem)
{
    FILE *out = fopen(path, "w");
    struct page page;

    for (int i = 0; i < 400; i++)
        fputs("no database", out);
    fclose(out);
    fetch(&page);
    cr_expect(strstr(page.problem, "not a database"), "%s", page.problem);
    page_release(&page);
}

Test(source, a_locked_database_is_a_problem)
{
    sqlite3 *database = open_database();
    struct page page;

    say(database, "CREATE TABLE t(x); BEGIN EXCLUSIVE");
    fetch(&page);
    cr_expect(strstr(page.problem, "locked"), "%s", page.problem);
    page_release(&page);
    sqlite3_close(database);
}

/* Processes. */

#define WORD(text) ((char[]){ text })

static void fetch_of(struct page *page, const struct source *source,
                     pid_t group)
{
    struct source_target target = { .group = group };

    *page = (struct page){ 0 };
    source->fetch(page, &target);
}

/* A shell with a child of its own, which has another word in its arguments. */
static void start_family(struct process *out)
{
    char script[] = "sleep 77 & wait";
    char *argv[] = { WORD("sh"), WORD("-c"), script, NULL };
    char word[] = "WORD=of the environment";
    char *environment[] = { word, NULL };
    struct err err = { 0 };

    cr_assert(process_start(out,
                            &(struct process_spec){ .argv = argv,
                                                    .environment = environment,
                                                    .folder = folder },
                            &err),
              "%s", err.text);
}

static bool has(const struct page *page, const char *wanted)
{
    char *pieces = pieces_of(page);
    bool found = strstr(pieces, wanted) != NULL;

    free(pieces);
    return found;
}

Test(source, arguments_and_environment_of_children_are_seen)
{
    int64_t until_ns = clock_now_ns() + 5 * NS_PER_S;
    struct process family;
    struct page page;
    bool found = false;

    start_family(&family);
    while (!found && clock_now_ns() < until_ns) {
        fetch_of(&page, &source_arguments, family.pid);
        found = has(&page, "sleep=77\n");
        cr_expect_str_eq(page.problem, "");
        page_release(&page);
    }
    cr_expect(found);
    fetch_of(&page, &source_environment, family.pid);
    cr_expect(has(&page, "sleep=WORD=of the environment\n"));
    cr_expect_str_eq(page.problem, "");
    page_release(&page);
    process_stop(&family, SIGKILL, 0);
    fetch_of(&page, &source_arguments, 0);
    cr_expect_eq(page.count, 0);
    page_release(&page);
}
