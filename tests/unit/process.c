#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/launch/guardian.h"
#include "harness/launch/port.h"
#include "harness/launch/process.h"
#include "harness/launch/ready.h"

static char *const environment[] = { (char[]){ "PATH=/usr/bin:/bin" },
                                     (char[]){ "MARK=there" }, NULL };

static char *scratch(void)
{
    char *folder = xstrdup("/tmp/gatedrill-test-XXXXXX");

    cr_assert_not_null(mkdtemp(folder));
    return folder;
}

static int run_shell(const char *script, const char *folder, const char *out,
                     struct err *err)
{
    char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, xstrdup(script),
                     NULL };
    struct process_spec spec = { .argv = argv,
                                 .environment = environment,
                                 .folder = folder,
                                 .stdout_path = out };
    int status = process_run(&spec, 5000, err);

    free(argv[2]);
    return status;
}

/* Neither gone nor a zombie that init has not reaped yet. */
static bool runs(pid_t pid)
{
    char path[64];
    char state = 'Z';
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    if (fscanf(file, "%*d %*s %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state != 'Z';
}

Test(process, it_inherits_no_descriptor_but_the_first_three)
{
    char *folder = scratch();
    char *out = xasprintf("%s/out", folder);
    struct err err = { 0 };
    int ends[2];

    cr_assert_eq(pipe(ends), 0); /* not closed on exec, as libcurl's sockets */
    cr_expect_eq(run_shell("for fd in 3 4 5 6 7 8 9; do "
                           "if readlink /proc/$$/fd/$fd; then "
                           "exit 1; fi; done",
                           folder, out, &err),
                 0);
    close(ends[0]);
    close(ends[1]);
    unlink(out);
    rmdir(folder);
    free(out);
    free(folder);
}

Test(process, it_runs_in_its_folder_with_its_environment_and_no_other)
{
    char *folder = scratch();
    char *out = xasprintf("%s/out", folder);
    char *expected = xasprintf("%s there unset", folder);
    struct err err = { 0 };
    char *text;

    setenv("GATEDRILL_OTHER", "x", 1);
    cr_assert_eq(run_shell("printf '%s %s %s' \"$PWD\" \"$MARK\" "
                           "\"${GATEDRILL_OTHER-unset}\"",
                           folder, out, &err),
                 0);
    text = process_tail(out, 200);
    cr_assert_str_eq(text, expected);
    unlink(out);
    rmdir(folder);
    free(text);
    free(expected);
    free(out);
    free(folder);
}

Test(process, exit_statuses_and_signals_are_told_apart)
{
    struct err err = { 0 };

    cr_assert_eq(run_shell("exit 3", "/", NULL, &err), 3);
    cr_assert_eq(run_shell("kill -9 $$", "/", NULL, &err), 128 + 9);
}

Test(process, a_program_that_is_not_there_is_named)
{
    char *argv[] = { (char[]){ "no-such-program-here" }, NULL };
    struct process process;
    struct err err = { 0 };

    cr_assert_not(process_start(
        &process,
        &(struct process_spec){ .argv = argv, .environment = environment },
        &err));
    cr_assert_str_eq(err.where, "no-such-program-here");
    cr_assert_str_eq(err.text, "No such file or directory");
}

Test(process, stopping_ends_the_whole_group)
{
    char *folder = scratch();
    char *out = xasprintf("%s/out", folder);
    char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" },
                     (char[]){ "trap '' TERM; sleep 60 & echo $!; wait; "
                               "wait" },
                     NULL };
    struct process_spec spec = { .argv = argv,
                                 .environment = environment,
                                 .folder = folder,
                                 .stdout_path = out };
    struct process process;
    struct err err = { 0 };
    char *text = NULL;
    pid_t grandchild;

    cr_assert(process_start(&process, &spec, &err));
    do {
        free(text);
        cr_assert_not(process_wait(&process, 5));
        text = process_tail(out, 20);
    } while (!text[0]);
    grandchild = (pid_t)atoi(text);
    process_stop(&process, SIGTERM, 50);
    for (int i = 0; i < 1000 && runs(grandchild); i++)
        sched_yield();
    cr_assert_not(runs(grandchild));
    unlink(out);
    rmdir(folder);
    free(text);
    free(out);
    free(folder);
}

Test(process, one_that_takes_too_long_is_ended_and_named)
{
    char *argv[] = { (char[]){ "sleep" }, (char[]){ "60" }, NULL };
    struct err err = { 0 };

    cr_assert_eq(
        process_run(
            &(struct process_spec){ .argv = argv, .environment = environment },
            30, &err),
        -1);
    cr_assert_str_eq(err.where, "sleep");
    cr_assert_str_eq(err.text, "still running after 30 ms; ended");
}

Test(process, signal_names_and_numbers_are_understood)
{
    cr_assert_eq(process_signal_number("TERM"), SIGTERM);
    cr_assert_eq(process_signal_number("SIGQUIT"), SIGQUIT);
    cr_assert_eq(process_signal_number("2"), SIGINT);
    cr_assert_eq(process_signal_number("NOPE"), -1);
    cr_assert_eq(process_signal_number("0"), -1);
    cr_assert_eq(process_signal_number(""), -1);
}

Test(port, two_ports_held_at_once_differ_and_come_free_again)
{
    struct port a, b;
    struct err err = { 0 };

    cr_assert(port_take(&a, &err));
    cr_assert(port_take(&b, &err));
    cr_assert_neq(a.number, b.number);
    cr_assert_geq(a.number, 10000);
    port_release(&a);
    port_release(&b);
    cr_assert_eq(a.number, 0);
}

Test(ready, a_program_that_ends_is_not_waited_for)
{
    char *argv[] = { (char[]){ "true" }, NULL };
    struct process process;
    struct port port;
    struct err err = { 0 };
    char target[32];
    char how[64];
    int64_t before;

    cr_assert(port_take(&port, &err));
    snprintf(target, sizeof target, "127.0.0.1:%d", port.number);
    cr_assert(process_start(
        &process,
        &(struct process_spec){ .argv = argv, .environment = environment },
        &err));
    before = clock_now_ns();
    cr_assert_not(ready_wait(READY_TCP, target, &process, 60000));
    cr_assert_lt(clock_now_ns() - before, 30 * NS_PER_S);
    cr_assert(process_has_ended(&process, how, sizeof how));
    cr_assert_str_eq(how, "exit status 0");
    process_stop(&process, SIGKILL, 0);
    port_release(&port);
}

Test(guardian, it_ends_what_is_watched_and_removes_the_folder)
{
    char *folder = scratch();
    char *argv[] = { (char[]){ "sleep" }, (char[]){ "60" }, NULL };
    struct process process;
    struct err err = { 0 };

    cr_assert(guardian_start(folder, &err));
    cr_assert(process_start(
        &process,
        &(struct process_spec){ .argv = argv, .environment = environment },
        &err));
    guardian_stop();
    cr_assert(process_wait(&process, 5000));
    cr_assert_neq(access(folder, F_OK), 0);
    process_stop(&process, SIGKILL, 0);
    free(folder);
}

Test(process, has_many_descriptors_and_its_children_what_it_was_started_with)
{
    char program[] = "sleep", seconds[] = "60";
    char *argv[] = { program, seconds, NULL }, *none[] = { NULL };
    struct rlimit limit, seen;
    struct process process;
    struct err err = { 0 };

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 200;
    setrlimit(RLIMIT_NOFILE, &limit);
    process_raise_descriptors();
    getrlimit(RLIMIT_NOFILE, &seen);
    cr_expect_eq(seen.rlim_cur, limit.rlim_max);
    cr_assert(process_start(
        &process, &(struct process_spec){ .argv = argv, .environment = none },
        &err));
    cr_assert_eq(prlimit(process.pid, RLIMIT_NOFILE, NULL, &seen), 0);
    cr_expect_eq(seen.rlim_cur, 200);
    cr_expect_eq(seen.rlim_max, limit.rlim_max);
    process_stop(&process, SIGKILL, 0);
}
