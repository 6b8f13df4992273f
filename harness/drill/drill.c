#include "harness/drill/drill.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/drill/drill_cases.h"
#include "harness/launch/guardian.h"
#include "harness/home.h"
#include "harness/launch/profile_names.h"
#include "harness/outlet.h"

const struct runbook *drill_runbook(const struct drill *drill,
                                    const char *variant)
{
    for (size_t i = 1; variant && i < drill->runbook_count; i++)
        if (strcmp(drill->runbooks[i].variant, variant) == 0)
            return &drill->runbooks[i].runbook;
    return &drill->runbooks[0].runbook;
}

const struct fixture *drill_fixture(const struct drill *drill, const char *name)
{
    for (size_t i = 0; i < drill->fixture_count; i++)
        if (strcmp(drill->fixtures[i].name, name ? name : "minimal-chat") == 0)
            return &drill->fixtures[i];
    return NULL;
}

struct drill_id drill_new_id(const struct drill *drill, const char *label)
{
    struct drill_id id = { 0 };
    char text[640];

    snprintf(text, sizeof text, "drill-id/%s", label);
    digest_derive(&id.nonce, sizeof id.nonce, drill->seed, text);
    id.nonce &= 0xffffffffffffULL;
    if (!id.nonce)
        id.nonce = 1;
    return id;
}

/* ------------------------------------------------------------ what is asked */

static bool drill_load_runbooks(struct drill *drill, struct err *err)
{
    const struct bind_map *variants = &drill->profile.variants;
    const struct profile_variant *items = variants->items;

    drill->runbooks = xcalloc(1 + variants->count, sizeof *drill->runbooks);
    if (!runbook_load(&drill->runbooks[0].runbook, drill->profile.runbook_path,
                      err))
        return false;
    drill->runbook_count = 1;
    for (size_t i = 0; i < variants->count; i++) {
        struct drill_runbook *next = &drill->runbooks[drill->runbook_count];
        char *path;
        bool ok;

        if (!items[i].runbook)
            continue;
        path = path_join(drill->profile.folder, items[i].runbook);
        ok = runbook_load(&next->runbook, path, err);
        free(path);
        if (!ok)
            return false;
        next->variant = variants->keys[i];
        drill->runbook_count++;
    }
    return true;
}

static bool drill_check_environment(const struct drill *drill, struct err *err)
{
    const char *environment = drill->options.environment
                                  ? drill->options.environment
                                  : drill->profile.environment;

    if (strncasecmp(environment, "prod", 4) == 0 &&
        !drill->options.allow_production) {
        err_set(err, ERR_USAGE, "--environment",
                "\"%s\" looks like production, where a drill does not belong; "
                "use staging, or say --allow-production",
                environment);
        return false;
    }
    return true;
}

static void drill_split_template(struct drill *drill)
{
    const char *template = drill->profile.route.template;
    const char *space = strchr(template, ' ');

    drill->route_method = xstrndup(template, (size_t)(space - template));
    drill->route_path = xstrdup(space + 1);
}

bool drill_open(struct drill *out, const struct drill_options *options,
                struct err *err)
{
    *out = (struct drill){ .options = *options };
    out->mock.pidfd = -1;
    run_folder_init(&out->folder);
    outlet_guard(&out->folder);
    pthread_mutex_init(&out->lock, NULL);
    pthread_cond_init(&out->slots.changed, NULL);
    if (options->seed >= 0)
        out->seed = (uint64_t)options->seed;
    else
        digest_random(&out->seed, sizeof out->seed);
    out->seed &= 0x7fffffffffffffffULL;
    if (!profile_load(&out->profile, options->gateway, err) ||
        !profile_names_check(&out->profile, err) ||
        !drill_check_environment(out, err) || !drill_load_runbooks(out, err) ||
        !drill_load_scenarios(out, err) ||
        !suite_load(&out->suite, out->scenarios_root, options->suite, err) ||
        !drill_load_cases(out, err))
        return false;
    drill_split_template(out);
    drill_arrange_cases(out);
    return true;
}

void drill_close(struct drill *drill)
{
    slots_close(drill);
    late_release(&drill->late);
    process_stop(&drill->mock, SIGTERM, 2000);
    guardian_stop();
    mock_control_release(&drill->control);
    for (size_t i = 0; i < drill->case_count; i++)
        planned_release(&drill->cases[i]);
    free(drill->cases);
    for (size_t i = 0; i < drill->fixture_count; i++)
        fixture_release(&drill->fixtures[i]);
    free(drill->fixtures);
    for (size_t i = 0; i < drill->scenarios_count; i++)
        scenarios_release(&drill->scenarios[i]);
    free(drill->scenarios);
    for (size_t i = 0; i < drill->runbook_count; i++)
        runbook_release(&drill->runbooks[i].runbook);
    free(drill->runbooks);
    suite_release(&drill->suite);
    outlet_guard(NULL);
    run_folder_close(&drill->folder);
    run_release(&drill->run);
    profile_release(&drill->profile);
    free(drill->scenarios_root);
    free(drill->route_method);
    free(drill->route_path);
    free(drill->work);
    pthread_cond_destroy(&drill->slots.changed);
    pthread_mutex_destroy(&drill->lock);
}
