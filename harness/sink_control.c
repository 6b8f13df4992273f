#include "harness/sink.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"

/* Where an earlier canary with the same text was planted; -1 when none was. */
static int64_t planted_at(const struct observation *o, size_t index,
                          const int64_t *at)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(o->canaries[i].text, o->canaries[index].text) == 0)
            return at[i];
    return -1;
}

/* Writes noise, and after it each canary's text once, with the first across the
 * border of the first window. at[i] is where the i-th stands. */
static bool write_scratch(FILE *out, const struct observation *o, bool planted,
                          int64_t *at)
{
    struct buf text = { 0 };
    bool ok;

    while (text.length < SINK_WINDOW_BYTES - 8)
        buf_add_text(&text, "noise ");
    for (size_t i = 0; planted && i < o->canary_count; i++) {
        at[i] = planted_at(o, i, at);
        if (at[i] >= 0)
            continue;
        at[i] = (int64_t)text.length;
        buf_printf(&text, "%s\n", o->canaries[i].text);
    }
    ok = fwrite(text.data, 1, text.length, out) == text.length &&
         fflush(out) == 0;
    xwipe(text.data, text.length);
    buf_release(&text);
    return ok;
}

/* True when the hits in scratch are the planted texts, each at its place. */
static bool control_hits(const struct observation *scratch, const int64_t *at)
{
    for (size_t i = 0; i < scratch->hit_count; i++) {
        bool right = false;

        for (size_t c = 0; c < scratch->canary_count; c++)
            right = right || (at[c] == scratch->hits[i].offset &&
                              strcmp(scratch->canaries[c].id,
                                     scratch->hits[i].canary) == 0);
        if (!right)
            return false;
    }
    return true;
}

/* True when exactly what was planted is found. */
static bool control_once(const struct observation *o, const char *folder,
                         bool planted)
{
    struct observation scratch = { .canaries = o->canaries,
                                   .canary_count = o->canary_count };
    int64_t *at = xcalloc(o->canary_count, sizeof *at), mark = 0;
    /* Cases that share a gateway share its folder. */
    char *path = xasprintf("%s/detector-control-XXXXXX", folder);
    struct sink_set set = { 0 };
    int fd = mkostemp(path, O_CLOEXEC);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool ok = out && write_scratch(out, o, planted, at);

    if (ok) {
        sink_set_add(&set, "scratch", path, true);
        sink_scan(&set, &mark, &scratch);
        ok = !scratch.sinks[0].problem[0] &&
             scratch.hit_count == (planted ? o->canary_count : 0) &&
             control_hits(&scratch, at);
    }
    if (out)
        fclose(out);
    else if (fd >= 0)
        close(fd);
    if (fd >= 0)
        unlink(path);
    free(scratch.sinks);
    free(scratch.hits);
    sink_set_release(&set);
    free(path);
    free(at);
    return ok;
}

void sink_control(struct observation *o, const char *folder)
{
    o->detector_control = o->canary_count && control_once(o, folder, false) &&
                          control_once(o, folder, true);
}
