#include "harness/leaks/scan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/plant.h"
#include "tests/benign.h"

/* As drawn by canary.h; two of them with all that programs escape. */
static struct canary canaries[] = {
    { .id = "primary.key",
      .kind = CANARY_CREDENTIAL,
      .text =
          (char[]){ "sk-q7ZrT0xVb3LmN8cKd1WyPa5JfE2uGh9SoRi4BvXtQwMz6YnUj" } },
    { .id = "prompt",
      .kind = CANARY_PROMPT,
      .text =
          (char[]){
              "gdprompt7k2m9x4q1z8w5c \"\\\n<&/+ \xc3\xa9v3b6n0j2h7t4p1y" } },
    { .id = "completion",
      .kind = CANARY_COMPLETION,
      .text =
          (char[]){
              "gdreplyw4e8r1t6y3u9 \"\\\n<&/+ \xc3\xa9i2o7p5a0s8d3f6g" } },
};
#define CANARIES (sizeof canaries / sizeof canaries[0])
enum { KEY, PROMPT, COMPLETION };

static struct scan_set set;

static void begin(void)
{
    struct err err = { 0 };

    cr_assert(scan_set_init(&set, canaries, CANARIES, &err), "%s", err.text);
}

static void finish(void)
{
    scan_set_release(&set);
}

TestSuite(scan, .init = begin, .fini = finish);

static struct scan_hits search(const struct buf *text)
{
    struct scan_hits hits = { 0 };

    cr_assert_null(scan_bytes(&set, text->data, text->length, 8, &hits));
    return hits;
}

static void add_noise(struct buf *out, size_t bytes)
{
    size_t end = out->length + bytes;

    for (unsigned i = 0; out->length < end; i++)
        buf_printf(out,
                   "{\"n\":%u,\"level\":\"info\",\"path\":\"/v1/x?y=%%20\"}\n",
                   i);
}

/* Expects one hit, this one. */
static void expect_one(const struct scan_hits *hits, size_t canary,
                       enum hit_class how, const char *encoding, int64_t from,
                       const char *what)
{
    cr_expect_eq(hits->count, 1, "%s: %zu hits", what, hits->count);
    for (size_t i = 0; i < hits->count; i++) {
        const struct scan_hit *hit = &hits->items[i];

        cr_expect_eq(hit->canary, canary, "%s: canary %zu", what, hit->canary);
        cr_expect_eq(hit->how, how, "%s: %s", what, hit_class_names[hit->how]);
        cr_expect_str_eq(hit->encoding, encoding, "%s: %s", what,
                         hit->encoding);
        if (from >= 0)
            cr_expect_eq(hit->from, from, "%s: at %lld", what,
                         (long long)hit->from);
    }
}

/* What each way of planting is called when it is found; a key has nothing that
 * JSON escapes. */
static const struct {
    const char *plant, *encoding, *of_key;
} names[] = {
    { "plain", "plain", "plain" },
    { "json", "json", "plain" },
    { "json-twice", "json+json", "plain" },
    { "json-unicode", "json", "json" },
    { "json-bytes", "json", "json" },
    { "octal", "json", "json" },
    { "python-bytes", "json", "plain" },
    { "json-markup", "json", "plain" },
    { "percent", "percent", "percent" },
    { "form", "percent", "percent" },
    { "percent-twice", "percent+percent", "percent+percent" },
    { "entity", "entity", "entity" },
    { "upper", "plain, case folded", "plain, case folded" },
    { "lines", "lines, split", "lines" },
    { "records", "plain, split", "plain, split" },
    { "json-records", "json, split", "plain, split" },
    { "attributes", "plain, split", "plain, split" },
    { "events", "json+events", "events" },
    { "arguments", "json+json+events", "events" },
    { "base64-body", "base64+json", "base64" },
    { "base64-mime", "base64+json", "lines+base64" },
    { "base64-twice", "base64+base64+json", "base64+base64" },
    { "hex-body", "hex+json", "hex" },
    { "hexdump", "hexdump+json", "hexdump" },
    { "xxd", "hexdump+json", "hexdump" },
    { "hex-array", "bytes", "bytes" },
    { "number-lines", "lines+decimal", "lines+decimal" },
    { "utf-16le", "utf-16+json", "utf-16" },
    { "utf-16be", "utf-16+json", "utf-16" },
    { "gzip", "gzip", "gzip" },
    { "zlib", "zlib", "zlib" },
    { "zstd", "zstd", "zstd" },
    { "base64-gzip", "base64+gzip", "base64+gzip" },
    { "hexdump-gzip", "hexdump+gzip", "hexdump+gzip" },
};

Test(scan, each_canary_is_found_however_it_was_written_down)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_assert_str_eq(plants[i].name, names[i].plant);
        for (size_t c = 0; c < CANARIES; c++) {
            struct buf text = { 0 };
            struct scan_hits hits;
            char what[256];

            snprintf(what, sizeof what, "%s as %s", canaries[c].id,
                     plants[i].name);
            add_noise(&text, 500);
            plants[i].write(&text, canaries[c].text, strlen(canaries[c].text));
            add_noise(&text, 500);
            hits = search(&text);
            expect_one(&hits, c, HIT_FULL,
                       c == KEY ? names[i].of_key : names[i].encoding, -1,
                       what);
            scan_hits_release(&hits);
            buf_release(&text);
        }
    }
    cr_assert_null(plants[sizeof names / sizeof *names].name, "a row too few");
}

/* The same with another text: it differs in every fourth letter. */
Test(scan, what_is_only_like_a_canary_is_not_found)
{
    for (const struct plant *plant = plants; plant->name; plant++) {
        for (size_t c = 0; c < CANARIES; c++) {
            char *like = xstrdup(canaries[c].text);
            struct buf text = { 0 };
            struct scan_hits hits;

            for (size_t at = 3; at < strlen(like); at += 4)
                like[at] = like[at] == 'k' ? 'l' : 'k';
            add_noise(&text, 500);
            plant->write(&text, like, strlen(like));
            hits = search(&text);
            cr_expect_eq(hits.count, 0, "%s as %s", canaries[c].id,
                         plant->name);
            scan_hits_release(&hits);
            buf_release(&text);
            free(like);
        }
    }
}

static void add_coded(struct buf *out, const struct coder *coder,
                      const char *text, size_t phase)
{
    struct coded coded;

    coder_encode(&coded, coder, text, phase);
    buf_add(out, coded.bytes.data, coded.bytes.length);
    coded_release(&coded);
}

Test(scan, each_canary_is_found_in_every_coding)
{
    for (const struct coder *coder = coders; coder->name; coder++)
        for (size_t c = 0; c < CANARIES; c++)
            for (size_t phase = 0; phase < coder->phases; phase++) {
                bool derived = coder->traits & CODER_DERIVED;
                struct buf text = { 0 };
                struct scan_hits hits;
                size_t from;

                if (derived && c != KEY)
                    continue;
                add_noise(&text, 500);
                buf_add_text(&text, "=");
                from = text.length;
                add_coded(&text, coder, canaries[c].text, phase);
                buf_add_text(&text, "=");
                add_noise(&text, 500);
                hits = search(&text);
                expect_one(&hits, c, derived ? HIT_DERIVED : HIT_FULL,
                           coder->name, (int64_t)from, coder->name);
                scan_hits_release(&hits);
                buf_release(&text);
            }
}

/* base64 of whole records, as programs write it: any text around the canary.
 */
Test(scan, base64_is_found_at_each_of_its_three_alignments)
{
    for (size_t before = 0; before < 6; before++) {
        struct buf text = { 0 }, record = { 0 };
        struct scan_hits hits;

        buf_add(&record, "{user}", before);
        buf_add_text(&record, canaries[KEY].text);
        buf_add_text(&record, "}}");
        add_noise(&text, 100);
        add_coded(&text, &coders[1], buf_text(&record), 0);
        hits = search(&text);
        expect_one(&hits, KEY, HIT_FULL, "base64", -1, "base64");
        scan_hits_release(&hits);
        buf_release(&record);
        buf_release(&text);
    }
}

static const struct {
    const char *text;
    size_t canary;
    enum hit_class how;
    const char *encoding; /* NULL: nothing may be found */
} pieces[] = {
    /* Prefixes and previews of 16 bytes. */
    { "gdprompt7k2m9x4q...", PROMPT, HIT_PARTIAL, "plain" },
    { "gdprompt7k2m9x4", PROMPT, HIT_PARTIAL, NULL },
    { "GDPROMPT7K2M9X4Q...", PROMPT, HIT_PARTIAL, "plain, case folded" },
    { "6764707%36f6d707437", PROMPT, HIT_PARTIAL, NULL },
    { "676470726f6d7074376b326d39783471", PROMPT, HIT_PARTIAL, "hex" },
    { "676470726f6d7074376b326d397834", PROMPT, HIT_PARTIAL, NULL },
    { "Z2Rwcm9tcHQ3azJtOXg0cQ==", PROMPT, HIT_PARTIAL, "base64" },
    { "%67%64prompt7k2m9x4q", PROMPT, HIT_PARTIAL, "percent" },
    /* Any 16 bytes of a text, the end of it. */
    { ".. k2m9x4q1z8w5c \\\"x", PROMPT, HIT_PARTIAL, NULL },
    { ".. 7k2m9x4q1z8w5c \\\"\\\\x", PROMPT, HIT_PARTIAL, "json" },
    { "\xc3\xa9v3b6n0j2h7t4p1y", PROMPT, HIT_PARTIAL, "plain" },
    /* A form's body writes a space as a plus sign. */
    { "7k2m9x4q1z8w5c+%22", PROMPT, HIT_PARTIAL, "percent" },
    /* Of a key 12 bytes are enough. */
    { "key sk-q7ZrT0xVb", KEY, HIT_PARTIAL, "plain" },
    { "key sk-q7ZrT0xV", KEY, HIT_PARTIAL, NULL },
    { "...RXXXXtQwMz6YnUj", KEY, HIT_PARTIAL, NULL },
    { "= BvXtQwMz6YnUj", KEY, HIT_PARTIAL, "plain" },
    { "SK-Q7ZRT0XVB3LMN8CK", KEY, HIT_PARTIAL, "plain, case folded" },
};

Test(scan, a_piece_is_found_when_it_is_long_enough)
{
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct buf text = { 0 };
        struct scan_hits hits;

        add_noise(&text, 300);
        buf_add_text(&text, pieces[i].text);
        buf_add_text(&text, "\n");
        add_noise(&text, 300);
        hits = search(&text);
        if (pieces[i].encoding)
            expect_one(&hits, pieces[i].canary, pieces[i].how,
                       pieces[i].encoding, -1, pieces[i].text);
        else
            cr_expect_eq(hits.count, 0, "%s", pieces[i].text);
        scan_hits_release(&hits);
        buf_release(&text);
    }
}

/* What is left of a key around a mask: head and tail, 0 and 0 for nothing. */
static const struct {
    const char *text;
    size_t head, tail;
    const char *encoding;
} masks[] = {
    { "provided: sk-q7ZrT***YnUj.", 8, 4, "masked" },
    { "sk-q7Zr********", 7, 0, "masked" },
    { "\"sk-q7ZrT...\"", 8, 0, "masked" },
    { "sk-...YnUj", 3, 4, "masked" },
    { "key ****YnUj", 0, 4, "masked" },
    { "sk-q7ZrT\xe2\x80\xa6"
      "6YnUj",
      8, 5, "masked" },
    { "sk-q7ZrT\\u2026YnUj", 8, 4, "json+masked" },
    { "sk-q7ZrT%2A%2A%2AYnUj", 8, 4, "percent+masked" },
    { "sk-q7ZrT[REDACTED]YnUj", 8, 4, "masked" },
    { "sk-q7ZrT<hidden key>", 8, 0, "masked" },
    { "sk-q7ZrT0xVb3LmN8***z6YnUj", 17, 6, "masked" },
    { "...BvXtQwMz6YnUj", 0, 13, "masked" },
    /* Too little is left, or it is no mask. */
    { "sk-q7Z***nUj", 0, 0, NULL },
    { "sk-***", 0, 0, NULL },
    { "***", 0, 0, NULL },
    { "sk-q7ZrT", 0, 0, NULL },
    { "YnUj", 0, 0, NULL },
    { "in YnUj.", 0, 0, NULL },
    { "sk-q7ZrT.YnUj", 0, 0, NULL },
    { "***YnUjs", 0, 0, NULL },
    { "xYnUj ***", 0, 0, NULL },
    { "sk-q7ZrT[a\"b]YnUj", 0, 0, NULL },
    { "sk-q7ZrT[]YnUj", 0, 0, NULL },
    { "SK-Q7ZRT***YNUJ", 0, 0, NULL },
};

Test(scan, what_is_left_of_a_masked_key_is_found_by_the_mask)
{
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        struct buf text = { 0 };
        struct scan_hits hits;

        add_noise(&text, 300);
        buf_add_text(&text, masks[i].text);
        buf_add_text(&text, "\n");
        add_noise(&text, 300);
        hits = search(&text);
        cr_expect_eq(hits.count, masks[i].encoding ? 1 : 0, "%s: %zu",
                     masks[i].text, hits.count);
        if (hits.count == 1 && masks[i].encoding) {
            expect_one(&hits, KEY, HIT_PARTIAL, masks[i].encoding, -1,
                       masks[i].text);
            cr_expect_eq(hits.items[0].head, masks[i].head, "%s",
                         masks[i].text);
            cr_expect_eq(hits.items[0].tail, masks[i].tail, "%s",
                         masks[i].text);
        }
        scan_hits_release(&hits);
        buf_release(&text);
    }
    /* At the very ends of a text. */
    for (size_t cut = 1; cut <= 15; cut++) {
        static const char masked[] = "sk-q7ZrT***YnUj";
        struct buf text = { 0 };
        struct scan_hits hits;

        buf_add(&text, masked, cut);
        hits = search(&text);
        cr_expect_eq(hits.count, cut >= 10 ? 1 : 0, "%zu", cut);
        scan_hits_release(&hits);
        buf_release(&text);
    }
}

/* Many masks that are allowed must not hide one that is not, or a whole key. */
Test(scan, of_many_masks_those_are_told_that_leave_most)
{
    struct buf text = { 0 };
    struct scan_hits hits;

    for (int i = 0; i < 50; i++)
        buf_add_text(&text, "sk-q7ZrT***YnUj ");
    buf_add_text(&text, "sk-q7ZrT0***YnUj sk-q7***6YnUj sk-q7ZrT0xVb***z6YnUj "
                        "sk-q7ZrT0***YnUj ");
    hits = search(&text);
    cr_assert_eq(hits.count, 1);
    cr_expect_eq(hits.items[0].head, 12);
    cr_expect_eq(hits.items[0].tail, 6);
    scan_hits_release(&hits);
    buf_add_text(&text, canaries[KEY].text);
    hits = search(&text);
    cr_assert_eq(hits.count, 2);
    cr_expect_eq(hits.items[0].how, HIT_PARTIAL);
    cr_expect_eq(hits.items[1].how, HIT_FULL);
    scan_hits_release(&hits);
    buf_release(&text);
}

/* A text whose halves are far apart is two pieces; near, it is whole. */
Test(scan, halves_that_are_far_apart_are_pieces)
{
    const char *key = canaries[KEY].text;
    struct buf text = { 0 };
    struct scan_hits hits;

    buf_add(&text, key, 26);
    add_noise(&text, 20000);
    buf_add_text(&text, key + 26);
    hits = search(&text);
    cr_assert_eq(hits.count, 2);
    cr_expect_eq(hits.items[0].how, HIT_PARTIAL);
    cr_expect_eq(hits.items[1].how, HIT_PARTIAL);
    scan_hits_release(&hits);
    buf_release(&text);
}

/* Each place around the border of two windows counts once, in any form. */
/* What is special in a text is the same in all of them. */
Test(scan, what_all_texts_have_is_no_piece_of_one_of_them)
{
    struct buf text = { 0 };
    struct scan_hits hits;

    add_noise(&text, 60);
    buf_add_text(&text, canaries[COMPLETION].text);
    add_noise(&text, 60);
    buf_add(&text, canaries[PROMPT].text + 8, 8);
    add_noise(&text, 60);
    hits = search(&text);
    expect_one(&hits, COMPLETION, HIT_FULL, "plain", -1, "a completion");
    scan_hits_release(&hits);
    buf_clear(&text);
    buf_add(&text, canaries[PROMPT].text + 8, 8);
    add_noise(&text, 60);
    buf_add(&text, canaries[PROMPT].text + 40, 8);
    add_noise(&text, 60);
    hits = search(&text);
    expect_one(&hits, PROMPT, HIT_PARTIAL, "plain, split", -1, "two pieces");
    scan_hits_release(&hits);
    buf_release(&text);
}

Test(scan, what_stands_across_two_windows_is_found_once)
{
    static const char *const forms[] = {
        "plain",       "json-unicode", "lines",   "events",       "gzip",
        "base64-body", "base64-mime",  "hexdump", "number-lines", "base64-gzip"
    };

    for (const struct plant *plant = plants; plant->name; plant++) {
        struct buf planted = { 0 };
        bool wanted = false;

        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
            wanted = wanted || strcmp(forms[i], plant->name) == 0;
        plant->write(&planted, canaries[KEY].text, strlen(canaries[KEY].text));
        for (size_t back = 0; wanted && back <= planted.length + 1;
             back += back < 3 ? 1 : planted.length / 9 + 1) {
            struct buf text = { 0 };
            struct scan_hits hits;
            size_t from = SCAN_WINDOW_BYTES - back;

            while (text.length < from)
                buf_add_text(&text, ".");
            buf_add(&text, planted.data, planted.length);
            while (text.length < 3 * SCAN_WINDOW_BYTES)
                buf_add_text(&text, "................");
            hits = search(&text);
            cr_expect_eq(hits.count, 1, "%s, %zu before the border: %zu",
                         plant->name, back, hits.count);
            if (hits.count == 1) {
                cr_expect_eq(hits.items[0].how, HIT_FULL);
                cr_expect_geq(hits.items[0].from, (int64_t)from);
                cr_expect_leq(hits.items[0].from,
                              (int64_t)(from + planted.length));
            }
            scan_hits_release(&hits);
            buf_release(&text);
        }
        buf_release(&planted);
    }
}

Test(scan, pieces_fed_byte_by_byte_are_one_text)
{
    struct scan *scan = scan_new(&set, 1000);
    const char *key = canaries[KEY].text;
    struct scan_hits hits = { 0 };

    for (size_t i = 0; key[i]; i++)
        scan_feed(scan, key + i, 1);
    cr_assert_null(scan_end(scan, 8, &hits));
    expect_one(&hits, KEY, HIT_FULL, "plain", 1000, "byte by byte");
    scan_hits_release(&hits);
}

Test(scan, compressed_text_is_looked_into_two_levels_deep)
{
    struct buf text[4] = { 0 };

    buf_add_text(&text[0], canaries[KEY].text);
    for (size_t i = 1; i < 4; i++) {
        struct scan_hits hits;
        char encoding[64] = "plain";

        for (const struct plant *plant = plants; plant->name; plant++)
            if (strcmp(plant->name, "gzip") == 0)
                plant->write(&text[i], text[i - 1].data, text[i - 1].length);
        snprintf(encoding, sizeof encoding, "%s",
                 i == 1 ? "gzip" : "gzip+gzip");
        hits = search(&text[i]);
        if (i < 3)
            expect_one(&hits, KEY, HIT_FULL, encoding, 0, encoding);
        else
            cr_expect_eq(hits.count, 0);
        scan_hits_release(&hits);
    }
    for (size_t i = 0; i < 4; i++)
        buf_release(&text[i]);
}

Test(scan, damaged_compression_is_no_hit_and_no_problem)
{
    static const char bytes[] = "\x1f\x8b\x08\xff\xff\xff x\x9c yz (\xb5/\xfd"
                                " x\x01\x1f\x8b\x08";
    struct buf text = { 0 };
    struct scan_hits hits;

    for (int i = 0; i < 100; i++)
        buf_add(&text, bytes, sizeof bytes - 1);
    hits = search(&text);
    cr_expect_eq(hits.count, 0);
    scan_hits_release(&hits);
    buf_release(&text);
}

Test(scan, of_each_canary_so_many_places_are_told)
{
    struct buf text = { 0 };
    struct scan_hits hits;

    for (int i = 0; i < 100; i++)
        buf_printf(&text, "%s ", canaries[KEY].text);
    buf_add_text(&text, canaries[PROMPT].text);
    hits = search(&text);
    cr_expect_eq(hits.count, 8 + 1);
    cr_expect_eq(hits.items[8].canary, PROMPT);
    scan_hits_release(&hits);
    buf_release(&text);
}

Test(scan, benign_text_of_each_kind_gives_no_hit)
{
    for (const struct benign_kind *kind = benign_kinds; kind->name; kind++) {
        struct buf text = { 0 };
        struct scan_hits hits;
        uint64_t state = 7;

        while (text.length < 2 * SCAN_WINDOW_BYTES)
            kind->add(&text, &state);
        hits = search(&text);
        cr_expect_eq(hits.count, 0, "%s", kind->name);
        scan_hits_release(&hits);
        /* The same text is searched in earnest. */
        buf_add_text(&text, canaries[KEY].text);
        hits = search(&text);
        cr_expect_eq(hits.count, 1, "%s", kind->name);
        scan_hits_release(&hits);
        buf_release(&text);
    }
}
