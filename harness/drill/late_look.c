#include "harness/drill/late_look.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/leaks/unpack.h"

#define WINDOW_BYTES  262144
#define OVERLAP_BYTES 16384
#define UNPACKED_MOST ((int64_t)1 << 20)

/* --- quickly ------------------------------------------------------------- */

/* A text of any length on its way past the secrets. */
struct passing {
    const struct forbidden *secrets;
    struct buf window;
    size_t fresh; /* bytes of it that were not looked at */
    bool suspect;
};

static void collect(void *context, const char *bytes, size_t length)
{
    buf_add(context, bytes, length);
}

/* Something compressed may begin here. What does not end here, or is long, is
 * to be looked at closely. */
static bool hides_one(const struct forbidden *secrets, size_t magic,
                      const char *bytes, size_t length)
{
    struct unpack *unpack = unpack_new(magic, UNPACKED_MOST);
    struct buf text = { 0 };
    enum unpack_state state;
    size_t used;
    bool found;

    state = unpack_feed(unpack, bytes, length, &used, collect, &text);
    found = state == UNPACK_TOO_MUCH || (text.length && state == UNPACK_MORE);
    found = found || (text.length && forbidden_find(secrets, text.data,
                                                    text.length, NULL) != NULL);
    unpack_free(unpack);
    if (text.data)
        xwipe(text.data, text.length);
    buf_release(&text);
    return found;
}

static bool is_suspect(const struct forbidden *secrets, const char *bytes,
                       size_t length)
{
    if (forbidden_find(secrets, bytes, length, NULL))
        return true;
    for (size_t m = 0; unpack_magics[m].name; m++) {
        const char *at = bytes;

        while ((at = memmem(at, (size_t)(bytes + length - at),
                            unpack_magics[m].bytes, unpack_magics[m].length)) !=
               NULL) {
            if (hides_one(secrets, m, at, (size_t)(bytes + length - at)))
                return true;
            at++;
        }
    }
    return false;
}

static void look(struct passing *p)
{
    struct buf *window = &p->window;

    if (!p->suspect && p->fresh)
        p->suspect = is_suspect(p->secrets, window->data, window->length);
    p->fresh = 0;
    if (window->length <= OVERLAP_BYTES)
        return;
    memmove(window->data, window->data + window->length - OVERLAP_BYTES,
            OVERLAP_BYTES);
    window->length = OVERLAP_BYTES;
}

static void pass(void *context, const char *bytes, size_t length)
{
    struct passing *p = context;

    while (length > 0 && !p->suspect) {
        size_t room = WINDOW_BYTES - p->window.length;
        size_t now = length < room ? length : room;

        buf_add(&p->window, bytes, now);
        p->fresh += now;
        bytes += now;
        length -= now;
        if (p->window.length == WINDOW_BYTES)
            look(p);
    }
}

/* Between two texts nothing is to be read as one. */
static void finish(struct passing *p)
{
    look(p);
    buf_clear(&p->window);
}

static void pass_files(struct passing *p, const char *pattern)
{
    const struct trail nothing = { 0 };
    struct trail files;
    struct trail_parts parts;

    trail_look(&files, pattern, true);
    trail_compare(&parts, &nothing, &files);
    for (size_t i = 0; i < parts.count && !p->suspect; i++) {
        trail_read(&parts.items[i], pass, p);
        finish(p);
    }
    trail_parts_release(&parts);
    trail_release(&files);
}

static bool was_handed(const struct sink *sink, const char *bytes,
                       size_t length)
{
    for (size_t i = 0; sink->handed && sink->handed[i]; i++)
        if (strlen(sink->handed[i]) == length &&
            memcmp(sink->handed[i], bytes, length) == 0)
            return true;
    return false;
}

static void pass_page(struct passing *p, const struct sink *sink,
                      const struct page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        size_t from = i ? page->pieces[i - 1].end : 0;
        size_t length = page->pieces[i].end - from;

        if (was_handed(sink, page->text.data + from, length))
            continue;
        pass(p, page->text.data + from, length);
        /* Else it might look like the next one's beginning. */
        if (page->pieces[i].place != SIZE_MAX)
            pass(p, "\n", 1);
    }
    finish(p);
}

/* A database is read now, everything else was while its process ran. */
static bool is_fetched_now(const struct sink *sink)
{
    return sink->source == &source_sqlite;
}

bool late_suspects(const struct forbidden *secrets, const struct sink *sink,
                   const struct page *page)
{
    struct passing p = { .secrets = secrets };

    if (is_fetched_now(sink)) {
        struct page now = { 0 };

        sink->source->fetch(&now, &sink->target);
        pass_page(&p, sink, &now);
        page_release(&now);
    } else if (sink->source) {
        pass_page(&p, sink, page);
    } else {
        pass_files(&p, sink->path);
    }
    if (p.window.data)
        xwipe(p.window.data, p.window.capacity);
    buf_release(&p.window);
    return p.suspect;
}

/* --- closely ------------------------------------------------------------- */

static bool was_given(const struct sink *sink, const char *path)
{
    for (size_t i = 0; sink->given && sink->given[i]; i++)
        if (strcmp(sink->given[i], path) == 0)
            return true;
    return false;
}

/* Takes what was given out of the files. */
static void leave_out_given(struct trail *files, const struct sink *sink)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->count; i++) {
        struct trail_file *file = &files->items[i];

        if (!was_given(sink, file->path)) {
            files->items[kept++] = *file;
            continue;
        }
        if (file->fd >= 0)
            close(file->fd);
        free(file->path);
    }
    files->count = kept;
}

void late_search(struct observation *o, struct scan_set *set,
                 const struct sink *sink, const struct page *page,
                 enum late_part part)
{
    struct sink only = *sink;
    const struct sink_set sinks = { .items = &only, .count = 1 };
    struct sink_stand nothing = { 0 }, now = { 0 };
    const struct sink_mark to = { &now, 1 };
    const struct sink_mark from = { part == LATE_SINCE_READY ? &only.first
                                                             : &nothing,
                                    1 };

    /* Keys may be what a database is for. */
    if (is_fetched_now(sink) && part == LATE_NOT_GIVEN)
        return;
    if (is_fetched_now(sink))
        sink->source->fetch(&now.page, &sink->target);
    else if (sink->source)
        now.page = *page;
    else
        trail_look(&now.files, sink->path, true);
    if (part == LATE_NOT_GIVEN)
        leave_out_given(&now.files, sink);
    sink_scan(&sinks, &from, &to, set, o);
    if (is_fetched_now(sink))
        page_release(&now.page);
    trail_release(&now.files);
}
