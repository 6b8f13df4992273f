/* drafts: two small messages for tests of rendering. */
#ifndef GATEDRILL_TESTS_UNIT_DRAFTS_H
#define GATEDRILL_TESTS_UNIT_DRAFTS_H

#include "mockserver/draft.h"
#include "tests/unit/plan_view.h"

#define SOME_BODY "0123456789abcdefghij"

/* 200 with 20 bytes of text/plain. */
static inline struct draft some_draft(void)
{
    struct draft draft;

    draft_init(&draft, SOME_WALL_MS);
    draft.status = 200;
    draft_set_body(&draft, "text/plain", SOME_BODY, strlen(SOME_BODY));
    return draft;
}

/* Three pieces: plain "AAAA", event "BBBB", event "CCCC". */
static inline struct draft some_events(void)
{
    struct draft draft;

    draft_init(&draft, SOME_WALL_MS);
    draft.status = 200;
    draft.framing = STEP_FRAMING_CHUNKED;
    draft_add_piece(&draft, PIECE_PLAIN, 0, "AAAA", 4);
    draft_add_piece(&draft, PIECE_EVENT, 5, "BBBB", 4);
    draft_add_piece(&draft, PIECE_EVENT, 7, "CCCC", 4);
    return draft;
}

#endif
