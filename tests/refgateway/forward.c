#include "tests/refgateway/forward.h"

#include <stdio.h>
#include <strings.h>

#include "common/digest.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_request.h"
#include "tests/refgateway/request_id.h"

#define IDEMPOTENCY_HEADER "Idempotency-Key"
#define IDEMPOTENCY_BYTES  16

static const char *sent(struct MHD_Connection *connection, const char *name)
{
    const char *value =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

    return value && *value ? value : NULL;
}

static void make_key(char out[static 2 * IDEMPOTENCY_BYTES + 1])
{
    uint8_t bytes[IDEMPOTENCY_BYTES];

    digest_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* The client's key, or one for all attempts of its request. Caller frees; NULL:
 * none. */
static char *idempotency_key(const struct rules *rules,
                             struct MHD_Connection *connection)
{
    const char *value = sent(connection, IDEMPOTENCY_HEADER);
    char made[2 * IDEMPOTENCY_BYTES + 1];

    if (rules->idempotency_key == RULES_IDEMPOTENCY_CREATED && !value) {
        make_key(made);
        value = made;
    }
    if (rules->idempotency_key != RULES_IDEMPOTENCY_FORWARDED &&
        rules->idempotency_key != RULES_IDEMPOTENCY_CREATED)
        value = NULL;
    return value ? xstrdup(value) : NULL;
}

/* What seeded bugs pass on besides. */
static size_t add_bugs(struct call_header *out,
                       struct MHD_Connection *connection)
{
    static const struct {
        enum bug bug;
        const char *name;
    } rows[] = {
        { BUG_CLIENT_HEADERS_FORWARDED, "Cookie" },
        { BUG_CLIENT_HEADERS_FORWARDED, "x-api-key" },
        { BUG_ROUTING_HEADER_OBEYED, BUG_ROUTING_HEADER },
    };
    size_t count = 0;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value =
            bug_is(rows[i].bug) ? sent(connection, rows[i].name) : NULL;

        if (value)
            out[count++] =
                (struct call_header){ xstrdup(rows[i].name), xstrdup(value) };
    }
    return count;
}

size_t forward_headers(struct call_header out[static FORWARD_MOST],
                       const struct rules *rules, const char *request_id,
                       struct MHD_Connection *connection)
{
    const struct rules_words *names = &rules->headers_forwarded;
    char *key = idempotency_key(rules, connection);
    size_t count = 0;

    if (key)
        out[count++] = (struct call_header){ xstrdup(IDEMPOTENCY_HEADER), key };
    for (size_t i = 0; i < names->count; i++) {
        const char *value = sent(connection, names->items[i]);

        /* What the other word decides is not decided here. */
        if (value &&
            (rules->idempotency_key < 0 ||
             strcasecmp(names->items[i], IDEMPOTENCY_HEADER)) &&
            (rules->request_id < 0 ||
             strcasecmp(names->items[i], REQUEST_ID_HEADER)))
            out[count++] = (struct call_header){ xstrdup(names->items[i]),
                                                 xstrdup(value) };
    }
    if (rules->request_id >= 0)
        out[count++] = (struct call_header){ xstrdup(REQUEST_ID_HEADER),
                                             xstrdup(request_id) };
    return count + add_bugs(out + count, connection);
}
