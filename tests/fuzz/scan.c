/* Any bytes around and into a planted key: the scan must not stumble over what
 * stands beside it, and where nothing was planted it must find nothing. The
 * first two bytes choose a way of planting and the place. */
#include <string.h>

#include "harness/leaks/plant.h"
#include "harness/leaks/scan.h"
#include "tests/fuzz/fuzz.h"

#define PLANTED "sk-q7ZrT0xVb3LmN8cKd1WyPa5JfE2uGh9SoRi4BvXtQwMz6YnUj"

static struct canary canaries[] = {
    { .id = "primary.key",
      .kind = CANARY_CREDENTIAL,
      .text = (char[]){ PLANTED } },
    { .id = "prompt",
      .kind = CANARY_PROMPT,
      .text =
          (char[]){ "gdprompt7k2m9x4q1z8w5c \"\\\n<&/+ \xc3\xa9v3b6n0j2h7" } },
};

/* Whole bytes before it and after it may not change what an encoding means. */
static bool stands_alone(const char *name)
{
    static const char *const names[] = { "plain", "gzip",  "zlib",
                                         "zstd",  "upper", NULL };

    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static size_t search(struct scan_set *set, const struct buf *text)
{
    struct scan_hits hits = { 0 };
    size_t full = 0;

    scan_bytes(set, text->data, text->length, 8, &hits);
    for (size_t i = 0; i < hits.count; i++) {
        PROMISE(hits.items[i].canary < 2);
        PROMISE(hits.items[i].from >= 0 &&
                hits.items[i].from < hits.items[i].to);
        full += hits.items[i].how == HIT_FULL && hits.items[i].canary == 0;
    }
    scan_hits_release(&hits);
    return full;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scan_set set;
    const struct plant *plant = plants;
    struct buf text = { 0 };
    struct err err;
    size_t at;

    if (!set.needles.literals && !scan_set_init(&set, canaries, 2, &err))
        abort();
    if (size < 3)
        return 0;
    for (unsigned i = data[0]; i; i--) {
        plant++;
        if (!plant->name)
            plant = plants;
    }
    at = data[1] < size - 2 ? data[1] : size - 2;
    buf_add(&text, data + 2, at);
    plant->write(&text, PLANTED, strlen(PLANTED));
    buf_add(&text, data + 2 + at, size - 2 - at);
    if (search(&set, &text) == 0)
        PROMISE(!stands_alone(plant->name));
    buf_release(&text);
    return 0;
}
