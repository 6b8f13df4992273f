/* err: what went wrong with the input or the world, in words a person can act
 * on. Out of memory never gets here (see xalloc.h); the impossible is assert().
 */
#ifndef GATEDRILL_COMMON_ERR_H
#define GATEDRILL_COMMON_ERR_H

#include <stdbool.h>

enum err_code {
    ERR_NONE,
    ERR_USAGE,  /* the command line */
    ERR_SYNTAX, /* not JSON, not UTF-8, duplicate key, trailing text */
    ERR_SCHEMA, /* JSON, but not what the format allows */
    ERR_IO,     /* file or directory */
    ERR_NET,    /* socket or peer */
    ERR_STATE,  /* a process or service is not in the state needed */
};

/*
 * where  file and place, such as "a.json: $.upstreams.primary[0].status"
 * text   what, the value seen, the allowed range, what to do
 */
struct err {
    enum err_code code;
    char where[512];
    char text[1024];
};

/* Fills *err; later calls overwrite earlier ones. Text is printf style and is
 * cut, never overrun. where may be NULL. */
void err_set(struct err *err, enum err_code code, const char *where,
             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with the text of the current errno. */
void err_set_errno(struct err *err, enum err_code code, const char *where);

#endif
