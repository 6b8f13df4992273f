#include "harness/leaks/trail.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/buf.h"
#include "common/xalloc.h"

static char folder[] = "/tmp/gatedrill-trail-XXXXXX";
static char pattern[64];

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(pattern, sizeof pattern, "%s/log*", folder);
}

static char *in_folder(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static void finish(void)
{
    static const char *const names[] = { "log",    "log.1",   "log.2",
                                         "log.gz", "log.zip", "other" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = in_folder(names[i]);

        unlink(path);
        free(path);
    }
    cr_expect_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(trail, .init = begin, .fini = finish);

static void write_to(const char *name, const char *mode, const char *text)
{
    char *path = in_folder(name);
    FILE *out = fopen(path, mode);

    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
    free(path);
}

static void move(const char *from, const char *to)
{
    char *old = in_folder(from), *new = in_folder(to);

    cr_assert_eq(rename(old, new), 0);
    free(old);
    free(new);
}

static void drop(const char *name)
{
    char *path = in_folder(name);

    cr_assert_eq(unlink(path), 0);
    free(path);
}

/* Two members, as a log that was appended to has. */
static void compress_to(const char *name, const char *one, const char *two)
{
    char *path = in_folder(name);
    gzFile out = gzopen(path, "ab");

    gzwrite(out, one, (unsigned)strlen(one));
    gzclose(out);
    if (*two) {
        out = gzopen(path, "ab");
        gzwrite(out, two, (unsigned)strlen(two));
        gzclose(out);
    }
    free(path);
}

static void take(void *context, const char *bytes, size_t length)
{
    buf_add(context, bytes, length);
}

static int part_order(const void *a, const void *b)
{
    const struct trail_part *left = a, *right = b;

    return strcmp(left->name, right->name);
}

/* What came since, as "name:text" by name, and the problem behind a '!'. */
static char *since(const struct trail *before)
{
    struct trail after;
    struct trail_parts parts;
    struct buf out = { 0 };

    trail_look(&after, pattern, true);
    trail_compare(&parts, before, &after);
    if (parts.count)
        qsort(parts.items, parts.count, sizeof *parts.items, part_order);
    for (size_t i = 0; i < parts.count; i++) {
        buf_printf(&out, "%s%s:", out.length ? " " : "", parts.items[i].name);
        cr_expect_null(trail_read(&parts.items[i], take, &out));
    }
    if (parts.problem[0])
        buf_printf(&out, "!%s", parts.problem);
    trail_parts_release(&parts);
    trail_release(&after);
    return buf_take(&out);
}

/* What happens to the files between two looks. */

static void grows(void)
{
    write_to("log", "a", "new");
}

static void is_renamed(void)
{
    write_to("log", "a", "n");
    move("log", "log.1");
    write_to("log", "w", "ew");
}

static void is_renamed_twice(void)
{
    is_renamed();
    move("log.1", "log.2");
    move("log", "log.1");
    write_to("log", "w", "er");
}

static void is_removed(void)
{
    write_to("log", "a", "new");
    drop("log");
}

static void is_compressed(void)
{
    compress_to("log.gz", "old", "new");
    write_to("log", "a", "new");
    drop("log");
    write_to("log", "w", "more");
}

/* A copy that is not done yet, plain and compressed. */
static void is_being_copied(void)
{
    write_to("log", "a", "new");
    write_to("log.1", "w", "ol");
    compress_to("log.gz", "o", "");
}

static void is_copied_and_cut(void)
{
    write_to("log", "a", "new");
    write_to("log.1", "w", "oldnew");
    write_to("log", "w", "x");
}

/* Only the beginning that every file of it has stands in the new one. */
static void is_renamed_away(void)
{
    write_to("log", "a", "new");
    move("log", "other");
    write_to("log", "w", "ol");
}

/* One copy was made before the last line, another one holds it. */
static void is_copied_and_removed(void)
{
    write_to("log.1", "w", "oldn");
    write_to("log", "a", "new");
    write_to("log.2", "w", "oldnew");
    drop("log");
}

static void is_compressed_too_early(void)
{
    compress_to("log.gz", "old", "");
    write_to("log", "a", "new");
    drop("log");
}

static void is_cut(void)
{
    write_to("log", "w", "x");
}

static void is_written_over(void)
{
    write_to("log", "w", "another text");
}

static void gets_a_neighbour(void)
{
    write_to("log.2", "w", "new");
}

static void gets_a_zip(void)
{
    write_to("log.zip", "w", "PK\3\4...");
}

static void keeps_quiet(void)
{
    write_to("other", "w", "not of the pattern");
}

static const struct {
    const char *name;
    void (*act)(void);
    const char *since;
    bool grew;
} acts[] = {
    { "grows", grows, "log:new", true },
    { "is renamed", is_renamed, "log:ew log.1:n", true },
    { "is renamed twice", is_renamed_twice, "log:er log.1:ew log.2:n", true },
    { "is removed", is_removed, "log:new", false },
    { "is compressed", is_compressed, "log:more log.gz:new", true },
    { "is copied and cut", is_copied_and_cut, "log:x log.1:new", true },
    { "is renamed away", is_renamed_away, "log:new", true },
    { "is copied and removed", is_copied_and_removed, "log.1:n log.2:new",
      true },
    { "is compressed too early", is_compressed_too_early,
      "log:new log.gz:", true },
    { "is being copied", is_being_copied, "log:new log.gz:", true },
    { "is cut", is_cut, "log:x!shrank from 3 to 1 bytes", false },
    { "is written over", is_written_over,
      "log:another text!shrank from 3 to 12 bytes", true },
    { "gets a neighbour", gets_a_neighbour, "log.2:new", true },
    { "gets a zip", gets_a_zip, "!is compressed by zip, which is not read",
      true },
    { "keeps quiet", keeps_quiet, "", false },
};

Test(trail, tells_what_came_whatever_became_of_the_files)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct trail before, after;
        char *text;

        finish();
        cr_assert_eq(mkdir(folder, 0700), 0);
        write_to("log", "w", "old");
        trail_look(&before, pattern, true);
        cr_expect_eq(before.count, 1);
        acts[i].act();
        text = since(&before);
        cr_expect_str_eq(text, acts[i].since, "a log that %s: %s", acts[i].name,
                         text);
        trail_look(&after, pattern, false);
        cr_expect_eq(trail_grew(&before, &after), acts[i].grew, "%s",
                     acts[i].name);
        trail_release(&after);
        trail_release(&before);
        free(text);
    }
}

Test(trail, of_a_compressed_log_that_grows_only_the_new_member_is_read)
{
    struct trail before;
    char *text;

    compress_to("log.gz", "old", "");
    trail_look(&before, pattern, true);
    compress_to("log.gz", "new", "");
    text = since(&before);
    cr_expect_str_eq(text, "log.gz:new");
    free(text);
    trail_release(&before);
}

/* Wherever a file is cut into the pieces in which it is read. */
Test(trail, a_member_may_begin_across_two_pieces)
{
    enum { PIECE = 65536 };
    char *path = in_folder("log.gz");
    char *noise = xcalloc(2 * PIECE + 1, 1);
    struct stat status = { 0 };
    size_t length = PIECE;

    /* Noise does not compress: its length steers that of the first member. */
    for (size_t i = 0; i < 2 * PIECE; i++)
        noise[i] = (char)('!' + rand() % 90);
    for (int around = 0; around < 40; around++) {
        char kept = noise[length];
        struct trail before;
        char *text;

        unlink(path);
        noise[length] = '\0';
        compress_to("log.gz", noise, "");
        cr_assert_eq(stat(path, &status), 0);
        trail_look(&before, pattern, true);
        compress_to("log.gz", "new", "");
        text = since(&before);
        cr_expect_str_eq(text, "log.gz:new", "a first member of %lld bytes",
                         (long long)status.st_size);
        free(text);
        trail_release(&before);
        noise[length] = kept;
        /* Towards the border, and then over it byte by byte. */
        if (status.st_size < PIECE - 8)
            length += (size_t)(PIECE - status.st_size);
        else
            length++;
    }
    cr_expect_gt(status.st_size, PIECE);
    free(noise);
    free(path);
}

Test(trail, a_damaged_member_is_told)
{
    struct trail before, after;
    struct trail_parts parts;
    struct buf text = { 0 };

    compress_to("log.gz", "old", "");
    trail_look(&before, pattern, true);
    write_to("log.gz", "a", "\x1f\x8b\x08 is none");
    trail_look(&after, pattern, true);
    trail_compare(&parts, &before, &after);
    cr_assert_eq(parts.count, 1);
    cr_expect_str_eq(trail_read(&parts.items[0], take, &text),
                     "a compressed file is damaged");
    buf_release(&text);
    trail_parts_release(&parts);
    trail_release(&before);
    trail_release(&after);
}

/* A long queue may be between looking and reading. */
static const char *const cuts[] = { "", "ol", "oldn", "older", "another" };

Test(trail, what_was_cut_before_it_was_read_is_told)
{
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct trail before, after;
        struct trail_parts parts;
        struct buf text = { 0 };
        const char *problem;

        write_to("log", "w", "old");
        trail_look(&before, pattern, true);
        write_to("log", "a", "new");
        trail_look(&after, pattern, true);
        trail_compare(&parts, &before, &after);
        cr_assert_eq(parts.count, 1);
        write_to("log", "w", cuts[i]);
        problem = trail_read(&parts.items[0], take, &text);
        cr_assert_not_null(problem, "cut to \"%s\"", cuts[i]);
        cr_expect_str_eq(problem, "was cut while it was read");
        buf_release(&text);
        trail_parts_release(&parts);
        trail_release(&before);
        trail_release(&after);
    }
}

/* The copy may come before or behind the file it is of. */
Test(trail, a_copy_makes_a_cut_good_in_any_order)
{
    for (int order = 0; order < 2; order++) {
        struct trail before, after;
        struct trail_parts parts;

        finish();
        cr_assert_eq(mkdir(folder, 0700), 0);
        write_to("log", "w", "old");
        trail_look(&before, pattern, true);
        is_copied_and_cut();
        trail_look(&after, pattern, true);
        cr_assert_eq(after.count, 2);
        if (strstr(after.items[0].path, ".1") == NULL ? order : !order) {
            struct trail_file first = after.items[0];

            after.items[0] = after.items[1];
            after.items[1] = first;
        }
        trail_compare(&parts, &before, &after);
        cr_expect_str_eq(parts.problem, "");
        cr_expect_eq(parts.count, 2);
        trail_parts_release(&parts);
        trail_release(&before);
        trail_release(&after);
    }
}

/* What is read in pieces has the border of two members anywhere in them. */
#define READ_BYTES 65536

/* A member of so many bytes: a gzip head holds a name of any length. */
static void add_member(FILE *out, size_t length, const char *text)
{
    struct buf packed = { 0 };
    z_stream stream = { 0 };
    char *name = NULL;
    size_t bare;

    for (int pass = 0; pass < 2; pass++) {
        gz_header head = { .name = (Bytef *)name, .os = 3 };
        unsigned char bytes[READ_BYTES * 2];

        cr_assert_eq(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8,
                                  Z_DEFAULT_STRATEGY),
                     Z_OK);
        deflateSetHeader(&stream, &head);
        stream.next_in = (unsigned char *)(uintptr_t)text;
        stream.avail_in = (unsigned)strlen(text);
        stream.next_out = bytes;
        stream.avail_out = sizeof bytes;
        cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
        bare = sizeof bytes - stream.avail_out;
        deflateEnd(&stream);
        if (pass || length <= bare + 1) {
            buf_add(&packed, bytes, bare);
            break;
        }
        name = xcalloc(length - bare, 1);
        memset(name, 'n', length - bare - 1);
    }
    fwrite(packed.data, 1, packed.length, out);
    buf_release(&packed);
    free(name);
}

/* The content of a compressed log, as a part that is read from its start. */
static char *content_of(const char *name)
{
    const struct trail nothing = { 0 };
    char *path = in_folder(name);
    struct trail files;
    struct trail_parts parts;
    struct buf text = { 0 };

    trail_look(&files, path, true);
    trail_compare(&parts, &nothing, &files);
    cr_assert_eq(parts.count, 1);
    snprintf(parts.items[0].packing, sizeof parts.items[0].packing, "gzip");
    cr_expect_null(trail_read(&parts.items[0], take, &text));
    trail_parts_release(&parts);
    trail_release(&files);
    free(path);
    return buf_take(&text);
}

Test(trail, members_meet_anywhere_in_what_is_read_at_once)
{
    for (size_t before_border = 0; before_border < 5; before_border++) {
        char *path = in_folder("log.gz"), *text;
        FILE *out = fopen(path, "w");

        add_member(out, READ_BYTES - before_border, "one ");
        cr_assert_eq(ftell(out), (long)(READ_BYTES - before_border));
        add_member(out, 0, "two ");
        add_member(out, 0, "three");
        fclose(out);
        text = content_of("log.gz");
        cr_expect_str_eq(text, "one two three", "%zu before: %s", before_border,
                         text);
        free(text);
        free(path);
    }
}

Test(trail, what_stands_behind_the_last_member_is_read_as_it_is)
{
    static const char *const rests[] = { "a", "ab", "abc", "plain sk-abc",
                                         "\x1f\x8bplain" };

    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *path = in_folder("log.gz"), *text, wanted[32];
        FILE *out = fopen(path, "w");

        add_member(out, 0, "one ");
        fputs(rests[i], out);
        fclose(out);
        text = content_of("log.gz");
        snprintf(wanted, sizeof wanted, "one %s", rests[i]);
        cr_expect_str_eq(text, wanted);
        free(text);
        free(path);
    }
}

Test(trail, one_file_under_two_names_is_one)
{
    char *from = in_folder("log"), *to = in_folder("log.1");
    struct trail trail;

    write_to("log", "w", "old");
    cr_assert_eq(symlink(from, to), 0);
    trail_look(&trail, pattern, true);
    cr_expect_eq(trail.count, 1);
    cr_expect_str_eq(trail.problem, "");
    trail_release(&trail);
    free(from);
    free(to);
}

Test(trail, what_is_no_file_is_a_problem)
{
    char *path = in_folder("log");
    struct trail trail;

    cr_assert_eq(mkfifo(path, 0600), 0);
    trail_look(&trail, pattern, true);
    cr_expect_eq(trail.count, 0);
    cr_expect_str_eq(trail.problem, "is not a regular file");
    trail_release(&trail);
    trail_look(&trail, folder, true);
    cr_expect_str_eq(trail.problem, "is not a regular file");
    trail_release(&trail);
    trail_look(&trail, "/nonexistent/log", true);
    cr_expect_str_eq(trail.problem, "");
    trail_release(&trail);
    free(path);
}
