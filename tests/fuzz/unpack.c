/* Any bytes as each kind of compression: no crash, and no more than was asked
 * for. */
#include "harness/leaks/unpack.h"
#include "tests/fuzz/fuzz.h"

#define MOST       (1 << 20)
#define PIECE_MOST 65536 /* of output at once, at most */

static void take(void *context, const char *bytes, size_t length)
{
    size_t *sum = context;

    PROMISE(bytes && length <= PIECE_MOST);
    *sum += length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t magic = 0; unpack_magics[magic].name; magic++) {
        struct unpack *unpack = unpack_new(magic, MOST);
        size_t sum = 0, used = 0, half = size / 2;
        const char *bytes = (const char *)data;

        if (unpack_feed(unpack, bytes, half, &used, take, &sum) == UNPACK_MORE)
            unpack_feed(unpack, bytes + half, size - half, &used, take, &sum);
        PROMISE(used <= size && sum <= MOST + PIECE_MOST);
        unpack_free(unpack);
    }
    return 0;
}
