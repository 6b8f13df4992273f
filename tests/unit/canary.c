#include "harness/leaks/canary.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t key[FINGERPRINT_KEY_BYTES] = { 1 };
static const uint8_t other_key[FINGERPRINT_KEY_BYTES] = { 2 };

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct {
    enum canary_kind kind;
    const char *prefix;
    const char *letters;
    size_t length;
} forms[] = {
    { CANARY_CREDENTIAL, "sk-", LOWER UPPER, 51 },
    { CANARY_PROMPT, "gdprompt", LOWER, 48 },
    { CANARY_COMPLETION, "gdreply", LOWER, 47 },
    { CANARY_ERROR_TEXT, "gderror", LOWER, 47 },
    { CANARY_COMMERCIAL, "gdmoney", LOWER, 47 },
    { CANARY_METADATA, "gdextra", LOWER, 47 },
};

Test(canary, in_a_header_each_kind_has_its_form)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t prefix = strlen(forms[i].prefix);
        struct canary canary;

        canary_make(&canary, forms[i].kind, CANARY_IN_HEADER, "it", 7,
                    "slot-1/it", key);
        cr_expect_eq(canary.kind, forms[i].kind);
        cr_expect_str_eq(canary.id, "it");
        cr_expect_eq(strlen(canary.text), forms[i].length);
        cr_expect_eq(strncmp(canary.text, forms[i].prefix, prefix), 0);
        cr_expect_eq(strspn(canary.text + prefix, forms[i].letters),
                     forms[i].length - prefix);
        cr_expect_eq(strlen(canary.fingerprint), FINGERPRINT_HEX_SIZE - 1);
        cr_expect_not(canary.reached);
        canary_release(&canary);
    }
}

/* A half is a preview by itself, and the middle lies in what is escaped. */
Test(canary, in_a_text_all_but_a_key_has_a_middle_that_is_escaped)
{
    static const char special[] = " \"\\\n<&/+ \xc3\xa9";

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        bool is_key = forms[i].kind == CANARY_CREDENTIAL;
        struct canary canary;
        const char *middle;
        size_t from, half;

        canary_make(&canary, forms[i].kind, CANARY_IN_TEXT, "it", 7, "a", key);
        middle = strstr(canary.text, special);
        cr_expect_eq(middle == NULL, is_key);
        for (size_t at = 0; is_key && canary.text[at]; at++)
            cr_expect(canary_is_own(&canary, at));
        if (middle) {
            from = (size_t)(middle - canary.text);
            half = strlen(canary.text) / 2;
            cr_expect_geq(from, strlen(forms[i].prefix) + 16);
            cr_expect_geq(strlen(middle + strlen(special)), 16);
            cr_expect(half > from && half < from + strlen(special));
            for (size_t at = 0; canary.text[at]; at++)
                cr_expect_eq(canary_is_own(&canary, at),
                             at < from || at >= from + strlen(special));
        }
        canary_release(&canary);
    }
}

Test(canary, the_same_seed_and_label_give_the_same_text)
{
    struct canary first, second;

    canary_make(&first, CANARY_PROMPT, CANARY_IN_TEXT, "prompt", 7, "a", key);
    canary_make(&second, CANARY_PROMPT, CANARY_IN_TEXT, "prompt", 7, "a", key);
    cr_expect_str_eq(first.text, second.text);
    cr_expect_str_eq(first.fingerprint, second.fingerprint);
    canary_release(&second);
    canary_make(&second, CANARY_PROMPT, CANARY_IN_TEXT, "prompt", 7, "a",
                other_key);
    cr_expect_str_eq(first.text, second.text);
    cr_expect_str_neq(first.fingerprint, second.fingerprint);
    canary_release(&first);
    canary_release(&second);
}

Test(canary, seed_label_and_kind_each_make_another_text)
{
    static const struct {
        enum canary_kind kind;
        uint64_t seed;
        const char *label;
    } others[] = {
        { CANARY_PROMPT, 8, "a" },
        { CANARY_PROMPT, 7, "b" },
        { CANARY_ERROR_TEXT, 7, "a" },
    };
    struct canary first, other;

    canary_make(&first, CANARY_PROMPT, CANARY_IN_TEXT, "prompt", 7, "a", key);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        canary_make(&other, others[i].kind, CANARY_IN_TEXT, "prompt",
                    others[i].seed, others[i].label, key);
        cr_expect_str_neq(first.text + strlen(first.text) - 20,
                          other.text + strlen(other.text) - 20);
        canary_release(&other);
    }
    canary_release(&first);
}

Test(canary, a_copy_owns_its_text)
{
    struct canary first, copy;

    canary_make(&first, CANARY_CREDENTIAL, CANARY_IN_TEXT, "client.key", 7, "a",
                key);
    canary_copy(&copy, &first);
    cr_expect_neq(first.text, copy.text);
    cr_expect_str_eq(first.text, copy.text);
    canary_release(&first);
    cr_expect_null(first.text);
    cr_expect_eq(strlen(copy.text), 51);
    canary_release(&copy);
}
