#include "common/drill_id.h"

#include <criterion/criterion.h>
#include <string.h>

Test(drill_id, text_and_value_agree)
{
    struct drill_id id = { .nonce = 0x0123456789ab, .epoch = 0x00ff };
    struct drill_id again = { 0 };
    char text[DRILL_ID_SIZE];

    drill_id_format(text, id);
    cr_assert_str_eq(text, "gd-0123456789ab00ff");
    cr_assert(drill_id_parse(&again, text));
    cr_expect_eq(again.nonce, id.nonce);
    cr_expect_eq(again.epoch, id.epoch);
}

Test(drill_id, only_its_own_form_is_parsed)
{
    static const char *const wrong[] = {
        "",
        "gd-",
        "gd-0123456789ab00f",
        "gd-0123456789ab00fff",
        "gd-0123456789AB00FF",
        "GD-0123456789ab00ff",
        "gd-0123456789ab00fg",
        " gd-0123456789ab00ff",
        "gd-0000000000000001", /* nonce 0 */
        "xd-0123456789ab00ff",
    };
    struct drill_id id = { .nonce = 5 };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(drill_id_parse(&id, wrong[i]), "%s", wrong[i]);
    cr_expect_eq(id.nonce, 5, "left alone on failure");
}

Test(drill_id, distinct_ids_are_counted_in_any_text)
{
    static const struct {
        const char *text;
        size_t distinct;
        uint64_t nonce; /* of the last */
        uint16_t epoch;
    } rows[] = {
        { "", 0, 0, 0 },
        { "no id here: gd-", 0, 0, 0 },
        { "{\"content\":\"\\ngd-0123456789ab0001\\n\"}", 1, 0x0123456789ab, 1 },
        { "gd-0123456789ab0001 gd-0123456789ab0001", 1, 0x0123456789ab, 1 },
        { "gd-0123456789ab0001,gd-0123456789ab0002", 2, 0x0123456789ab, 2 },
        { "gd-gd-0123456789ab0003", 1, 0x0123456789ab, 3 },
        { "gd-0123456789ab00011", 0, 0, 0 }, /* 17 digits */
        { "gd-000000000000ffff", 0, 0, 0 },  /* no nonce */
        { "gd-0123456789ab000", 0, 0, 0 },   /* cut */
        { "gd-ffffffffffff0000z", 1, 0xffffffffffff, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill_id id = { 0 };

        cr_expect_eq(drill_id_find(&id, rows[i].text, strlen(rows[i].text)),
                     rows[i].distinct, "%s", rows[i].text);
        cr_expect_eq(id.nonce, rows[i].nonce, "%s", rows[i].text);
        cr_expect_eq(id.epoch, rows[i].epoch, "%s", rows[i].text);
    }
}

Test(drill_id, bytes_with_nul_are_searched_to_the_end)
{
    static const char bytes[] = "\0\0gd-0123456789ab0001";
    struct drill_id id = { 0 };

    cr_expect_eq(drill_id_find(&id, bytes, sizeof bytes - 1), 1);
    cr_expect_eq(drill_id_find(&id, NULL, 0), 0);
}
