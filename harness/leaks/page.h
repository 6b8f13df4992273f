/*
 * page: a text that is fetched anew each time one looks: what an admin port
 * answers, a command prints, a database holds. It is kept in pieces, so that of
 * two pages only what is new in the later one has to be looked at.
 */
#ifndef GATEDRILL_HARNESS_PAGE_H
#define GATEDRILL_HARNESS_PAGE_H

#include "common/buf.h"
#include "harness/leaks/scan.h"

#define PAGE_BYTES_MOST ((size_t)64 << 20)
#define PAGE_PLACE_SIZE 64

struct page_piece {
    size_t end;    /* in the text */
    size_t place;  /* index; SIZE_MAX: none */
    uint64_t hash; /* of its bytes and its place */
};
struct page {
    struct buf text;
    struct page_piece *pieces;
    size_t count, capacity;
    char (*places)[PAGE_PLACE_SIZE]; /* "requests.note" */
    size_t place_count;
    char problem[96]; /* "": it is whole */
};

/* A name for where pieces stand: its index, for page_add(). */
size_t page_place(struct page *page, const char *name);
/* One piece. What goes beyond PAGE_BYTES_MOST is left out: a problem. */
void page_add(struct page *page, const void *bytes, size_t length,
              size_t place);
/* Pieces by lines, and within a line behind each "}," of a list: of an answer
 * in one line what stood there before is known again. */
void page_add_text(struct page *page, const void *bytes, size_t length);
/* The first problem stays. */
void page_fail(struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void page_release(struct page *page); /* wipes the text */
/* Wipes the text: what is left serves as the earlier page. */
void page_forget_text(struct page *page);

/* Where something new was found: offset in the later page. */
struct page_spot {
    int64_t offset;
    const char *place; /* "" for none; borrowed of the page */
};
/*
 * Searches what stands in after and not in before. spots[i] belongs to hit i;
 * caller frees them. Sets bytes to how many are new. NULL, or why not all was
 * searched.
 */
const char *page_search(struct scan_set *set, const struct page *before,
                        const struct page *after, size_t most,
                        struct scan_hits *out, struct page_spot **spots,
                        int64_t *bytes);
/* How many bytes of after are new: each as often as it stands there. */
int64_t page_growth(const struct page *before, const struct page *after);

#endif
