#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/xalloc.h"
#include "harness/evidence/forbidden.h"
#include "harness/leaks/canary.h"
#include "harness/leaks/coder.h"
#include "harness/leaks/plant.h"

static const char key_text[] =
    "sk-q7ZrT0xVb3LmN8cKd1WyPa5JfE2uGh9SoRi4BvXtQwMz6YnUj";
/* With all that programs escape. */
static const char prompt_text[] =
    "gdprompt7k2m9x4q1z8w5c \"\\\n<&/+ \xc3\xa9v3b6n0j2h7t4p1y";

static void add(struct forbidden *set, const char *id, enum canary_kind kind,
                const char *text)
{
    struct canary canary = { .kind = kind, .text = xstrdup(text) };

    snprintf(canary.id, sizeof canary.id, "%s", id);
    forbidden_add(set, &canary);
    canary_release(&canary);
}

static void add_both(struct forbidden *set)
{
    add(set, "primary.key", CANARY_CREDENTIAL, key_text);
    add(set, "prompt", CANARY_PROMPT, prompt_text);
}

static const char *find(const struct forbidden *set, const char *text)
{
    return forbidden_find(set, text, strlen(text), NULL);
}

/* The same with a word for none. */
static const char *found(const struct forbidden *set, const struct buf *line,
                         struct forbidden_place *place)
{
    const char *id = forbidden_find(set, line->data, line->length, place);

    return id ? id : "none";
}

Test(forbidden, each_text_is_found_wherever_it_stands)
{
    static const uint8_t fingerprint_key[FINGERPRINT_KEY_BYTES];
    static const char *const around[][2] = {
        { "", "" },
        { "key=", "" },
        { "", "!" },
        { "\"", "\"}" },
    };
    struct forbidden set = { 0 };
    struct canary canary;
    char id[32], line[256];

    cr_assert_null(find(&set, "anything at all"));
    for (int i = 0; i < 3000; i++) {
        snprintf(id, sizeof id, "secret %d", i);
        canary_make(&canary, i % 2 ? CANARY_PROMPT : CANARY_CREDENTIAL,
                    CANARY_IN_TEXT, id, 7, id, fingerprint_key);
        forbidden_add(&set, &canary);
        canary_release(&canary);
    }
    cr_assert_eq(set.count, 3000);
    for (int i = 0; i < 3000; i += 37) {
        snprintf(id, sizeof id, "secret %d", i);
        for (size_t k = 0; k < sizeof around / sizeof *around; k++) {
            snprintf(line, sizeof line, "%s%s%s", around[k][0],
                     set.items[i].text, around[k][1]);
            cr_assert_str_eq(find(&set, line), id);
        }
    }
    forbidden_release(&set);
}

/* Nothing of ours is compressed, coded twice or split over events. */
static bool may_be_ours(const struct plant *plant)
{
    return !plant->packs && !plant->deep &&
           strcmp(plant->name, "events") != 0 &&
           strcmp(plant->name, "arguments") != 0;
}

Test(forbidden, however_it_was_written_down)
{
    struct forbidden set = { 0 };
    size_t ways = 0;

    add_both(&set);
    for (const struct plant *plant = plants; plant->name; plant++) {
        if (!may_be_ours(plant))
            continue;
        ways++;
        for (size_t i = 0; i < set.count; i++) {
            const char *text = set.items[i].text;
            struct buf line = { 0 };

            buf_add_text(&line, "{\"level\":\"info\",\"words\":\"");
            plant->write(&line, text, strlen(text));
            buf_add_text(&line, "\"}");
            cr_expect_str_eq(found(&set, &line, NULL), set.items[i].id,
                             "%s as %s", set.items[i].id, plant->name);
            buf_release(&line);
        }
    }
    cr_assert_geq(ways, 11);
    forbidden_release(&set);
}

/* A text with others around it, so that its letters lie as a phase says. */
static void code(struct buf *out, const struct coder *coder, const char *text,
                 size_t phase)
{
    char *whole = xasprintf("%.*s%s%s", (int)phase, "abcdefgh", text, "xyz");
    struct coded coded;

    coder_encode(&coded, coder, whole, 0);
    buf_add(out, coded.bytes.data, coded.bytes.length);
    coded_release(&coded);
    free(whole);
}

Test(forbidden, in_every_coding_at_every_alignment)
{
    struct forbidden set = { 0 };
    struct forbidden_place place;

    add_both(&set);
    for (const struct coder *coder = coders; coder->name; coder++) {
        for (size_t phase = 0; phase < 2 * coder->phases; phase++) {
            for (size_t i = 0; i < set.count; i++) {
                struct buf line = { 0 };

                if (coder->traits & CODER_DERIVED)
                    continue;
                buf_add_text(&line, "payload ");
                code(&line, coder, set.items[i].text, phase);
                cr_expect_str_eq(found(&set, &line, &place), set.items[i].id,
                                 "%s in %s at %zu", set.items[i].id,
                                 coder->name, phase);
                cr_expect_str_eq(place.coding, coder->name);
                for (size_t k = 0; k < line.length; k++)
                    line.data[k] = line.data[k] == '+'   ? '-'
                                   : line.data[k] == '/' ? '_'
                                                         : line.data[k];
                cr_expect(coder->bits != 6 || forbidden_find(&set, line.data,
                                                             line.length, NULL),
                          "%s, URL-safe, at %zu", set.items[i].id, phase);
                buf_release(&line);
            }
        }
    }
    forbidden_release(&set);
}

Test(forbidden, a_digest_of_a_key_too)
{
    struct forbidden set = { 0 };
    char hex[DIGEST_HEX_SIZE];

    add_both(&set);
    digest_sha256(hex, key_text, strlen(key_text));
    cr_expect_str_eq(find(&set, hex), "primary.key");
    digest_sha256(hex, prompt_text, strlen(prompt_text));
    cr_expect_null(find(&set, hex), "a text is named by its digest");
    forbidden_release(&set);
}

Test(forbidden, a_preview_is_enough)
{
    static const struct {
        const char *text, *id;
    } rows[] = {
        { "sk-q7ZrT0xVb...", "primary.key" },        /* 12 of a credential */
        { "sk-q7ZrT0xV...", NULL },                  /* 11 */
        { "...XtQwMz6YnUj", NULL },                  /* not its end */
        { "...vXtQwMz6YnUj", "primary.key" },        /* its end */
        { "gdprompt7k2m9x4q", "prompt" },            /* 16 of a text */
        { "gdprompt7k2m9x4", NULL },                 /* 15 */
        { "...\xc3\xa9v3b6n0j2h7t4p1y", "prompt" },  /* its end */
        { "Z2Rwcm9tcHQ3azJtOXg0cTF6OHc", "prompt" }, /* 20 of it, as base64 */
        { "c2stcTdaclQweFZiM0xt", "primary.key" },   /* 15 of it, as base64 */
    };
    struct forbidden set = { 0 };

    add_both(&set);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *id = find(&set, rows[i].text);

        cr_expect(id && rows[i].id ? strcmp(id, rows[i].id) == 0
                                   : id == rows[i].id,
                  "%s: %s", rows[i].text, id ? id : "none");
    }
    forbidden_release(&set);
}

Test(forbidden, what_is_nearly_there_is_not_there)
{
    static const char *const lines[] = {
        "",
        "sk-q7Zr",
        "sk-q7ZrT0-xVb3Lm-N8cKd1-WyPa5J", /* something between */
        "T0xVb3LmN8c T0xVb3LmN8c",        /* twice too little of it */
        "gdpromptgdpromptgdprompt",       /* what all of its kind have */
    };
    struct forbidden set = { 0 };

    add_both(&set);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect_null(find(&set, lines[i]), "%s", lines[i]);
    for (size_t i = 0; i < set.count; i++) {
        char *like = xstrdup(set.items[i].text);

        for (size_t k = 7; k < strlen(like); k += 7)
            like[k] = like[k] == 'x' ? 'w' : 'x';
        cr_expect_null(find(&set, like), "%s", like);
        free(like);
    }
    forbidden_release(&set);
}

Test(forbidden, words_and_what_is_there_already_are_left_out)
{
    struct forbidden set = { 0 };

    add(&set, "word", CANARY_PROMPT, "seven b");
    cr_expect_eq(set.count, 0);
    add(&set, "a", CANARY_PROMPT, "eight by");
    add(&set, "b", CANARY_PROMPT, "eight by");
    cr_expect_eq(set.count, 1);
    cr_expect_str_eq(find(&set, "all eight bytes"), "a");
    forbidden_release(&set);
}

Test(forbidden, a_zero_byte_ends_nothing)
{
    char bytes[sizeof key_text + 7] = "before";
    struct forbidden set = { 0 };

    memcpy(bytes + 7, key_text, sizeof key_text);
    add_both(&set);
    cr_expect_str_eq(forbidden_find(&set, bytes, sizeof bytes - 1, NULL),
                     "primary.key");
    forbidden_release(&set);
}

Test(forbidden, what_must_be_said_is_said_without_them)
{
    struct forbidden set = { 0 };
    struct buf line = { 0 };

    add_both(&set);
    forbidden_conceal(&set, &line);
    cr_expect_eq(line.length, 0);
    buf_printf(&line, "401 for %s, then %s; prompt %s.", key_text, key_text,
               prompt_text);
    forbidden_conceal(&set, &line);
    cr_expect_str_eq(buf_text(&line),
                     "401 for [primary.key], then [primary.key]; prompt "
                     "[prompt].");
    buf_clear(&line);
    buf_add_text(&line, "key c2stcTdaclQweFZiM0xtTjhjS2Qx said");
    forbidden_conceal(&set, &line);
    cr_expect_str_eq(buf_text(&line), "key [primary.key] said");
    buf_clear(&line);
    for (size_t i = 0; i < 200; i++)
        buf_add_text(&line, key_text);
    forbidden_conceal(&set, &line);
    cr_expect_str_eq(buf_text(&line), "[primary.key]");
    buf_release(&line);
    forbidden_release(&set);
}
