#include "harness/judge/seen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

static bool is_refusal(int64_t status)
{
    return status == 401 || status == 403;
}

/* The runbook lets no attempt follow this status. refusals: so many at the
 * upstream in this request, this one counted. */
static bool fail_closed(const struct observation *o, const char *upstream,
                        int64_t status, size_t refusals)
{
    const struct runbook *runbook = o->runbook;
    int64_t rule = status == 401   ? runbook->auth.on_401
                   : status == 403 ? runbook->auth.on_403
                                   : -1;
    int64_t budget = runbook->retry.budget;
    size_t most = seen_key_count(o, upstream);

    if (budget >= 0 && (size_t)budget + 1 < most)
        most = (size_t)budget + 1;
    return runbook->auth.declared &&
           (rule == AUTH_FAIL_CLOSED ||
            (rule == AUTH_ROTATE_KEY && refusals >= most));
}

/* Refused keys at the upstream of attempt `at`, up to it. */
static size_t refusals_until(const struct seen *seen, size_t at)
{
    size_t count = 0;

    for (size_t i = 0; i <= at; i++)
        count += !strcmp(seen->attempts[i]->upstream,
                         seen->attempts[at]->upstream) &&
                 seen->attempts[i]->delivered.head_complete &&
                 is_refusal(seen->attempts[i]->delivered.status);
    return count;
}

void seen_init(struct seen *out, const struct judged *judged, size_t request)
{
    const struct observation *o = judged->observation;
    const struct observed_request *r = &o->requests[request];

    *out = (struct seen){
        .observation = o,
        .request = r,
        .trace = &r->trace,
        .allowed = &judged->allowed[r->phase],
        .phase = &o->drill_case->phases[r->phase],
        .refused_at = SEEN_NONE,
    };
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];

        if (attempt->foreign || attempt->other_route ||
            attempt->id.epoch != r->epoch || out->count == SEEN_ATTEMPTS_MOST)
            continue;
        out->attempts[out->count++] = attempt;
        if (out->refused_at == SEEN_NONE && attempt->delivered.head_complete &&
            fail_closed(o, attempt->upstream, attempt->delivered.status,
                        refusals_until(out, out->count - 1)))
            out->refused_at = out->count - 1;
    }
}

bool seen_uncountable(const struct seen *seen, const char *upstream)
{
    for (size_t i = 0; i < seen->allowed->uncountable_count; i++)
        if (!strcmp(seen->allowed->uncountable[i], upstream))
            return true;
    return false;
}

int64_t seen_elapsed_ms(const struct seen *seen)
{
    return (seen->trace->end_ns - seen->trace->start_ns) / NS_PER_MS;
}

size_t seen_path_end(const struct seen *seen, const struct allowed_path *path)
{
    if (seen->refused_at == SEEN_NONE)
        return path->count;
    for (size_t i = 0; i < path->count; i++) {
        const struct allowed_attempt *attempt = &path->attempts[i];
        size_t refusals = 0;

        for (size_t k = 0; k <= i; k++)
            refusals +=
                !strcmp(path->attempts[k].upstream, attempt->upstream) &&
                path->attempts[k].failure == FAILURE_HTTP &&
                is_refusal(path->attempts[k].status);
        if (attempt->failure == FAILURE_HTTP &&
            fail_closed(seen->observation, attempt->upstream, attempt->status,
                        refusals))
            return i + 1;
    }
    return path->count;
}

bool seen_in_time(const struct seen *seen, const struct allowed_path *path)
{
    return path->not_before_ms <= seen_elapsed_ms(seen);
}

/* An attempt with a key that is nobody's is judged by one_credential. */
static bool same_attempt(const struct seen *seen, const struct attempt *attempt,
                         const struct allowed_attempt *allowed)
{
    int64_t key = allowed->key > 0 ? seen_key(seen, attempt) : 0;

    return !strcmp(attempt->upstream, allowed->upstream) &&
           (key == 0 || key == allowed->key);
}

bool seen_fits(const struct seen *seen, const struct allowed_path *path)
{
    size_t end =
        seen->refused_at == SEEN_NONE ? seen->count : seen->refused_at + 1;
    size_t path_end = seen_path_end(seen, path);
    size_t i = 0;
    size_t k = 0;

    if (!seen_in_time(seen, path))
        return false;
    for (;;) {
        while (i < end && seen_uncountable(seen, seen->attempts[i]->upstream))
            i++;
        while (k < path_end &&
               seen_uncountable(seen, path->attempts[k].upstream))
            k++;
        if (i == end || k == path_end)
            return i == end && k == path_end;
        if (!same_attempt(seen, seen->attempts[i], &path->attempts[k]))
            return false;
        i++;
        k++;
    }
}

bool seen_candidate(const struct seen *seen, size_t path)
{
    for (size_t i = 0; i < seen->allowed->path_count; i++)
        if (seen_fits(seen, &seen->allowed->paths[i]))
            return seen_fits(seen, &seen->allowed->paths[path]);
    return seen_in_time(seen, &seen->allowed->paths[path]);
}

enum decision seen_decision(const struct seen *seen)
{
    const char *primary = runbook_primary(seen->observation->runbook);
    const struct attempt *last =
        seen->count ? seen->attempts[seen->count - 1] : NULL;

    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->attempts[i]->upstream, primary))
            return DECISION_FALLBACK_USED;
    if (seen->trace->outcome == TRACE_OUTCOME_SUCCESS)
        return last ? DECISION_PRIMARY_USED : DECISION_UNKNOWN;
    if (last &&
        (last->delivered.status == 401 || last->delivered.status == 403))
        return DECISION_FAILED_CLOSED;
    if (!last && (seen->trace->status == 401 || seen->trace->status == 403))
        return DECISION_FAILED_CLOSED;
    /* Nobody can count what a refusing port refused. */
    for (size_t i = 0; i < seen->allowed->uncountable_count; i++)
        if (strcmp(seen->allowed->uncountable[i], primary))
            return DECISION_UNKNOWN;
    return DECISION_FALLBACK_NOT_TRIGGERED;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a && (!b || a < b) ? a : b;
}

int64_t seen_began_ns(const struct attempt *attempt)
{
    return attempt->times_ns.first_byte ? attempt->times_ns.first_byte
                                        : attempt->times_ns.accept;
}

int64_t seen_over_ns(const struct seen *seen, const struct attempt *attempt)
{
    int64_t end_ns = attempt->delivered.end == ATTEMPT_END_OPEN
                         ? seen->observation->listened_until_ns
                         : attempt->times_ns.end;

    return earlier(end_ns, attempt->times_ns.peer_closed);
}

const char *seen_why(const struct allowed_path *path)
{
    return path->count > 1 ? path->attempts[path->count - 1].reason
                           : path->end_reason;
}

void seen_add_word(char *out, size_t size, const char *separator,
                   const char *text)
{
    size_t length = strlen(out);
    size_t text_length = strlen(text);
    size_t separator_length = strlen(separator);

    for (const char *at = out; (at = strstr(at, text)); at++) {
        bool begins = at == out || (at >= out + separator_length &&
                                    !strncmp(at - separator_length, separator,
                                             separator_length));

        if (begins && (!at[text_length] ||
                       !strncmp(at + text_length, separator, separator_length)))
            return;
    }
    snprintf(out + length, size - length, "%s%s", length ? separator : "",
             text);
}

/* The upstream of the i-th attempt of what is counted. */
typedef const char *upstream_at(const void *list, size_t i);

static const char *seen_upstream_at(const void *list, size_t i)
{
    return ((const struct seen *)list)->attempts[i]->upstream;
}

static const char *path_upstream_at(const void *list, size_t i)
{
    return ((const struct allowed_path *)list)->attempts[i].upstream;
}

static void count_words(char *out, size_t size, const struct seen *seen,
                        const void *list, size_t count, upstream_at *at)
{
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *name = at(list, i);
        size_t same = 0;
        bool first = true;
        char text[64];

        for (size_t k = 0; k < count; k++)
            if (!strcmp(at(list, k), name)) {
                same++;
                first = first && k >= i;
            }
        if (!first || seen_uncountable(seen, name))
            continue;
        snprintf(text, sizeof text, "%s %zu", name, same);
        seen_add_word(out, size, ", ", text);
    }
    if (!out[0])
        snprintf(out, size, "none");
}

void seen_counts(char *out, size_t size, const struct seen *seen)
{
    size_t end =
        seen->refused_at == SEEN_NONE ? seen->count : seen->refused_at + 1;

    count_words(out, size, seen, seen, end, seen_upstream_at);
}

void seen_path_counts(char *out, size_t size, const struct seen *seen,
                      const struct allowed_path *path)
{
    count_words(out, size, seen, path, seen_path_end(seen, path),
                path_upstream_at);
}

static void judge_one(const struct judged *judged, size_t request,
                      struct finding *one, check_request *judge, unsigned flags)
{
    struct seen seen;

    seen_init(&seen, judged, request);
    if (seen.trace->outcome == TRACE_OUTCOME_LEFT) {
        finding_reason(one, "the client left before the end");
        return;
    }
    if ((flags & CHECK_NEEDS_PATHS) && seen.allowed->not_judged[0]) {
        finding_reason(one, "%s", seen.allowed->not_judged);
        return;
    }
    if ((flags & CHECK_NOT_AFTER_REFUSAL) && seen.refused_at != SEEN_NONE) {
        finding_reason(one, "auth_fail_closed judges what follows a refused "
                            "credential");
        return;
    }
    judge(&seen, one);
}

void check_each(const struct judged *judged, struct finding *finding,
                check_request *judge, unsigned flags)
{
    const struct observation *o = judged->observation;

    finding_reason(finding, "no client request was made");
    for (size_t i = 0; i < o->request_count; i++) {
        struct finding one = { .check = finding->check,
                               .evidence_type = finding->evidence_type,
                               .severity = finding->severity };

        judge_one(judged, i, &one, judge, flags);
        if (i == 0 || one.verdict > finding->verdict)
            *finding = one;
    }
}

void finding_worse(struct finding *finding, const struct finding *other)
{
    if (other->verdict <= finding->verdict &&
        finding->verdict != VERDICT_NOT_APPLICABLE)
        return;
    finding->verdict = other->verdict;
    memcpy(finding->expected, other->expected, sizeof finding->expected);
    memcpy(finding->observed, other->observed, sizeof finding->observed);
    memcpy(finding->reason, other->reason, sizeof finding->reason);
}

void finding_expect(struct finding *finding, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(finding->expected, sizeof finding->expected, format, args);
    va_end(args);
}

void finding_observe(struct finding *finding, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(finding->observed, sizeof finding->observed, format, args);
    va_end(args);
}

void finding_reason(struct finding *finding, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(finding->reason, sizeof finding->reason, format, args);
    va_end(args);
}
