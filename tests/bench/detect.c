/*
 * How fast the detector searches, and whether it stays silent where nothing is:
 * benign text of each kind, with the canaries of a case armed. Writes the plain
 * log and the needles to a folder, so that grep can be timed on the same.
 *
 *   bench-detect MEBIBYTES FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/leaks/canary.h"
#include "harness/leaks/scan.h"
#include "tests/benign.h"

#define PIECE_BYTES ((size_t)4 << 20)

/* Of this program: what a core can do, whatever else the machine does. */
static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static const struct {
    const char *id;
    enum canary_kind kind;
} planted[] = {
    { "client.key", CANARY_CREDENTIAL },
    { "client.invalid_key", CANARY_CREDENTIAL },
    { "primary.key", CANARY_CREDENTIAL },
    { "fallback.key", CANARY_CREDENTIAL },
    { "trap.key", CANARY_CREDENTIAL },
    { "prompt", CANARY_PROMPT },
    { "completion", CANARY_COMPLETION },
    { "error_text", CANARY_ERROR_TEXT },
    { "commercial", CANARY_COMMERCIAL },
    { "system_prompt", CANARY_PROMPT },
    { "tool_arguments", CANARY_PROMPT },
    { "header", CANARY_METADATA },
    { "query.key", CANARY_CREDENTIAL },
    { "reasoning", CANARY_COMPLETION },
    { "tool_call", CANARY_COMPLETION },
    { "commercial.usage", CANARY_COMMERCIAL },
    { "commercial.header", CANARY_COMMERCIAL },
};
#define PLANTED (sizeof planted / sizeof planted[0])

static FILE *open_in(const char *folder, const char *name)
{
    char *path = xasprintf("%s/%s", folder, name);
    FILE *out = fopen(path, "we");

    free(path);
    return out;
}

static bool write_needles(const struct scan_set *set, const char *folder)
{
    FILE *out = open_in(folder, "needles");

    if (!out)
        return false;
    for (size_t i = 0; i < set->needles.canary_count; i++)
        fprintf(out, "%s\n", set->needles.canaries[i].text);
    return fclose(out) == 0;
}

/* Searches so much text of one kind, made piece by piece so that memory shows
 * the window and not the text. Returns alarms, or -1. */
static long search(struct scan_set *set, const struct benign_kind *kind,
                   size_t bytes, FILE *copy)
{
    struct scan *scan = scan_new(set, 0);
    struct scan_hits hits = { 0 };
    struct buf piece = { 0 };
    uint64_t state = 42;
    int64_t spent_ns = 0, since_ns;
    const char *problem;
    long alarms;

    for (size_t done = 0; done < bytes; done += piece.length) {
        buf_clear(&piece);
        while (piece.length < PIECE_BYTES)
            kind->add(&piece, &state);
        if (copy && fwrite(piece.data, 1, piece.length, copy) != piece.length)
            return -1;
        since_ns = cpu_ns();
        scan_feed(scan, piece.data, piece.length);
        spent_ns += cpu_ns() - since_ns;
    }
    since_ns = cpu_ns();
    problem = scan_end(scan, 8, &hits);
    spent_ns += cpu_ns() - since_ns;
    alarms = (long)hits.count;
    printf("    %-14s %8.0f MB/s, %ld false alarms%s%s\n", kind->name,
           (double)bytes * 1e3 / (double)spent_ns, alarms, problem ? ", " : "",
           problem ? problem : "");
    scan_hits_release(&hits);
    buf_release(&piece);
    return problem ? -1 : alarms;
}

int main(int argc, char **argv)
{
    static const uint8_t key[FINGERPRINT_KEY_BYTES] = { 1 };
    size_t bytes = argc > 2 ? strtoul(argv[1], NULL, 10) << 20 : 0;
    struct canary canaries[PLANTED];
    struct rusage usage;
    struct scan_set set;
    struct err err = { 0 };
    FILE *copy;
    bool ok = bytes > 0;
    int64_t since_ns;

    if (!ok) {
        fprintf(stderr, "usage: bench-detect MEBIBYTES FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < PLANTED; i++)
        canary_make(&canaries[i], planted[i].kind, CANARY_IN_TEXT,
                    planted[i].id, 7, planted[i].id, key);
    since_ns = cpu_ns();
    if (!scan_set_init(&set, canaries, PLANTED, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 4;
    }
    printf("    %zu canaries, %zu needles, %zu literals: %.1f ms to compile\n",
           PLANTED, set.needles.needle_count, set.needles.anchor_count,
           (double)(cpu_ns() - since_ns) / 1e6);
    copy = open_in(argv[2], "log");
    ok = copy && write_needles(&set, argv[2]);
    for (const struct benign_kind *kind = benign_kinds; kind->name; kind++)
        ok = search(&set, kind, bytes, kind == benign_kinds ? copy : NULL) ==
                 0 &&
             ok;
    ok = copy && fclose(copy) == 0 && ok;
    getrusage(RUSAGE_SELF, &usage);
    printf("    %ld MiB at most in memory\n", usage.ru_maxrss / 1024);
    scan_set_release(&set);
    for (size_t i = 0; i < PLANTED; i++)
        canary_release(&canaries[i]);
    return ok ? 0 : 1;
}
