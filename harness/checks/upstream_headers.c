/*
 * A header that the gateway is configured to set for one upstream comes with
 * every attempt there, and with none elsewhere. Source: runbook
 * upstreams.<name>.headers; failure-catalogue K06, K10, S12.3.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/judge/seen.h"

static bool lists(const struct runbook *runbook, const char *upstream,
                  const char *header)
{
    const struct runbook_upstream *rule = runbook_upstream(runbook, upstream);

    for (size_t i = 0; rule && i < rule->headers.count; i++)
        if (!strcasecmp(rule->headers.items[i], header))
            return true;
    return false;
}

/* It may come from the client, and be passed on. */
static bool client_sends(const struct seen *seen, const char *header)
{
    const struct step_header *headers = seen->phase->client.headers.items;

    for (size_t i = 0; i < seen->phase->client.headers.count; i++)
        if (!strcasecmp(headers[i].name, header))
            return true;
    return false;
}

static void judge_header(const struct seen *seen, const char *header,
                         struct finding *finding)
{
    for (size_t i = 0; i < seen->count; i++) {
        const struct attempt *attempt = seen->attempts[i];
        const struct runbook *runbook = seen->observation->runbook;
        bool wanted = lists(runbook, attempt->upstream, header);
        bool there = seen_has_header(attempt, header);

        if (!attempt->request.method[0])
            continue;
        if (there == wanted) {
            if (finding->verdict == VERDICT_NOT_APPLICABLE)
                finding->verdict = VERDICT_PASS;
            continue;
        }
        finding->verdict = VERDICT_FAIL;
        finding_observe(finding, "attempt %d at %s came %s %s",
                        (int)attempt->ordinal, attempt->upstream,
                        there ? "with" : "without", header);
    }
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct runbook *runbook = seen->observation->runbook;
    const struct runbook_upstream *rules = runbook->upstreams.items;

    finding_expect(finding, "the headers of each upstream there, and nowhere "
                            "else");
    finding_observe(finding, "%zu attempts looked at", seen->count);
    for (size_t u = 0; u < runbook->upstreams.count; u++)
        for (size_t i = 0; i < rules[u].headers.count; i++)
            if (!client_sends(seen, rules[u].headers.items[i]))
                judge_header(seen, rules[u].headers.items[i], finding);
    finding_reason(finding, "%s",
                   finding->verdict == VERDICT_NOT_APPLICABLE
                       ? "no upstreams.*.headers is declared, or no attempt "
                         "came"
                       : "upstreams.*.headers declares it");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_upstream_headers = {
    .id = "upstream_headers",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does a header that is set for one upstream stay with it?",
    .judge = judge,
};
