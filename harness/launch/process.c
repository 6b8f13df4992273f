#include "harness/launch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/launch/guardian.h"

static int process_open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* What this program was started with; 0: it was not raised. */
static struct rlimit process_descriptors;

void process_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur == limit.rlim_max)
        return;
    process_descriptors = limit;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
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
    /* libcurl's sockets are inherited otherwise: a gateway that holds the end
     * of another's connection keeps that from ever being closed. */
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
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
    if (process_descriptors.rlim_max)
        prlimit(*pid, RLIMIT_NOFILE, &process_descriptors, NULL);
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

bool process_wait(struct process *process, int64_t timeout_ms)
{
    int64_t until = clock_now_ns() + timeout_ms * NS_PER_MS;
    struct pollfd wait = { .fd = process->pidfd, .events = POLLIN };
    int64_t left_ms = timeout_ms;
    int ready;

    if (!process->pid)
        return true;
    do {
        ready = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
        left_ms = (until - clock_now_ns()) / NS_PER_MS;
    } while (ready < 0 && errno == EINTR && left_ms > 0);
    return ready > 0;
}

/* The status is taken away here and nowhere else. */
static int process_collect(const struct process *process)
{
    int status = 0;

    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static void process_close(struct process *process)
{
    guardian_forget(process->pid);
    if (process->pidfd >= 0)
        close(process->pidfd);
    free(process->stdout_path);
    free(process->stderr_path);
    *process = (struct process){ .pidfd = -1 };
}

void process_stop(struct process *process, int signal_number,
                  int64_t timeout_ms)
{
    if (!process || !process->pid)
        return;
    if (!process_wait(process, 0)) {
        kill(-process->pid, signal_number);
        process_wait(process, timeout_ms);
    }
    /* Its own children may outlive the leader: the group goes as one. */
    kill(-process->pid, SIGKILL);
    process_collect(process);
    process_close(process);
}

bool process_has_ended(const struct process *process, char *how, size_t size)
{
    siginfo_t info = { 0 };

    if (waitid(P_PIDFD, (id_t)process->pidfd, &info,
               WEXITED | WNOHANG | WNOWAIT) < 0 ||
        info.si_pid == 0)
        return false;
    if (info.si_code == CLD_EXITED)
        snprintf(how, size, "exit status %d", info.si_status);
    else
        snprintf(how, size, "killed by signal %d (%s)", info.si_status,
                 sigabbrev_np(info.si_status));
    return true;
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
    kill(-process.pid, SIGKILL);
    status = process_collect(&process);
    process_close(&process);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
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
