#include "harness/leaks/canary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/xalloc.h"

#define CREDENTIAL_LENGTH 48
#define TEXT_LENGTH       28
#define LETTERS_MOST      CREDENTIAL_LENGTH

/* A credential looks like one, so that a gateway's own masking meets what it
 * was made for. The prefix of a text tells a reader of a log what it is; with 8
 * letters or fewer a preview of 16 holds 8 of its own. */
static const struct {
    const char *prefix;
    const char *letters;
    size_t length;
} forms[] = {
    [CANARY_CREDENTIAL] = { "sk-",
                            "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                            CREDENTIAL_LENGTH },
    [CANARY_PROMPT] = { "gdprompt", "abcdefghijklmnopqrstuvwxyz0123456789",
                        TEXT_LENGTH },
    [CANARY_COMPLETION] = { "gdreply", "abcdefghijklmnopqrstuvwxyz0123456789",
                            TEXT_LENGTH },
    [CANARY_ERROR_TEXT] = { "gderror", "abcdefghijklmnopqrstuvwxyz0123456789",
                            TEXT_LENGTH },
    [CANARY_COMMERCIAL] = { "gdmoney", "abcdefghijklmnopqrstuvwxyz0123456789",
                            TEXT_LENGTH },
};

void canary_make(struct canary *out, enum canary_kind kind, const char *id,
                 uint64_t seed, const char *label,
                 const uint8_t key[static FINGERPRINT_KEY_BYTES])
{
    size_t prefix = strlen(forms[kind].prefix);
    size_t letters = strlen(forms[kind].letters);
    /* 16 bits a letter: the remainder's slant is below a thousandth. */
    uint8_t bytes[2 * LETTERS_MOST];
    char *derived = xasprintf("canary/%s/%s", canary_kind_names[kind], label);

    *out = (struct canary){ .kind = kind };
    snprintf(out->id, sizeof out->id, "%s", id);
    digest_derive(bytes, sizeof bytes, seed, derived);
    out->text = xcalloc(prefix + forms[kind].length + 1, 1);
    memcpy(out->text, forms[kind].prefix, prefix);
    for (size_t i = 0; i < forms[kind].length; i++) {
        size_t value = (size_t)bytes[2 * i] << 8 | bytes[2 * i + 1];

        out->text[prefix + i] = forms[kind].letters[value % letters];
    }
    digest_fingerprint(out->fingerprint, key, out->text, strlen(out->text));
    xwipe(bytes, sizeof bytes);
    free(derived);
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
