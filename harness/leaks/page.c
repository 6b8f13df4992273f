#include "harness/leaks/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#define FNV_BASIS 14695981039346656037ULL
#define FNV_PRIME 1099511628211ULL

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * FNV_PRIME;
    return hash;
}

size_t page_place(struct page *page, const char *name)
{
    page->places =
        xrealloc(page->places, (page->place_count + 1) * sizeof *page->places);
    snprintf(page->places[page->place_count], sizeof *page->places, "%s", name);
    return page->place_count++;
}

void page_fail(struct page *page, const char *format, ...)
{
    va_list args;

    if (page->problem[0])
        return;
    va_start(args, format);
    vsnprintf(page->problem, sizeof page->problem, format, args);
    va_end(args);
}

void page_add(struct page *page, const void *bytes, size_t length, size_t place)
{
    uint64_t hash = hash_bytes(FNV_BASIS, bytes, length);

    if (page->text.length + length > PAGE_BYTES_MOST) {
        page_fail(page, "is longer than 64 MiB");
        return;
    }
    if (place != SIZE_MAX)
        hash =
            hash_bytes(hash, page->places[place], strlen(page->places[place]));
    buf_add(&page->text, bytes, length);
    page->pieces =
        xgrow(page->pieces, page->count, &page->capacity, sizeof *page->pieces);
    page->pieces[page->count++] = (struct page_piece){ .end = page->text.length,
                                                       .place = place,
                                                       .hash = hash };
}

/* How many bytes the next piece takes. */
static size_t piece_length(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] == '\n' || (bytes[i] == ',' && i && bytes[i - 1] == '}'))
            return i + 1;
    return length;
}

void page_add_text(struct page *page, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        size_t now = piece_length(at, length);

        page_add(page, at, now, SIZE_MAX);
        at += now;
        length -= now;
    }
}

void page_forget_text(struct page *page)
{
    if (page->text.data)
        xwipe(page->text.data, page->text.length);
    buf_release(&page->text);
}

void page_release(struct page *page)
{
    page_forget_text(page);
    free(page->pieces);
    free(page->places);
    *page = (struct page){ 0 };
}

/* --- what is new --------------------------------------------------------- */

/* The hashes of a page in order, each with how many pieces have it. */
struct tally {
    struct tally_row {
        uint64_t hash;
        size_t count;
    } * rows;
    size_t count;
};

static int row_order(const void *a, const void *b)
{
    const struct tally_row *left = a, *right = b;

    return left->hash < right->hash ? -1 : left->hash > right->hash;
}

static struct tally tally_of(const struct page *page)
{
    struct tally tally = { xcalloc(page->count + 1, sizeof *tally.rows), 0 };

    for (size_t i = 0; i < page->count; i++)
        tally.rows[i] = (struct tally_row){ page->pieces[i].hash, 1 };
    if (page->count)
        qsort(tally.rows, page->count, sizeof *tally.rows, row_order);
    for (size_t i = 0; i < page->count; i++) {
        if (tally.count &&
            tally.rows[tally.count - 1].hash == tally.rows[i].hash)
            tally.rows[tally.count - 1].count++;
        else
            tally.rows[tally.count++] = tally.rows[i];
    }
    return tally;
}

/* True when it stood there before; then it counts no more. */
static bool tally_take(struct tally *tally, uint64_t hash)
{
    const struct tally_row wanted = { hash, 0 };
    struct tally_row *row = bsearch(&wanted, tally->rows, tally->count,
                                    sizeof *tally->rows, row_order);

    if (!row || !row->count)
        return false;
    row->count--;
    return true;
}

/* New bytes that follow each other. */
struct stretch {
    size_t at;   /* in what is searched */
    size_t from; /* in the page */
    size_t place;
};
struct news {
    struct buf text;
    struct stretch *items;
    size_t count, capacity;
};

static void add_news(struct news *news, const struct page *page, size_t piece)
{
    size_t from = piece ? page->pieces[piece - 1].end : 0;
    size_t length = page->pieces[piece].end - from;

    /* Texts of two places do not touch. */
    if (piece && page->pieces[piece - 1].place != page->pieces[piece].place)
        buf_add(&news->text, "\n\n", 2);
    news->items =
        xgrow(news->items, news->count, &news->capacity, sizeof *news->items);
    news->items[news->count++] =
        (struct stretch){ .at = news->text.length,
                          .from = from,
                          .place = page->pieces[piece].place };
    buf_add(&news->text, page->text.data + from, length);
}

static int64_t find_news(struct news *news, const struct page *before,
                         const struct page *after)
{
    struct tally known = tally_of(before);
    int64_t bytes = 0;

    for (size_t i = 0; i < after->count; i++) {
        size_t from = i ? after->pieces[i - 1].end : 0;

        if (tally_take(&known, after->pieces[i].hash))
            continue;
        bytes += (int64_t)(after->pieces[i].end - from);
        if (news)
            add_news(news, after, i);
    }
    free(known.rows);
    return bytes;
}

int64_t page_growth(const struct page *before, const struct page *after)
{
    return find_news(NULL, before, after);
}

static struct page_spot spot_of(const struct news *news,
                                const struct page *page, int64_t at)
{
    const struct stretch *stretch = &news->items[0];
    const char *place = "";

    for (size_t i = 0; i < news->count && news->items[i].at <= (size_t)at; i++)
        stretch = &news->items[i];
    if (stretch->place != SIZE_MAX)
        place = page->places[stretch->place];
    return (struct page_spot){ .offset = (int64_t)(stretch->from +
                                                   ((size_t)at - stretch->at)),
                               .place = place };
}

const char *page_search(struct scan_set *set, const struct page *before,
                        const struct page *after, size_t most,
                        struct scan_hits *out, struct page_spot **spots,
                        int64_t *bytes)
{
    struct news news = { 0 };
    const char *problem = NULL;

    *out = (struct scan_hits){ 0 };
    *bytes = find_news(&news, before, after);
    if (news.text.length)
        problem = scan_bytes(set, news.text.data, news.text.length, most, out);
    *spots = xcalloc(out->count + 1, sizeof **spots);
    for (size_t i = 0; i < out->count; i++)
        (*spots)[i] = spot_of(&news, after, out->items[i].from);
    if (news.text.data)
        xwipe(news.text.data, news.text.length);
    buf_release(&news.text);
    free(news.items);
    return problem;
}
