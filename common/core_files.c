#include "common/core_files.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

void core_files_forbid(void)
{
    const struct rlimit least = { 1, 1 };
    int filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

    setrlimit(RLIMIT_CORE, &least);
    /* Where there is no such file, the limit alone has to do. */
    if (filter >= 0) {
        if (write(filter, "0", 1) != 1)
            setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        close(filter);
    }
    prctl(PR_SET_DUMPABLE, 0);
}
