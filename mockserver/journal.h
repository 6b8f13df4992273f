/*
 * journal: what arrived, one JSON line an attempt, bounded in memory; with a
 * path each line is appended to a file as well. Lines of forgotten cases go
 * first, then the oldest.
 */
#ifndef GATEDRILL_MOCKSERVER_JOURNAL_H
#define GATEDRILL_MOCKSERVER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/attempt.h"
#include "common/buf.h"
#include "common/err.h"

#define JOURNAL_LINES_MOST 100000
#define JOURNAL_BYTES_MOST (256u << 20)

struct cases;

struct journal_line {
    int64_t seq;
    uint64_t nonce;
    char *text; /* NULL: of a forgotten case */
};

struct journal {
    struct journal_line *lines; /* by seq */
    size_t count, capacity;
    size_t most;
    size_t bytes; /* of all texts */
    size_t blank; /* lines without a text */
    int64_t last_seq;
    int64_t dropped;           /* of cases that were not forgotten */
    int64_t foreign;           /* written so far */
    const struct cases *cases; /* whose texts no line holds; NULL: none */
    FILE *file;                /* NULL: none */
    char *path;
};

/* most  lines kept in memory (and JOURNAL_BYTES_MOST of them); path  NULL:
 * memory only. Errors: ERR_IO. */
bool journal_open(struct journal *journal, size_t most, const char *path,
                  struct err *err);
void journal_release(struct journal *journal);

/* The line of an attempt, as it may be kept or sent. Caller frees. */
char *journal_print(const struct journal *journal,
                    const struct attempt *attempt);
/* Gives the attempt its seq and keeps its line. A file that cannot be written
 * any more is given up with one message on stderr. */
void journal_append(struct journal *journal, struct attempt *attempt);

/* Adds the lines with a seq above after, each with a newline, to out; nonce 0
 * means every case. Returns how many. */
size_t journal_read(const struct journal *journal, uint64_t nonce,
                    int64_t after, struct buf *out);
/* nonce 0: all. */
void journal_forget(struct journal *journal, uint64_t nonce);

#endif
