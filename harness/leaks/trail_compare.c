#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/xalloc.h"
#include "harness/leaks/trail_parts.h"

/* What became of a file that was there before. */
enum fate { FATE_GONE, FATE_SAME, FATE_CUT };

struct comparing {
    struct trail_parts *out;
    const struct trail *before;
    enum fate *fates; /* of each file of it */
};

static void fail(struct trail_parts *parts, const char *text)
{
    if (!parts->problem[0])
        snprintf(parts->problem, sizeof parts->problem, "%s", text);
}

static struct trail_part *add_part(struct trail_parts *parts,
                                   const struct trail_file *file, int64_t from,
                                   int64_t to)
{
    const char *slash = strrchr(file->path, '/');
    struct trail_part *part;

    parts->items = xgrow(parts->items, parts->count, &parts->capacity,
                         sizeof *parts->items);
    part = &parts->items[parts->count++];
    *part = (struct trail_part){ .fd = file->fd,
                                 .from = from,
                                 .to = to,
                                 .tail = to == file->size ? file->tail : "",
                                 .name = slash ? slash + 1 : file->path };
    return part;
}

static void add_packed(struct trail_parts *parts, const struct trail_file *file,
                       const char *packing, int64_t unpacked_from)
{
    struct trail_part *part = add_part(parts, file, 0, file->size);

    part->unpacked_from = unpacked_from;
    snprintf(part->packing, sizeof part->packing, "%s", packing);
}

bool trail_held(const struct trail_file *file, int64_t size, const char *tail)
{
    char known[DIGEST_HEX_SIZE];

    if (size >= file->size)
        return strcmp(file->tail, tail) == 0;
    if (file->fd < 0)
        return false;
    trail_tail(known, file->fd, size);
    return strcmp(known, tail) == 0;
}

static bool begins_with(const struct trail_file *file,
                        const struct trail_file *old)
{
    char tail[DIGEST_HEX_SIZE];

    if (!old->size)
        return true;
    if (file->size < old->size)
        return false;
    trail_tail(tail, file->fd, old->size);
    return strcmp(tail, old->tail) == 0;
}

/* A copy that is being made is the beginning of what it will be. */
static bool is_copy(const struct trail_file *file, const struct trail_file *old)
{
    char tail[DIGEST_HEX_SIZE];

    if (file->size >= old->size)
        return begins_with(file, old);
    trail_tail(tail, file->fd, file->size);
    return trail_held(old, file->size, tail);
}

/* It is where it was: what was added is new. */
static void compare_same(struct comparing *c, const struct trail_file *file,
                         size_t index)
{
    const struct trail_file *old = &c->before->items[index];
    const char *packing, *unread = NULL;

    if (!begins_with(file, old)) {
        c->fates[index] = FATE_CUT;
        add_part(c->out, file, 0, file->size);
        return;
    }
    c->fates[index] = FATE_SAME;
    if (file->size == old->size)
        return;
    packing = old->size ? trail_packing(file->fd, &unread) : NULL;
    if (packing)
        add_packed(c->out, file, packing,
                   trail_unpacked_size(file->fd, old->size));
    else
        add_part(c->out, file, old->size, file->size);
}

/* The longest of the files before that this one begins with; count: none. */
static size_t find_original(const struct comparing *c,
                            const struct trail_file *file, bool packed)
{
    size_t best = c->before->count;

    for (size_t i = 0; i < c->before->count; i++) {
        const struct trail_file *old = &c->before->items[i];

        if (!old->size || (best < c->before->count &&
                           c->before->items[best].size >= old->size))
            continue;
        if (packed ? trail_unpacks_to(file->fd, file->size, old)
                   : is_copy(file, old))
            best = i;
    }
    return best;
}

/* It was not there: made anew, or a copy of what was. */
static void compare_new(struct comparing *c, const struct trail_file *file)
{
    const char *unread = NULL;
    const char *packing = trail_packing(file->fd, &unread);
    size_t original;
    char text[96];

    if (!file->size)
        return;
    if (unread) {
        snprintf(text, sizeof text, "is compressed by %s, which is not read",
                 unread);
        fail(c->out, text);
        return;
    }
    original = find_original(c, file, packing != NULL);
    if (original == c->before->count) {
        add_part(c->out, file, 0, file->size);
        return;
    }
    if (packing)
        add_packed(c->out, file, packing, c->before->items[original].size);
    else if (file->size > c->before->items[original].size)
        add_part(c->out, file, c->before->items[original].size, file->size);
}

/* Whether a file that was not there before holds all of what another one did.
 */
static bool is_kept(const struct comparing *c, const struct trail *after,
                    const struct trail_file *old)
{
    for (size_t i = 0; i < after->count; i++) {
        const struct trail_file *file = &after->items[i];
        const char *unread = NULL;

        if (trail_find(c->before, file))
            continue;
        if (trail_packing(file->fd, &unread)
                ? trail_unpacked_size(file->fd, file->size) >= old->size &&
                      trail_unpacks_to(file->fd, file->size, old)
                : !unread && begins_with(file, old))
            return true;
    }
    return false;
}

/* What a file got before it went away. */
static void compare_gone(struct comparing *c, const struct trail *after,
                         const struct trail_file *old)
{
    struct trail_file grown = *old;
    struct stat status;

    if (old->fd < 0 || fstat(old->fd, &status) != 0) {
        fail(c->out, "a file was removed before it was read");
        return;
    }
    grown.size = status.st_size;
    if (grown.size <= old->size)
        return;
    trail_tail(grown.tail, old->fd, grown.size);
    if (!is_kept(c, after, &grown))
        add_part(c->out, old, old->size, grown.size);
}

/* Files that are there no more, or not as they were. */
static void compare_old(struct comparing *c, const struct trail *after,
                        size_t index)
{
    const struct trail_file *old = &c->before->items[index];
    const struct trail_file *now = trail_find(after, old);
    char text[96];

    switch (c->fates[index]) {
    case FATE_SAME:
        return;
    case FATE_CUT:
        if (is_kept(c, after, old))
            return;
        snprintf(text, sizeof text, "shrank from %lld to %lld bytes",
                 (long long)old->size, (long long)(now ? now->size : 0));
        fail(c->out, text);
        return;
    case FATE_GONE:
        compare_gone(c, after, old);
        return;
    }
}

void trail_compare(struct trail_parts *out, const struct trail *before,
                   const struct trail *after)
{
    struct comparing c = { out, before,
                           xcalloc(before->count + 1, sizeof *c.fates) };

    *out = (struct trail_parts){ 0 };
    if (after->problem[0])
        fail(out, after->problem);
    for (size_t i = 0; i < after->count; i++) {
        const struct trail_file *old = trail_find(before, &after->items[i]);

        if (old)
            compare_same(&c, &after->items[i], (size_t)(old - before->items));
        else
            compare_new(&c, &after->items[i]);
    }
    for (size_t i = 0; i < before->count; i++)
        compare_old(&c, after, i);
    free(c.fates);
}

void trail_parts_release(struct trail_parts *parts)
{
    free(parts->items);
    *parts = (struct trail_parts){ 0 };
}
