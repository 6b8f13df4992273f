#include "harness/leaks/canary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/xalloc.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define LARGE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TENS  "0123456789"

/* What programs write in another way, each in its own: so that no writing of a
 * text is found only because nothing in it was escaped. Latin-1 at most, which
 * every coding knows. The same in all: it gives nothing away. */
static const char special[] = " \"\\\n<&/+ \xc3\xa9";

/* A credential looks like one, so that a gateway's own masking meets what it
 * was made for. The prefix of a text tells a reader of a log what it is; with 8
 * letters or fewer a preview of 16 holds 8 of its own. Of either half of a text
 * 16 letters or more are its own, so that each is a preview by itself, and
 * what is special lies in the middle, where streams are split. */
static const struct {
    const char *prefix;
    const char *letters;
    size_t before, after; /* the special part, of its own letters */
} forms[] = {
    [CANARY_CREDENTIAL] = { "sk-", SMALL LARGE TENS, 48, 0 },
    [CANARY_PROMPT] = { "gdprompt", SMALL TENS, 16, 24 },
    [CANARY_COMPLETION] = { "gdreply", SMALL TENS, 16, 24 },
    [CANARY_ERROR_TEXT] = { "gderror", SMALL TENS, 16, 24 },
    [CANARY_COMMERCIAL] = { "gdmoney", SMALL TENS, 16, 24 },
    [CANARY_METADATA] = { "gdextra", SMALL TENS, 16, 24 },
};
#define LETTERS_MOST 48

void canary_make(struct canary *out, enum canary_kind kind,
                 enum canary_place place, const char *id, uint64_t seed,
                 const char *label,
                 const uint8_t key[static FINGERPRINT_KEY_BYTES])
{
    size_t letters = strlen(forms[kind].letters);
    size_t count = forms[kind].before + forms[kind].after;
    /* 16 bits a letter: the remainder's slant is below a thousandth. */
    uint8_t bytes[2 * LETTERS_MOST];
    char *derived = xasprintf("canary/%s/%s", canary_kind_names[kind], label);
    struct buf text = { 0 };

    *out = (struct canary){ .kind = kind };
    snprintf(out->id, sizeof out->id, "%s", id);
    digest_derive(bytes, sizeof bytes, seed, derived);
    buf_add_text(&text, forms[kind].prefix);
    for (size_t i = 0; i < count; i++) {
        size_t value = (size_t)bytes[2 * i] << 8 | bytes[2 * i + 1];

        if (i == forms[kind].before && place == CANARY_IN_TEXT)
            buf_add_text(&text, special);
        buf_add(&text, &forms[kind].letters[value % letters], 1);
    }
    out->text = xstrdup(buf_text(&text));
    digest_fingerprint(out->fingerprint, key, out->text, text.length);
    xwipe(text.data, text.capacity);
    buf_release(&text);
    xwipe(bytes, sizeof bytes);
    free(derived);
}

bool canary_is_own(const struct canary *canary, size_t at)
{
    char c = canary->text[at];

    return canary->kind == CANARY_CREDENTIAL || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

size_t canary_fixed_length(const struct canary *canary)
{
    const char *prefix = forms[canary->kind].prefix;

    return strncmp(canary->text, prefix, strlen(prefix)) == 0 ? strlen(prefix)
                                                              : 0;
}

void canary_copy(struct canary *out, const struct canary *from)
{
    *out = *from;
    out->text = from->text ? xstrdup(from->text) : NULL;
}

void canary_release(struct canary *canary)
{
    if (!canary)
        return;
    if (canary->text)
        xwipe(canary->text, strlen(canary->text));
    free(canary->text);
    *canary = (struct canary){ 0 };
}
