/* Many connections held at once in one process and one thread. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/wire/lib/raw.h"

#ifdef __SANITIZE_ADDRESS__
#define MANY 1000
#else
#define MANY 10000
#endif
/* Room for what is no connection, in this process and in the mock. */
#define OTHER_DESCRIPTORS 600

static struct raw_mock mock;
static int fds[MANY];

TestSuite(many, .timeout = 60);

/* As many as fit the limit of descriptors here, which the mock has too. */
static int how_many(void)
{
    struct rlimit limit;

    cr_assert(!getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    cr_assert(!setrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_max - OTHER_DESCRIPTORS >= MANY)
        return MANY;
    return (int)limit.rlim_max - OTHER_DESCRIPTORS;
}

/* A line of /metrics or of a file of /proc: the number behind its name. */
static long number_in(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    cr_assert(at, "%s", name);
    return strtol(at + strlen(name), NULL, 10);
}

static long metric(const char *name)
{
    struct buf text = { 0 };
    long value;

    raw_must(&mock, "GET", "/metrics", NULL, &text);
    value = number_in(buf_text(&text), name);
    buf_release(&text);
    return value;
}

static long process_number(const char *name)
{
    char *path = xasprintf("/proc/%d/status", (int)mock.pid);
    char text[8192] = "";
    FILE *file = fopen(path, "r");

    cr_assert(file && fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    free(path);
    return number_in(text, name);
}

static void wait_for_open(long count)
{
    int64_t until_ns = clock_now_ns() + 20 * NS_PER_S;

    while (metric("\ngatedrill_mock_open ") != count &&
           clock_now_ns() < until_ns)
        usleep(10000);
    cr_assert(metric("\ngatedrill_mock_open ") == count);
}

Test(many, ten_thousand_are_held_by_one_thread)
{
    int count = how_many();
    uint16_t port;
    int64_t begun_ns;

    raw_mock_start(&mock, NULL);
    port = raw_ready(&mock, "[{\"fault\":\"hang\",\"at\":\"headers_end\"}]");
    for (int i = 0; i < count; i++) {
        fds[i] = raw_connect(port);
        raw_send(fds[i], raw_chat(RAW_CASE, false, ""));
    }
    wait_for_open(count);
    cr_assert(process_number("Threads:") == 1);
#ifndef __SANITIZE_ADDRESS__
    cr_assert(process_number("VmRSS:") < 200000, "%ld kB",
              process_number("VmRSS:"));
#endif
    begun_ns = clock_now_ns();
    raw_must(&mock, "GET", "/healthz", NULL, NULL);
    cr_assert(clock_now_ns() - begun_ns < NS_PER_S);
    for (int i = 0; i < count; i++)
        close(fds[i]);
    wait_for_open(0);
    cr_assert(metric("\ngatedrill_mock_attempts_total ") == count);
    cr_assert(metric("\ngatedrill_mock_unfaithful_total ") == 0);
    cr_assert(raw_close_waits(port) == 0);
    raw_mock_stop(&mock);
}
