#include "common/credential.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "common/attempt.h"

static const struct credential_row *find(enum credential_place place,
                                         const char *name)
{
    return credential_find(place, name, strlen(name));
}

Test(credential, places_are_known_in_any_case)
{
    static const struct {
        enum credential_place place;
        const char *name;
        bool known, accepted;
    } rows[] = {
        { CREDENTIAL_REQUEST, "authorization", true, true },
        { CREDENTIAL_REQUEST, "X-API-Key", true, true },
        { CREDENTIAL_REQUEST, "api-key", true, true },
        { CREDENTIAL_REQUEST, "x-goog-api-key", true, true },
        { CREDENTIAL_REQUEST, "Cookie", true, false },
        { CREDENTIAL_REQUEST, "Proxy-Authorization", true, false },
        { CREDENTIAL_REQUEST, "set-cookie", false, false },
        { CREDENTIAL_REQUEST, "key", false, false },
        { CREDENTIAL_REQUEST, "content-type", false, false },
        { CREDENTIAL_REQUEST, "authorization2", false, false },
        { CREDENTIAL_REQUEST, "", false, false },
        { CREDENTIAL_ANSWER, "Set-Cookie", true, false },
        { CREDENTIAL_ANSWER, "authorization", false, false },
        { CREDENTIAL_QUERY, "key", true, false },
        { CREDENTIAL_QUERY, "AWSAccessKeyId", true, false },
        { CREDENTIAL_QUERY, "X-Goog-Signature", true, false },
        { CREDENTIAL_QUERY, "keys", false, false },
        { CREDENTIAL_QUERY, "ke", false, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct credential_row *row = find(rows[i].place, rows[i].name);

        cr_expect_eq(row != NULL, rows[i].known, "%s", rows[i].name);
        cr_expect_eq(row && row->accepted, rows[i].accepted, "%s",
                     rows[i].name);
    }
}

Test(credential, each_row_is_one_place_and_fits_a_journal_line)
{
    for (const struct credential_row *row = credential_rows; row->name; row++) {
        cr_expect_eq(find(row->place, row->name), row, "%s stands twice",
                     row->name);
        cr_expect_lt(strlen(row->name),
                     sizeof((struct attempt_credential *)0)->header, "%s",
                     row->name);
        for (const char *at = row->name; *at; at++)
            cr_expect_not(isupper((unsigned char)*at), "%s", row->name);
        cr_expect(row->place == CREDENTIAL_REQUEST || !row->accepted);
        cr_expect(row->text && row->text[0]);
    }
}

Test(credential, key_is_what_follows_bearer)
{
    static const struct {
        const char *header, *value, *key;
    } rows[] = {
        { "authorization", "Bearer abc", "abc" },
        { "Authorization", "bearer   abc", "abc" },
        { "Proxy-Authorization", "Bearer abc", "abc" },
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
