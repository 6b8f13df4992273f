#include "harness/leaks/decode.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/buf.h"

#define BODY                                                                   \
    "{\"role\":\"user\",\"content\":\"caf\xc3\xa9 \\\"k2m9x4q1z8w5\\\" end\"}"

static void take(void *context, const char *bytes, size_t length)
{
    buf_add(context, bytes, length);
}

/* Feeds it in pieces of so many bytes. Returns how many it took. */
static size_t decode(struct buf *out, const struct decode_run *run,
                     const char *bytes, size_t length, size_t piece)
{
    static struct decode decode;
    size_t at = run->from, end = at;
    bool more = true;

    decode_begin(&decode, run);
    while (more && end < length) {
        size_t used;

        end = end + piece < length ? end + piece : length;
        more = decode_feed(&decode, bytes + at, end - at, &used, take, out);
        at += used;
    }
    decode_end(&decode, take, out);
    return at - run->from;
}

/* The same body in each form: what is found, and decoded, wherever the pieces
 * are cut. */
static const struct {
    const char *what, *text;
    enum decode_kind kind;
    bool escaped;
} forms[] = {
    { "base64",
      "body eyJyb2xlIjoidXNlciIsImNvbnRlbnQiOiJjYWbDqSBcImsybTl4NHExejh3NVwi"
      "IGVuZCJ9 x",
      DECODE_BASE64, false },
    { "base64 without padding, at the end of the text",
      "eyJyb2xlIjoidXNlciIsImNvbnRlbnQiOiJjYWbDqSBcImsybTl4NHExejh3NVwiIGVuZ"
      "CJ9",
      DECODE_BASE64, false },
    { "base64 in lines",
      "-----BEGIN "
      "X-----\r\neyJyb2xlIjoidXNlciIsImNvbnRlbnQiOiJjYWbDqSBcImsy\r\n"
      "  bTl4NHExejh3NVwiIGVuZCJ9\r\n\r\nnext",
      DECODE_BASE64, false },
    { "base64 in lines, in JSON",
      "\"-----BEGIN X-----\\neyJyb2xlIjoidXNlciIsImNvbnRlbnQiOiJjYWbDqSBcImsy"
      "\\nbTl4NHExejh3NVwiIGVuZCJ9\\n\",",
      DECODE_BASE64, false },
    { "base64 in lines, in JSON in JSON",
      "\"eyJyb2xlIjoidXNlciIsImNvbnRlbnQiOiJjYWbDqSBcImsy"
      "\\\\nbTl4NHExejh3NVwiIGVuZCJ9\\\\\",",
      DECODE_BASE64, false },
    { "hex",
      "x=7B22726f6c65223a2275736572222c22636f6e74656e74223a22636166c3a9205c22"
      "6b326d39783471317a3877355c2220656e64227d;",
      DECODE_HEX, false },
    { "hexdump -C",
      "of a body:\n"
      "00000000  7b 22 72 6f 6c 65 22 3a  22 75 73 65 72 22 2c 22  "
      "|{\"role\":\"user\",\"|\n"
      "00000010  63 6f 6e 74 65 6e 74 22  3a 22 63 61 66 c3 a9 20  "
      "|content\":\"caf.. |\n"
      "00000020  5c 22 6b 32 6d 39 78 34  71 31 7a 38 77 35 5c 22  "
      "|\\\"k2m9x4q1z8w5\\\"|\n"
      "00000030  20 65 6e 64 22 7d                                 "
      "| end\"}|\n"
      "00000036\nand so on\n",
      DECODE_DUMP, false },
    { "xxd",
      "00000000: 7b22 726f 6c65 223a 2275 7365 7222 2c22  "
      "{\"role\":\"user\",\"\n"
      "00000010: 636f 6e74 656e 7422 3a22 6361 66c3 a920  content\":\"caf.. \n"
      "00000020: 5c22 6b32 6d39 7834 7131 7a38 7735 5c22  "
      "\\\"k2m9x4q1z8w5\\\"\n"
      "00000030: 2065 6e64 227d                            end\"}\n",
      DECODE_DUMP, false },
    { "xxd in JSON",
      "{\"dump\":\"00000000: 7b22 726f 6c65 223a 2275 7365 7222 2c22  {\\\"role"
      "\\\":\\\"user\\\",\\\"\\n00000010: 636f 6e74 656e 7422 3a22 6361 66c3 "
      "a920  content\\\":\\\"caf.. \\n00000020: 5c22 6b32 6d39 7834 7131 7a38 "
      "7735 5c22  \\\\\\\"k2m9x4q1z8w5\\\\\\\"\\n00000030: 2065 6e64 227d     "
      "                       end\\\"}\\n\"}\n",
      DECODE_DUMP, true },
    { "curl --trace",
      "=> Send data, 54 bytes (0x36)\n"
      "0000: 7b 22 72 6f 6c 65 22 3a 22 75 73 65 72 22 2c 22 {\"role\":\"user\""
      ",\"\n"
      "0010: 63 6f 6e 74 65 6e 74 22 3a 22 63 61 66 c3 a9 20 content\":\"caf.. "
      "\n"
      "0020: 5c 22 6b 32 6d 39 78 34 71 31 7a 38 77 35 5c 22 \\\"k2m9x4q1z8w5"
      "\\\"\n"
      "0030: 20 65 6e 64 22 7d                                end\"}\n"
      "== Info: done\n",
      DECODE_DUMP, false },
    { "each line a log record",
      "2026-01-02 DEBUG 12345 00000000: 7b22 726f 6c65 223a 2275 7365 7222 2c22"
      "  {\"role\":\"user\",\"\n"
      "2026-01-02 DEBUG 12345 00000010: 636f 6e74 656e 7422 3a22 6361 66c3 a920"
      "  content\":\"caf.. \n"
      "2026-01-02 DEBUG 12345 00000020: 5c22 6b32 6d39 7834 7131 7a38 7735 5c22"
      "  \\\"k2m9x4q1z8w5\\\"\n"
      "2026-01-02 DEBUG 12345 00000030: 2065 6e64 227d  end\"}\n",
      DECODE_DUMP, false },
    { "a buffer's own frame",
      "|00000000| 7b 22 72 6f 6c 65 22 3a 22 75 73 65 72 22 2c 22 "
      "|{\"role\":\"|\n"
      "|00000010| 63 6f 6e 74 65 6e 74 22 3a 22 63 61 66 c3 a9 20 |content\"|\n"
      "|00000020| 5c 22 6b 32 6d 39 78 34 71 31 7a 38 77 35 5c 22 |\\\"k2m9x|\n"
      "|00000030| 20 65 6e 64 22 7d                               | end\"}|\n",
      DECODE_DUMP, false },
    { "0x",
      "{ 0x7b, 0x22, 0x72, 0x6f, 0x6c, 0x65, 0x22, 0x3a, 0x22, 0x75, 0x73,\n"
      "  0x65, 0x72, 0x22, 0x2c, 0x22, 0x63, 0x6f, 0x6e, 0x74, 0x65, 0x6e,\n"
      "  0x74, 0x22, 0x3a, 0x22, 0x63, 0x61, 0x66, 0xc3, 0xa9, 0x20, 0x5c,\n"
      "  0x22, 0x6b, 0x32, 0x6d, 0x39, 0x78, 0x34, 0x71, 0x31, 0x7a, 0x38,\n"
      "  0x77, 0x35, 0x5c, 0x22, 0x20, 0x65, 0x6e, 0x64, 0x22, 0x7d };",
      DECODE_HEXES, false },
    { "colons",
      "key=7b:22:72:6f:6c:65:22:3a:22:75:73:65:72:22:2c:22:63:6f:6e:74:65:6e:"
      "74:22:3a:22:63:61:66:c3:a9:20:5c:22:6b:32:6d:39:78:34:71:31:7a:38:77:"
      "35:5c:22:20:65:6e:64:22:7d.",
      DECODE_HEXES, false },
    { "numbers",
      "{\"data\":[123,34,114,111,108,101,34,58,34,117,115,101,114,34,44,34,99,"
      "111,110,116,101,110,116,34,58,34,99,97,102,195,169,32,92,34,107,50,109,"
      "57,120,52,113,49,122,56,119,53,92,34,32,101,110,100,34,125],\"x\":1}",
      DECODE_NUMBERS, false },
    { "octal",
      "[173 042 162 157 154 145 042 072 042 165 163 145 162 042 054 042 143 "
      "157 "
      "156 164 145 156 164 042 072 042 143 141 146 303 251 040 134 042 153 062 "
      "155 071 170 064 161 061 172 070 167 065 134 042 040 145 156 144 042 "
      "175]",
      DECODE_OCTALS, false },
};

Test(decode, a_body_comes_out_of_every_form_wherever_it_is_cut)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const char *text = forms[i].text;
        size_t length = strlen(text);
        struct decode_run run;

        cr_expect(decode_find(&run, text, length, 0), "%s", forms[i].what);
        cr_expect_eq(run.kind, forms[i].kind, "%s: %s", forms[i].what,
                     decode_names[run.kind]);
        cr_expect_eq(run.escaped, forms[i].escaped, "%s", forms[i].what);
        for (size_t piece = 1; piece <= length; piece += piece / 3 + 1) {
            struct buf out = { 0 };
            size_t used = decode(&out, &run, text, length, piece);

            cr_expect_not_null(strstr(buf_text(&out), BODY), "%s by %zu: %s",
                               forms[i].what, piece, buf_text(&out));
            cr_expect_leq(run.from + used, length);
            buf_release(&out);
        }
    }
}

/* Too short, or of another kind: all of it is searched as it is. */
static const char *const others[] = {
    "",
    "x",
    "2026-01-02T03:04:05Z 2026-01-02 03:04:05.678 [123] INFO 10 of 20",
    "{\"elapsed_ms\":1234,\"trace\":\"0123456789abcdef0123456789abcdef\"}",
    "GET /v1/chat/completions HTTP/1.1 and words that are no longer than that",
    "1700000000,200,123\n1700000001,503,4567\n1700000002,200,12345\n",
    "73 6b 2d 71 37 5a 72 54 30 78 56",
    "00000000  73 6b 2d 71 37 5a 72 54 30 78 56\n",
    "                                                                  ",
    "10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7",
};

Test(decode, what_is_no_run_is_left_alone)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct decode_run run = { 0 };

        cr_expect_not(decode_find(&run, others[i], strlen(others[i]), 0),
                      "%s as %s from %zu", others[i], decode_names[run.kind],
                      run.from);
    }
}

/* Runs follow each other: the second begins where the first one ends. */
Test(decode, a_line_that_is_no_dump_ends_it_and_is_looked_at_again)
{
    static const char text[] =
        "00000000  7b 22 72 6f 6c 65 22 3a  22 75 73 65 72 22 2c 22  |..|\n"
        "eyJyb2xlIjoidXNlciIsImNvbnRlbnQiOiJjYWbDqSBcImsybTl4NHExejh3NVwiIGVu"
        "\n";
    struct buf out = { 0 };
    struct decode_run run;
    size_t used;

    cr_assert(decode_find(&run, text, sizeof text - 1, 0));
    cr_expect_eq(run.kind, DECODE_DUMP);
    used = decode(&out, &run, text, sizeof text - 1, 9999);
    cr_expect_str_eq(buf_text(&out), "{\"role\":\"user\",\"");
    cr_assert(decode_find(&run, text, sizeof text - 1, run.from + used));
    cr_expect_eq(run.kind, DECODE_BASE64);
    cr_expect_eq(run.from, strcspn(text, "\n") + 1);
    buf_release(&out);
}

Test(decode, utf16_of_either_order_ends_where_other_text_begins)
{
    static const char little[] =
        "at\n{\0\"\0u\0s\0e\0r\0n\0a\0m\0e\0\"\0:\0 \0\"\0"
        "c\0a\0f\0\xe9\0 \0-\0k\0\"\0}\0";
    static const char big[] = "at\0{\0\"\0u\0s\0e\0r\0n\0a\0m\0e\0\"\0:\0 \0\""
                              "\0c\0a\0f\0\xe9\0 \0-\0k\0\"\0}\0\n\0";
    static const char *const texts[] = { little, big };
    size_t sizes[] = { sizeof little - 1, sizeof big - 1 };

    for (size_t i = 0; i < 2; i++) {
        struct buf text = { 0 }, out = { 0 };
        struct decode_run run;
        size_t used;

        buf_add(&text, texts[i], sizes[i]);
        buf_add_text(&text, "more of a log, which is none");
        cr_assert(decode_find(&run, text.data, text.length, 0));
        /* Of Latin letters either order is as good. */
        cr_expect_geq(run.kind, DECODE_UTF16_LITTLE);
        cr_expect(run.from >= 1 && run.from <= 3, "%zu", run.from);
        used = decode(&out, &run, text.data, text.length, 9999);
        cr_expect_geq(run.from + used, sizes[i] - 8);
        cr_expect_leq(run.from + used, sizes[i] + 2);
        cr_expect_not_null(strstr(buf_text(&out),
                                  "{\"username\": \"caf\xc3\xa9 "
                                  "-k\"}"),
                           "%s", buf_text(&out));
        buf_release(&text);
        buf_release(&out);
    }
}
