#include "harness/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/guardian.h"

static int process_open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static bool process_spawn(pid_t *pid, const struct process_spec *spec,
                          struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    int failed;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (spec->stdout_fd > 0)
        posix_spawn_file_actions_adddup2(&actions, spec->stdout_fd, 1);
    else
        posix_spawn_file_actions_addopen(
            &actions, 1, spec->stdout_path ? spec->stdout_path : "/dev/null",
            O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_addopen(
        &actions, 2, spec->stderr_path ? spec->stderr_path : "/dev/null",
        O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (spec->folder)
        posix_spawn_file_actions_addchdir_np(&actions, spec->folder);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigfillset(&defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    failed = posix_spawnp(pid, spec->argv[0], &actions, &attributes, spec->argv,
                          spec->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        errno = failed;
        err_set_errno(err, ERR_STATE, spec->argv[0]);
        return false;
    }
    return true;
}

bool process_start(struct process *out, const struct process_spec *spec,
                   struct err *err)
{
    *out = (struct process){ .pidfd = -1 };
    if (!process_spawn(&out->pid, spec, err))
        return false;
    guardian_watch(out->pid);
    out->pidfd = process_open_pidfd(out->pid);
    out->stdout_path = spec->stdout_path ? xstrdup(spec->stdout_path) : NULL;
    out->stderr_path = spec->stderr_path ? xstrdup(spec->stderr_path) : NULL;
    if (out->pidfd < 0) {
        err_set_errno(err, ERR_STATE, "pidfd_open");
        process_stop(out, SIGKILL, 0);
        return false;
    }
    return true;
}

static void process_reap(struct process *process)
{
    if (!process->ended &&
        waitpid(process->pid, &process->status, WNOHANG) == process->pid)
        process->ended = true;
}

bool process_wait(struct process *process, int64_t timeout_ms)
{
    int64_t until = clock_now_ns() + timeout_ms * NS_PER_MS;
    struct pollfd wait = { .fd = process->pidfd, .events = POLLIN };

    if (!process->pid)
        return true;
    process_reap(process);
    while (!process->ended) {
        int64_t left_ms = (until - clock_now_ns()) / NS_PER_MS;

        if (left_ms <= 0)
            break;
        if (poll(&wait, 1, (int)left_ms) < 0 && errno != EINTR)
            break;
        process_reap(process);
    }
    return process->ended;
}

void process_stop(struct process *process, int signal_number,
                  int64_t timeout_ms)
{
    if (!process || !process->pid)
        return;
    process_reap(process);
    if (!process->ended) {
        kill(-process->pid, signal_number);
        process_wait(process, timeout_ms);
    }
    /* Its own children may outlive the leader: the group goes as one. */
    kill(-process->pid, SIGKILL);
    while (!process->ended && waitpid(process->pid, &process->status, 0) < 0 &&
           errno == EINTR)
        continue;
    guardian_forget(process->pid);
    if (process->pidfd >= 0)
        close(process->pidfd);
    free(process->stdout_path);
    free(process->stderr_path);
    *process = (struct process){ .pidfd = -1, .ended = true };
}

void process_describe_end(const struct process *process, char *out, size_t size)
{
    if (WIFSIGNALED(process->status))
        snprintf(out, size, "killed by signal %d (%s)",
                 WTERMSIG(process->status),
                 sigabbrev_np(WTERMSIG(process->status)));
    else
        snprintf(out, size, "exit status %d", WEXITSTATUS(process->status));
}

int process_run(const struct process_spec *spec, int64_t timeout_ms,
                struct err *err)
{
    struct process process;
    int status;

    if (!process_start(&process, spec, err))
        return -1;
    if (!process_wait(&process, timeout_ms)) {
        err_set(err, ERR_STATE, spec->argv[0],
                "still running after %lld ms; ended", (long long)timeout_ms);
        process_stop(&process, SIGKILL, 0);
        return -1;
    }
    status = WIFSIGNALED(process.status) ? 128 + WTERMSIG(process.status)
                                         : WEXITSTATUS(process.status);
    process_stop(&process, SIGKILL, 0);
    return status;
}

char *process_tail(const char *path, size_t bytes)
{
    FILE *file = path ? fopen(path, "re") : NULL;
    char *text;
    size_t length;

    if (!file)
        return xstrdup("");
    if (fseek(file, -(long)bytes, SEEK_END) < 0)
        rewind(file);
    text = xcalloc(bytes + 1, 1);
    length = fread(text, 1, bytes, file);
    fclose(file);
    while (length && (text[length - 1] == '\n' || text[length - 1] == ' '))
        text[--length] = '\0';
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' && text[i] != '\n')
            text[i] = ' ';
    return text;
}

int process_signal_number(const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);

    if (*name && !*end)
        return number > 0 && number < NSIG ? (int)number : -1;
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 1; i < NSIG; i++) {
        const char *known = sigabbrev_np(i);

        if (known && strcmp(known, name) == 0)
            return i;
    }
    return -1;
}
