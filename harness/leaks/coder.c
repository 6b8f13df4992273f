#include "harness/leaks/coder.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/xalloc.h"

void coded_release(struct coded *coded)
{
    if (coded->bytes.data)
        xwipe(coded->bytes.data, coded->bytes.length);
    buf_release(&coded->bytes);
    free(coded->start);
    *coded = (struct coded){ 0 };
}

static void code_plain(struct coded *out, const struct coder *coder,
                       const char *text, size_t phase)
{
    (void)coder;
    (void)phase;
    buf_add(&out->bytes, text, out->length);
    for (size_t i = 0; i <= out->length; i++)
        out->start[i] = i;
}

/* Characters of so many bits each, of which one may lie across two bytes: only
 * those that follow from the text alone, whatever stands before and after. */
static void code_bits(struct coded *out, const struct coder *coder,
                      const char *text, size_t phase)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t bits = coder->bits, first = (8 * phase + bits - 1) / bits;
    size_t last = 8 * (phase + out->length) / bits;

    for (size_t i = 0; i <= out->length; i++) {
        size_t at = (8 * (phase + i) + bits - 1) / bits;

        out->start[i] = (at > last ? last : at) - first;
    }
    for (size_t c = first; c < last; c++) {
        unsigned value = 0;

        for (size_t bit = c * bits; bit < (c + 1) * bits; bit++)
            value = value << 1 |
                    ((unsigned)bytes[bit / 8 - phase] >> (7 - bit % 8) & 1U);
        buf_add(&out->bytes, &coder->detail[value], 1);
    }
}

static void code_spaced_hex(struct coded *out, const struct coder *coder,
                            const char *text, size_t phase)
{
    (void)phase;
    for (size_t i = 0; i < out->length; i++) {
        out->start[i] = out->bytes.length;
        buf_printf(&out->bytes, "%02x%s", (unsigned)(uint8_t)text[i],
                   i + 1 < out->length ? coder->detail : "");
    }
    out->start[out->length] = out->bytes.length;
}

/* [115,107,45] as JSON, Go, Java and Rust print bytes. */
static void code_decimal(struct coded *out, const struct coder *coder,
                         const char *text, size_t phase)
{
    (void)phase;
    for (size_t i = 0; i < out->length; i++) {
        out->start[i] = out->bytes.length;
        buf_printf(&out->bytes, "%u%s", (unsigned)(uint8_t)text[i],
                   i + 1 < out->length ? coder->detail : "");
    }
    out->start[out->length] = out->bytes.length;
}

/* The code point at text, two bytes of UTF-8 at most: canaries have no other;
 * a longer one is given byte by byte, and then not found. */
static unsigned code_point(const char *text, size_t *length)
{
    uint8_t first = (uint8_t)text[0];

    *length = 1;
    if ((first & 0xe0) != 0xc0 || (text[1] & 0xc0) != 0x80)
        return first;
    *length = 2;
    return (first & 0x1fU) << 6 | ((uint8_t)text[1] & 0x3fU);
}

/* Without the last byte, which is zero: what is left stands in either byte
 * order as long as the code points are below 256. */
static void code_utf16(struct coded *out, const struct coder *coder,
                       const char *text, size_t phase)
{
    size_t length;

    (void)coder;
    (void)phase;
    for (size_t i = 0; i < out->length; i += length) {
        unsigned point = code_point(text + i, &length);
        char pair[2] = { (char)(point & 0xff), (char)(point >> 8) };

        for (size_t k = 0; k < length && i + k < out->length; k++)
            out->start[i + k] = out->bytes.length;
        buf_add(&out->bytes, pair, i + length < out->length ? 2 : 1);
    }
    out->start[out->length] = out->bytes.length;
}

#define LETTERS_64                                                             \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* A digest of the text, as logs name keys by, in hex or base64; where the
 * library has none of that name, nothing. */
static void code_digest(struct coded *out, const struct coder *coder,
                        const char *text, size_t phase)
{
    uint8_t bytes[DIGEST_BYTES_MOST + 1] = { 0 };
    size_t size = digest_named(bytes, coder->detail, text, out->length);

    (void)phase;
    if (coder->bits == 4)
        for (size_t i = 0; i < size; i++)
            buf_printf(&out->bytes, "%02x", (unsigned)bytes[i]);
    else
        for (size_t bit = 0; bit < 8 * size; bit += 6) {
            unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];

            buf_add(&out->bytes, &LETTERS_64[pair >> (10 - bit % 8) & 63], 1);
        }
    for (size_t i = 0; i <= out->length; i++)
        out->start[i] = i * out->bytes.length / out->length;
}

const struct coder coders[] = {
    { .name = "plain",
      .traits = CODER_EVERY_PIECE | CODER_BOTH_ENDS | CODER_TELLS_FOLDED,
      .phases = 1,
      .encode = code_plain },
    { .name = "base64",
      .traits = CODER_BOTH_ENDS,
      .phases = 3,
      .bits = 6,
      .detail = LETTERS_64,
      .encode = code_bits },
    { .name = "base32",
      .traits = CODER_FOLDS,
      .phases = 5,
      .bits = 5,
      .detail = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
      .encode = code_bits },
    { .name = "hex",
      .traits = CODER_FOLDS | CODER_BOTH_ENDS,
      .phases = 1,
      .bits = 4,
      .detail = "0123456789abcdef",
      .encode = code_bits },
    { .name = "hex-spaced",
      .traits = CODER_FOLDS,
      .phases = 1,
      .detail = " ",
      .encode = code_spaced_hex },
    { .name = "decimal", .phases = 1, .detail = ",", .encode = code_decimal },
    { .name = "decimal-spaced",
      .phases = 1,
      .detail = " ",
      .encode = code_decimal },
    { .name = "decimal-listed",
      .phases = 1,
      .detail = ", ",
      .encode = code_decimal },
    { .name = "utf-16", .phases = 1, .encode = code_utf16 },
    { .name = "md5",
      .traits = CODER_DERIVED | CODER_CREDENTIALS | CODER_FOLDS,
      .phases = 1,
      .bits = 4,
      .detail = "md5",
      .encode = code_digest },
    { .name = "md5-base64",
      .traits = CODER_DERIVED | CODER_CREDENTIALS,
      .phases = 1,
      .bits = 6,
      .detail = "md5",
      .encode = code_digest },
    { .name = "sha1",
      .traits = CODER_DERIVED | CODER_CREDENTIALS | CODER_FOLDS,
      .phases = 1,
      .bits = 4,
      .detail = "sha1",
      .encode = code_digest },
    { .name = "sha1-base64",
      .traits = CODER_DERIVED | CODER_CREDENTIALS,
      .phases = 1,
      .bits = 6,
      .detail = "sha1",
      .encode = code_digest },
    { .name = "sha256",
      .traits = CODER_DERIVED | CODER_CREDENTIALS | CODER_FOLDS,
      .phases = 1,
      .bits = 4,
      .detail = "sha256",
      .encode = code_digest },
    { .name = "sha256-base64",
      .traits = CODER_DERIVED | CODER_CREDENTIALS,
      .phases = 1,
      .bits = 6,
      .detail = "sha256",
      .encode = code_digest },
    { .name = "sha512",
      .traits = CODER_DERIVED | CODER_CREDENTIALS | CODER_FOLDS,
      .phases = 1,
      .bits = 4,
      .detail = "sha512",
      .encode = code_digest },
    { .name = "sha512-base64",
      .traits = CODER_DERIVED | CODER_CREDENTIALS,
      .phases = 1,
      .bits = 6,
      .detail = "sha512",
      .encode = code_digest },
    { 0 }
};

void coder_encode(struct coded *out, const struct coder *coder,
                  const char *text, size_t phase)
{
    *out = (struct coded){ .length = strlen(text) };
    out->start = xcalloc(out->length + 1, sizeof *out->start);
    coder->encode(out, coder, text, phase);
}
