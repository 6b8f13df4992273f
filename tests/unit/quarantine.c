#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/drill/drill.h"
#include "harness/drill/quarantine.h"

static char folder[64];
static struct drill drill;
static struct sink_set sinks;

static void begin(void)
{
    struct err err = { 0 };
    char *path;

    snprintf(folder, sizeof folder, "/tmp/gatedrill-apart-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(mkdir("work", 0700), 0);
    drill.work = xasprintf("%s/work", folder);
    path = xasprintf("%s/run", folder);
    cr_assert(run_folder_open(&drill.folder, path, &err), "%s", err.text);
    free(path);
}

static void finish(void)
{
    char command[128];

    sink_set_release(&sinks);
    run_folder_close(&drill.folder);
    free(drill.work);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(quarantine, .init = begin, .fini = finish);

static void put(const char *path, const char *text)
{
    FILE *out = fopen(path, "we");

    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
}

static void keep(const char *pattern, const char *place)
{
    struct sink_hit hit = { .canary = "client.key", .sink = "file log" };

    snprintf(hit.place, sizeof hit.place, "%s", place);
    sink_set_add(&sinks,
                 &(struct sink_spec){ .name = "file log", .path = pattern });
    quarantine_sinks(&drill, "s1", &sinks, &hit, 1);
}

static void expect_kept(const char *name, const char *text)
{
    char *path = xasprintf("%s/run/quarantine/%s", folder, name);
    char read[32] = "";
    FILE *in = fopen(path, "re");

    cr_assert_not_null(in, "%s is not kept", name);
    cr_expect_eq(fread(read, 1, sizeof read - 1, in), strlen(text));
    cr_expect_str_eq(read, text);
    fclose(in);
    free(path);
}

static char *in_work(const char *name)
{
    return xasprintf("%s/work/%s", folder, name);
}

Test(quarantine, equal_names_of_two_folders_do_not_meet)
{
    char *pattern = in_work("s1/*/log");

    cr_assert_eq(system("mkdir -p work/s1/a work/s1/b"), 0);
    put("work/s1/a/log", "one");
    put("work/s1/b/log", "two");
    keep(pattern, "");
    expect_kept("s1-a-log", "one");
    expect_kept("s1-b-log", "two");
    free(pattern);
}

static size_t kept_count(void)
{
    DIR *listing = opendir("run/quarantine");
    size_t count = 0;

    cr_assert_not_null(listing);
    while (readdir(listing))
        count++;
    closedir(listing);
    return count - 2;
}

Test(quarantine, a_link_that_leads_out_is_not_followed)
{
    char *pattern = in_work("*.log");

    put("secret", "of the machine");
    cr_assert_eq(symlink("../secret", "work/out.log"), 0);
    keep(pattern, "");
    cr_expect_eq(kept_count(), 0);
    put("work/own", "its own");
    cr_assert_eq(symlink("own", "work/in.log"), 0);
    keep(pattern, "");
    cr_expect_eq(kept_count(), 1);
    expect_kept("s1-in.log", "its own");
    free(pattern);
}

Test(quarantine, a_name_that_holds_a_key_is_not_used)
{
    static const char name[] = "work/sk-0123456789abcdef.log";
    struct canary key = { .kind = CANARY_CREDENTIAL, .id = "client.key" };
    char *pattern = in_work("*.log");
    char *kept;
    struct stat status;

    key.text = xstrdup("sk-0123456789abcdef");
    run_folder_forbid(&drill.folder, &key);
    put(name, "text");
    keep(pattern, "");
    cr_assert_eq(stat(name, &status), 0);
    kept = xasprintf("s1-file-%llu", (unsigned long long)status.st_ino);
    cr_expect_eq(kept_count(), 1);
    expect_kept(kept, "text");
    free(kept);
    free(pattern);
    free(key.text);
}

Test(quarantine, a_file_without_a_folder_is_kept)
{
    put("bare.log", "text");
    keep("bare.log", "");
    expect_kept("s1-bare.log", "text");
}
