#include "harness/leaks/sink.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/leaks/canary.h"

static char folder[] = "/tmp/gatedrill-sink-XXXXXX";
static char path[64];

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
}

static void finish(void)
{
    unlink(path);
    cr_expect_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(sink, .init = begin, .fini = finish);

static void write_log(const char *mode, const char *text)
{
    FILE *out = fopen(path, mode);

    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
}

static void add_canary(struct observation *o, enum canary_kind kind,
                       const char *id, const char *text)
{
    struct canary *canary;

    o->canaries =
        xrealloc(o->canaries, (o->canary_count + 1) * sizeof *o->canaries);
    canary = &o->canaries[o->canary_count++];
    *canary = (struct canary){ .kind = kind, .text = xstrdup(text) };
    snprintf(canary->id, sizeof canary->id, "%s", id);
}

static struct observation observe(void)
{
    struct observation o = { 0 };

    add_canary(&o, CANARY_CREDENTIAL, "client.key", "sk-abcdefgh");
    add_canary(&o, CANARY_PROMPT, "prompt", "gdpromptxyz");
    add_canary(&o, CANARY_COMPLETION, "completion", "gdcompletionuvw");
    add_canary(&o, CANARY_ERROR_TEXT, "error", "gderrorrst");
    return o;
}

static void add_sink(struct sink_set *set, const char *name, const char *at,
                     bool required)
{
    const struct sink_spec spec = { .name = name,
                                    .required = required,
                                    .path = at };

    sink_set_add(set, &spec);
}

/* Looks at what came since the mark, and frees it. */
static void scan_sinks(const struct sink_set *sinks, struct sink_mark *mark,
                       struct observation *o)
{
    struct sink_mark *end = sink_mark(sinks);
    struct scan_set set;
    struct err err = { 0 };

    cr_assert(scan_set_init(&set, o->canaries, o->canary_count, &err));
    sink_scan(sinks, mark, end, &set, o);
    scan_set_release(&set);
    sink_mark_free(mark);
    sink_mark_free(end);
}

static void scan_client(struct observation *o)
{
    struct scan_set set;
    struct err err = { 0 };

    cr_assert(scan_set_init(&set, o->canaries, o->canary_count, &err));
    sink_scan_client(&set, o);
    scan_set_release(&set);
}

static void control(struct observation *o)
{
    struct scan_set set;
    struct err err = { 0 };

    cr_assert(scan_set_init(&set, o->canaries, o->canary_count, &err));
    sink_control(&set, o, 0);
    scan_set_release(&set);
}

/* Files. */

Test(sink, only_what_came_after_the_mark_is_scanned)
{
    struct observation o = observe();
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    add_sink(&set, "file log", path, true);
    write_log("w", "of another case: sk-abcdefgh\n");
    mark = sink_mark(&set);
    write_log("a", "request gdpromptxyz\n");
    scan_sinks(&set, mark, &o);
    cr_assert_eq(o.sink_count, 1);
    cr_expect_str_eq(o.sinks[0].name, "file log");
    cr_expect(o.sinks[0].required);
    cr_expect(o.sinks[0].live);
    cr_expect_eq(o.sinks[0].bytes, 20);
    cr_expect_str_eq(o.sinks[0].problem, "");
    cr_assert_eq(o.hit_count, 1);
    cr_expect_str_eq(o.hits[0].canary, "prompt");
    cr_expect_str_eq(o.hits[0].sink, "file log");
    cr_expect_str_eq(o.hits[0].encoding, "plain");
    cr_expect_eq(o.hits[0].offset, 37);
    sink_set_release(&set);
    observation_release(&o);
}

Test(sink, a_clean_log_is_live_and_without_hits)
{
    struct observation o = observe();
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    add_sink(&set, "stderr", path, false);
    mark = sink_mark(&set);
    write_log("w", "GET / 200\n");
    scan_sinks(&set, mark, &o);
    cr_expect(o.sinks[0].live);
    cr_expect_not(o.sinks[0].required);
    cr_expect_eq(o.hit_count, 0);
    sink_set_release(&set);
    observation_release(&o);
}

Test(sink, a_log_that_did_not_grow_is_silent)
{
    struct observation o = observe();
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    write_log("w", "from an earlier day\n");
    add_sink(&set, "file log", path, true);
    mark = sink_mark(&set);
    scan_sinks(&set, mark, &o);
    cr_expect_not(o.sinks[0].live);
    cr_expect_eq(o.sinks[0].bytes, 0);
    cr_expect_str_eq(o.sinks[0].problem, "");
    sink_set_release(&set);
    observation_release(&o);
}

Test(sink, a_missing_log_is_silent_and_no_problem)
{
    struct observation o = observe();
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    add_sink(&set, "file log", path, true);
    mark = sink_mark(&set);
    scan_sinks(&set, mark, &o);
    cr_expect_not(o.sinks[0].live);
    cr_expect_str_eq(o.sinks[0].problem, "");
    sink_set_release(&set);
    observation_release(&o);
}

Test(sink, what_cannot_be_read_is_a_problem)
{
    struct observation o = observe();
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    cr_assert_eq(mkfifo(path, 0600), 0);
    add_sink(&set, "a pipe", path, true);
    add_sink(&set, "a folder", folder, true);
    mark = sink_mark(&set);
    scan_sinks(&set, mark, &o);
    cr_expect_str_eq(o.sinks[0].problem, "is not a regular file");
    cr_expect_str_eq(o.sinks[1].problem, "is not a regular file");
    cr_expect_not(o.sinks[0].live);
    sink_set_release(&set);
    observation_release(&o);
}

Test(sink, a_log_that_shrank_is_read_whole_and_is_a_problem)
{
    struct observation o = observe();
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    write_log("w", "a long line before it was cut\n");
    add_sink(&set, "file log", path, true);
    mark = sink_mark(&set);
    write_log("w", "sk-abcdefgh\n");
    scan_sinks(&set, mark, &o);
    cr_expect_str_eq(o.sinks[0].problem, "shrank from 30 to 12 bytes");
    cr_expect_eq(o.hit_count, 1);
    sink_set_release(&set);
    observation_release(&o);
}

/* Windows of a scan are 64 KiB: each place around their border counts once. */
Test(sink, a_text_on_the_border_of_two_windows_is_found_once)
{
    enum { BORDER = 65536, TEXT = 11 };

    for (int start = BORDER - TEXT - 1; start <= BORDER + 1; start++) {
        struct observation o = observe();
        struct sink_set set = { 0 };
        char *text = xcalloc(2 * BORDER + 1, 1);
        struct sink_mark *mark;

        memset(text, '.', 2 * BORDER);
        memcpy(text + start, "sk-abcdefgh", TEXT);
        unlink(path);
        add_sink(&set, "log", path, true);
        mark = sink_mark(&set);
        write_log("w", text);
        scan_sinks(&set, mark, &o);
        cr_expect_eq(o.hit_count, 1, "at %d", start);
        cr_expect_eq(o.hits[0].offset, start);
        cr_expect_eq(o.sinks[0].bytes, 2 * BORDER);
        free(text);
        sink_set_release(&set);
        observation_release(&o);
    }
}

Test(sink, hits_of_one_canary_in_one_sink_are_bounded)
{
    struct observation o = observe();
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    add_sink(&set, "log", path, true);
    mark = sink_mark(&set);
    for (int i = 0; i < 20; i++)
        write_log("a", "sk-abcdefgh ");
    write_log("a", "gdpromptxyz");
    scan_sinks(&set, mark, &o);
    cr_expect_eq(o.hit_count, SINK_HITS_MOST + 1);
    sink_set_release(&set);
    observation_release(&o);
}

Test(sink, settling_ends_when_the_required_sinks_have_grown)
{
    struct sink_set set = { 0 };
    struct sink_mark *mark;
    int64_t before_ns;

    add_sink(&set, "log", path, true);
    add_sink(&set, "optional", "/nonexistent", false);
    mark = sink_mark(&set);
    before_ns = clock_now_ns();
    sink_mark_free(sink_settle(&set, mark, 30));
    cr_expect_geq(clock_now_ns() - before_ns, 30 * NS_PER_MS);
    write_log("w", "x");
    before_ns = clock_now_ns();
    sink_mark_free(sink_settle(&set, mark, 5000));
    cr_expect_lt(clock_now_ns() - before_ns, 1000 * NS_PER_MS);
    sink_mark_free(mark);
    sink_set_release(&set);
}

/* What may become of a log while a case runs, seen through a glob. */
Test(sink, of_a_glob_a_hit_names_the_file)
{
    struct observation o = observe();
    struct sink_set set = { 0 };
    char *old = xasprintf("%s.1", path), *pattern = xasprintf("%s*", path);
    struct sink_mark *mark;

    write_log("w", "of another case: sk-abcdefgh\n");
    add_sink(&set, "file log", pattern, true);
    mark = sink_mark(&set);
    write_log("a", "gdpromptxyz\n");
    cr_assert_eq(rename(path, old), 0);
    write_log("w", "clean\n");
    scan_sinks(&set, mark, &o);
    cr_expect(o.sinks[0].live);
    cr_expect_str_eq(o.sinks[0].problem, "");
    cr_expect_eq(o.sinks[0].bytes, 18);
    cr_assert_eq(o.hit_count, 1);
    cr_expect_str_eq(o.hits[0].canary, "prompt");
    cr_expect_str_eq(o.hits[0].sink, "file log");
    cr_expect_str_eq(o.hits[0].place, "log.1");
    unlink(old);
    free(old);
    free(pattern);
    sink_set_release(&set);
    observation_release(&o);
}

/* Renamed to the canary and back: nothing in it is one. */
Test(sink, a_name_of_a_file_is_looked_at_when_it_is_new)
{
    struct sink_set sinks = { 0 };
    struct observation o = observe();
    char pattern[64], name[80];
    struct sink_mark *mark;

    snprintf(pattern, sizeof pattern, "%s/*", folder);
    snprintf(name, sizeof name, "%s/sk-abcdefgh.log", folder);
    add_sink(&sinks, "file *", pattern, false);
    mark = sink_mark(&sinks);
    write_log("we", "");
    cr_assert_eq(rename(path, name), 0);
    scan_sinks(&sinks, mark, &o);
    cr_assert_eq(o.hit_count, 1);
    cr_expect_str_eq(o.hits[0].canary, "client.key");
    cr_expect_str_eq(o.hits[0].place, "a file's name");
    scan_sinks(&sinks, sink_mark(&sinks), &o);
    cr_expect_eq(o.hit_count, 1, "a name that was there before");
    unlink(name);
    observation_release(&o);
    sink_set_release(&sinks);
}

Test(sink, of_a_database_a_hit_names_the_column)
{
    struct observation o = observe();
    const struct source_target target = { .path = path };
    const struct sink_spec spec = { .name = "sqlite log",
                                    .required = true,
                                    .source = &source_sqlite,
                                    .target = &target };
    struct sink_set set = { 0 };
    struct sink_mark *mark;
    sqlite3 *database;

    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    sqlite3_exec(database,
                 "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 'sk-abcdefgh')",
                 NULL, NULL, NULL);
    sink_set_add(&set, &spec);
    mark = sink_mark(&set);
    sqlite3_exec(database, "INSERT INTO t VALUES('gdpromptxyz', NULL)", NULL,
                 NULL, NULL);
    scan_sinks(&set, mark, &o);
    cr_expect(o.sinks[0].live);
    cr_assert_eq(o.hit_count, 1);
    cr_expect_str_eq(o.hits[0].canary, "prompt");
    cr_expect_str_eq(o.hits[0].place, "t.a");
    sqlite3_close(database);
    sink_set_release(&set);
    observation_release(&o);
}

Test(sink, a_page_that_does_not_come_is_a_problem)
{
    struct observation o = observe();
    const struct source_target target = { .path = path };
    const struct sink_spec spec = { .name = "sqlite log",
                                    .required = true,
                                    .source = &source_sqlite,
                                    .target = &target };
    struct sink_set set = { 0 };

    sink_set_add(&set, &spec);
    write_log("w", "this is a text and no database, and long enough to be seen "
                   "as what it is by anybody who opens it as one. It goes on.");
    scan_sinks(&set, sink_mark(&set), &o);
    cr_expect_str_neq(o.sinks[0].problem, "");
    cr_expect_not(o.sinks[0].live);
    sink_set_release(&set);
    observation_release(&o);
}

Test(sink, what_is_always_there_is_never_live)
{
    struct observation o = observe();
    const struct source_target target = { .group = getpgrp() };
    const struct sink_spec spec = { .name = "process arguments",
                                    .source = &source_arguments,
                                    .target = &target };
    struct sink_stand empty = { 0 };
    const struct sink_mark nothing = { .items = &empty, .count = 1 };
    struct sink_set set = { 0 };
    struct sink_mark *end;
    struct scan_set canaries;
    struct err err = { 0 };

    sink_set_add(&set, &spec);
    end = sink_mark(&set);
    cr_assert(scan_set_init(&canaries, o.canaries, o.canary_count, &err));
    sink_scan(&set, &nothing, end, &canaries, &o);
    cr_expect_gt(o.sinks[0].bytes, 0);
    cr_expect_not(o.sinks[0].live);
    scan_set_release(&canaries);
    sink_mark_free(end);
    sink_set_release(&set);
    observation_release(&o);
}

/* The profile handed the client's key over, and nothing else. */
Test(sink, what_was_handed_over_is_no_finding)
{
    struct observation o = observe();
    char given[] = "KEY=sk-abcdefgh";
    char *handed[] = { given, NULL };
    const struct sink_spec spec = { .name = "log",
                                    .path = path,
                                    .handed = handed };
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    sink_set_add(&set, &spec);
    mark = sink_mark(&set);
    write_log("w", "OTHER=sk-abcdefgh gdpromptxyz\n");
    scan_sinks(&set, mark, &o);
    cr_assert_eq(o.hit_count, 1);
    cr_expect_str_eq(o.hits[0].canary, "prompt");
    sink_set_release(&set);
    observation_release(&o);
}

/* A page that makes the gateway write a line when it is fetched. */

static int fetched;

static void fetch_and_log(struct page *page, const struct source_target *target)
{
    char line[32];

    (void)target;
    snprintf(line, sizeof line, "asked %d\n", ++fetched);
    write_log("a", line);
    page_add_text(page, line, strlen(line));
}

static const struct source logged_source = { .name = "logged",
                                             .fetch = fetch_and_log };

Test(sink, a_line_that_looking_itself_made_is_none_of_the_case)
{
    const struct sink_spec specs[] = {
        { .name = "log", .required = true, .flush_ms = 30, .path = path },
        { .name = "page", .required = true, .source = &logged_source }
    };
    struct observation o = observe();
    struct sink_set set = { 0 };
    struct sink_mark *mark, *end;
    struct scan_set canaries;
    struct err err = { 0 };

    o.requests = xcalloc(1, sizeof *o.requests);
    o.request_count = 1;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        sink_set_add(&set, &specs[i]);
    mark = sink_mark(&set);
    end = sink_settle(&set, mark, 0);
    cr_assert(scan_set_init(&canaries, o.canaries, o.canary_count, &err));
    sink_scan(&set, mark, end, &canaries, &o);
    cr_expect_eq(o.sinks[0].bytes, 0);
    cr_expect_str_eq(o.sinks[0].problem, "nothing came within flush_ms");
    cr_expect_gt(o.sinks[1].bytes, 0);
    scan_set_release(&canaries);
    sink_mark_free(mark);
    sink_mark_free(end);
    sink_set_release(&set);
    observation_release(&o);
}

/* A page that tells without being fetched whether it is another one. */

static uint64_t stamps[8];
static size_t asked;

static uint64_t next_stamp(const struct source_target *target)
{
    (void)target;
    return stamps[asked < 7 ? asked++ : 7];
}

static void fetch_counted(struct page *page, const struct source_target *target)
{
    char text[32];

    (void)target;
    snprintf(text, sizeof text, "%d", fetched++ ? (int)asked : 0);
    page_add_text(page, text, strlen(text));
}

static const struct source stamped_source = { .name = "stamped",
                                              .fetch = fetch_counted,
                                              .stamp = next_stamp };

Test(sink, a_page_is_not_fetched_while_nothing_is_or_all_is_being_written)
{
    static const struct {
        const char *name;
        uint64_t stamps[8]; /* when it was added, at the mark, later */
        int fetched;        /* in settling: once for its end */
    } rows[] = {
        { "nothing was written", { 1, 1, 1, 1, 1, 1, 1, 1 }, 1 },
        { "it is being written", { 1, 1, 2, 3, 4, 5, 6, 7 }, 1 },
        { "it was written", { 1, 1, 2, 2, 2, 2, 2, 2 }, 2 },
        { "it was written slowly", { 1, 1, 2, 3, 3, 3, 3, 3 }, 2 },
    };
    const struct sink_spec spec = { .name = "page",
                                    .required = true,
                                    .source = &stamped_source };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sink_set set = { 0 };
        struct sink_mark *mark;

        memcpy(stamps, rows[i].stamps, sizeof stamps);
        asked = 0;
        sink_set_add(&set, &spec);
        mark = sink_mark(&set);
        fetched = 0;
        sink_mark_free(sink_settle(&set, mark, 90));
        cr_expect_eq(fetched, rows[i].fetched, "%s: %d", rows[i].name, fetched);
        sink_mark_free(mark);
        sink_set_release(&set);
    }
}

/* A sink that declares when its lines are there. */
Test(sink, what_does_not_come_within_its_time_is_a_problem)
{
    const struct sink_spec spec = {
        .name = "log", .required = true, .flush_ms = 40, .path = path
    };

    for (int written = 0; written < 2; written++) {
        struct observation o = observe();
        struct sink_set set = { 0 };
        struct sink_mark *mark;
        int64_t before_ns;

        o.requests = xcalloc(1, sizeof *o.requests);
        o.request_count = 1;
        sink_set_add(&set, &spec);
        mark = sink_mark(&set);
        if (written)
            write_log("a", "a line\n");
        before_ns = clock_now_ns();
        sink_mark_free(sink_settle(&set, mark, 0));
        if (!written)
            cr_expect_geq(clock_now_ns() - before_ns, 40 * NS_PER_MS);
        scan_sinks(&set, mark, &o);
        cr_expect_str_eq(o.sinks[0].problem,
                         written ? "" : "nothing came within flush_ms");
        sink_set_release(&set);
        observation_release(&o);
    }
}

static const char *lost(void *context)
{
    (void)context;
    return "a datagram was dropped";
}

Test(sink, what_was_lost_on_its_way_is_a_problem)
{
    struct observation o = observe();
    const struct sink_spec spec = {
        .name = "syslog", .required = true, .path = path, .drain = lost
    };
    struct sink_set set = { 0 };
    struct sink_mark *mark;

    sink_set_add(&set, &spec);
    mark = sink_mark(&set);
    write_log("w", "one of two\n");
    scan_sinks(&set, mark, &o);
    cr_expect_str_eq(o.sinks[0].problem, "a datagram was dropped");
    sink_set_release(&set);
    observation_release(&o);
}

/* The client's own view. */

#define OK "HTTP/1.1 200 OK\r\nContent-Type: "

static const struct {
    const char *name;
    const char *bytes;
    const char *hits; /* canary ids, space separated */
    bool completion_reached;
} answers[] = {
    { "an answer", OK "application/json\r\n\r\n\"gdcompletionuvw\"", "", true },
    { "an echo of the prompt in an answer",
      OK "application/json\r\n\r\n\"gdpromptxyz\"", "", false },
    { "an echo of the prompt in an error",
      "HTTP/1.1 400 X\r\n\r\n{\"error\":\"gdpromptxyz\"}", "prompt", false },
    { "an echo of the prompt in an error under 200",
      OK "application/json\r\n\r\n{\"error\":\"gdpromptxyz\"}", "prompt",
      false },
    { "an echo of the prompt in an error event",
      OK "text/event-stream\r\n\r\ndata: {\"error\":\"gdpromptxyz\"}\n\n",
      "prompt", false },
    { "a key in a header",
      OK "application/json\r\nX-Upstream: Bearer sk-abcdefgh\r\n\r\n{}",
      "client.key", false },
    { "a key in a body", OK "text/plain\r\n\r\nsk-abcdefgh", "client.key",
      false },
    { "a key in what is no answer", "bad key sk-abcdefgh", "client.key",
      false },
    { "a key split by chunks",
      OK "text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nsk-ab\r\n6\r\ncdefgh\r\n0\r\n\r\n",
      "client.key", false },
    { "a completion split by events",
      OK "text/event-stream\r\n\r\n"
         "data: {\"choices\":[{\"delta\":{\"content\":\"gdcompl\"}}]}\n\n"
         "data: {\"choices\":[{\"delta\":{\"content\":\"etionuvw\"}}]}\n\n",
      "", true },
    { "the upstream's error text", "HTTP/1.1 502 X\r\n\r\ngderrorrst", "",
      false },
    { "nothing", "", "", false },
};

Test(sink, in_an_answer_keys_and_echoed_prompts_are_leaks)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct observation o = observe();
        struct buf hits = { 0 };

        o.requests = xcalloc(1, sizeof *o.requests);
        o.request_count = 1;
        o.requests[0].trace.end = TRACE_END_FIN;
        http_trace_add_read(&o.requests[0].trace, answers[i].bytes,
                            strlen(answers[i].bytes), 1);
        http_trace_decode(&o.requests[0].trace);
        scan_client(&o);
        for (size_t h = 0; h < o.hit_count; h++) {
            buf_printf(&hits, "%s%s", h ? " " : "", o.hits[h].canary);
            cr_expect_str_eq(o.hits[h].sink, "client response");
        }
        cr_expect_str_eq(buf_text(&hits), answers[i].hits, "%s",
                         answers[i].name);
        cr_expect_eq(o.canaries[2].reached, answers[i].completion_reached, "%s",
                     answers[i].name);
        buf_release(&hits);
        observation_release(&o);
    }
}

/* What may be left of a masked key is the runbook's to say. */

Test(sink, a_masked_key_is_allowed_as_far_as_the_runbook_says)
{
    static const struct {
        int64_t first, last;
        enum hit_class how;
    } rows[] = {
        { 0, 0, HIT_PARTIAL }, { 8, 4, HIT_ALLOWED }, { 51, 51, HIT_ALLOWED },
        { 7, 4, HIT_PARTIAL }, { 8, 3, HIT_PARTIAL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct runbook runbook = { .redaction.masked = { rows[i].first,
                                                         rows[i].last } };
        struct observation o = { .runbook = &runbook };
        static const char answer[] =
            "HTTP/1.1 401 X\r\n\r\nprovided: sk-abcde***rstu";

        add_canary(&o, CANARY_CREDENTIAL, "client.key",
                   "sk-abcdefghijklmnopqrstu");
        o.requests = xcalloc(1, sizeof *o.requests);
        o.request_count = 1;
        o.requests[0].trace.end = TRACE_END_FIN;
        http_trace_add_read(&o.requests[0].trace, answer, sizeof answer - 1, 1);
        http_trace_decode(&o.requests[0].trace);
        scan_client(&o);
        cr_assert_eq(o.hit_count, 1);
        cr_expect_eq(o.hits[0].how, rows[i].how, "row %zu", i);
        cr_expect_str_eq(o.hits[0].encoding, "masked");
        observation_release(&o);
    }
}

/* Beside one that is allowed, what is not counts. */
Test(sink, an_allowed_mask_does_not_hide_a_whole_key)
{
    struct runbook runbook = { .redaction.masked = { 8, 4 } };
    static const char *const more[] = { "sk-abcdefghijklmnopqrstu",
                                        "sk-abcdefghijklmn",
                                        "sk-abcdefgh**rstu" };

    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct observation o = { .runbook = &runbook };
        char answer[160];
        int length =
            snprintf(answer, sizeof answer,
                     "HTTP/1.1 401 X\r\n\r\nsk-abcde***rstu %s", more[i]);

        add_canary(&o, CANARY_CREDENTIAL, "client.key",
                   "sk-abcdefghijklmnopqrstu");
        o.requests = xcalloc(1, sizeof *o.requests);
        o.request_count = 1;
        o.requests[0].trace.end = TRACE_END_FIN;
        http_trace_add_read(&o.requests[0].trace, answer, (size_t)length, 1);
        http_trace_decode(&o.requests[0].trace);
        scan_client(&o);
        cr_assert_eq(o.hit_count, 1);
        cr_expect(hit_is_leak(o.hits[0].how), "%s", more[i]);
        observation_release(&o);
    }
}

/* The detector's own control. */

/* As long as canaries are: half of one is enough to be found. */
static struct observation observe_drawn(void)
{
    static const uint8_t key[FINGERPRINT_KEY_BYTES] = { 1 };
    static const struct {
        const char *id;
        enum canary_kind kind;
    } kinds[] = { { "client.key", CANARY_CREDENTIAL },
                  { "prompt", CANARY_PROMPT },
                  { "completion", CANARY_COMPLETION },
                  { "error_text", CANARY_ERROR_TEXT } };
    struct observation o = { 0 };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct canary canary;

        canary_make(&canary, kinds[i].kind, CANARY_IN_TEXT, kinds[i].id, 7, "a",
                    key);
        add_canary(&o, canary.kind, canary.id, canary.text);
        canary_release(&canary);
    }
    return o;
}

Test(sink, the_control_passes_and_leaves_nothing_behind)
{
    struct observation o = observe_drawn();

    /* One key may have two names. */
    add_canary(&o, CANARY_CREDENTIAL, "primary.key", o.canaries[0].text);
    control(&o);
    cr_expect(o.detector_control, "%s", o.detector_missed);
    cr_expect_eq(o.hit_count, 0);
    cr_expect_eq(o.sink_count, 0);
    observation_release(&o);
}

/* Too short to be known by its halves. */
Test(sink, the_control_fails_and_says_what_was_not_found)
{
    struct observation o = observe_drawn();

    add_canary(&o, CANARY_CREDENTIAL, "short.key", "sk-abcdefgh");
    control(&o);
    cr_expect_not(o.detector_control);
    cr_expect_str_eq(o.detector_missed, "short.key as records");
    observation_release(&o);
}

/* Another case that shares the gateway may look at any moment. */
Test(sink, the_control_is_seen_in_no_folder)
{
    struct observation o = observe_drawn();
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char event[512];

    cr_assert_eq(chdir(folder), 0);
    setenv("TMPDIR", folder, 1);
    cr_assert_geq(inotify_add_watch(watch, folder, IN_CREATE), 0);
    control(&o);
    cr_expect(o.detector_control, "%s", o.detector_missed);
    cr_expect_lt(read(watch, event, sizeof event), 0, "a file was made");
    close(watch);
    observation_release(&o);
}

static void *control_often(void *context)
{
    for (int i = 0; i < 20; i++) {
        struct observation o = observe_drawn();
        bool *ok = context;

        control(&o);
        *ok = *ok && o.detector_control;
        observation_release(&o);
    }
    return NULL;
}

/* Cases that share a gateway are judged side by side. */
Test(sink, two_controls_do_not_meet)
{
    bool ok[2] = { true, true };
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, control_often, &ok[0]), 0);
    control_often(&ok[1]);
    pthread_join(thread, NULL);
    cr_expect(ok[0]);
    cr_expect(ok[1]);
}

Test(sink, the_control_fails_where_it_cannot_plant)
{
    struct observation o = observe_drawn();
    struct rlimit limit, none;

    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){ 0, limit.rlim_max };
    setrlimit(RLIMIT_NOFILE, &none);
    control(&o);
    setrlimit(RLIMIT_NOFILE, &limit);
    cr_expect_not(o.detector_control);
    observation_release(&o);
}

Test(sink, the_control_fails_without_a_canary)
{
    struct observation o = { 0 };

    control(&o);
    cr_expect_not(o.detector_control);
}

/* A text that stands in noise as well proves nothing when it is found. */
Test(sink, the_control_fails_for_a_text_that_noise_has)
{
    struct observation o = observe_drawn();

    add_canary(&o, CANARY_PROMPT, "weak", "noise");
    control(&o);
    cr_expect_not(o.detector_control);
    observation_release(&o);
}
