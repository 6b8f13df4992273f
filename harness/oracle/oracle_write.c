/* What the oracle says, for people. */
#include "harness/oracle/oracle.h"

#include <inttypes.h>
#include <string.h>

static void write_gap(struct buf *out, const struct allowed_attempt *attempt)
{
    if (attempt->gap_most_ms == ALLOWED_ANY && attempt->gap_least_ms == 0) {
        buf_printf(out, "; %s", attempt->gap_reason);
        return;
    }
    buf_printf(out, "; waits %" PRId64, attempt->gap_least_ms);
    if (attempt->gap_most_ms == ALLOWED_ANY)
        buf_add_text(out, " ms or more");
    else
        buf_printf(out, " to %" PRId64 " ms", attempt->gap_most_ms);
    buf_printf(out, " (%s)", attempt->gap_reason);
}

static void write_attempt(struct buf *out, const struct allowed_path *path,
                          size_t i)
{
    const struct allowed_attempt *attempt = &path->attempts[i];
    char class[32];

    failure_format(class, attempt->failure, attempt->status);
    buf_printf(out, "    %zu. %s, attempt %" PRId64, i + 1, attempt->upstream,
               attempt->ordinal);
    if (attempt->key > 0)
        buf_printf(out, " with key %" PRId64, attempt->key);
    buf_printf(out, ": %s\n",
               attempt->failure == FAILURE_NONE ? "answers" : class);
    buf_printf(out, "       because %s", attempt->reason);
    if (i > 0)
        write_gap(out, attempt);
    buf_add_text(out, "\n");
}

static void write_status(struct buf *out, const struct allowed_path *path)
{
    if (path->committed) {
        buf_printf(out, "after the answer has begun: %s%s%s",
                   path->error_event_allowed || path->error_event_sent
                       ? "an error event"
                       : "",
                   (path->error_event_allowed || path->error_event_sent) &&
                           path->abort_allowed
                       ? " or "
                       : "",
                   path->abort_allowed ? "a cut that can be seen" : "");
        return;
    }
    if (path->status.same) {
        buf_printf(out, "status %" PRId64 ", as the upstream's",
                   path->upstream_status);
        return;
    }
    if (!path->status.declared) {
        buf_add_text(out, "any honest error");
        return;
    }
    buf_add_text(out, "status");
    for (size_t i = 0; i < path->status.count; i++)
        buf_printf(out, "%s %" PRId64,
                   i == 0                        ? ""
                   : i + 1 == path->status.count ? " or"
                                                 : ",",
                   path->status.statuses[i]);
}

static void write_outcome(struct buf *out, const struct allowed_path *path)
{
    buf_add_text(out, "    client: ");
    switch (path->outcome) {
    case CLIENT_SUCCESS:
        buf_add_text(out, "the complete answer");
        break;
    case CLIENT_ANY:
        buf_add_text(out, "not judged; what the upstream sent may be passed "
                          "on");
        break;
    case CLIENT_ERROR:
        buf_add_text(out, "an error: ");
        write_status(out, path);
        break;
    }
    buf_printf(out, "\n    decision: %s; %s\n", decision_names[path->decision],
               path->end_reason);
    if (path->not_before_ms > 0)
        buf_printf(out, "    only when at least %" PRId64 " ms have gone by\n",
                   path->not_before_ms);
}

/* "primary 3, fallback 1" */
static void write_counts(struct buf *out, const struct allowed_path *path)
{
    size_t written = 0;

    for (size_t i = 0; i < path->count; i++) {
        const char *name = path->attempts[i].upstream;
        size_t count = 0;
        bool first = true;

        for (size_t k = 0; k < path->count; k++)
            if (!strcmp(path->attempts[k].upstream, name)) {
                count++;
                first = first && k >= i;
            }
        if (first)
            buf_printf(out, "%s%s %zu", written++ ? ", " : "", name, count);
    }
    if (path->count == 0)
        buf_add_text(out, "no attempt");
}

static void write_overrides(struct buf *out, const struct allowed *allowed)
{
    for (size_t i = 0; i < allowed->attempts_override_count; i++)
        buf_printf(out,
                   "the scenario expects %" PRId64 " to %" PRId64
                   " attempts at %s\n",
                   allowed->attempts_override[i].least,
                   allowed->attempts_override[i].most,
                   allowed->attempts_override[i].upstream);
}

void allowed_write(struct buf *out, const struct allowed *allowed)
{
    if (allowed->not_judged[0]) {
        buf_printf(out, "not judged beyond what always holds: %s\n",
                   allowed->not_judged);
        write_overrides(out, allowed);
        return;
    }
    for (size_t i = 0; i < allowed->path_count; i++) {
        const struct allowed_path *path = &allowed->paths[i];

        buf_printf(out, "  allowed %zu of %zu: ", i + 1, allowed->path_count);
        write_counts(out, path);
        buf_add_text(out, "\n");
        for (size_t k = 0; k < path->count; k++)
            write_attempt(out, path, k);
        write_outcome(out, path);
    }
    for (size_t i = 0; i < allowed->uncountable_count; i++)
        buf_printf(out,
                   "  attempts at %s cannot be counted: its port takes none\n",
                   allowed->uncountable[i]);
    write_overrides(out, allowed);
    if (allowed->within_ms == ALLOWED_ANY)
        buf_printf(out, "  time: not bounded (%s)\n", allowed->within_reason);
    else
        buf_printf(out, "  time: within %" PRId64 " ms (%s)\n",
                   allowed->within_ms, allowed->within_reason);
}
