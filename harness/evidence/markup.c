#include "harness/evidence/markup.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The length of a well-formed UTF-8 character at text (RFC 3629), 0 when there
 * is none; *point is its number. */
static size_t utf8_length(const char *text, uint32_t *point)
{
    const unsigned char *b = (const unsigned char *)text;
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length = b[0] < 0x80             ? 1
                    : (b[0] & 0xe0) == 0xc0 ? 2
                    : (b[0] & 0xf0) == 0xe0 ? 3
                    : (b[0] & 0xf8) == 0xf0 ? 4
                                            : 0;

    if (length < 2) {
        *point = b[0];
        return length;
    }
    *point = b[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (b[i] & 0x3fu);
    }
    if (*point < least[length] || *point > 0x10ffff ||
        (*point >= 0xd800 && *point <= 0xdfff))
        return 0;
    return length;
}

/* Control characters of C0, DEL and C1, and what XML forbids. */
static bool harmless(uint32_t point)
{
    return point >= 0x20 && !(point >= 0x7f && point <= 0x9f) &&
           point != 0xfffe && point != 0xffff;
}

static const char *no_replacement(char c)
{
    (void)c;
    return NULL;
}

static const char *markdown_replacement(char c)
{
    switch (c) {
    case '|':
        return "\\|";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '*':
        return "\\*";
    case '_':
        return "\\_";
    case '`':
        return "\\`";
    case '[':
        return "\\[";
    case ']':
        return "\\]";
    case '\\':
        return "\\\\";
    default:
        return NULL;
    }
}

static const char *xml_replacement(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    default:
        return NULL;
    }
}

static void write_safe(struct buf *out, const char *text,
                       const char *(*replacement)(char))
{
    while (*text) {
        uint32_t point = 0;
        size_t length = utf8_length(text, &point);
        const char *other = replacement(*text);

        if (length == 0) {
            buf_add_text(out, "?");
            text++;
            continue;
        }
        if (*text == '\n' || *text == '\r' || *text == '\t')
            buf_add_text(out, " ");
        else if (!harmless(point))
            buf_add_text(out, "?");
        else if (other)
            buf_add_text(out, other);
        else
            buf_add(out, text, length);
        text += length;
    }
}

void markup_plain(struct buf *out, const char *text)
{
    write_safe(out, text, no_replacement);
}

void markup_markdown(struct buf *out, const char *text)
{
    write_safe(out, text, markdown_replacement);
}

void markup_xml(struct buf *out, const char *text)
{
    write_safe(out, text, xml_replacement);
}

void markup_shell(struct buf *out, const char *text)
{
    size_t plain = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_./:=,@%+-");

    if (*text && !text[plain]) {
        buf_add_text(out, text);
        return;
    }
    buf_add_text(out, "'");
    for (; *text; text++) {
        if (*text == '\'')
            buf_add_text(out, "'\\''");
        else
            buf_add(out, text, 1);
    }
    buf_add_text(out, "'");
}
