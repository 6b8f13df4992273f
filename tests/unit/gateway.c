/* gateway: what a started gateway is told. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/launch/gateway.h"
#include "harness/launch/names.h"

Test(gateway, profile_is_a_whole_path_though_the_profile_was_given_relative)
{
    char folder[] = "/tmp/gatedrill-test-XXXXXX";
    char home[64], here[] = ".";
    char url[] = "http://127.0.0.1:${gateway.port}/";
    struct profile profile = { .folder = here, .route.url = url };
    struct names names = { 0 };
    struct gateway gateway;
    struct err err = { 0 };
    char *whole = realpath(here, NULL);

    cr_assert_not_null(mkdtemp(folder));
    cr_assert(gateway_render(&gateway, &profile, NULL, folder, &names, &err),
              "%s", err.text);
    cr_expect_str_eq(names_find(&gateway.names, "profile"), whole);
    cr_expect_str_eq(names_find(&gateway.names, "work"), folder);
    gateway_stop(&gateway);
    snprintf(home, sizeof home, "%s/home", folder);
    rmdir(home);
    rmdir(folder);
    free(whole);
}

Test(gateway, files_of_its_sinks_are_those_that_stand_there)
{
    char folder[] = "/tmp/gatedrill-test-XXXXXX";
    char path[64], pattern[] = "${work}/*.conf", absent[] = "${work}/a.log";
    struct profile_sink sinks[] = { { .kind = SINK_STDERR },
                                    { .kind = SINK_FILE, .path = pattern },
                                    { .kind = SINK_FILE, .path = absent } };
    const struct profile profile = { .sinks = { .items = sinks, .count = 3 } };
    struct gateway gateway = { .profile = &profile };
    struct err err = { 0 };
    char **files;

    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/b.conf", folder);
    fclose(fopen(path, "we"));
    names_set(&gateway.names, "work", folder);
    files = gateway_sink_files(&gateway, &err);
    cr_assert_not_null(files, "%s", err.text);
    cr_assert_not_null(files[0]);
    cr_expect_str_eq(files[0], path);
    cr_expect_null(files[1]);
    gateway_texts_free(files);
    names_release(&gateway.names);
    unlink(path);
    rmdir(folder);
}
