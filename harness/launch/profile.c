#include "harness/launch/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/credential.h"
#include "common/digest.h"
#include "common/xalloc.h"
#include "harness/home.h"
#include "harness/launch/process.h"

static char *profile_find_path(const char *name_or_path)
{
    char *below, *path;

    if (strchr(name_or_path, '/') || access(name_or_path, R_OK) == 0)
        return xstrdup(name_or_path);
    below = xasprintf("harness/gateways/%s/profile.json", name_or_path);
    path = home_path(below);
    free(below);
    if (access(path, R_OK) != 0) {
        free(path);
        below = xasprintf("gateways/%s/profile.json", name_or_path);
        path = home_path(below);
        free(below);
    }
    return path;
}

/* Credentials come from the run, never from a file in the tree. */
static bool profile_check_headers(const struct profile *p, struct err *err)
{
    const struct profile_pair *pairs = p->client.headers.items;

    for (size_t i = 0; i < p->client.headers.count; i++) {
        if (credential_is_header(pairs[i].name) &&
            !strstr(pairs[i].value, "${")) {
            err_set(err, ERR_SCHEMA, p->path,
                    "$.client.headers.%s: holds a credential as it is; use "
                    "${client.key}, which is made for each run",
                    pairs[i].name);
            return false;
        }
    }
    return true;
}

static bool profile_check(struct profile *p, struct err *err)
{
    if (!p->start.command.count) {
        err_set(err, ERR_SCHEMA, p->path,
                "$.start.command: missing; name the program that is the "
                "gateway");
        return false;
    }
    if (!p->start.ready_tcp && !p->start.ready_http) {
        err_set(err, ERR_SCHEMA, p->path,
                "$.start.ready: give tcp or http, so that one knows when it "
                "serves");
        return false;
    }
    if (p->start.stop_signal &&
        process_signal_number(p->start.stop_signal) < 0) {
        err_set(err, ERR_SCHEMA, p->path,
                "$.start.stop.signal: \"%s\" is no signal; TERM, INT, QUIT ...",
                p->start.stop_signal);
        return false;
    }
    if (!p->upstreams.count) {
        err_set(err, ERR_SCHEMA, p->path, "$.upstreams: at least one");
        return false;
    }
    return profile_check_headers(p, err) && profile_check_sinks(p, err) &&
           profile_read_telemetry(p, err) &&
           profile_log_read(&p->log, p, err) &&
           profile_metrics_read(&p->metrics, p, err);
}

static void profile_finish(struct profile *p)
{
    const struct json *count =
        json_pointer(p->telemetry, "/retry_count/response_header");
    char *runbook = p->runbook_path;

    if (!p->client.model)
        p->client.model = xstrdup("drill-model");
    if (json_text(count, NULL))
        p->retry_count_header = xstrdup(json_text(count, NULL));
    p->runbook_path = path_join(p->folder, runbook ? runbook : "runbook.json");
    free(runbook);
}

bool profile_load(struct profile *out, const char *name_or_path,
                  struct err *err)
{
    char *path = profile_find_path(name_or_path);
    char where[512];
    struct json *document = NULL;
    bool ok = false;

    *out = (struct profile){ 0 };
    if (access(path, R_OK) != 0) {
        err_set(err, ERR_USAGE, name_or_path,
                "no such gateway profile; see gatedrill list gateways, or "
                "give the path of a profile.json");
        goto done;
    }
    document = json_load(path, err);
    if (!document)
        goto done;
    snprintf(where, sizeof where, "%s: $", path);
    if (!bind_read(out, sizeof *out, profile_table, document, where,
                   BIND_STRICT, err))
        goto done;
    out->path = xstrdup(path);
    out->folder = path_folder(path);
    profile_finish(out);
    ok = profile_check(out, err) && digest_file(out->sha256, path, NULL, err);

done:
    json_free(document);
    free(path);
    if (!ok)
        profile_release(out);
    return ok;
}

void profile_release(struct profile *profile)
{
    if (!profile)
        return;
    bind_release(profile, profile_table);
    profile_log_release(&profile->log);
    profile_metrics_release(&profile->metrics);
    free(profile->path);
    free(profile->folder);
    free(profile->retry_count_header);
    *profile = (struct profile){ 0 };
}
