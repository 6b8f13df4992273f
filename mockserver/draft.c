#include "mockserver/draft.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"

void draft_init(struct draft *draft, int64_t wall_ms)
{
    *draft = (struct draft){
        .wall_ms = wall_ms,
        .status = -1,
        .framing = STEP_FRAMING_LENGTH,
        .announced_bytes = -1,
        .end = STEP_END_KEEP,
    };
}

static void header_release(struct step_header *header)
{
    free(header->name);
    free(header->value);
}

void draft_release(struct draft *draft)
{
    if (!draft)
        return;
    for (size_t i = 0; i < draft->header_count; i++)
        header_release(&draft->headers[i]);
    free(draft->headers);
    free(draft->pieces);
    buf_release(&draft->body);
    buf_release(&draft->garbage);
    buf_release(&draft->tail);
    *draft = (struct draft){ 0 };
}

void draft_add_header(struct draft *draft, const char *name, const char *value)
{
    draft->headers = xgrow(draft->headers, draft->header_count,
                           &draft->header_capacity, sizeof *draft->headers);
    draft->headers[draft->header_count++] =
        (struct step_header){ xstrdup(name), xstrdup(value) };
}

void draft_remove_header(struct draft *draft, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < draft->header_count; i++) {
        if (!strcasecmp(draft->headers[i].name, name))
            header_release(&draft->headers[i]);
        else
            draft->headers[kept++] = draft->headers[i];
    }
    draft->header_count = kept;
}

const char *draft_find_header(const struct draft *draft, const char *name)
{
    for (size_t i = 0; i < draft->header_count; i++) {
        if (!strcasecmp(draft->headers[i].name, name))
            return draft->headers[i].value;
    }
    return NULL;
}

void draft_add_piece(struct draft *draft, enum piece_kind kind, int64_t wait_ms,
                     const void *bytes, size_t length)
{
    draft->pieces = xgrow(draft->pieces, draft->piece_count,
                          &draft->piece_capacity, sizeof *draft->pieces);
    draft->pieces[draft->piece_count++] =
        (struct piece){ .kind = kind, .length = length, .wait_ms = wait_ms };
    buf_add(&draft->body, bytes, length);
}

void draft_set_body(struct draft *draft, const char *content_type,
                    const void *bytes, size_t length)
{
    buf_clear(&draft->body);
    draft->piece_count = 0;
    if (length)
        draft_add_piece(draft, PIECE_PLAIN, 0, bytes, length);
    draft_set_content_type(draft, content_type);
}

void draft_set_content_type(struct draft *draft, const char *content_type)
{
    draft_remove_header(draft, "Content-Type");
    if (!content_type)
        return;
    draft_add_header(draft, "Content-Type", content_type);
    for (size_t i = draft->header_count - 1; i > 0; i--) {
        struct step_header swapped = draft->headers[i];

        draft->headers[i] = draft->headers[i - 1];
        draft->headers[i - 1] = swapped;
    }
}
