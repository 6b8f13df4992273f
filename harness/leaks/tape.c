#include "harness/leaks/tape.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

void tape_release(struct tape *tape)
{
    if (tape->data)
        xwipe(tape->data, tape->capacity);
    free(tape->data);
    free(tape->marks);
    *tape = (struct tape){ 0 };
}

void tape_clear(struct tape *tape)
{
    tape->length = 0;
    tape->mark_count = 0;
    tape->reading = 0;
}

static void add_bytes(struct tape *out, const char *bytes, size_t length)
{
    if (out->length + length > out->capacity) {
        out->capacity = 2 * (out->length + length);
        out->data = xrealloc(out->data, out->capacity);
    }
    memcpy(out->data + out->length, bytes, length);
    out->length += length;
}

static void add_mark(struct tape *out, int64_t origin, unsigned kinds)
{
    struct tape_mark *last =
        out->mark_count ? &out->marks[out->mark_count - 1] : NULL;

    if (last && last->kinds == kinds && !(kinds & TAPE_JOINS) &&
        last->origin + (int64_t)(out->length - last->at) == origin)
        return;
    if (out->mark_count == out->mark_capacity)
        out->marks = xgrow(out->marks, out->mark_count, &out->mark_capacity,
                           sizeof *out->marks);
    out->marks[out->mark_count++] = (struct tape_mark){ .at = out->length,
                                                        .origin = origin,
                                                        .kinds = kinds };
}

/* The mark in force at a place. */
static size_t mark_at(const struct tape *tape, size_t at)
{
    size_t low = 0, high = tape->mark_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (tape->marks[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The same where the last place asked for is not far behind. */
static size_t mark_onwards(struct tape *out, const struct tape *in, size_t at)
{
    size_t i = out->reading;

    if (i >= in->mark_count || in->marks[i].at > at)
        i = mark_at(in, at);
    while (i + 1 < in->mark_count && in->marks[i + 1].at <= at)
        i++;
    out->reading = i;
    return i;
}

int64_t tape_origin(const struct tape *tape, size_t at)
{
    const struct tape_mark *mark = &tape->marks[mark_at(tape, at)];

    return mark->origin + (int64_t)(at - mark->at);
}

unsigned tape_kinds(const struct tape *tape, size_t from, size_t to)
{
    size_t i = mark_at(tape, from);
    unsigned kinds = tape->marks[i].kinds & ~(unsigned)TAPE_JOINS;

    for (i++; i < tape->mark_count && tape->marks[i].at < to; i++)
        kinds |= tape->marks[i].kinds;
    return kinds;
}

/* What holds for a byte that is taken away from what stands before it. */
static unsigned kinds_at(const struct tape *tape, size_t mark, size_t at)
{
    unsigned kinds = tape->marks[mark].kinds;

    return tape->marks[mark].at == at ? kinds : kinds & ~(unsigned)TAPE_JOINS;
}

void tape_copy(struct tape *out, const struct tape *in, size_t from, size_t to,
               unsigned joined)
{
    size_t i;

    if (from >= to)
        return;
    i = mark_onwards(out, in, from);
    add_mark(out, in->marks[i].origin + (int64_t)(from - in->marks[i].at),
             kinds_at(in, i, from) | joined);
    for (i++; i < in->mark_count && in->marks[i].at < to; i++) {
        const struct tape_mark *mark = &in->marks[i];

        add_bytes(out, in->data + from, mark->at - from);
        from = mark->at;
        add_mark(out, mark->origin, mark->kinds);
    }
    add_bytes(out, in->data + from, to - from);
    out->reading = i - 1;
}

void tape_put(struct tape *out, const struct tape *in, size_t from,
              const char *bytes, size_t length, unsigned kind)
{
    size_t i = mark_onwards(out, in, from);

    add_mark(out, in->marks[i].origin + (int64_t)(from - in->marks[i].at),
             kinds_at(in, i, from) | kind);
    add_bytes(out, bytes, length);
}

void tape_break(struct tape *out, const struct tape *in, size_t from)
{
    tape_put(out, in, from, "", 1, 0);
}
