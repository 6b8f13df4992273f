#include "harness/drill/machine_load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

#define LOAD_PER_CORE 4
#define LOAD_LOOK_MS  2

int64_t machine_load_runnable(const char *loadavg)
{
    int64_t runnable, all;

    if (sscanf(loadavg, "%*f %*f %*f %" SCNd64 "/%" SCNd64, &runnable, &all) !=
            2 ||
        runnable < 0)
        return -1;
    return runnable;
}

static int64_t runnable_now(void)
{
    int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    char text[128];
    ssize_t length;

    if (fd < 0)
        return -1;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length < 0)
        return -1;
    text[length] = '\0';
    return machine_load_runnable(text);
}

int64_t machine_load_patience(int64_t last_ms, bool settled)
{
    int64_t ms = settled ? last_ms * 2 : last_ms * 3 / 4;

    if (ms > MACHINE_LOAD_MOST_MS)
        return MACHINE_LOAD_MOST_MS;
    return ms < MACHINE_LOAD_LEAST_MS ? MACHINE_LOAD_LEAST_MS : ms;
}

bool machine_load_settle(int64_t most_ms, const atomic_int *cancelled)
{
    int64_t bearable = sysconf(_SC_NPROCESSORS_ONLN) * LOAD_PER_CORE;
    int64_t until_ns = clock_now_ns() + most_ms * NS_PER_MS;

    while (!*cancelled && runnable_now() > bearable) {
        if (clock_now_ns() >= until_ns)
            return false;
        usleep(LOAD_LOOK_MS * 1000);
    }
    return true;
}
