#include "harness/telemetry/exposition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/xalloc.h"

#define NUMBER_MOST 64 /* bytes of a value or a timestamp */

/* One line, from where reading stands to its end. */
struct line {
    const char *at, *end;
    const char *wrong; /* what is, once something was */
};

static bool fail(struct line *line, const char *what)
{
    if (!line->wrong)
        line->wrong = what;
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_space(struct line *line)
{
    while (line->at < line->end && is_space(*line->at))
        line->at++;
}

/* Passes over one character, and what space is behind it. */
static bool take(struct line *line, char wanted)
{
    if (line->at == line->end || *line->at != wanted)
        return false;
    line->at++;
    skip_space(line);
    return true;
}

static bool is_letter(char c, bool first, bool colon)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (colon && c == ':') || (!first && c >= '0' && c <= '9');
}

/* A bare name; 0 bytes when there is none. */
static size_t name_length(const struct line *line, bool colon)
{
    size_t length = 0;

    while (line->at + length < line->end &&
           is_letter(line->at[length], length == 0, colon))
        length++;
    return length;
}

/* A text in quotes, unescaped; NULL when it is none. */
static char *quoted(struct line *line)
{
    struct buf out = { 0 };
    bool ok = true;

    line->at++; /* the quote */
    while (ok && line->at < line->end && *line->at != '"') {
        char c = *line->at++;

        if (c == '\\') {
            c = line->at < line->end ? *line->at++ : '\0';
            ok = c == '\\' || c == '"' || c == 'n';
            c = (char)(c == 'n' ? '\n' : c);
        }
        ok = ok && c != '\0';
        buf_add(&out, &c, 1);
    }
    if (ok && line->at < line->end) {
        line->at++;
        skip_space(line);
        return buf_take(&out);
    }
    xwipe(out.data, out.length);
    buf_release(&out);
    fail(line, "a text in quotes does not end, or has an escape that is none");
    return NULL;
}

/* One name, bare or in quotes; caller frees. NULL when there is none. */
static char *take_name(struct line *line, bool colon)
{
    size_t length = name_length(line, colon);
    char *name;

    if (line->at < line->end && *line->at == '"')
        return quoted(line);
    if (!length) {
        fail(line, "a name is wanted");
        return NULL;
    }
    name = xstrndup(line->at, length);
    line->at += length;
    skip_space(line);
    return name;
}

typedef bool add_label(struct metrics_sample *sample, const char *name,
                       size_t length, char *value);

/* Behind a name in braces: "=" and its value; or, in quotes and alone, it is
 * the name of the metric. */
static bool take_label(struct line *line, struct metrics_sample *sample,
                       add_label *add, char *name, bool was_quoted)
{
    char *value;

    if (was_quoted && !sample->name && add == metrics_add_label &&
        (line->at == line->end || *line->at != '=')) {
        sample->name = xstrdup(name);
        return *name || fail(line, "a metric without a name");
    }
    if (!take(line, '=') || line->at == line->end || *line->at != '"')
        return fail(line, "= and a value in quotes are wanted");
    value = quoted(line);
    return value && (add(sample, name, strlen(name), value) ||
                     fail(line, "a label twice, or more than 64"));
}

/* From the brace on to the closing one. */
static bool take_labels(struct line *line, struct metrics_sample *sample,
                        add_label *add)
{
    take(line, '{');
    while (!take(line, '}')) {
        bool was_quoted = line->at < line->end && *line->at == '"';
        char *name = take_name(line, false);
        bool ok = name && take_label(line, sample, add, name, was_quoted);

        free(name);
        if (!ok)
            return false;
        if (!take(line, ',') && (line->at == line->end || *line->at != '}'))
            return fail(line, ", or } is wanted");
    }
    return true;
}

/* A number as Go reads it: strtod() knows more words than it. */
static bool take_number(struct line *line, double *out)
{
    char text[NUMBER_MOST];
    char *end;
    size_t length = 0;

    while (line->at + length < line->end && !is_space(line->at[length]))
        length++;
    if (!length || length >= sizeof text)
        return fail(line, "a number is wanted");
    memcpy(text, line->at, length);
    text[length] = '\0';
    if (strlen(text) != length || strchr(text, '('))
        return fail(line, "a number is wanted");
    *out = strtod(text, &end);
    if (*end)
        return fail(line, "a number is wanted");
    line->at += length;
    skip_space(line);
    return true;
}

/* Behind the value: a timestamp, and an example with its labels, its value and
 * perhaps its timestamp. */
static bool take_rest(struct line *line, struct metrics_sample *sample)
{
    double ignored;

    if (line->at < line->end && *line->at != '#' &&
        !take_number(line, &ignored))
        return false;
    if (take(line, '#')) {
        if (line->at == line->end || *line->at != '{')
            return fail(line, "an exemplar begins with {");
        if (!take_labels(line, sample, metrics_add_exemplar) ||
            !take_number(line, &ignored))
            return false;
        if (line->at < line->end && !take_number(line, &ignored))
            return false;
    }
    return line->at == line->end ||
           fail(line, "there is more behind a sample's timestamp");
}

static bool take_sample(struct line *line, struct metrics_sample *sample)
{
    if (*line->at == '"')
        return fail(line, "a name in quotes stands in braces");
    if (*line->at != '{') {
        sample->name = take_name(line, true);
        if (!sample->name)
            return false;
    }
    if (line->at < line->end && *line->at == '{' &&
        !take_labels(line, sample, metrics_add_label))
        return false;
    if (!sample->name)
        return fail(line, "a metric without a name");
    return take_number(line, &sample->value) && take_rest(line, sample);
}

static bool read_sample(struct metrics *out, struct line *line)
{
    struct metrics_sample sample = { 0 };
    struct metrics_sample *kept = NULL;

    if (take_sample(line, &sample)) {
        kept = metrics_add(out, sample.name, strlen(sample.name));
        if (!kept)
            fail(line, "more than 100000 samples");
    }
    if (!kept) {
        metrics_sample_release(&sample);
        return false;
    }
    free(kept->name);
    *kept = sample;
    return true;
}

static bool is_word(const struct line *line, size_t length)
{
    static const char *const words[] = {
        "counter", "gauge",   "histogram", "gaugehistogram", "summary",
        "untyped", "unknown", "info",      "stateset",       NULL
    };

    for (size_t i = 0; words[i]; i++)
        if (strlen(words[i]) == length &&
            !strncasecmp(words[i], line->at, length))
            return true;
    return false;
}

/* "# TYPE name word": the one comment that says how to read what follows. Any
 * other is passed over. */
static bool read_comment(struct line *line, bool *ended)
{
    char *name;
    bool ok;

    line->at++;
    skip_space(line);
    if ((size_t)(line->end - line->at) >= 3 && !memcmp(line->at, "EOF", 3)) {
        line->at += 3;
        skip_space(line);
        *ended = line->at == line->end;
        return true;
    }
    if ((size_t)(line->end - line->at) < 5 || memcmp(line->at, "TYPE", 4) ||
        !is_space(line->at[4]))
        return true;
    line->at += 5;
    skip_space(line);
    name = take_name(line, true);
    free(name);
    ok = name && is_word(line, (size_t)(line->end - line->at));
    return ok || fail(line, "# TYPE wants a name and a type that is known");
}

static bool read_line(struct metrics *out, struct line *line, bool *ended)
{
    while (line->end > line->at &&
           (line->end[-1] == '\r' || is_space(line->end[-1])))
        line->end--;
    skip_space(line);
    if (line->at == line->end)
        return true;
    if (*ended)
        return fail(line, "there is more behind # EOF");
    return *line->at == '#' ? read_comment(line, ended)
                            : read_sample(out, line);
}

bool exposition_read(struct metrics *out, const char *text, size_t length,
                     struct err *err)
{
    const char *end = text + length;
    bool ended = false;
    size_t number = 0;
    char where[32];

    *out = (struct metrics){ 0 };
    for (const char *at = text; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct line line = { .at = at, .end = stop ? stop : end };

        number++;
        if (length > EXPOSITION_BYTES_MOST)
            fail(&line, "the page is larger than 16 MiB");
        else if (!stop)
            fail(&line, "the page ends inside a line");
        else
            read_line(out, &line, &ended);
        if (line.wrong) {
            snprintf(where, sizeof where, "line %zu", number);
            err_set(err, ERR_SYNTAX, where, "%s", line.wrong);
            metrics_release(out);
            return false;
        }
        at = stop + 1;
    }
    return true;
}
