#include <stdlib.h>

#include "common/xalloc.h"
#include "harness/launch/gateway.h"
#include "harness/leaks/trail.h"

/* Adds those of one path or glob to a list that ends with NULL. */
static char **add_files(char **list, size_t *count, const char *pattern)
{
    struct trail files;

    trail_look(&files, pattern, false);
    list = xrealloc(list, (*count + files.count + 1) * sizeof *list);
    for (size_t i = 0; i < files.count; i++)
        list[(*count)++] = xstrdup(files.items[i].path);
    list[*count] = NULL;
    trail_release(&files);
    return list;
}

char **gateway_sink_files(const struct gateway *gateway, struct err *err)
{
    const struct profile_sink *sinks = gateway->profile->sinks.items;
    char **list = xcalloc(1, sizeof *list);
    size_t count = 0;

    for (size_t i = 0; i < gateway->profile->sinks.count; i++) {
        char *path;

        if (sinks[i].kind != SINK_FILE)
            continue;
        path = names_fill(&gateway->names, sinks[i].path, "$.sinks", err);
        if (!path) {
            gateway_texts_free(list);
            return NULL;
        }
        list = add_files(list, &count, path);
        free(path);
    }
    return list;
}
