/* After a run no key and no planted text of it is left in this program: what is
 * writable of its memory is looked through. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/json.h"
#include "common/xalloc.h"
#include "harness/client/client.h"
#include "harness/drill/drill.h"
#include "harness/leaks/canary.h"

#define SEED    7
#define HIDDEN  0x5a /* what is looked for must not itself be found */
#define PIECE   14   /* bytes: what of a secret gives it away */
#define SECRETS 64

#ifndef __has_feature
#define __has_feature(what) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1 /* has terabytes of its own, and its own free() */
static bool keeping;
#else
#define SANITIZED 0
/* What is freed while a run goes on is kept as it is: nothing else of the run
 * writes over what was forgotten there. */
extern void __libc_free(void *memory);
static atomic_bool keeping;

void free(void *memory)
{
    if (!keeping)
        __libc_free(memory);
}
#endif

/* Pieces of secrets, each byte changed. */
struct hidden {
    char name[40];
    uint8_t bytes[PIECE];
};
static struct hidden all[SECRETS];
static size_t count;

static void add_hidden(int out, enum canary_kind kind, const char *id,
                       const char *label)
{
    static const uint8_t key[FINGERPRINT_KEY_BYTES];
    struct hidden one = { 0 };
    struct canary canary;

    canary_make(&canary, kind,
                kind == CANARY_CREDENTIAL ? CANARY_IN_HEADER : CANARY_IN_TEXT,
                id, SEED, label, key);
    snprintf(one.name, sizeof one.name, "%s", label);
    /* From its end: beginnings are alike. */
    for (size_t i = 0; i < PIECE; i++)
        one.bytes[i] =
            (uint8_t)canary.text[strlen(canary.text) - PIECE + i] ^ HIDDEN;
    cr_assert_eq(write(out, &one, sizeof one), (ssize_t)sizeof one);
    canary_release(&canary);
}

/* Another process makes them, so that they never stand here. */
static void learn_secrets(const char *case_id)
{
    static const char *const keys[] = { "client.key", "client.invalid_key",
                                        "primary.key", "fallback.key" };
    int ends[2];
    pid_t child;

    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        char label[128];

        for (int slot = 1; slot <= 4; slot++)
            for (size_t i = 0; i < 4; i++) {
                snprintf(label, sizeof label, "s%d/%s", slot, keys[i]);
                add_hidden(ends[1], CANARY_CREDENTIAL, keys[i], label);
            }
        snprintf(label, sizeof label, "%s#1/prompt", case_id);
        add_hidden(ends[1], CANARY_PROMPT, "prompt", label);
        snprintf(label, sizeof label, "%s#1/completion", case_id);
        add_hidden(ends[1], CANARY_COMPLETION, "completion", label);
        snprintf(label, sizeof label, "%s#1/error_text", case_id);
        add_hidden(ends[1], CANARY_ERROR_TEXT, "error_text", label);
        _exit(0);
    }
    close(ends[1]);
    while (count < SECRETS &&
           read(ends[0], &all[count], sizeof *all) == (ssize_t)sizeof *all)
        count++;
    close(ends[0]);
    waitpid(child, NULL, 0);
    cr_assert_eq(count, 19);
}

static bool stands_at(const struct hidden *secret, const uint8_t *at)
{
    for (size_t i = 0; i < PIECE; i++)
        if ((at[i] ^ HIDDEN) != secret->bytes[i])
            return false;
    return true;
}

static size_t look_in(const uint8_t *bytes, size_t length, const char *where,
                      bool tell)
{
    size_t found = 0;

    for (size_t k = 0; k < count; k++)
        for (const uint8_t *at = bytes; at + PIECE <= bytes + length; at++) {
            at = memchr(at, all[k].bytes[0] ^ HIDDEN,
                        (size_t)(bytes + length - at) - PIECE + 1);
            if (!at)
                break;
            if (!stands_at(&all[k], at))
                continue;
            found++;
            if (tell)
                fprintf(stderr, "%s in %s at %zu\n", all[k].name, where,
                        (size_t)(at - bytes));
        }
    return found;
}

/* All that is writable, read as a debugger would. */
static size_t look_everywhere(bool tell)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    static uint8_t bytes[1 << 16];
    char line[512];
    size_t found = 0;

    cr_assert(maps && memory >= 0);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[5];

        if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 ||
            rights[1] != 'w')
            continue;
        line[strcspn(line, "\n")] = '\0';
        for (unsigned long at = from; at < to; at += sizeof bytes - PIECE) {
            size_t most = to - at < sizeof bytes ? to - at : sizeof bytes;
            ssize_t got;

            if (at <= (unsigned long)bytes && (unsigned long)bytes < at + most)
                continue;
            got = pread(memory, bytes, most, (off_t)at);
            if (got > 0)
                found += look_in(bytes, (size_t)got, line, tell);
            explicit_bzero(bytes, sizeof bytes);
        }
    }
    fclose(maps);
    close(memory);
    return found;
}

Test(wiped, after_a_run_no_secret_is_left_in_memory, .disabled = SANITIZED)
{
    static const char case_id[] = "control/healthy[stream=false]";
    static const char *const filters[] = { "control/healthy[[]stream=false*",
                                           "auth/key-refused*" };
    char out[] = "/tmp/gatedrill-test-XXXXXX";
    struct drill_options options = { .gateway = "refgw",
                                     .suite = "full",
                                     .filters = filters,
                                     .filter_count = 2,
                                     .seed = SEED,
                                     .repeat = 1,
                                     .quiet = true };
    struct drill *drill = xcalloc(1, sizeof *drill);
    struct err err = { 0 };
    char command[96];

    json_wipe_freed();
    options.out = mkdtemp(out);
    learn_secrets(case_id);
    cr_assert_eq(look_everywhere(true), 0, "before there was anything");
    keeping = true;
    client_global_init();
    cr_assert(drill_open(drill, &options, &err), "%s: %s", err.where, err.text);
    cr_assert(drill_execute(drill, &err), "%s: %s", err.where, err.text);
    cr_expect_gt(drill->run.passed, 1);
    /* The control: as long as the run stands, they are found. */
    cr_expect_gt(look_everywhere(false), 5);
    drill_close(drill);
    client_global_release();
    keeping = false;
    cr_expect_eq(look_everywhere(true), 0);
    free(drill);
    snprintf(command, sizeof command, "rm -rf '%s'", out);
    cr_assert_eq(system(command), 0);
}
