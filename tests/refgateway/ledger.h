/*
 * ledger: what the gateway keeps of each request besides its access log: a row
 * in a SQLite spend log, a line by syslog. Figures and names only: the alias of
 * a key, never the key.
 */
#ifndef GATEDRILL_REFGATEWAY_LEDGER_H
#define GATEDRILL_REFGATEWAY_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct ledger;

struct ledger_row {
    const char *upstream; /* the last that was asked; NULL: none was */
    const char *model;    /* asked of it; NULL: the client's */
    int status;           /* sent to the client; 0: none was */
    int64_t input_tokens, output_tokens; /* -1: not known */
};

/*
 * spend   the database; NULL: none is kept
 * syslog  HOST:PORT for UDP, or the path of a unix socket; NULL: none is sent
 * Errors: ERR_IO, ERR_NET, ERR_USAGE for what is no address.
 */
struct ledger *ledger_open(const char *spend, const char *syslog,
                           struct err *err);
void ledger_write(struct ledger *ledger, const struct ledger_row *row);
void ledger_close(struct ledger *ledger); /* NULL is fine */

/* Seeded bugs only: a text where it does not belong. */
void ledger_leak_text(struct ledger *ledger, const char *text);
void ledger_leak_blob(struct ledger *ledger, const void *bytes, size_t length);
void ledger_leak_syslog(struct ledger *ledger, const char *text);

#endif
