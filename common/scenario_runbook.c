/* What a scenario asks of the runbook, looked up in its document: numbers
 * relative to one of its figures, and requirements. */
#include "common/scenario_file.h"

#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#define FIGURE_MOST 1000000000 /* keeps the arithmetic inside int64_t */

/* "timeouts.header_ms"; NULL when it is not declared. */
static const struct json *find(const struct json *runbook, const char *path)
{
    /* Declared once for both (contract section 6). */
    static const struct {
        const char *path, *instead;
    } defaults[] = { { "auth.on_403", "auth.on_401" } };
    const struct json *node = runbook;
    const char *at = path;

    while (node && *at) {
        size_t length = strcspn(at, ".");
        char *key = xstrndup(at, length);

        node = json_get(node, key);
        free(key);
        at += length + (at[length] == '.');
    }
    for (size_t i = 0; !node && i < sizeof defaults / sizeof *defaults; i++) {
        if (!strcmp(path, defaults[i].path))
            return find(runbook, defaults[i].instead);
    }
    return node;
}

/* The figure, or -1 and *reason. */
static int64_t figure(const struct relative_number *number,
                      const struct json *runbook, char **reason)
{
    const struct json *node = find(runbook, number->of);
    int64_t value = json_int(node, -1);

    if (value >= 0 && value <= FIGURE_MOST)
        return value;
    if (!*reason)
        *reason =
            xasprintf(node ? "the runbook's %s is not a number to reckon with"
                           : "the runbook declares no %s",
                      number->of);
    return -1;
}

static int64_t reckon(const struct relative_number *number, int64_t value)
{
    int64_t ms = (value * number->percent + 50) / 100 + number->plus_ms;

    if (ms < 0)
        ms = 0;
    return number->as == RELATIVE_S ? (ms + 999) / 1000 : ms;
}

struct relative {
    const struct json *runbook;
    char **reason;
};

static struct json *apply_one(const struct rewrite *rewrite,
                              const struct json *node, const char *path,
                              bool *replaced)
{
    struct relative *r = rewrite->context;
    struct relative_number number;
    struct json *result;
    int64_t value;

    if (!json_get(node, "of"))
        return NULL;
    *replaced = true;
    if (!bind_read(&number, sizeof number, relative_table, node, path,
                   BIND_STRICT, rewrite->err))
        return NULL;
    value = r->runbook ? figure(&number, r->runbook, r->reason) : -1;
    result = value < 0 ? json_copy(node) : json_new_int(reckon(&number, value));
    bind_release(&number, relative_table);
    return result;
}

struct json *relative_apply(const struct json *node, const struct json *runbook,
                            const char *path, char **reason, struct err *err)
{
    struct relative r = { runbook, reason };
    struct rewrite rewrite = { apply_one, &r, err };

    return rewrite_node(&rewrite, node, path);
}

/* "!retry.on~http_503" in its parts; path and value are allocated. */
struct requirement {
    bool negated;
    char *path;
    char how; /* '=', '~' or 0 */
    char *value;
};

static struct requirement requirement_split(const char *text)
{
    struct requirement r = { .negated = *text == '!' };
    size_t length;

    text += r.negated;
    length = strcspn(text, "=~");
    r.path = xstrndup(text, length);
    r.how = text[length];
    r.value = xstrdup(text[length] ? text + length + 1 : "");
    return r;
}

static void requirement_release(struct requirement *r)
{
    free(r->path);
    free(r->value);
}

bool requirement_valid(const char *requirement)
{
    regex_t regex;
    bool valid;

    if (regcomp(&regex, "^!?[a-z0-9_]+([.][a-z0-9_]+)*([=~][!-~]+)?$",
                REG_EXTENDED | REG_NOSUB))
        return false;
    valid = regexec(&regex, requirement, 0, NULL, 0) == 0;
    regfree(&regex);
    return valid;
}

/* http_503 is in a list that holds http_503 or http_5xx. */
static bool holds_class(const struct json *list, const char *word)
{
    char wide[] = "http_0xx";
    bool status = strlen(word) == strlen(wide) && !strncmp(word, "http_", 5);

    if (status)
        wide[5] = word[5];
    for (const struct json *e = json_first(list); e; e = json_next(e)) {
        const char *item = json_text(e, "");

        if (!strcmp(item, word) || (status && !strcmp(item, wide)))
            return true;
    }
    return false;
}

static bool has_value(const struct json *node, const char *value)
{
    char *printed = json_print(node);
    bool same = !strcmp(json_text(node, printed), value);

    free(printed);
    return same;
}

static bool holds(const struct requirement *r, const struct json *node)
{
    if (!node)
        return false;
    if (r->how == '=')
        return has_value(node, r->value);
    return r->how != '~' || holds_class(node, r->value);
}

static char *reason_of(const struct requirement *r, const struct json *node)
{
    char shown[BIND_SHOWN_SIZE];

    if (!node)
        return xasprintf("the runbook declares no %s", r->path);
    bind_show(shown, node);
    if (r->negated && r->how == '~')
        return xasprintf("the runbook's %s lists %s", r->path, r->value);
    if (r->negated && r->how == '=')
        return xasprintf("the runbook's %s is %s", r->path, shown);
    if (r->negated)
        return xasprintf("the runbook declares %s", r->path);
    if (r->how == '~')
        return xasprintf("the runbook's %s does not list %s", r->path,
                         r->value);
    return xasprintf("the runbook's %s is %s, not %s", r->path, shown,
                     r->value);
}

char *requirement_unmet(const char *requirement, const struct json *runbook)
{
    struct requirement r = requirement_split(requirement);
    const struct json *node = find(runbook, r.path);
    char *reason = NULL;

    if (holds(&r, node) == r.negated)
        reason = reason_of(&r, node);
    requirement_release(&r);
    return reason;
}
