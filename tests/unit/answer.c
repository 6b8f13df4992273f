#include "common/answer.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct drill_id drill = { .nonce = 0x0123456789ab, .epoch = 1 };

static void find(struct answer_tokens *out, const char *text)
{
    *out = (struct answer_tokens){ 0 };
    answer_find_tokens(out, text, strlen(text));
}

Test(answer, token_reads_back_as_written)
{
    struct answer_token token = {
        .upstream = "primary", .attempt = 2, .index = 7, .count = 24
    };
    struct answer_tokens found;
    struct buf text = { 0 };

    token.tag = answer_tag(drill);
    answer_add_token(&text, &token);
    find(&found, text.data);
    cr_assert_eq(found.count, 1);
    cr_expect_str_eq(found.items[0].upstream, "primary");
    cr_expect_eq(found.items[0].attempt, 2);
    cr_expect_eq(found.items[0].index, 7);
    cr_expect_eq(found.items[0].count, 24);
    cr_expect_eq(found.items[0].tag, token.tag);
    answer_tokens_release(&found);
    buf_release(&text);
}

Test(answer, epochs_of_a_case_differ_in_the_tag)
{
    struct drill_id next = { .nonce = drill.nonce, .epoch = drill.epoch + 1 };
    struct drill_id other = { .nonce = drill.nonce + 1, .epoch = 1 };

    cr_expect_neq(answer_tag(drill), answer_tag(next));
    cr_expect_neq(answer_tag(drill), answer_tag(other));
}

Test(answer, tokens_are_found_among_anything)
{
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {
        { "", 0 },
        { "primary-1-1of3-00ff", 1 },
        { "say: primary-1-1of3-00ff, primary-1-2of3-00ff.", 2 },
        { "primary-1-1of3-00f", 0 },   /* cut in the tag */
        { "primary-1-1of3-00ff0", 0 }, /* runs on */
        { "primary-1-1of3-00FF", 0 },  /* not how we write */
        { "primary-0-1of3-00ff", 0 },  /* attempts count from 1 */
        { "primary-1-01of3-00ff", 0 }, /* leading zero */
        { "primary-1-1 of3-00ff", 0 },
        { "1rimary-1-1of3-00ff", 1 }, /* as upstream "rimary" */
        { "primary-1-1of3-00primary-1-1of3-00ff", 1 }, /* glued after a cut */
        { "primary-1234567890-1of3-00ff", 0 },         /* ten digits */
        { "averyveryverylongname-1-1of3-00ff", 1 },    /* its last 16 */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer_tokens found;

        find(&found, rows[i].text);
        cr_expect_eq(found.count, rows[i].count, "%s", rows[i].text);
        answer_tokens_release(&found);
    }
}

Test(answer, shape_is_judged)
{
    static const struct {
        const char *text;
        enum answer_shape shape;
    } rows[] = {
        { "nothing", ANSWER_NONE },
        { "a-1-1of3-00ff a-1-2of3-00ff a-1-3of3-00ff", ANSWER_COMPLETE },
        { "a-1-1of3-00ff a-1-2of3-00ff", ANSWER_CUT },
        { "a-1-1of3-00ff a-1-2of3-00ff a-1-2of3-00ff", ANSWER_REPEATED },
        { "a-1-1of3-00ff a-1-2of3-00ff a-1-3of3-00ff a-1-1of3-00ff",
          ANSWER_REPEATED },
        { "a-1-1of3-00ff b-1-2of3-00ff", ANSWER_SPLICED },
        { "a-1-1of3-00ff a-2-1of3-00ff", ANSWER_SPLICED },
        { "a-1-1of3-00ff a-1-3of3-00ff", ANSWER_GAPPED },
        { "a-1-2of3-00ff a-1-3of3-00ff", ANSWER_GAPPED },
        { "a-1-2of3-00ff a-1-1of3-00ff a-1-3of3-00ff", ANSWER_GAPPED },
        { "a-1-1of3-00ff a-1-2of4-00ff", ANSWER_GAPPED },
        { "a-1-1of1-00ff a-1-2of1-00ff", ANSWER_GAPPED },
        { "a-1-1of3-00ff a-1-2of3-00fe", ANSWER_FOREIGN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer_tokens found;

        find(&found, rows[i].text);
        cr_expect_eq(answer_judge(&found, 0x00ff), rows[i].shape, "%s: %s",
                     rows[i].text,
                     answer_shape_names[answer_judge(&found, 0x00ff)]);
        answer_tokens_release(&found);
    }
}

Test(answer, any_bytes_are_survived)
{
    static const char seed[] = "primary-1-1of3-00ff fallback-2-3of3-a0ff x";

    srandom(20260624);
    for (int round = 0; round < 20000; round++) {
        struct answer_tokens found = { 0 };
        size_t length = sizeof seed - 1 - (size_t)(random() % 8);
        char *text = malloc(length);

        /* Exactly as long as said, so that a read beyond is seen. */
        memcpy(text, seed, length);
        for (long edits = random() % 4; edits; edits--)
            text[(size_t)random() % length] = (char)random();
        answer_find_tokens(&found, text, length);
        cr_assert_leq(found.count, 4);
        for (size_t i = 0; i < found.count; i++)
            cr_assert_gt(found.items[i].index, 0);
        answer_tokens_release(&found);
        free(text);
    }
}
