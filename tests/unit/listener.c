#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/listener.h"
#include "mockserver/mock.h"
#include "mockserver/options.h"

struct address_case {
    const char *text, *url; /* NULL: refused */
    bool loopback;
};

Test(listener, an_address_is_numeric_with_a_port)
{
    static const struct address_case cases[] = {
        { "127.0.0.1:0", "http://127.0.0.1:0", true },
        { "127.9.9.9:8080", "http://127.9.9.9:8080", true },
        { "0.0.0.0:80", "http://0.0.0.0:80", false },
        { "10.0.0.1:65535", "http://10.0.0.1:65535", false },
        { "[::1]:8080", "http://[::1]:8080", true },
        { "[::]:8080", "http://[::]:8080", false },
        { "127.0.0.1:65536", NULL, false },
        { "127.0.0.1:-1", NULL, false },
        { "127.0.0.1:80x", NULL, false },
        { "127.0.0.1:", NULL, false },
        { "127.0.0.1", NULL, false },
        { "localhost:80", NULL, false },
        { ":80", NULL, false },
        { "::1:80", NULL, false },
        { "", NULL, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sockaddr_storage address;
        struct err err = { 0 };
        socklen_t length;
        char url[64];
        bool read = listener_address(&address, &length, cases[i].text, &err);

        cr_expect(read == (cases[i].url != NULL), "%s", cases[i].text);
        if (!read) {
            cr_expect(err.code == ERR_USAGE);
            cr_expect_str_eq(err.where, cases[i].text);
            continue;
        }
        listener_url(url, sizeof url, &address);
        cr_expect_str_eq(url, cases[i].url);
        cr_expect(listener_is_loopback(&address) == cases[i].loopback, "%s",
                  cases[i].text);
    }
}

Test(listener, without_a_list_every_key_is_accepted)
{
    struct listener listener = { .accept_any = true };

    cr_assert(listener_accepts(&listener, "0123456789abcdef"));
    listener_accept_key(&listener, "0123456789abcdef");
    cr_assert(listener_accepts(&listener, "0123456789abcdef"));
    cr_assert(!listener_accepts(&listener, "0123456789abcde0"));
    free(listener.accept[0]);
    free(listener.accept);
}

Test(listener, connections_stay_below_the_descriptor_limit)
{
    cr_assert(mock_connection_limit(20000) < 20000);
    cr_assert(mock_connection_limit(20000) > 19000);
    cr_assert(mock_connection_limit(100) == 64);
    cr_assert(mock_connection_limit(INT64_MAX) == 1 << 20);
}

struct pair_case {
    const char *text, *name, *value; /* NULL: refused */
};

Test(options, a_pair_is_an_upstream_and_the_rest)
{
    static const struct pair_case cases[] = {
        { "primary=127.0.0.1:0", "primary", "127.0.0.1:0" },
        { "a1=x=y", "a1", "x=y" },
        { "primary", NULL, NULL },
        { "primary=", NULL, NULL },
        { "=x", NULL, NULL },
        { "Primary=x", NULL, NULL },
        { "1a=x", NULL, NULL },
        { "pri mary=x", NULL, NULL },
        { "abcdefghijklmnopq=x", NULL, NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[UPSTREAM_NAME_SIZE];
        const char *value = NULL;
        struct err err = { 0 };
        bool read = options_pair("--listen", cases[i].text, name, sizeof name,
                                 &value, &err);

        cr_expect(read == (cases[i].name != NULL), "%s", cases[i].text);
        if (!read) {
            cr_expect_str_eq(err.where, "--listen");
            continue;
        }
        cr_expect_str_eq(name, cases[i].name);
        cr_expect_str_eq(value, cases[i].value);
    }
}
