#include "harness/launch/guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUARDIAN_GROUPS 1024

static int guardian_pipe = -1;
static pid_t guardian_pid;

static int guardian_remove(const char *path, const struct stat *info, int kind,
                           struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path), 0;
}

static void guardian_note(int32_t groups[static GUARDIAN_GROUPS], int32_t word)
{
    int32_t wanted = word > 0 ? 0 : -word;

    for (size_t i = 0; i < GUARDIAN_GROUPS; i++) {
        if (groups[i] == wanted) {
            groups[i] = word > 0 ? word : 0;
            return;
        }
    }
}

/* Who works below the folder and was not told of: the harness may have died
 * between a start and the word of it. */
static void guardian_end_strays(const char *folder)
{
    size_t length = strlen(folder);
    DIR *all = opendir("/proc");
    const struct dirent *entry;

    while (all && (entry = readdir(all)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        char path[64], at[4096];
        ssize_t got;

        if (pid <= 1 || pid == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
        got = readlink(path, at, sizeof at - 1);
        if (got < (ssize_t)length || memcmp(at, folder, length) != 0)
            continue;
        at[got] = '\0';
        if (at[length] == '/' || !at[length])
            kill(pid, SIGKILL);
    }
    if (all)
        closedir(all);
}

/* Runs in the child: words are +group (watch) and -group (forget). */
static _Noreturn void guardian_main(int input, const char *folder)
{
    int32_t groups[GUARDIAN_GROUPS] = { 0 };
    int32_t word;
    ssize_t got;

    prctl(PR_SET_NAME, "gatedrill-guard");
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    while ((got = read(input, &word, sizeof word)) != 0) {
        if (got == (ssize_t)sizeof word)
            guardian_note(groups, word);
        else if (got < 0 && errno != EINTR)
            break;
    }
    for (size_t i = 0; i < GUARDIAN_GROUPS; i++)
        if (groups[i])
            kill(-groups[i], SIGKILL);
    if (folder[0])
        guardian_end_strays(folder);
    if (folder[0])
        nftw(folder, guardian_remove, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

bool guardian_start(const char *folder, struct err *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0) {
        err_set_errno(err, ERR_IO, "pipe");
        return false;
    }
    guardian_pid = fork();
    if (guardian_pid < 0) {
        err_set_errno(err, ERR_STATE, "fork");
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (guardian_pid == 0) {
        close(ends[1]);
        /* A terminal's SIGINT goes to a whole group; this one must stay. */
        setpgid(0, 0);
        guardian_main(ends[0], folder);
    }
    close(ends[0]);
    guardian_pipe = ends[1];
    return true;
}

/* One write of four bytes is atomic: threads need no lock. */
static void guardian_tell(int32_t word)
{
    if (guardian_pipe >= 0 &&
        write(guardian_pipe, &word, sizeof word) != (ssize_t)sizeof word)
        guardian_pipe = -1;
}

void guardian_watch(pid_t group)
{
    guardian_tell((int32_t)group);
}

void guardian_forget(pid_t group)
{
    guardian_tell(-(int32_t)group);
}

void guardian_stop(void)
{
    if (guardian_pipe < 0)
        return;
    close(guardian_pipe);
    guardian_pipe = -1;
    while (waitpid(guardian_pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}
