#include "tests/refgateway/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The text in a file of its own; the caller unlinks and frees the name. */
static char *in_file(const char *text)
{
    char *path = strdup("/tmp/refgw-settings-XXXXXX");
    int fd = mkstemp(path);

    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static bool load(struct settings *out, const char *text,
                 const struct rules *rules, struct err *err)
{
    char *path = in_file(text);
    bool ok = settings_load(out, path, rules, err);

    unlink(path);
    free(path);
    return ok;
}

static struct rules ordered(void)
{
    struct rules rules;

    rules_init(&rules);
    rules.fallback.order = (struct rules_words){ .items = { "b", "a" },
                                                 .count = 2,
                                                 .declared = true };
    return rules;
}

#define TWO                                                                    \
    "{\"client_key_env\":\"T_CLIENT\",\"upstreams\":["                         \
    "{\"name\":\"a\",\"base_url\":\"http://h/v1\",\"key_env\":\"T_A\","        \
    "\"model\":\"ma\"},"                                                       \
    "{\"name\":\"b\",\"base_url\":\"https://h:2/v1/\","                        \
    "\"key_env\":[\"T_B1\",\"T_B2\"]}]}"

static void set_keys(void)
{
    setenv("T_CLIENT", "key-client", 1);
    setenv("T_A", "key-a", 1);
    setenv("T_B1", "key-b1", 1);
    setenv("T_B2", "key-b2", 1);
}

Test(refgw_settings, upstreams_stand_in_the_order_of_the_runbook)
{
    struct rules rules = ordered();
    struct settings settings;
    struct err err;

    set_keys();
    cr_assert(load(&settings, TWO, &rules, &err), "%s: %s", err.where,
              err.text);
    cr_expect_eq(settings.count, 2);
    cr_expect_str_eq(settings.client_key, "key-client");
    cr_expect_str_eq(settings.upstreams[0].name, "b");
    cr_expect_str_eq(settings.upstreams[0].url,
                     "https://h:2/v1/chat/completions");
    cr_expect_eq(settings.upstreams[0].key_count, 2);
    cr_expect_str_eq(settings.upstreams[0].keys[1], "key-b2");
    cr_expect_null(settings.upstreams[0].model);
    cr_expect_str_eq(settings.upstreams[1].url, "http://h/v1/chat/completions");
    cr_expect_str_eq(settings.upstreams[1].model, "ma");
    settings_release(&settings);
}

Test(refgw_settings, without_an_order_the_first_upstream_stands_alone)
{
    struct settings settings;
    struct rules rules;
    struct err err;

    set_keys();
    rules_init(&rules);
    cr_assert(load(&settings, TWO, &rules, &err));
    cr_expect_eq(settings.count, 1);
    cr_expect_str_eq(settings.upstreams[0].name, "a");
    settings_release(&settings);
}

Test(refgw_settings, the_runbook_decides_on_credential_and_model)
{
    struct rules rules = ordered();
    struct settings settings;
    struct err err;

    set_keys();
    rules.upstream_count = 2;
    rules.upstreams[0] =
        (struct rules_upstream){ "a", RULES_WHOSE_CLIENT, RULES_WHOSE_CLIENT };
    rules.upstreams[1] = (struct rules_upstream){ "b", RULES_WHOSE_NONE, -1 };
    rules.auth.client_keys = RULES_CLIENT_KEYS_IGNORED;
    cr_assert(load(&settings, TWO, &rules, &err), "%s", err.text);
    cr_expect_null(settings.client_key);
    cr_expect_eq(settings.upstreams[0].key_count, 0);
    cr_expect_not(settings.upstreams[0].client_key);
    cr_expect_eq(settings.upstreams[1].key_count, 0);
    cr_expect(settings.upstreams[1].client_key);
    cr_expect_null(settings.upstreams[1].model);
    settings_release(&settings);
}

Test(refgw_settings, a_broken_file_says_what_is_wrong_and_never_a_key)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        { "{\"upstreams\":[]}", "a list of upstreams is wanted" },
        { "{}", "a list of upstreams is wanted" },
        { "[]", "an object is wanted" },
        { "{\"upstreams\":[{\"name\":\"a\",\"base_url\":\"http://h\"}]}",
          "an upstream of the runbook's fallback.order is not there" },
        { "{\"upstreams\":[{\"name\":\"b\",\"base_url\":\"ftp://h\"}]}",
          "an http:// or https:// URL is wanted" },
        { "{\"upstreams\":[{\"name\":\"b\",\"base_url\":\"http://h\","
          "\"key\":\"x\"}]}",
          "unknown key; known are client_key_env, upstreams, order, name, "
          "base_url, key_env, model, ca_file, headers" },
        { "{\"upstreams\":[{\"name\":\"b\",\"base_url\":\"http://h\","
          "\"key_env\":\"T_UNSET\"}]}",
          "T_UNSET is not set or empty" },
        { "{\"client_key_env\":\"T_UNSET\"}", "T_UNSET is not set or empty" },
    };
    struct rules rules = ordered();

    set_keys();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings settings;
        struct err err = { 0 };

        cr_expect_not(load(&settings, rows[i].text, &rules, &err), "%s",
                      rows[i].text);
        cr_expect_str_eq(err.text, rows[i].problem);
        cr_expect_eq(settings.count, 0, "nothing is left to release");
    }
}

Test(refgw_settings,
     who_stands_twice_in_a_list_of_the_configuration_has_one_turn)
{
    static const struct {
        const char *order, *problem; /* NULL: it is the runbook's */
    } rows[] = {
        { "[\"b\",\"a\"]", NULL },
        { "[\"b\",\"a\",\"b\",\"a\"]", NULL },
        { "[\"b\",\"b\",\"a\"]", NULL },
        { "[\"b\"]", "an upstream of the runbook's fallback.order is missing" },
        { "[\"a\",\"b\"]", "not the order of the runbook's fallback.order" },
        { "[\"b\",\"a\",\"c\"]",
          "not the order of the runbook's fallback.order" },
    };
    struct rules rules = ordered();

    set_keys();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings settings;
        struct err err = { 0 };
        char text[512];
        bool ok;

        snprintf(text, sizeof text, "{\"order\":%s,%s", rows[i].order, &TWO[1]);
        ok = load(&settings, text, &rules, &err);
        cr_expect_eq(ok, rows[i].problem == NULL, "%s: %s", text, err.text);
        if (rows[i].problem)
            cr_expect_str_eq(err.text, rows[i].problem);
        else
            cr_expect_eq(settings.count, 2);
        settings_release(&settings);
    }
}

Test(refgw_settings, an_own_key_or_model_that_is_missing_is_refused)
{
    struct rules rules = ordered();
    struct settings settings;
    struct err err;

    set_keys();
    rules.upstream_count = 1;
    rules.upstreams[0] = (struct rules_upstream){ "b", -1, RULES_WHOSE_OWN };
    cr_expect_not(load(&settings, TWO, &rules, &err));
    cr_expect_str_eq(err.text,
                     "the runbook gives it a model of its own: set model");
    rules.upstreams[0] = (struct rules_upstream){ "b", RULES_WHOSE_OWN, -1 };
    cr_expect(load(&settings, TWO, &rules, &err));
    settings_release(&settings);
}
