#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mockserver/journal.h"

static struct journal journal;
static struct buf lines;

static void end(void)
{
    journal_release(&journal);
    buf_release(&lines);
}

TestSuite(journal, .fini = end);

static void append(uint64_t nonce)
{
    static struct attempt attempt;

    attempt = (struct attempt){ .id = { nonce, 1 },
                                .foreign = !nonce,
                                .upstream = "primary" };
    journal_append(&journal, &attempt);
}

static size_t count(uint64_t nonce, int64_t after)
{
    buf_clear(&lines);
    return journal_read(&journal, nonce, after, &lines);
}

Test(journal, lines_are_read_by_case_and_place)
{
    cr_assert(journal_open(&journal, 100, NULL, NULL));
    append(1);
    append(2);
    append(1);
    append(0);
    cr_assert(count(1, 0) == 2);
    cr_assert(count(1, 1) == 1);
    cr_assert(strstr(buf_text(&lines), "\"seq\":3,"), "%s", buf_text(&lines));
    cr_assert(count(1, 3) == 0);
    cr_assert(count(0, 0) == 4);
    cr_assert(count(3, 0) == 0);
    cr_assert(journal.last_seq == 4 && journal.foreign == 1);
}

Test(journal, forgotten_lines_are_not_read)
{
    cr_assert(journal_open(&journal, 100, NULL, NULL));
    append(1);
    append(2);
    append(1);
    journal_forget(&journal, 1);
    cr_assert(count(1, 0) == 0 && count(2, 0) == 1);
    append(1);
    cr_assert(count(1, 0) == 1);
    cr_assert(strstr(buf_text(&lines), "\"seq\":4,"), "numbers go on");
    journal_forget(&journal, 0);
    cr_assert(count(0, 0) == 0);
}

Test(journal, when_full_forgotten_lines_make_room_first)
{
    cr_assert(journal_open(&journal, 10, NULL, NULL));
    for (int i = 0; i < 10; i++)
        append(i < 4 ? 1 : 2);
    journal_forget(&journal, 1);
    for (int i = 0; i < 4; i++)
        append(2);
    cr_assert(count(2, 0) == 10 && journal.dropped == 0);
}

Test(journal, when_full_of_kept_lines_the_oldest_go_and_are_counted)
{
    cr_assert(journal_open(&journal, 10, NULL, NULL));
    for (int i = 0; i < 25; i++)
        append(1);
    cr_assert(journal.count <= 10);
    cr_assert(count(1, 0) == (size_t)(25 - journal.dropped));
    cr_assert(journal.dropped >= 15 && journal.dropped <= 17);
    cr_assert(count(1, 24) == 1, "the newest stays");
}

Test(journal, a_file_gets_every_line)
{
    char path[] = "/tmp/gatedrill-journal-XXXXXX";
    int fd = mkstemp(path);
    char text[4096] = "";
    struct err err;
    FILE *file;

    cr_assert(fd >= 0);
    close(fd);
    cr_assert(journal_open(&journal, 10, path, &err));
    append(1);
    append(2);
    file = fopen(path, "r");
    cr_assert(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    unlink(path);
    cr_assert(strstr(text, "\"seq\":1,") && strstr(text, "\"seq\":2,"));
    cr_assert(text[strlen(text) - 1] == '\n');
}

Test(journal, a_file_that_cannot_be_opened_is_named)
{
    struct err err = { 0 };

    cr_assert(!journal_open(&journal, 10, "/nonexistent/journal", &err));
    cr_assert(err.code == ERR_IO);
    cr_assert_str_eq(err.where, "/nonexistent/journal");
}
