/*
 * benign: text in which no canary stands, of the kinds that make a search for
 * encoded secrets give false alarms: logs, nested JSON, base64, hex dumps,
 * URLs. The same seed gives the same text.
 */
#ifndef GATEDRILL_TESTS_BENIGN_H
#define GATEDRILL_TESTS_BENIGN_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* xorshift64*: quick, and good enough to look random. */
static inline uint64_t benign_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

static inline void benign_letters(struct buf *out, uint64_t *state,
                                  const char *letters, size_t kinds,
                                  size_t count)
{
    char text[128];

    for (size_t i = 0; i < count;) {
        size_t n = 0;

        for (; n < sizeof text && i < count; n++, i++)
            text[n] = letters[(benign_next(state) >> 32) % kinds];
        buf_add(out, text, n);
    }
}

#define BENIGN_64                                                              \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define BENIGN_36 "abcdefghijklmnopqrstuvwxyz0123456789"

/* A line as gateways log them. */
static inline void benign_log(struct buf *out, uint64_t *state)
{
    uint64_t n = benign_next(state);

    buf_printf(out,
               "{\"time\":\"2026-01-02T03:%02u:%02uZ\",\"method\":\"POST\","
               "\"route\":\"/v1/chat/completions\",\"stream\":%s,"
               "\"status\":%u,\"attempts\":%u,\"decision\":\"none\","
               "\"elapsed_ms\":%u,\"request_id\":\"%016llx\"}\n",
               (unsigned)(n & 63) % 60, (unsigned)(n >> 6 & 63) % 60,
               n & 4096 ? "true" : "false", n & 8192 ? 200U : 503U,
               (unsigned)(n >> 14 & 3), (unsigned)(n >> 16 & 8191),
               (unsigned long long)benign_next(state));
}

/* A key that is none of ours, a certificate, a digest. */
static inline void benign_base64(struct buf *out, uint64_t *state)
{
    size_t lines = 1 + (benign_next(state) >> 40) % 20;

    buf_add_text(out, "Authorization: Bearer sk-");
    benign_letters(out, state, BENIGN_64, 62, 48);
    buf_add_text(out, "\n-----BEGIN CERTIFICATE-----\n");
    for (size_t i = 0; i < lines; i++) {
        benign_letters(out, state, BENIGN_64, 64, 64);
        buf_add_text(out, "\n");
    }
    buf_add_text(out, "-----END CERTIFICATE-----\n");
}

static inline void benign_hex(struct buf *out, uint64_t *state)
{
    unsigned offset = (unsigned)benign_next(state) & 0xfffff0;

    for (int line = 0; line < 8; line++, offset += 16) {
        buf_printf(out, "%08x ", offset);
        for (int i = 0; i < 16; i++)
            buf_printf(out, " %02x", (unsigned)(benign_next(state) & 255));
        buf_add_text(out, "  |");
        benign_letters(out, state, BENIGN_36, 36, 16);
        buf_add_text(out, "|\n");
    }
    buf_add_text(out, "sha256 ");
    benign_letters(out, state, "0123456789abcdef", 16, 64);
    buf_add_text(out, " [");
    for (int i = 0; i < 24; i++)
        buf_printf(out, "%u,", (unsigned)(benign_next(state) & 127));
    buf_add_text(out, "0]\n");
}

/* JSON in JSON, and texts that begin as canaries do. */
static inline void benign_json(struct buf *out, uint64_t *state)
{
    buf_add_text(out, "{\"body\":\"{\\\"messages\\\":[{\\\"role\\\":"
                      "\\\"user\\\",\\\"content\\\":\\\"gdprompt");
    benign_letters(out, state, BENIGN_36, 36, 28);
    buf_add_text(out, " \\\\\\\"caf\\\\u00e9\\\\n\\\\u003c\\\"}]}\",\"url\":"
                      "\"https://h/p?q=%7B%22a%22%3A");
    benign_letters(out, state, BENIGN_36, 36, 12);
    buf_add_text(out, "%7D&amp;b=%2520&#x2f;\",\"delta\":{\"content\":\"");
    benign_letters(out, state, BENIGN_36, 36, 9);
    buf_add_text(out, "\"}}\n");
}

/* Bytes of any kind: what is compressed looks so, and has magics by chance. */
static inline void benign_bytes(struct buf *out, uint64_t *state)
{
    for (int i = 0; i < 64; i++) {
        uint64_t n = benign_next(state);

        buf_add(out, &n, sizeof n);
    }
}

static const struct benign_kind {
    const char *name;
    void (*add)(struct buf *out, uint64_t *state);
} benign_kinds[] __attribute__((unused)) = {
    { "plain log", benign_log }, { "base64", benign_base64 },
    { "hex dumps", benign_hex }, { "JSON in JSON", benign_json },
    { "bytes", benign_bytes },   { NULL, NULL },
};

#endif
