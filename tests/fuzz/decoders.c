/* Any bytes as each kind of compression, and as each kind of coded run: no
 * crash, no more than was asked for, and of a coded run the same wherever its
 * pieces are cut. The first byte says what it is, the second where the cut is.
 */
#include <string.h>

#include "common/buf.h"
#include "harness/leaks/decode.h"
#include "harness/leaks/unpack.h"
#include "tests/fuzz/fuzz.h"

#define MOST       (1 << 20)
#define PIECE_MOST 65536 /* of output at once, at most */
#define KINDS      (DECODE_UTF16_BIG + 1)

static void count(void *context, const char *bytes, size_t length)
{
    size_t *sum = context;

    PROMISE(bytes && length <= PIECE_MOST);
    *sum += length;
}

static void collect(void *context, const char *bytes, size_t length)
{
    buf_add(context, bytes, length);
}

static void unpack(size_t magic, const char *bytes, size_t size, size_t cut)
{
    struct unpack *unpack = unpack_new(magic, MOST);
    size_t sum = 0, used = 0, more = 0;

    if (unpack_feed(unpack, bytes, cut, &used, count, &sum) == UNPACK_MORE)
        unpack_feed(unpack, bytes + used, size - used, &more, count, &sum);
    PROMISE(used + more <= size && sum <= MOST + PIECE_MOST);
    unpack_free(unpack);
}

static size_t decode(struct buf *out, const struct decode_run *run,
                     const char *bytes, size_t size, size_t cut)
{
    static struct decode decode;
    size_t used = 0, more = 0;

    decode_begin(&decode, run);
    if (decode_feed(&decode, bytes, cut, &used, collect, out))
        decode_feed(&decode, bytes + used, size - used, &more, collect, out);
    decode_end(&decode, collect, out);
    PROMISE(used + more <= size);
    PROMISE(out->length <= 2 * size + 8);
    return used + more;
}

static size_t decode_twice(const struct decode_run *run, const char *bytes,
                           size_t size, size_t cut)
{
    struct buf whole = { 0 }, pieces = { 0 };

    size_t used = decode(&whole, run, bytes, size, size);

    decode(&pieces, run, bytes, size, cut);
    PROMISE(whole.length == pieces.length);
    PROMISE(!whole.length ||
            memcmp(whole.data, pieces.data, whole.length) == 0);
    buf_release(&whole);
    buf_release(&pieces);
    return used;
}

/* Runs as a scan goes through them. */
static void find_all(const char *bytes, size_t size)
{
    struct decode_run run;
    size_t from = 0, used;

    while (decode_find(&run, bytes, size, from)) {
        PROMISE(run.from >= from && run.from < size);
        used = decode_twice(&run, bytes + run.from, size - run.from,
                            (size - run.from) / 2);
        from = run.from + (used ? used : 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data + 2;
    size_t magics = 0, cut;

    while (unpack_magics[magics].name)
        magics++;
    if (size < 3)
        return 0;
    size -= 2;
    cut = data[1] < size ? data[1] : size;
    if (data[0] == 255)
        find_all(bytes, size);
    else if (data[0] % 2)
        unpack(data[0] / 2 % magics, bytes, size, cut);
    else
        decode_twice(&(struct decode_run){ .kind = (enum decode_kind)(
                                               data[0] / 2 % KINDS),
                                           .escaped = data[0] & 64 },
                     bytes, size, cut);
    return 0;
}
