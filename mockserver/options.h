/*
 * options: the command line of gatedrill-mock.
 */
#ifndef GATEDRILL_MOCKSERVER_OPTIONS_H
#define GATEDRILL_MOCKSERVER_OPTIONS_H

#include "common/cli.h"
#include "common/err.h"

struct options {
    struct cli_list listen;     /* NAME=ADDR:PORT */
    struct cli_list advertise;  /* NAME=URL */
    struct cli_list credential; /* NAME=ENVVAR */
    const char *admin;          /* ADDR:PORT */
    const char *admin_token_file;
    const char *script;
    const char *scenarios;
    const char *dialect;
    const char *journal;
    int64_t seed;
    bool help, version;
};

/* Borrows from argv. Errors: ERR_USAGE. */
bool options_read(struct options *out, int argc, char **argv, struct err *err);
void options_release(struct options *options);
void options_write_help(FILE *out);

/* "NAME=VALUE" into the name (an upstream's) and the rest, borrowed. Errors:
 * ERR_USAGE with the option's name as place. */
bool options_pair(const char *option, const char *text, char *name,
                  size_t name_size, const char **value, struct err *err);

#endif
