#include "common/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* libcrypto declares a type of this name; err.h has an enumerator. */
#define ERR_STATE libcrypto_err_state
#include <openssl/evp.h>
#include <openssl/hmac.h>
#undef ERR_STATE

#include "common/buf.h"
#include "common/xalloc.h"

#define SHA256_BYTES 32

void digest_to_hex(char *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool digest_from_hex(uint8_t *out, size_t size, const char *hex)
{
    if (strlen(hex) != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(hex[2 * i]);
        int low = hex_value(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* libcrypto's hashes only fail for want of memory. */
static void must(int ok)
{
    if (!ok)
        xalloc_fail();
}

void digest_sha256(char out[static DIGEST_HEX_SIZE], const void *bytes,
                   size_t length)
{
    uint8_t sum[SHA256_BYTES];

    must(EVP_Digest(bytes, length, sum, NULL, EVP_sha256(), NULL));
    digest_to_hex(out, sum, sizeof sum);
}

size_t digest_named(uint8_t out[static DIGEST_BYTES_MOST], const char *name,
                    const void *bytes, size_t length)
{
    const EVP_MD *kind = EVP_get_digestbyname(name);
    unsigned size = 0;

    return kind && EVP_Digest(bytes, length, out, &size, kind, NULL) == 1 ? size
                                                                          : 0;
}

static bool hash_stream(EVP_MD_CTX *hash, FILE *in, int64_t *size)
{
    uint8_t piece[16384];
    size_t length;

    *size = 0;
    while ((length = fread(piece, 1, sizeof piece, in)) > 0) {
        must(EVP_DigestUpdate(hash, piece, length));
        *size += (int64_t)length;
    }
    return !ferror(in);
}

bool digest_file(char out[static DIGEST_HEX_SIZE], const char *path,
                 int64_t *size, struct err *err)
{
    uint8_t sum[SHA256_BYTES];
    EVP_MD_CTX *hash;
    int64_t bytes;
    bool ok;
    FILE *in = fopen(path, "rb");

    if (!in) {
        err_set_errno(err, ERR_IO, path);
        return false;
    }
    hash = EVP_MD_CTX_new();
    must(hash != NULL);
    must(EVP_DigestInit_ex(hash, EVP_sha256(), NULL));
    ok = hash_stream(hash, in, &bytes);
    if (!ok)
        err_set_errno(err, ERR_IO, path);
    must(EVP_DigestFinal_ex(hash, sum, NULL));
    EVP_MD_CTX_free(hash);
    fclose(in);
    if (!ok)
        return false;
    digest_to_hex(out, sum, sizeof sum);
    if (size)
        *size = bytes;
    return true;
}

static void hmac(uint8_t out[static SHA256_BYTES], const void *key,
                 size_t key_length, const void *bytes, size_t length)
{
    static const uint8_t nothing[1];

    must(HMAC(EVP_sha256(), key, (int)key_length, length ? bytes : nothing,
              length, out, NULL) != NULL);
}

void digest_fingerprint(char out[static FINGERPRINT_HEX_SIZE],
                        const uint8_t key[static FINGERPRINT_KEY_BYTES],
                        const void *bytes, size_t length)
{
    uint8_t sum[SHA256_BYTES];

    hmac(sum, key, FINGERPRINT_KEY_BYTES, bytes, length);
    digest_to_hex(out, sum, (FINGERPRINT_HEX_SIZE - 1) / 2);
}

void digest_random(void *out, size_t size)
{
    uint8_t *at = out;

    while (size) {
        ssize_t got = getrandom(at, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fputs("the operating system gives no random bytes\n", stderr);
            _Exit(4);
        }
        at += got;
        size -= (size_t)got;
    }
}

/* Block n of the stream is HMAC(seed, label NUL n), numbers big-endian. */
void digest_derive(void *out, size_t size, uint64_t seed, const char *label)
{
    uint8_t key[8];
    uint8_t sum[SHA256_BYTES];
    uint8_t *at = out;
    struct buf message = { 0 };

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(seed >> (56 - 8 * i));
    for (uint32_t n = 0; size; n++) {
        uint8_t number[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16),
                              (uint8_t)(n >> 8), (uint8_t)n };
        size_t take = size < sizeof sum ? size : sizeof sum;

        buf_clear(&message);
        buf_add(&message, label, strlen(label) + 1);
        buf_add(&message, number, sizeof number);
        hmac(sum, key, sizeof key, message.data, message.length);
        memcpy(at, sum, take);
        at += take;
        size -= take;
    }
    xwipe(sum, sizeof sum);
    buf_release(&message);
}
