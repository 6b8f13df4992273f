#include "harness/drill/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/scenario.h"
#include "common/xalloc.h"
#include "harness/home.h"

const struct bind_row suite_table[] = {
    { .key = "title",
      .kind = BIND_TEXT,
      .required = true,
      .offset = offsetof(struct suite, title),
      .doc = "What it is" },
    { .key = "why",
      .kind = BIND_TEXT,
      .required = true,
      .offset = offsetof(struct suite, why),
      .doc = "What it is for" },
    { .key = "cases",
      .kind = BIND_TEXTS,
      .required = true,
      .min = 1,
      .max = 1000,
      .offset = offsetof(struct suite, cases),
      .doc = "Patterns on case ids" },
    { .key = "ordered",
      .kind = BIND_BOOL,
      .offset = offsetof(struct suite, ordered),
      .doc = "Cases run one after the other, in the order of the patterns" },
    { 0 }
};

bool suite_load(struct suite *out, const char *root, const char *name,
                struct err *err)
{
    char *path = strchr(name, '/') ? xstrdup(name)
                                   : xasprintf("%s/suites/%s.json", root, name);
    struct json *document = NULL;
    char *where = xasprintf("%s: $", path);
    bool ok = false;

    *out = (struct suite){ 0 };
    if (access(path, R_OK) != 0) {
        err_set(err, ERR_USAGE, name,
                "no such suite; shipped are promotion, full and live-safe");
        goto done;
    }
    document = json_load(path, err);
    ok = document && bind_read(out, sizeof *out, suite_table, document, where,
                               BIND_STRICT, err);

done:
    json_free(document);
    free(where);
    free(path);
    return ok;
}

void suite_release(struct suite *suite)
{
    if (!suite)
        return;
    bind_release(suite, suite_table);
    *suite = (struct suite){ 0 };
}

int64_t suite_find(const struct suite *suite, const char *case_id)
{
    for (size_t i = 0; i < suite->cases.count; i++)
        if (case_matches(case_id, suite->cases.items[i]))
            return (int64_t)i;
    return -1;
}
