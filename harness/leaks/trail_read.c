#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/leaks/scan.h"
#include "harness/leaks/trail_parts.h"
#include "harness/leaks/unpack.h"

#define PIECE_BYTES 65536
#define MAGIC_BYTES 6

static const char was_cut[] = "was cut while it was read";

/* What logs are compressed by, besides what unpack.h knows. */
static const struct unpack_magic unread_magics[] = {
    { "zip", "PK\3\4", 4 },
    { "bzip2", "BZh", 3 },
    { "xz",
      "\xfd"
      "7zXZ",
      5 },
    { "lz4", "\x04\x22\x4d\x18", 4 },
    { 0 },
};

typedef void take_bytes(void *context, const char *bytes, size_t length);

static const struct unpack_magic *find_magic(const struct unpack_magic *magics,
                                             const char *bytes, size_t length)
{
    for (; magics->name; magics++)
        if (length >= magics->length &&
            memcmp(bytes, magics->bytes, magics->length) == 0)
            return magics;
    return NULL;
}

const char *trail_packing(int fd, const char **unread)
{
    char bytes[MAGIC_BYTES];
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    size_t length = got > 0 ? (size_t)got : 0;
    const struct unpack_magic *magic = find_magic(unread_magics, bytes, length);

    *unread = magic ? magic->name : NULL;
    magic = find_magic(unpack_magics, bytes, length);
    /* Two bytes are no proof. */
    return magic && magic->length > 2 ? magic->name : NULL;
}

/* Gives out from..to of a file as it is. */
static const char *read_plain(int fd, int64_t from, int64_t to, take_bytes *out,
                              void *context)
{
    char *piece = xcalloc(PIECE_BYTES, 1);
    const char *problem = NULL;

    while (from < to) {
        size_t wanted =
            to - from < PIECE_BYTES ? (size_t)(to - from) : PIECE_BYTES;
        ssize_t got = pread(fd, piece, wanted, from);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            problem = got < 0 ? strerrordesc_np(errno) : was_cut;
            break;
        }
        out(context, piece, (size_t)got);
        from += got;
    }
    xwipe(piece, PIECE_BYTES);
    free(piece);
    return problem;
}

/* --- what is compressed -------------------------------------------------- */

struct unpacker {
    struct unpack *unpack; /* NULL: between two members, or behind the last */
    char head[MAGIC_BYTES];
    size_t held; /* of the head: what a piece ended with */
    bool plain;  /* what follows is no member */
    bool ended;
    const char *problem;
    take_bytes *out;
    void *context;
};

/* Whether these bytes are, or begin, what tells a member. */
static bool may_be_magic(const char *bytes, size_t length)
{
    for (const struct unpack_magic *magic = unpack_magics; magic->name; magic++)
        if (length <= magic->length && memcmp(magic->bytes, bytes, length) == 0)
            return true;
    return false;
}

/* Gives bytes to a member; returns how many were its own. */
static size_t feed_member(struct unpacker *u, const char *bytes, size_t length)
{
    size_t used = 0;
    enum unpack_state state =
        unpack_feed(u->unpack, bytes, length, &used, u->out, u->context);

    if (state == UNPACK_MORE)
        return length;
    if (state != UNPACK_ENDED)
        u->problem = state == UNPACK_TOO_MUCH
                         ? "a compressed file is too long to be read whole"
                         : "a compressed file is damaged";
    u->ended = state != UNPACK_ENDED;
    unpack_free(u->unpack);
    u->unpack = NULL;
    return used;
}

/* One more byte of what may be a member's head; a piece may end within it. */
static void feed_head(struct unpacker *u, char byte)
{
    const struct unpack_magic *magic;

    u->head[u->held++] = byte;
    magic = find_magic(unpack_magics, u->head, u->held);
    if (magic) {
        u->unpack =
            unpack_new((size_t)(magic - unpack_magics), SCAN_UNPACK_MOST);
        feed_member(u, u->head, u->held);
    } else if (!may_be_magic(u->head, u->held)) {
        u->plain = true;
        u->out(u->context, u->head, u->held);
    } else {
        return;
    }
    u->held = 0;
}

/* A file may hold several members, one behind the other, and what is none: that
 * is given out as it is. */
static void unpack_bytes(void *context, const char *bytes, size_t length)
{
    struct unpacker *u = context;

    while (length > 0 && !u->ended && !u->plain) {
        size_t used = 1;

        if (u->unpack)
            used = feed_member(u, bytes, length);
        else
            feed_head(u, *bytes);
        bytes += used;
        length -= used;
    }
    if (length > 0 && u->plain)
        u->out(u->context, bytes, length);
}

static const char *read_unpacked(int fd, int64_t size, take_bytes *out,
                                 void *context)
{
    struct unpacker u = { .out = out, .context = context };
    const char *problem = read_plain(fd, 0, size, unpack_bytes, &u);

    unpack_free(u.unpack);
    return problem ? problem : u.problem;
}

static void count_bytes(void *context, const char *bytes, size_t length)
{
    (void)bytes;
    *(int64_t *)context += (int64_t)length;
}

int64_t trail_unpacked_size(int fd, int64_t size)
{
    int64_t length = 0;

    read_unpacked(fd, size, count_bytes, &length);
    return length;
}

/* The bytes of a content just before a place, or before its end. */
struct tail {
    int64_t at, end;
    char bytes[TRAIL_TAIL_BYTES]; /* a ring: byte n stands at n % its size */
};

static void keep_tail(void *context, const char *bytes, size_t length)
{
    struct tail *tail = context;

    for (size_t i = 0; i < length && tail->at < tail->end; i++, tail->at++)
        tail->bytes[tail->at % TRAIL_TAIL_BYTES] = bytes[i];
}

static void digest_tail(char out[static DIGEST_HEX_SIZE],
                        const struct tail *tail)
{
    char bytes[TRAIL_TAIL_BYTES];
    int64_t from =
        tail->at > TRAIL_TAIL_BYTES ? tail->at - TRAIL_TAIL_BYTES : 0;

    for (int64_t i = from; i < tail->at; i++)
        bytes[i - from] = tail->bytes[i % TRAIL_TAIL_BYTES];
    digest_sha256(out, bytes, (size_t)(tail->at - from));
    xwipe(bytes, sizeof bytes);
}

bool trail_unpacks_to(int fd, int64_t size, const struct trail_file *file)
{
    struct tail *tail = xcalloc(1, sizeof *tail);
    char seen[DIGEST_HEX_SIZE];
    bool same;

    tail->end = file->size;
    read_unpacked(fd, size, keep_tail, tail);
    digest_tail(seen, tail);
    same = trail_held(file, tail->at, seen);
    xwipe(tail, sizeof *tail);
    free(tail);
    return same;
}

struct skipping {
    int64_t left;
    take_bytes *out;
    void *context;
};

static void skip_bytes(void *context, const char *bytes, size_t length)
{
    struct skipping *skipping = context;
    size_t skipped =
        (int64_t)length < skipping->left ? length : (size_t)skipping->left;

    skipping->left -= (int64_t)skipped;
    if (length > skipped)
        skipping->out(skipping->context, bytes + skipped, length - skipped);
}

/* What stood before the end stands there no more: it was cut, and has grown
 * again. */
static bool is_another(const struct trail_part *part)
{
    char tail[DIGEST_HEX_SIZE];

    if (!part->tail || !part->tail[0])
        return false;
    trail_tail(tail, part->fd, part->to);
    return strcmp(tail, part->tail) != 0;
}

const char *trail_read(const struct trail_part *part, take_bytes *out,
                       void *context)
{
    struct skipping skipping = { part->unpacked_from, out, context };
    const char *problem =
        part->packing[0]
            ? read_unpacked(part->fd, part->to, skip_bytes, &skipping)
            : read_plain(part->fd, part->from, part->to, out, context);

    return !problem && is_another(part) ? was_cut : problem;
}
