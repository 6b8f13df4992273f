#include "harness/leaks/page.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/client/client.h"
#include "harness/leaks/source.h"
#include "tests/unit/raw_server.h"

static char key[] = "sk-abcdefgh";
static const struct canary canaries[] = {
    { .id = "client.key", .kind = CANARY_CREDENTIAL, .text = key },
};

/* "offset place" of each hit, one a line. */
static char *search(const struct page *before, const struct page *after)
{
    struct scan_set set;
    struct scan_hits hits;
    struct page_spot *spots;
    struct buf out = { 0 };
    struct err err = { 0 };
    int64_t bytes;

    cr_assert(scan_set_init(&set, canaries, 1, &err));
    cr_expect_null(page_search(&set, before, after, 8, &hits, &spots, &bytes));
    cr_expect_eq(bytes, page_growth(before, after));
    for (size_t i = 0; i < hits.count; i++)
        buf_printf(&out, "%lld %s\n", (long long)spots[i].offset,
                   spots[i].place);
    free(spots);
    scan_hits_release(&hits);
    scan_set_release(&set);
    return buf_take(&out);
}

static const struct {
    const char *name, *before, *after, *hits;
    int64_t growth;
} pages[] = {
    { "nothing new", "a 1\nb 2\n", "a 1\nb 2\n", "", 0 },
    { "a counter", "a 1\nb 2\n", "a 1\nb 3\n", "", 4 },
    { "a key that was there", "k sk-abcdefgh\na 1\n", "k sk-abcdefgh\na 2\n",
      "", 4 },
    { "a key that is new", "a 1\n", "a 1\nk sk-abcdefgh\n", "6 \n", 14 },
    { "a key that was there, once more", "k sk-abcdefgh\n",
      "k sk-abcdefgh\nk sk-abcdefgh\n", "16 \n", 14 },
    { "the first record of a list in one line",
      "[{\"k\":\"sk-abcdefgh\"},{\"a\":1}]",
      "[{\"k\":\"sk-abcdefgh\"},{\"a\":2}]", "", 8 },
    { "a later one", "[{\"a\":1},{\"a\":2}]",
      "[{\"a\":1},{\"a\":2},{\"k\":\"sk-abcdefgh\"}]", "23 \n", 28 },
    { "a page that is gone", "k sk-abcdefgh\n", "", "", 0 },
};

Test(page, only_what_is_new_is_looked_at)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct page before = { 0 }, after = { 0 };
        char *hits;

        page_add_text(&before, pages[i].before, strlen(pages[i].before));
        page_add_text(&after, pages[i].after, strlen(pages[i].after));
        hits = search(&before, &after);
        cr_expect_str_eq(hits, pages[i].hits, "%s: %s", pages[i].name, hits);
        cr_expect_eq(page_growth(&before, &after), pages[i].growth, "%s: %lld",
                     pages[i].name, (long long)page_growth(&before, &after));
        free(hits);
        page_release(&before);
        page_release(&after);
    }
}

Test(page, a_piece_is_known_by_its_place_too)
{
    struct page before = { 0 }, after = { 0 };
    char *hits;

    page_add(&before, key, strlen(key), page_place(&before, "users.name"));
    page_add(&after, key, strlen(key), page_place(&after, "users.name"));
    page_add(&after, key, strlen(key), page_place(&after, "users.note"));
    hits = search(&before, &after);
    cr_expect_str_eq(hits, "11 users.note\n");
    free(hits);
    page_release(&before);
    page_release(&after);
}

/* As over two lines of a log. */
Test(page, a_key_in_two_places_is_one)
{
    struct page before = { 0 }, after = { 0 };
    char *hits;

    page_add(&after, key, 6, page_place(&after, "a.x"));
    page_add(&after, key + 6, strlen(key) - 6, page_place(&after, "a.y"));
    hits = search(&before, &after);
    cr_expect_str_eq(hits, "0 a.x\n");
    free(hits);
    page_release(&after);
}

Test(page, too_long_a_page_is_a_problem)
{
    struct page page = { 0 };
    char *text = xcalloc(PAGE_BYTES_MOST / 2 + 1, 1);

    page_add(&page, text, PAGE_BYTES_MOST / 2 + 1, SIZE_MAX);
    cr_expect_str_eq(page.problem, "");
    page_add(&page, text, PAGE_BYTES_MOST / 2 + 1, SIZE_MAX);
    cr_expect_str_eq(page.problem, "is longer than 64 MiB");
    free(text);
    page_release(&page);
}

/* An HTTP page. */

static const struct {
    const char *answer, *text, *problem;
} answers[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n", "a 1\n", "" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\na \r\n2\r\n1\n\r\n0\r\n\r\n",
      "a 1\n", "" },
    { "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", "no",
      "it answered with status 403" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", "cut",
      "no complete answer came: fin" },
    { "", "", "no complete answer came: fin" },
};

Test(page, of_http_is_the_body_and_what_is_no_answer_is_a_problem)
{
    client_global_init();
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct server s = { .until = "\r\n\r\n",
                            .pieces = { answers[i].answer } };
        char header[] = "Authorization: Bearer x";
        char *headers[] = { header, NULL };
        struct source_target target = { .url = s.url, .words = headers };
        struct page page = { 0 };

        server_start(&s);
        source_http.fetch(&page, &target);
        cr_expect_str_eq(buf_text(&page.text), answers[i].text);
        cr_expect_str_eq(page.problem, answers[i].problem);
        cr_expect(strstr(buf_text(&s.seen), "GET /v1/x?y=z HTTP/1.1\r\n"));
        cr_expect(strstr(buf_text(&s.seen), "Authorization: Bearer x\r\n"));
        page_release(&page);
        server_stop(&s);
    }
    client_global_release();
}

Test(page, of_http_nobody_answering_is_a_problem)
{
    struct server s = { 0 };
    struct source_target target = { .url = s.url };
    struct page page = { 0 };

    client_global_init();
    server_bind(&s); /* and does not listen */
    source_http.fetch(&page, &target);
    cr_expect(strstr(page.problem, "not_connected"), "%s", page.problem);
    page_release(&page);
    close(s.listener);
    client_global_release();
}

/* What a command prints. */

static void run(struct page *page, char **words)
{
    char environment[] = "LC_ALL=C";
    char *list[] = { environment, NULL };
    struct source_target target = { .words = words, .environment = list };

    *page = (struct page){ 0 };
    source_command.fetch(page, &target);
}

#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })
#define WORD(text) ((char[]){ text })

Test(page, of_a_command_is_what_it_prints)
{
    struct page page;

    run(&page, WORDS(WORD("printf"), WORD("a\\nb %s\\n"), WORD("$HOME")));
    cr_expect_str_eq(buf_text(&page.text), "a\nb $HOME\n");
    cr_expect_eq(page.count, 2);
    cr_expect_str_eq(page.problem, "");
    page_release(&page);
}

Test(page, of_a_command_that_fails_is_a_problem)
{
    struct page page;

    run(&page, WORDS(WORD("sh"), WORD("-c"), WORD("echo half; exit 3")));
    cr_expect_str_eq(buf_text(&page.text), "half\n");
    cr_expect_str_eq(page.problem, "the command ended with exit status 3");
    page_release(&page);
    run(&page, WORDS(WORD("no-such-program-at-all")));
    cr_expect(strstr(page.problem, "could not be run"), "%s", page.problem);
    page_release(&page);
}

Test(page, of_a_command_that_prints_too_much_it_is_ended)
{
    int64_t began_ns = clock_now_ns();
    struct page page;

    run(&page, WORDS(WORD("sh"), WORD("-c"),
                     WORD("head -c 70000000 /dev/zero; sleep 60")));
    cr_expect_str_eq(page.problem, "is longer than 64 MiB");
    cr_expect_lt(clock_now_ns() - began_ns, 4 * NS_PER_S);
    page_release(&page);
}

/* A child of it may hold its output open. */
Test(page, of_a_command_whose_child_goes_on_is_what_it_printed)
{
    int64_t began_ns = clock_now_ns();
    struct page page;

    run(&page, WORDS(WORD("sh"), WORD("-c"), WORD("sleep 60 & echo one")));
    cr_expect_str_eq(buf_text(&page.text), "one\n");
    cr_expect_str_eq(page.problem, "");
    cr_expect_lt(clock_now_ns() - began_ns, 4 * NS_PER_S);
    page_release(&page);
}

Test(page, of_a_command_that_closes_its_output_the_end_is_awaited)
{
    struct page page;

    run(&page, WORDS(WORD("sh"), WORD("-c"),
                     WORD("echo one; exec >&-; sleep 0.05; exit 4")));
    cr_expect_str_eq(buf_text(&page.text), "one\n");
    cr_expect_str_eq(page.problem, "the command ended with exit status 4");
    page_release(&page);
}
