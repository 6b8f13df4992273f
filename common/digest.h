/* digest: SHA-256 and HMAC-SHA-256 from libcrypto, as lower-case hex.
 * The only file that touches libcrypto's hashes. */
#ifndef GATEDRILL_COMMON_DIGEST_H
#define GATEDRILL_COMMON_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define DIGEST_HEX_SIZE       65 /* 64 hex digits and a NUL */
#define FINGERPRINT_HEX_SIZE  17 /* 16 hex digits and a NUL */
#define FINGERPRINT_KEY_BYTES 32

void digest_sha256(char out[static DIGEST_HEX_SIZE], const void *bytes,
                   size_t length);

/* "md5", "sha1", "sha256", "sha512". Returns the digest's bytes, 0 where the
 * library does not know it (a build without MD5). */
#define DIGEST_BYTES_MOST 64
size_t digest_named(uint8_t out[static DIGEST_BYTES_MOST], const char *name,
                    const void *bytes, size_t length);

/* SHA-256 of a file's content; false and err on I/O failure. size may be NULL.
 */
bool digest_file(char out[static DIGEST_HEX_SIZE], const char *path,
                 int64_t *size, struct err *err);

/* Names a secret without revealing it: the first 8 bytes of
 * HMAC-SHA-256(key, bytes). Both programs use the run's key, so equal inputs
 * give equal fingerprints within a run and none across runs. */
void digest_fingerprint(char out[static FINGERPRINT_HEX_SIZE],
                        const uint8_t key[static FINGERPRINT_KEY_BYTES],
                        const void *bytes, size_t length);

/* Hex to bytes; false unless exactly 2 x size hex digits. */
bool digest_from_hex(uint8_t *out, size_t size, const char *hex);
void digest_to_hex(char *out, const uint8_t *bytes, size_t size);

/* Fills with random bytes from the operating system; ends the program with
 * exit 4 if there are none. */
void digest_random(void *out, size_t size);

/* A deterministic stream: HMAC-SHA-256(seed, label) expanded. Same seed and
 * label, same bytes: what makes a run repeatable. */
void digest_derive(void *out, size_t size, uint64_t seed, const char *label);

#endif
