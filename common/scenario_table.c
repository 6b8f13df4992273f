#include "common/scenario_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/answer.h"
#include "common/step_headers.h"

const char *const evidence_type_names[] = { "contract", "resilience",
                                            "observability", NULL };
const char *const case_credential_names[] = { "valid", "none",
                                              "invalid_at_client",
                                              "invalid_at_upstream", NULL };

static const char *const prompt_names[] = { "fresh", "same", NULL };
static const char *const abort_names[] = { "fin", "rst", "half_close", NULL };
static const char *const unit_words[] = {
    [RELATIVE_MS] = "ms", [RELATIVE_S] = "s", NULL
};

#define NAME_PATTERN "^[a-z0-9][a-z0-9_-]*$"
#define MS_MOST      3600000 /* an hour */

/* clang-format off */
static const struct bind_row abort_table[] = {
    { .key = "when", .kind = BIND_TEXT,
      .offset = offsetof(struct case_client, abort.when), .required = true,
      .pattern = "^(after_ms:[1-9][0-9]{0,5}|event:[1-9][0-9]{0,5}|attempt_head_complete|attempt_answered)$",
      .doc = "after_ms:N, event:N (of its stream), attempt_head_complete or attempt_answered (of an attempt at some upstream)." },
    { .key = "how", .kind = BIND_ENUM,
      .offset = offsetof(struct case_client, abort.how), .names = abort_names,
      .doc = "half_close: it sends FIN and reads on." },
    { 0 }
};

static const struct bind_row client_table[] = {
    { .key = "fixture", .kind = BIND_TEXT,
      .offset = offsetof(struct case_client, fixture), .pattern = NAME_PATTERN,
      .doc = "Body that is sent; default minimal-chat." },
    { .key = "stream", .kind = BIND_BOOL,
      .offset = offsetof(struct case_client, stream),
      .doc = "Asks for a stream." },
    { .key = "prompt", .kind = BIND_ENUM,
      .offset = offsetof(struct case_client, prompt_same),
      .names = prompt_names,
      .doc = "Whether each request of the case has a text of its own." },
    { .key = "requests", .kind = BIND_INT,
      .offset = offsetof(struct case_client, requests), .min = 1, .max = 1000,
      .missing = 1, .unit = "requests", .doc = "How many are sent." },
    { .key = "concurrency", .kind = BIND_INT,
      .offset = offsetof(struct case_client, concurrency), .min = 1,
      .max = 1000, .missing = 1, .unit = "requests",
      .doc = "How many of them at once." },
    { .key = "interval_ms", .kind = BIND_INT,
      .offset = offsetof(struct case_client, interval_ms), .max = MS_MOST,
      .unit = "ms", .doc = "Between two requests." },
    { .key = "credential", .kind = BIND_ENUM,
      .offset = offsetof(struct case_client, credential),
      .names = case_credential_names,
      .doc = "invalid_at_upstream: a second gateway process whose key for the primary is wrong." },
    { .key = "headers", .kind = BIND_CUSTOM,
      .offset = offsetof(struct case_client, headers),
      .parse = step_headers_parse, .release = step_headers_release,
      .schema = step_headers_schema,
      .doc = "Further headers, as pairs in order." },
    { .key = "path", .kind = BIND_TEXT,
      .offset = offsetof(struct case_client, path), .pattern = "^/[!-~]*$",
      .doc = "Instead of the route's path." },
    { .key = "query", .kind = BIND_TEXT,
      .offset = offsetof(struct case_client, query), .pattern = "^[!-~]+$",
      .doc = "Behind the path and a question mark; it may hold names as headers do." },
    { .key = "model", .kind = BIND_TEXT,
      .offset = offsetof(struct case_client, model),
      .doc = "Instead of the profile's model." },
    { .key = "models", .kind = BIND_INT,
      .offset = offsetof(struct case_client, models), .min = 1, .max = 1000,
      .missing = 1, .unit = "models",
      .doc = "Its requests ask for so many models in turn, with made-up "
             "names." },
    { .key = "body_bytes", .kind = BIND_INT,
      .offset = offsetof(struct case_client, body_bytes), .min = 1,
      .max = 64 << 20, .missing = -1, .unit = "bytes",
      .doc = "The message is padded to about this size." },
    { .key = "split", .kind = BIND_BOOL,
      .offset = offsetof(struct case_client, split),
      .doc = "Head and body go out in two segments." },
    { .key = "timeout_ms", .kind = BIND_INT,
      .offset = offsetof(struct case_client, timeout_ms), .min = 1,
      .max = MS_MOST, .missing = -1, .unit = "ms",
      .doc = "The client's own limit; default: by the runbook." },
    { .key = "abort", .kind = BIND_OBJECT, .table = abort_table,
      .doc = "The client leaves before the end." },
    { .key = "read_rate_bytes_per_s", .kind = BIND_INT,
      .offset = offsetof(struct case_client, read_rate_bytes_per_s), .min = 1,
      .max = 1 << 30, .unit = "bytes/s",
      .doc = "It reads no faster, with a small receive buffer." },
    { .key = "reuse", .kind = BIND_BOOL,
      .offset = offsetof(struct case_client, reuse),
      .doc = "One kept-alive connection for the requests of the phase, which come one after the other." },
    { .key = "expect_continue", .kind = BIND_BOOL,
      .offset = offsetof(struct case_client, expect_continue),
      .doc = "Expect: 100-continue; the body goes out after a 100, or a second later." },
    { 0 }
};

#define PHASE(base) \
    { .key = "client", .kind = BIND_OBJECT, \
      .offset = (base) + offsetof(struct scenario_phase, client), \
      .table = client_table, .doc = "What the client sends." }, \
    { .key = "upstreams", .kind = BIND_JSON, \
      .offset = (base) + offsetof(struct scenario_phase, upstreams), \
      .doc = "For each upstream the steps its attempts meet, below; one that is not named is healthy." }, \
    { .key = "expect", .kind = BIND_JSON, \
      .offset = (base) + offsetof(struct scenario_phase, expect), \
      .doc = "\"runbook\" (default): everything is derived; an object overrides parts, below." }

static const struct bind_row phase_table[] = { PHASE(0), { 0 } };

static const struct bind_row needs_table[] = {
    { .key = "own_listeners", .kind = BIND_BOOL,
      .offset = offsetof(struct scenario_file, needs.own_listeners),
      .doc = "Listeners of its own; set by itself for faults before a request is read." },
    { .key = "fresh_process", .kind = BIND_BOOL,
      .offset = offsetof(struct scenario_file, needs.fresh_process),
      .doc = "A gateway process that served nothing before." },
    { .key = "metrics", .kind = BIND_BOOL,
      .offset = offsetof(struct scenario_file, needs.metrics),
      .doc = "Counters that the profile names, of a process that serves no "
             "other case meanwhile; not applicable where it names none." },
    { .key = "upstreams", .kind = BIND_TEXTS,
      .offset = offsetof(struct scenario_file, needs.upstreams),
      .pattern = UPSTREAM_NAME_PATTERN,
      .doc = "Upstreams the profile must have besides those with steps." },
    { .key = "variant", .kind = BIND_TEXT,
      .offset = offsetof(struct scenario_file, needs.variant),
      .pattern = NAME_PATTERN,
      .doc = "Another configuration of the gateway, by its name in the profile; without it the case is not applicable." },
    { .key = "prefer_variant", .kind = BIND_TEXT,
      .offset = offsetof(struct scenario_file, needs.prefer_variant),
      .pattern = NAME_PATTERN,
      .doc = "The same, and where the profile has none of that name its own configuration, if requires holds for it." },
    { .key = "keys", .kind = BIND_INT,
      .offset = offsetof(struct scenario_file, needs.keys),
      .min = 1, .max = SCENARIO_KEYS_MOST, .missing = 1, .unit = "keys",
      .doc = "How many keys the gateway holds for the primary at least." },
    { 0 }
};

const struct bind_row scenario_table[] = {
    { .key = "id", .kind = BIND_TEXT, .offset = offsetof(struct scenario_file, id),
      .required = true, .pattern = "^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)+$",
      .doc = "family/name: the file's path without its ending." },
    { .key = "title", .kind = BIND_TEXT,
      .offset = offsetof(struct scenario_file, title), .required = true,
      .doc = "What happens, in a few words." },
    { .key = "why", .kind = BIND_TEXT,
      .offset = offsetof(struct scenario_file, why), .required = true,
      .doc = "What a gateway could get wrong, and who says so." },
    { .key = "sources", .kind = BIND_TEXTS,
      .offset = offsetof(struct scenario_file, sources),
      .doc = "Where it comes from." },
    { .key = "evidence_type", .kind = BIND_ENUM,
      .offset = offsetof(struct scenario_file, evidence_type),
      .required = true, .names = evidence_type_names,
      .doc = "What the case is evidence of." },
    { .key = "matrix", .kind = BIND_JSON,
      .offset = offsetof(struct scenario_file, matrix),
      .doc = "Names with lists of values; a case for every combination, \"${name}\" stands for the value." },
    { .key = "requires", .kind = BIND_TEXTS,
      .offset = offsetof(struct scenario_file, requires),
      .doc = "What the runbook must declare: a path, path=value, path~class in a list, or !path for what it must not." },
    PHASE(offsetof(struct scenario_file, phase)),
    { .key = "phases", .kind = BIND_LIST,
      .offset = offsetof(struct scenario_file, phases), .table = phase_table,
      .item_size = sizeof(struct scenario_phase), .min = 1, .max = 64,
      .doc = "Several phases instead of client, upstreams and expect." },
    { .key = "together", .kind = BIND_BOOL,
      .offset = offsetof(struct scenario_file, together),
      .doc = "The requests of all phases go out at once, each met by the script of its own phase." },
    { .key = "needs", .kind = BIND_OBJECT, .table = needs_table,
      .doc = "What the case cannot share or do without." },
    { 0 }
};

const struct bind_row relative_table[] = {
    { .key = "of", .kind = BIND_TEXT,
      .offset = offsetof(struct relative_number, of), .required = true,
      .pattern = "^[a-z0-9_]+(\\.[a-z0-9_]+)*$",
      .doc = "Path of a number of the runbook." },
    { .key = "percent", .kind = BIND_INT,
      .offset = offsetof(struct relative_number, percent), .min = 1,
      .max = 10000, .missing = 100, .unit = "%", .doc = "So much of it." },
    { .key = "plus_ms", .kind = BIND_INT,
      .offset = offsetof(struct relative_number, plus_ms), .min = -MS_MOST,
      .max = MS_MOST, .unit = "ms", .doc = "And so much more, or less." },
    { .key = "as", .kind = BIND_ENUM,
      .offset = offsetof(struct relative_number, as), .names = unit_words,
      .doc = "s: in whole seconds, rounded up." },
    { 0 }
};
/* clang-format on */

enum abort_when case_abort_when(const struct case_client *client,
                                int64_t *number)
{
    static const char *const words[] = {
        [ABORT_AFTER_MS] = "after_ms",
        [ABORT_EVENT] = "event",
        [ABORT_ATTEMPT_HEAD] = "attempt_head_complete",
        [ABORT_ATTEMPT_ANSWERED] = "attempt_answered",
    };
    const char *when = client->abort.when;
    size_t length = when ? strcspn(when, ":") : 0;

    *number = when && when[length] ? strtoll(when + length + 1, NULL, 10) : 0;
    for (size_t i = 1; when && i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && !strncmp(words[i], when, length))
            return (enum abort_when)i;
    return ABORT_NEVER;
}

void case_client_release(struct case_client *client)
{
    bind_release(client, client_table);
}
