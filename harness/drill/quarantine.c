#include "harness/drill/quarantine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "harness/drill/drill.h"

/* What of path is below folder; NULL: it is not. */
static const char *below(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    return strncmp(path, folder, length) == 0 && path[length] == '/'
               ? path + length + 1
               : NULL;
}

/* A link in the gateway's folder may lead to any file of the machine. */
static bool may_copy(const char *path, const char *work)
{
    char *real, *home;
    struct stat status;
    bool inside;

    if (!below(path, work))
        return lstat(path, &status) == 0 && S_ISREG(status.st_mode);
    real = realpath(path, NULL);
    home = realpath(work, NULL);
    inside = real && home && below(real, home);
    free(real);
    free(home);
    return inside;
}

/* Of one folder, so that equal names of two do not meet; by number where the
 * name itself holds what leaked. Caller frees. */
static char *name_of(struct drill *drill, const char *slot,
                     const struct trail_file *file)
{
    char *home = xasprintf("%s/%s", drill->work, slot);
    const char *rest = below(file->path, home);
    struct err ignored;
    char *name;

    if (!rest)
        rest = below(file->path, drill->work);
    name = xasprintf("%s-%s", slot, rest ? rest : file->path);
    for (char *at = name; *at; at++)
        if (*at == '/')
            *at = '-';
    free(home);
    if (strlen(name) < NAME_MAX - sizeof ".tmp" &&
        run_folder_allows(&drill->folder, "a file's name", name, strlen(name),
                          &ignored))
        return name;
    xwipe(name, strlen(name));
    free(name);
    return xasprintf("%s-file-%llu", slot, (unsigned long long)file->inode);
}

static void keep(struct drill *drill, const char *slot,
                 const struct trail_file *file)
{
    char *name = name_of(drill, slot, file);
    struct err err = { 0 };

    if (!may_copy(file->path, drill->work))
        log_line(LOG_WARNING, "%s is not kept: a link leads elsewhere", name);
    else if (!run_folder_quarantine(&drill->folder, name, file->path, &err))
        log_line(LOG_WARNING, "%s is not kept: %s: %s", name, err.where,
                 err.text);
    free(name);
}

/* True when something was found in this file of the sink. */
static bool is_hit(const struct sink *sink, const char *path,
                   const struct sink_hit *hits, size_t count)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;

    for (size_t i = 0; i < count; i++)
        if (!strcmp(hits[i].sink, sink->name) &&
            (sink->source || !hits[i].place[0] ||
             !strncmp(hits[i].place, file, sizeof hits->place - 1)))
            return true;
    return false;
}

void quarantine_sinks(struct drill *drill, const char *slot,
                      const struct sink_set *sinks, const struct sink_hit *hits,
                      size_t count)
{
    for (size_t i = 0; i < sinks->count && count; i++) {
        const struct sink *sink = &sinks->items[i];
        const char *path = sink->source ? sink->target.path : sink->path;
        struct trail files = { 0 };

        if (path)
            trail_look(&files, path, false);
        for (size_t f = 0; f < files.count; f++)
            if (is_hit(sink, files.items[f].path, hits, count))
                keep(drill, slot, &files.items[f]);
        trail_release(&files);
    }
}
