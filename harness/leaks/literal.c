#include "harness/leaks/literal.h"

#include <hs/hs.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/xalloc.h"

struct literal_set {
    hs_database_t *database;
    hs_scratch_t *scratch;
    hs_stream_t *stream;
    size_t first;
};

/* The library wants columns. */
struct columns {
    const char **bytes;
    size_t *lengths;
    unsigned *flags, *ids;
};

static struct columns columns_of(const struct literal *items, size_t count)
{
    struct columns c = {
        .bytes = xcalloc(count, sizeof *c.bytes),
        .lengths = xcalloc(count, sizeof *c.lengths),
        .flags = xcalloc(count, sizeof *c.flags),
        .ids = xcalloc(count, sizeof *c.ids),
    };

    for (size_t i = 0; i < count; i++) {
        c.bytes[i] = items[i].bytes;
        c.lengths[i] = items[i].length;
        c.flags[i] = items[i].folded ? HS_FLAG_CASELESS : 0;
        c.ids[i] = (unsigned)i;
    }
    return c;
}

/* What the library made of the literals holds their letters. */
static pthread_once_t wiping = PTHREAD_ONCE_INIT;

static void wipe_freed(void)
{
    hs_set_allocator(malloc, xfree);
}

static bool compile(struct literal_set *set, const struct literal *items,
                    size_t count, struct err *err)
{
    struct columns c = columns_of(items, count);
    hs_compile_error_t *problem = NULL;
    hs_error_t code = hs_compile_lit_multi(c.bytes, c.flags, c.ids, c.lengths,
                                           (unsigned)count, HS_MODE_STREAM,
                                           NULL, &set->database, &problem);

    /* The library's own words may name a literal, which is a secret. */
    if (code != HS_SUCCESS)
        err_set(err, ERR_STATE, "literal search",
                "Vectorscan cannot compile %zu literals (code %d)", count,
                code);
    if (problem)
        hs_free_compile_error(problem);
    free(c.bytes);
    free(c.lengths);
    free(c.flags);
    free(c.ids);
    return code == HS_SUCCESS;
}

struct literal_set *literal_set_new(const struct literal *items, size_t count,
                                    size_t first, struct err *err)
{
    struct literal_set *set = xcalloc(1, sizeof *set);
    hs_error_t code;

    set->first = first;
    pthread_once(&wiping, wipe_freed);
    if (!compile(set, items, count, err)) {
        literal_set_free(set);
        return NULL;
    }
    code = hs_alloc_scratch(set->database, &set->scratch);
    if (code != HS_SUCCESS) {
        err_set(err, ERR_STATE, "literal search",
                "Vectorscan gives no scratch space (code %d)", code);
        literal_set_free(set);
        return NULL;
    }
    return set;
}

void literal_set_free(struct literal_set *set)
{
    if (!set)
        return;
    if (set->stream)
        hs_close_stream(set->stream, NULL, NULL, NULL);
    hs_free_scratch(set->scratch);
    hs_free_database(set->database);
    free(set);
}

struct handing_on {
    literal_found *found;
    void *context;
    size_t first;
};

static int hand_on(unsigned id, unsigned long long from, unsigned long long to,
                   unsigned flags, void *context)
{
    const struct handing_on *on = context;

    (void)from;
    (void)flags;
    on->found(on->context, on->first + id, (size_t)to);
    return 0;
}

bool literal_begin(struct literal_set *set)
{
    if (set->stream)
        return hs_reset_stream(set->stream, 0, NULL, NULL, NULL) == HS_SUCCESS;
    return hs_open_stream(set->database, 0, &set->stream) == HS_SUCCESS;
}

bool literal_piece(struct literal_set *set, const char *bytes, size_t length,
                   literal_found *found, void *context)
{
    struct handing_on on = { found, context, set->first };

    while (length > 0) {
        unsigned now = length > UINT_MAX ? UINT_MAX : (unsigned)length;

        if (hs_scan_stream(set->stream, bytes, now, 0, set->scratch, hand_on,
                           &on) != HS_SUCCESS)
            return false;
        bytes += now;
        length -= now;
    }
    return true;
}
