#include "tests/refgateway/request_id.h"

#include <stdio.h>
#include <string.h>

#include "common/digest.h"

#define FRESH_BYTES 16

static bool is_plain(const char *given)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = given ? strlen(given) : 0;

    return length && length < REQUEST_ID_SIZE && strspn(given, plain) == length;
}

void request_id_choose(char out[static REQUEST_ID_SIZE],
                       const struct rules *rules, const char *given)
{
    uint8_t fresh[FRESH_BYTES];

    if (rules->request_id != RULES_REQUEST_ID_MAPPED && is_plain(given)) {
        snprintf(out, REQUEST_ID_SIZE, "%s", given);
        return;
    }
    digest_random(fresh, sizeof fresh);
    digest_to_hex(out, fresh, sizeof fresh);
    out[2 * sizeof fresh] = '\0';
}
