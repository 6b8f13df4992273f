#include "mockserver/place.h"

#include <stdio.h>
#include <string.h>

#include "mockserver/lease.h"

/* Parts of "http://host:port": what they begin behind, and end before. */
static const struct {
    const char *word;
    bool after_slashes, after_port_colon, to_port_colon;
} parts[] = {
    { "url", false, false, false },
    { "host", true, false, true },
    { "port", false, true, false },
};

static bool place_add(struct buf *out, const char *url, const char *word)
{
    const char *host = strstr(url, "//") + 2;
    const char *colon = strrchr(url, ':');

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *from = parts[i].after_port_colon ? colon + 1
                           : parts[i].after_slashes  ? host
                                                     : url;

        if (strcmp(parts[i].word, word) != 0)
            continue;
        buf_add(out, from,
                parts[i].to_port_colon ? (size_t)(colon - from) : strlen(from));
        return true;
    }
    return false;
}

static bool place_add_name(struct buf *out, const char *name, size_t length,
                           const struct slot *slot)
{
    char upstream[UPSTREAM_NAME_SIZE + 8];
    const struct listener *listener;
    char *dot;

    snprintf(upstream, sizeof upstream, "%.*s", (int)length, name);
    dot = strchr(upstream, '.');
    if (!dot || !slot)
        return false;
    *dot = '\0';
    listener = slot_listener(slot, upstream);
    return listener && place_add(out, listener->url, dot + 1);
}

bool place_resolve(struct buf *out, const char *text, const struct slot *slot)
{
    const char *at = text, *open;
    bool known = true;

    while ((open = strstr(at, "${")) != NULL && strchr(open, '}')) {
        size_t length = strcspn(open + 2, "}");

        buf_add(out, at, (size_t)(open - at));
        if (!place_add_name(out, open + 2, length, slot)) {
            buf_add(out, open, length + 3);
            known = false;
        }
        at = open + length + 3;
    }
    buf_add_text(out, at);
    return known;
}
