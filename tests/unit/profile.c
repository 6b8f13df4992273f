#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/profile_names.h"

/* A profile that is right, with three places to spoil. */
static const char form[] =
    "{\"name\":\"g\",\"environment\":\"ci\","
    "\"route\":{\"name\":\"r\",\"url\":\"http://127.0.0.1:%s/v1\","
    "\"template\":\"POST /v1/chat/completions\"},"
    "\"start\":{\"command\":[\"true\"],\"env\":{\"K\":\"%s\"},"
    "\"ready\":{\"tcp\":\"127.0.0.1:${gateway.port}\"}},"
    "\"client\":{\"headers\":{%s}},"
    "\"upstreams\":{\"primary\":{\"keys\":2}}}";

static bool load(const char *url, const char *env, const char *headers,
                 struct err *err)
{
    char path[] = "/tmp/gatedrill-test-XXXXXX";
    char *text = xasprintf(form, url, env, headers);
    struct profile profile;
    int fd = mkstemp(path);
    bool ok;

    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    ok =
        profile_load(&profile, path, err) && profile_names_check(&profile, err);
    profile_release(&profile);
    unlink(path);
    free(text);
    return ok;
}

Test(profile, one_that_is_right_is_taken)
{
    struct err err = { 0 };

    cr_assert(load("${gateway.port}", "${primary.key.2}",
                   "\"Authorization\":\"Bearer ${client.key}\"", &err),
              "%s: %s", err.where, err.text);
}

static const struct {
    const char *url, *env, *headers;
    const char *where, *text;
} rows[] = {
    { "${gatway.port}", "", "", ": $.route.url",
      "${gatway.port} is not a name" },
    { "${gateway.port}", "${fallback.key}", "", ": $.start.env.K",
      "${fallback.key} is not a name" },
    { "${gateway.port}", "${primary.key.3}", "", ": $.start.env.K",
      "${primary.key.3} is not a name" },
    { "${gateway.port}", "", "\"authorization\":\"Bearer abc\"", "",
      "$.client.headers.authorization: holds a credential as it is" },
};

Test(profile, a_slip_is_refused_before_anything_starts)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = { 0 };

        cr_assert_not(load(rows[i].url, rows[i].env, rows[i].headers, &err),
                      "row %zu", i);
        cr_assert(strstr(err.where, rows[i].where), "row %zu: %s", i,
                  err.where);
        cr_assert(strstr(err.text, rows[i].text), "row %zu: %s", i, err.text);
        cr_assert_eq(err.code, ERR_SCHEMA);
    }
}
