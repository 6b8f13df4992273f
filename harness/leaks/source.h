/*
 * source: how the page of a sink is fetched: one file source_<name>.c and one
 * row here for each kind that is no file. A source that cannot be read says so
 * in the page's problem: absence would prove nothing.
 */
#ifndef GATEDRILL_HARNESS_SOURCE_H
#define GATEDRILL_HARNESS_SOURCE_H

#include <sys/types.h>

#include "harness/leaks/page.h"

/* Where to look; what a source does not use is NULL. */
struct source_target {
    char *path;         /* of a database */
    char *url;          /* of an HTTP page */
    char **words;       /* headers, or a command; NULL-terminated */
    char **environment; /* of a command; NULL-terminated */
    char *folder;       /* where a command runs */
    pid_t group;        /* of processes */
};

struct source {
    const char *name;
    bool standing; /* it is there without any request: never live */
    /* Adds to an empty page. */
    void (*fetch)(struct page *page, const struct source_target *target);
    /* Another value whenever something was written: tells without a fetch, that
     * may disturb who writes. NULL: only a fetch can tell. */
    uint64_t (*stamp)(const struct source_target *target);
};

extern const struct source source_http;    /* url, words: headers */
extern const struct source source_command; /* words, environment, folder */
extern const struct source source_sqlite;  /* path */
extern const struct source source_arguments, source_environment; /* group */

#endif
