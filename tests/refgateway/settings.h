/* settings: where the upstreams are and which keys and models they get. Keys
 * come from the environment only; the file names the variables. */
#ifndef GATEDRILL_REFGATEWAY_SETTINGS_H
#define GATEDRILL_REFGATEWAY_SETTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "tests/refgateway/cooldown.h"
#include "tests/refgateway/rules.h"

/* A header of a request: of the client's one that the runbook lets through, or
 * one that an upstream is configured with. */
struct call_header {
    char *name;
    char *value;
};

struct settings_upstream {
    char *name;
    char *url;   /* base_url + "/chat/completions" */
    char **keys; /* secret; at least one unless the rules say otherwise */
    size_t key_count;
    char *model;     /* sent instead of the client's; NULL: the client's */
    char *ca_file;   /* trusted for https; NULL: the system's */
    bool client_key; /* the client's own credential goes there */
    struct call_header *headers; /* set in each request there */
    size_t header_count;
};

/* What is remembered between requests: which key of each upstream has been
 * accepted before, only read where auth.known_good_retry asks for it, and who
 * is left out for a time. */
struct settings_memory {
    _Atomic bool worked[RULES_UPSTREAMS];
    struct cooldown cooldown;
};

struct settings {
    char *client_key; /* secret; NULL: any client is let in */
    /* In fallback order; only those that may be called. */
    struct settings_upstream upstreams[RULES_UPSTREAMS];
    size_t count;
    /* What clients may ask for by a name of its own in the metrics. */
    char **models;
    size_t model_count;
};

/*
 * Reads {"client_key_env": NAME, "models": [NAMES], "order": [NAMES],
 * "upstreams": [{"name", "base_url", "key_env": NAME or [NAMES], "model",
 * "ca_file", "headers": {}}]} and ties it to the rules: order, where it is
 * given, must come to the runbook's, and who stands in it twice has one turn.
 * Else there are the upstreams of fallback.order in that order, else the first
 * alone, each with the credential and model the runbook gives it. Errors:
 * ERR_IO, ERR_SYNTAX, ERR_SCHEMA with the JSON path; a variable that is not set
 * is named, its value never.
 */
bool settings_load(struct settings *out, const char *path,
                   const struct rules *rules, struct err *err);
void settings_release(struct settings *settings); /* wipes the keys */

#endif
