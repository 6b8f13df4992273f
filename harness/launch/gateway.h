/*
 * gateway: one running process of the gateway under test: its files rendered
 * from the profile, its ports, its working folder, its output.
 */
#ifndef GATEDRILL_HARNESS_GATEWAY_H
#define GATEDRILL_HARNESS_GATEWAY_H

#include "harness/launch/names.h"
#include "harness/launch/port.h"
#include "harness/launch/process.h"
#include "harness/launch/profile.h"

struct gateway {
    const struct profile *profile;
    const struct profile_variant *variant; /* NULL: the profile's own */
    char *folder;                          /* ${work} */
    struct names names;
    struct port *ports; /* the gateway's own, then start.ports */
    size_t port_count;
    struct process process;
    char *url;    /* route.url, filled */
    char **given; /* files of its sinks that were there before it ran, by the
                     profile's will; NULL-terminated */
};

/*
 * Chooses ports, renders the files, runs the prepare commands, starts the
 * gateway and waits until it is ready. A taken port is tried again with others.
 * names   what the caller knows already (keys, upstreams); taken over
 * Errors: what failed, with the last lines of its stderr. On error *out is
 * released.
 */
bool gateway_start(struct gateway *out, const struct profile *profile,
                   const struct profile_variant *variant, const char *folder,
                   struct names *names, struct err *err);
/* The same without starting: for `repro --no-start`. */
bool gateway_render(struct gateway *out, const struct profile *profile,
                    const struct profile_variant *variant, const char *folder,
                    struct names *names, struct err *err);
/* False when it has ended; err then says how, with its last lines. */
bool gateway_alive(struct gateway *gateway, struct err *err);
/* Only asks it to end: so that many can end at the same time. */
void gateway_ask_to_stop(const struct gateway *gateway);
void gateway_stop(struct gateway *gateway);

/* What stands in the profile's file sinks now. NULL and err: a name is unknown.
 * Caller frees with gateway_texts_free(). */
char **gateway_sink_files(const struct gateway *gateway, struct err *err);

/* The first line the version command prints, or "unknown". Caller frees. */
char *gateway_version(const struct profile *profile, const char *folder);

/* The command and environment as they would be run, filled; for printing. Keys
 * in it are the run's canaries. Callers give them to gateway_texts_free(). */
char **gateway_command(const struct gateway *gateway, struct err *err);
char **gateway_environment(const struct gateway *gateway, struct err *err);
/* Wipes each text and frees all; NULL is fine. */
void gateway_texts_free(char **texts);

#endif
