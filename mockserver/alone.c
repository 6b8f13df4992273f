#include "mockserver/alone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mockserver/admin.h"
#include "mockserver/lease.h"

/* The default script is a case without a name. */
static bool alone_read_script(struct mock *mock, const char *path,
                              struct err *err)
{
    struct arming arming = { 0 };
    struct json *document = NULL;
    char place[512];

    if (path) {
        snprintf(place, sizeof place, "%s: $", path);
        document = json_load(path, err);
        if (!document || !arming_read(&arming, document, place, err)) {
            /* One that cannot be read is a wrong command line. */
            if (err->code == ERR_IO)
                err->code = ERR_USAGE;
            json_free(document);
            return false;
        }
    }
    json_free(document);
    cases_put(&mock->cases, 0, "", &arming);
    return true;
}

/* A scenario's first case; numbers that are relative to a runbook are the least
 * allowed ones. */
static bool alone_add_scenario(struct mock *mock,
                               const struct scenario *scenario, struct err *err)
{
    struct arming arming = { 0 };
    struct drill_case first;

    if (!scenario_case(&first, scenario, 0, NULL, err))
        return false;
    for (size_t i = 0; i < first.phases[0].upstream_count; i++) {
        struct case_upstream *upstream = &first.phases[0].upstreams[i];

        arming_add(&arming, upstream->name, &upstream->script);
    }
    drill_case_release(&first);
    cases_put(&mock->cases, 0, scenario->id, &arming);
    return true;
}

static bool alone_read_scenarios(struct mock *mock, const char *root,
                                 struct err *err)
{
    if (!root)
        return true;
    if (!scenarios_load(&mock->scenarios, root, err)) {
        if (err->code == ERR_IO)
            err->code = ERR_USAGE;
        return false;
    }
    mock->scenario_names =
        xcalloc(mock->scenarios.count + 1, sizeof *mock->scenario_names);
    for (size_t i = 0; i < mock->scenarios.count; i++) {
        mock->scenario_names[i] = mock->scenarios.items[i].id;
        if (!alone_add_scenario(mock, &mock->scenarios.items[i], err))
            return false;
    }
    return true;
}

static bool alone_listen(struct mock *mock, const char *text, struct err *err)
{
    struct slot *slot = slot_need(mock, ALONE_SLOT);
    struct listener *listener;
    char name[UPSTREAM_NAME_SIZE];
    const char *address;

    if (!options_pair("--listen", text, name, sizeof name, &address, err))
        return false;
    if (slot_listener(slot, name)) {
        err_set(err, ERR_USAGE, "--listen", "\"%s\" is there twice", name);
        return false;
    }
    listener = listener_open(mock, slot, name, address, err);
    if (!listener)
        return false;
    listener->next = slot->listeners;
    slot->listeners = listener;
    listener->alone = true;
    if (!listener_is_loopback(&listener->address) && !mock->control->token) {
        err_set(err, ERR_USAGE, "--listen",
                "%s is not loopback: that wants --admin-token-file", address);
        return false;
    }
    lease_apply(listener);
    return true;
}

/* Only the fingerprint of the key is kept. */
static bool alone_credential(struct mock *mock, const char *text,
                             struct err *err)
{
    const struct slot *slot = slot_find(mock, ALONE_SLOT);
    char name[UPSTREAM_NAME_SIZE], fingerprint[FINGERPRINT_HEX_SIZE];
    struct listener *listener;
    const char *variable, *key;

    if (!options_pair("--credential", text, name, sizeof name, &variable, err))
        return false;
    listener = slot ? slot_listener(slot, name) : NULL;
    key = getenv(variable);
    if (!listener || !key || !*key) {
        err_set(err, ERR_USAGE, "--credential", "%s: %s", text,
                listener ? "that environment variable is not set"
                         : "there is no --listen of that name");
        return false;
    }
    digest_fingerprint(fingerprint, mock->fingerprint_key, key, strlen(key));
    listener_accept_key(listener, fingerprint);
    return true;
}

bool alone_open(struct mock *mock, const struct options *options,
                struct err *err)
{
    if (!alone_read_script(mock, options->script, err) ||
        !alone_read_scenarios(mock, options->scenarios, err))
        return false;
    for (size_t i = 0; i < options->listen.count; i++)
        if (!alone_listen(mock, options->listen.items[i], err))
            return false;
    for (size_t i = 0; i < options->credential.count; i++)
        if (!alone_credential(mock, options->credential.items[i], err))
            return false;
    return true;
}

void alone_list(const struct mock *mock, const struct cli_list *advertise,
                struct json *urls)
{
    const struct slot *slot = slot_find(mock, ALONE_SLOT);

    for (const struct listener *l = slot ? slot->listeners : NULL; l;
         l = l->next) {
        const char *url = l->url;

        for (size_t i = 0; i < advertise->count; i++) {
            const char *text = advertise->items[i];
            size_t length = strlen(l->upstream);

            if (!strncmp(text, l->upstream, length) && text[length] == '=')
                url = text + length + 1;
        }
        json_add_text(urls, l->upstream, url);
    }
}
