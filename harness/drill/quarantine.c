#include "harness/drill/quarantine.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "harness/drill/drill.h"

/* True when something was found in this file of the sink. */
static bool is_hit(const struct sink *sink, const char *file,
                   const struct sink_hit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(hits[i].sink, sink->name) &&
            (sink->source || !hits[i].place[0] || !strcmp(hits[i].place, file)))
            return true;
    return false;
}

void quarantine_sinks(struct drill *drill, const char *slot,
                      const struct sink_set *sinks, const struct sink_hit *hits,
                      size_t count)
{
    struct err err = { 0 };
    char name[160];

    for (size_t i = 0; i < sinks->count && count; i++) {
        const struct sink *sink = &sinks->items[i];
        const char *path = sink->source ? sink->target.path : sink->path;
        struct trail files = { 0 };

        if (path)
            trail_look(&files, path, false);
        for (size_t f = 0; f < files.count; f++) {
            const char *slash = strrchr(files.items[f].path, '/');
            const char *file = slash ? slash + 1 : files.items[f].path;

            if (!is_hit(sink, file, hits, count))
                continue;
            snprintf(name, sizeof name, "%s-%s", slot, file);
            if (!run_folder_quarantine(&drill->folder, name,
                                       files.items[f].path, &err))
                log_line(LOG_WARNING, "%s is not kept: %s: %s", name, err.where,
                         err.text);
        }
        trail_release(&files);
    }
}
