#include "tests/refgateway/bug.h"

#include <string.h>

#include "common/json.h"

const struct bug_row bug_rows[BUG_COUNT + 1] = {
#define BUG(word, name, sources, check, cases, runbook, text)                  \
    [BUG_##word] = { name, sources, check, cases, runbook, text },
#include "tests/refgateway/bug_list.h"
#undef BUG
};

static enum bug active = BUG_NONE;

void bug_set(enum bug bug)
{
    active = bug;
}

bool bug_is(enum bug bug)
{
    return active == bug;
}

bool bug_find(enum bug *out, const char *name, struct err *err)
{
    for (enum bug bug = BUG_NONE + 1; bug < BUG_COUNT; bug++) {
        if (!strcmp(bug_rows[bug].name, name)) {
            *out = bug;
            return true;
        }
    }
    err_set(err, ERR_USAGE, "--bug",
            "there is no bug \"%s\"; --list-bugs names them", name);
    return false;
}

/* --- failures seen in another class than declared ----------------------- */

enum bend { BEND_NOT, BEND_ON, BEND_OFF };

struct bend_row {
    enum bug bug;
    enum outcome outcome;
    int least, most; /* of OUTCOME_HTTP: statuses */
    enum bend retry, fall_back;
};

static const struct bend_row bends[] = {
    { BUG_RETRY_401, OUTCOME_HTTP, 401, 401, BEND_ON, BEND_NOT },
    { BUG_RETRY_403, OUTCOME_HTTP, 403, 403, BEND_ON, BEND_NOT },
    { BUG_RETRY_400, OUTCOME_HTTP, 400, 400, BEND_ON, BEND_NOT },
    { BUG_RETRY_404, OUTCOME_HTTP, 404, 404, BEND_ON, BEND_NOT },
    { BUG_RETRY_407, OUTCOME_HTTP, 407, 407, BEND_ON, BEND_NOT },
    { BUG_RETRY_422, OUTCOME_HTTP, 422, 422, BEND_ON, BEND_NOT },
    { BUG_RETRY_408_409, OUTCOME_HTTP, 408, 409, BEND_ON, BEND_NOT },
    { BUG_RETRY_3XX, OUTCOME_HTTP, 300, 399, BEND_ON, BEND_NOT },
    { BUG_FALLBACK_401, OUTCOME_HTTP, 401, 401, BEND_NOT, BEND_ON },
    { BUG_FALLBACK_403, OUTCOME_HTTP, 403, 403, BEND_NOT, BEND_ON },
    { BUG_FALLBACK_400, OUTCOME_HTTP, 400, 400, BEND_NOT, BEND_ON },
    { BUG_FALLBACK_404, OUTCOME_HTTP, 404, 404, BEND_NOT, BEND_ON },
    { BUG_ONLY_503, OUTCOME_HTTP, 500, 502, BEND_OFF, BEND_NOT },
    { BUG_ONLY_503, OUTCOME_HTTP, 504, 599, BEND_OFF, BEND_NOT },
    { BUG_UNUSUAL_5XX, OUTCOME_HTTP, 505, 599, BEND_OFF, BEND_NOT },
    { BUG_NO_RETRY_429, OUTCOME_HTTP, 429, 429, BEND_OFF, BEND_NOT },
    { BUG_NO_RETRY_RESET, OUTCOME_RESET_BEFORE_HEADERS, 0, 0, BEND_OFF,
      BEND_NOT },
    { BUG_NO_RETRY_EOF, OUTCOME_EOF_BEFORE_HEADERS, 0, 0, BEND_OFF, BEND_NOT },
    { BUG_NO_RETRY_HEADER_TIMEOUT, OUTCOME_HEADER_TIMEOUT, 0, 0, BEND_OFF,
      BEND_NOT },
    { BUG_NO_RETRY_FIRST_TOKEN, OUTCOME_FIRST_TOKEN_TIMEOUT, 0, 0, BEND_OFF,
      BEND_NOT },
    { BUG_NO_RETRY_TRUNCATED, OUTCOME_TRUNCATED_BEFORE_COMMIT, 0, 0, BEND_OFF,
      BEND_NOT },
    { BUG_NO_RETRY_BAD_BODY, OUTCOME_BAD_BODY, 0, 0, BEND_OFF, BEND_NOT },
    { BUG_NO_FALLBACK_REFUSED, OUTCOME_CONNECT_REFUSED, 0, 0, BEND_NOT,
      BEND_OFF },
    { BUG_NO_FALLBACK_429, OUTCOME_HTTP, 429, 429, BEND_NOT, BEND_OFF },
    { 0 },
};

static void bend(bool *value, enum bend how)
{
    if (how != BEND_NOT)
        *value = how == BEND_ON;
}

void bug_bend(bool *retry, bool *fall_back, enum outcome outcome, int status)
{
    for (const struct bend_row *row = bends; row->bug; row++) {
        if (!bug_is(row->bug) || row->outcome != outcome ||
            (outcome == OUTCOME_HTTP &&
             (status < row->least || status > row->most)))
            continue;
        bend(retry, row->retry);
        bend(fall_back, row->fall_back);
    }
}

bool bug_bends(int status)
{
    bool retry = false;
    bool fall_back = false;

    bug_bend(&retry, &fall_back, OUTCOME_HTTP, status);
    return retry || fall_back;
}

/* --- the list ----------------------------------------------------------- */

static void add(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, "%s\"%s\":", out->data[out->length - 1] == '{' ? "" : ",",
               key);
    json_quote(out, text, strlen(text));
}

void bug_format(struct buf *out, enum bug bug)
{
    const struct bug_row *row = &bug_rows[bug];

    buf_add_text(out, "{");
    add(out, "name", row->name);
    add(out, "sources", row->sources);
    add(out, "check", row->check);
    add(out, "cases", row->cases);
    add(out, "runbook", row->runbook ? row->runbook : "");
    add(out, "text", row->text);
    buf_add_text(out, "}");
}
