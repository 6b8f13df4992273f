#include "common/credential.h"

#include <criterion/criterion.h>

Test(credential, headers_are_known_in_any_case)
{
    cr_expect(credential_is_header("authorization"));
    cr_expect(credential_is_header("X-API-Key"));
    cr_expect(credential_is_header("Cookie"));
    cr_expect_not(credential_is_header("content-type"));
    cr_expect_not(credential_is_header("authorization2"));
    cr_expect_not(credential_is_header(""));
}

Test(credential, key_is_what_follows_bearer)
{
    static const struct {
        const char *header, *value, *key;
    } rows[] = {
        { "authorization", "Bearer abc", "abc" },
        { "Authorization", "bearer   abc", "abc" },
        { "authorization", "Bearer", "Bearer" },
        { "authorization", "Bearerabc", "Bearerabc" },
        { "authorization", "Basic abc", "Basic abc" },
        { "authorization", "", "" },
        { "x-api-key", "Bearer abc", "Bearer abc" },
        { "cookie", "session=1; key=2", "session=1; key=2" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_str_eq(credential_key(rows[i].header, rows[i].value),
                         rows[i].key, "%s: %s", rows[i].header, rows[i].value);
}
