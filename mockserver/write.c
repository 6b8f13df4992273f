#include "mockserver/write.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "mockserver/reason.h"

static void write_status_line(struct buf *out, const struct draft *draft)
{
    int64_t look = draft->head ? draft->head->status_line : -1;

    if (look == STEP_STATUS_LINE_BARE || look == STEP_STATUS_LINE_NO_REASON)
        buf_printf(out, "HTTP/1.1 %" PRId64 "%s\r\n", draft->status,
                   look == STEP_STATUS_LINE_BARE ? "" : " ");
    else
        buf_printf(out, "HTTP/1.%d %" PRId64 " %s\r\n",
                   look == STEP_STATUS_LINE_HTTP_1_0 ? 0 : 1, draft->status,
                   reason_find(draft->status));
}

/* ODD: every letter in the other case than its neighbour. */
static int write_letter(int64_t letters, size_t index, char c)
{
    switch (letters) {
    case STEP_LETTERS_LOWER:
        return tolower((unsigned char)c);
    case STEP_LETTERS_UPPER:
        return toupper((unsigned char)c);
    case STEP_LETTERS_ODD:
        return index % 2 ? toupper((unsigned char)c)
                         : tolower((unsigned char)c);
    default:
        return c;
    }
}

static void write_header(struct buf *out, const struct draft *draft,
                         const char *name, const char *value)
{
    int64_t letters = draft->head ? draft->head->names : -1;

    for (size_t i = 0; name[i]; i++) {
        char c = (char)write_letter(letters, i, name[i]);

        buf_add(out, &c, 1);
    }
    buf_printf(out, ": %s\r\n", value);
}

static void write_length(struct buf *out, const struct draft *draft,
                         int64_t more)
{
    int64_t length = draft->announced_bytes >= 0 ? draft->announced_bytes
                                                 : (int64_t)draft->body.length;
    struct buf value = { 0 };

    buf_printf(&value, "%" PRId64, length + more);
    write_header(out, draft, "Content-Length", buf_text(&value));
    buf_release(&value);
}

static void write_framing(struct buf *out, const struct draft *draft)
{
    if (draft->framing == STEP_FRAMING_LENGTH &&
        !draft_find_header(draft, "Content-Length"))
        write_length(out, draft, 0);
    if (draft->framing == STEP_FRAMING_CHUNKED &&
        !draft_find_header(draft, "Transfer-Encoding"))
        write_header(out, draft, "Transfer-Encoding", "chunked");
}

/* Bytes that no header function of ours would let through. */
static const struct {
    const char *bytes;
    size_t length;
} odd_lines[] = {
#define ODD(text)                                                              \
    {                                                                          \
        text, sizeof text - 1                                                  \
    }
    [STEP_ODD_OBS_FOLD] = ODD("X-Folded: one\r\n two\r\n"),
    [STEP_ODD_NUL] = ODD("X-Nul: a\0b\r\n"),
    [STEP_ODD_BARE_CR] = ODD("X-Cr: a\rX-Injected: b\r\n"),
    [STEP_ODD_BARE_LF] = ODD("X-Lf: a\nX-Injected: b\r\n"),
    [STEP_ODD_SPACE_BEFORE_COLON] = ODD("X-Space : a\r\n"),
    [STEP_ODD_NO_COLON] = ODD("X-No-Colon\r\n"),
#undef ODD
};

/* A second length is less by so much than the first: who believes it has a cut
 * body and bytes left over. */
#define CONFLICT_BYTES (-7)

static void write_odd(struct buf *out, const struct draft *draft, bool body)
{
    int64_t odd = draft->head ? draft->head->odd : -1;

    if (odd >= STEP_ODD_DUPLICATE_LENGTH && body)
        write_length(out, draft,
                     odd == STEP_ODD_CONFLICTING_LENGTH ? CONFLICT_BYTES : 0);
    else if (odd >= 0 && odd < STEP_ODD_DUPLICATE_LENGTH)
        buf_add(out, odd_lines[odd].bytes, odd_lines[odd].length);
}

void write_head(struct buf *out, const struct draft *draft, bool body,
                bool close)
{
    write_status_line(out, draft);
    for (size_t i = 0; i < draft->header_count; i++)
        write_header(out, draft, draft->headers[i].name,
                     draft->headers[i].value);
    if (body)
        write_framing(out, draft);
    write_odd(out, draft, body);
    if (close && !draft_find_header(draft, "Connection"))
        write_header(out, draft, "Connection", "close");
    buf_add_text(out, "\r\n");
}

void write_interim(struct buf *out, int64_t status)
{
    buf_printf(out, "HTTP/1.1 %" PRId64 " %s\r\n", status, reason_find(status));
    if (status == 103)
        buf_add_text(out, "Link: </style.css>; rel=preload\r\n");
    buf_add_text(out, "\r\n");
}

static void write_size(struct buf *out, const struct step_chunks *chunks,
                       size_t size)
{
    int64_t style = chunks ? chunks->style : -1;

    switch (style) {
    case STEP_CHUNK_UPPER:
        buf_printf(out, "%zX\r\n", size);
        break;
    case STEP_CHUNK_EXTENSIONS:
        buf_printf(out, "%zx;part=1;note=\"a b\"\r\n", size);
        break;
    case STEP_CHUNK_ZEROS:
        buf_printf(out, "%08zx\r\n", size);
        break;
    default:
        buf_printf(out, "%zx\r\n", size);
    }
}

void write_chunks(struct buf *out, const struct step_chunks *chunks,
                  const char *bytes, size_t length, size_t whole)
{
    size_t most = chunks && chunks->bytes > 0 ? (size_t)chunks->bytes : whole;
    size_t at = 0;

    while (at < length || (!at && !length)) {
        size_t size = whole - at < most ? whole - at : most;
        size_t sent = length - at < size ? length - at : size;

        write_size(out, chunks, size);
        buf_add(out, bytes + at, sent);
        if (sent == size)
            buf_add_text(out, "\r\n");
        if (!size)
            break;
        at += size;
    }
}

void write_last_chunk(struct buf *out, const struct step_chunks *chunks)
{
    const struct step_header *trailers = chunks ? chunks->trailers.items : NULL;

    write_size(out, chunks, 0);
    for (size_t i = 0; chunks && i < chunks->trailers.count; i++)
        buf_printf(out, "%s: %s\r\n", trailers[i].name, trailers[i].value);
    buf_add_text(out, "\r\n");
}
