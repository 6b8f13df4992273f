#include "mockserver/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mockserver/withhold.h"

bool journal_open(struct journal *journal, size_t most, const char *path,
                  struct err *err)
{
    *journal = (struct journal){ .most = most };
    if (!path)
        return true;
    journal->file = fopen(path, "ae");
    if (!journal->file) {
        err_set_errno(err, ERR_IO, path);
        return false;
    }
    journal->path = xstrdup(path);
    return true;
}

void journal_release(struct journal *journal)
{
    if (!journal)
        return;
    for (size_t i = 0; i < journal->count; i++)
        free(journal->lines[i].text);
    free(journal->lines);
    free(journal->path);
    if (journal->file)
        fclose(journal->file);
    *journal = (struct journal){ 0 };
}

/* Takes out the lines without a text. */
static void journal_squeeze(struct journal *journal)
{
    size_t kept = 0;

    for (size_t i = 0; i < journal->count; i++)
        if (journal->lines[i].text)
            journal->lines[kept++] = journal->lines[i];
    journal->count = kept;
    journal->blank = 0;
}

static void journal_drop_text(struct journal *journal,
                              struct journal_line *line)
{
    journal->bytes -= strlen(line->text);
    free(line->text);
    line->text = NULL;
    journal->blank++;
}

/* Makes room for one more. A tenth at once, so that a full journal does not
 * move every line for each new one. */
static void journal_make_room(struct journal *journal)
{
    size_t surplus = journal->most / 10 + 1;

    if (journal->count < journal->most && journal->bytes < JOURNAL_BYTES_MOST)
        return;
    if (!journal->blank || journal->bytes >= JOURNAL_BYTES_MOST) {
        journal_squeeze(journal);
        if (surplus > journal->count)
            surplus = journal->count;
        for (size_t i = 0; i < surplus; i++)
            journal_drop_text(journal, &journal->lines[i]);
        journal->dropped += (int64_t)surplus;
    }
    journal_squeeze(journal);
}

static void journal_write(struct journal *journal, const char *text)
{
    if (!journal->file)
        return;
    if (fprintf(journal->file, "%s\n", text) >= 0 && !fflush(journal->file))
        return;
    log_line(LOG_ERROR, "%s: %s; no further line is written to it",
             journal->path, strerror(errno));
    fclose(journal->file);
    journal->file = NULL;
}

char *journal_print(const struct journal *journal,
                    const struct attempt *attempt)
{
    struct buf line = { 0 };
    char *text = attempt_print(attempt);

    buf_add_text(&line, text);
    /* Of an attempt that is nobody's, anybody's may be in it. */
    withhold(&line, journal->cases, attempt->foreign ? 0 : attempt->id.nonce);
    xwipe(text, strlen(text));
    free(text);
    return buf_take(&line);
}

void journal_append(struct journal *journal, struct attempt *attempt)
{
    struct journal_line *line;

    journal_make_room(journal);
    attempt->seq = ++journal->last_seq;
    journal->lines = xgrow(journal->lines, journal->count, &journal->capacity,
                           sizeof *journal->lines);
    line = &journal->lines[journal->count++];
    *line = (struct journal_line){ .seq = attempt->seq,
                                   .nonce = attempt->id.nonce,
                                   .text = journal_print(journal, attempt) };
    journal->bytes += strlen(line->text);
    if (attempt->foreign)
        journal->foreign++;
    journal_write(journal, line->text);
}

/* The first line with a seq above after. */
static size_t journal_place(const struct journal *journal, int64_t after)
{
    size_t low = 0, high = journal->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (journal->lines[middle].seq <= after)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t journal_read(const struct journal *journal, uint64_t nonce,
                    int64_t after, struct buf *out)
{
    size_t found = 0;

    for (size_t i = journal_place(journal, after); i < journal->count; i++) {
        const struct journal_line *line = &journal->lines[i];

        if (!line->text || (nonce && line->nonce != nonce))
            continue;
        buf_printf(out, "%s\n", line->text);
        found++;
    }
    return found;
}

void journal_forget(struct journal *journal, uint64_t nonce)
{
    for (size_t i = 0; i < journal->count; i++) {
        struct journal_line *line = &journal->lines[i];

        if (!line->text || (nonce && line->nonce != nonce))
            continue;
        journal_drop_text(journal, line);
    }
    if (journal->blank * 2 > journal->count)
        journal_squeeze(journal);
}
