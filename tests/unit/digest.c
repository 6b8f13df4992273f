#include "common/digest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"

/* FIPS 180-4, examples. */
Test(digest, sha256_agrees_with_the_standard)
{
    char hex[DIGEST_HEX_SIZE];

    digest_sha256(hex, "abc", 3);
    cr_assert_str_eq(
        hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256(hex, NULL, 0);
    cr_assert_str_eq(
        hex,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(digest, file_digest_is_that_of_its_bytes)
{
    char path[] = "/tmp/gatedrill-digest-XXXXXX";
    char hex[DIGEST_HEX_SIZE];
    struct err err;
    int64_t size = -1;
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, "abc", 3), 3);
    close(fd);
    cr_assert(digest_file(hex, path, &size, &err));
    cr_expect_eq(size, 3);
    cr_expect_str_eq(
        hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    unlink(path);
    cr_assert_not(digest_file(hex, path, &size, &err));
    cr_expect_eq(err.code, ERR_IO);
    cr_expect_str_eq(err.where, path);
    cr_expect_str_eq(err.text, "No such file or directory");
    cr_expect_not(digest_file(hex, "/", NULL, &err));
}

Test(digest, fingerprint_is_the_head_of_the_hmac)
{
    /* RFC 4231 pads short keys with zeros, so its case 2 (key "Jefe") is also
     * the HMAC under that key filled up to 32 bytes. */
    uint8_t key[FINGERPRINT_KEY_BYTES] = "Jefe";
    char print[FINGERPRINT_HEX_SIZE];
    char other[FINGERPRINT_HEX_SIZE];

    digest_fingerprint(print, key, "what do ya want for nothing?", 28);
    cr_expect_str_eq(print, "5bdcc146bf60754e");
    key[0]++;
    digest_fingerprint(other, key, "what do ya want for nothing?", 28);
    cr_expect_str_neq(print, other);
}

Test(digest, hex_is_read_exactly)
{
    static const struct {
        const char *hex;
        bool good;
    } rows[] = { { "00ff10", true },   { "00FF10", true },  { "00ff1", false },
                 { "00ff100", false }, { "00ff1g", false }, { "", false },
                 { " 0ff10", false } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[3];
        char again[7];

        cr_assert_eq(digest_from_hex(bytes, 3, rows[i].hex), rows[i].good, "%s",
                     rows[i].hex);
        if (!rows[i].good)
            continue;
        digest_to_hex(again, bytes, 3);
        cr_assert_str_eq(again, "00ff10");
    }
}

Test(digest, derived_bytes_repeat_and_depend_on_seed_and_label)
{
    uint8_t a[100];
    uint8_t b[100];

    digest_derive(a, sizeof a, 7, "keys");
    digest_derive(b, sizeof b, 7, "keys");
    cr_expect_arr_eq(a, b, sizeof a);
    digest_derive(b, 40, 7, "keys");
    cr_expect_arr_eq(a, b, 40, "a shorter stream is a prefix");
    cr_expect_arr_neq(a, a + 32, 32, "blocks differ");
    digest_derive(b, sizeof b, 8, "keys");
    cr_expect_arr_neq(a, b, sizeof a);
    digest_derive(b, sizeof b, 7, "key");
    cr_expect_arr_neq(a, b, sizeof a);
}

Test(digest, random_bytes_differ)
{
    uint8_t a[32] = { 0 };
    uint8_t b[32] = { 0 };

    digest_random(a, sizeof a);
    digest_random(b, sizeof b);
    cr_expect_arr_neq(a, b, sizeof a);
}
