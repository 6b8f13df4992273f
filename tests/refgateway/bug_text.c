#include "tests/refgateway/bug_text.h"

#include <stdio.h>
#include <string.h>

#include "tests/refgateway/bug.h"

static _Thread_local char last[4096];

void bug_text_note(const char *body)
{
    if (bug_is(BUG_UPSTREAM_TEXT_TO_CLIENT) ||
        bug_is(BUG_UPSTREAM_TEXT_IN_LOG) || bug_is(BUG_EXCEPTION_IN_SPAN) ||
        bug_is(BUG_KEY_TEXT_DISABLES))
        snprintf(last, sizeof last, "%s", body);
}

const char *bug_text(void)
{
    return last;
}

bool bug_text_has(const char *words)
{
    return strstr(last, words) != NULL;
}
