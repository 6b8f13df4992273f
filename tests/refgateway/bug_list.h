/*
 * bug_list: the seeded bugs of the reference gateway. A row is a gateway that
 * was seen in the field: how it is called, the reports of the failure
 * catalogue it is drawn from, the check that must fail it, the cases in which
 * it must (patterns, each one of them), the runbook it runs under where the
 * shipped one cannot show it (tests/mutants/<name>.json, a merge patch), and
 * what it does in one sentence. Its code is where bug_is() asks for it.
 *
 * BUG(word, name, sources, check, cases, runbook, text)
 */

/* clang-format off */

/* A: retried although it must not be. */
BUG(RETRY_401, "retry-on-401", "A01 A12", "auth_fail_closed",
    "auth/key-refused*", NULL,
    "a refused key is tried again")
BUG(RETRY_403, "retry-on-403", "A03 A04", "auth_fail_closed",
    "auth/access-denied* rate-limit/quota-as-403", NULL,
    "a refused permission is tried again")
BUG(RETRY_400, "retry-on-400", "A01", "attempts_per_upstream",
    "client-error/invalid-request* client-error/context-too-long* client-error/unsupported-parameter", NULL,
    "an invalid request is tried again")
BUG(RETRY_404, "retry-on-404", "A02", "attempts_per_upstream",
    "client-error/unknown-model*", NULL,
    "an unknown model is tried again")
BUG(RETRY_407, "retry-on-407", "A04", "attempts_per_upstream",
    "auth/refused-by-a-middlebox[status=407]", NULL,
    "a proxy's demand for authentication is tried again")
BUG(RETRY_422, "retry-on-422", "A04", "attempts_per_upstream",
    "client-error/validation*", NULL,
    "a failed validation is tried again")
BUG(RETRY_408_409, "retry-on-408-and-409", "A04", "attempts_per_upstream",
    "client-error/other-4xx[status=408] client-error/other-4xx[status=409]", NULL,
    "the statuses that client libraries repeat are retried, declared or not")
BUG(RETRY_3XX, "retry-on-3xx", "A04 M15", "attempts_per_upstream",
    "client-error/comet-wrong-path-redirect redirect/to-itself", NULL,
    "a redirect counts as a failure to be retried")
BUG(NEVER_CODES_IGNORED, "never-codes-ignored", "A07 A08", "attempts_per_upstream",
    "rate-limit/quota-used-up client-error/comet-500* client-error/comet-503* auth/refused-in-200", NULL,
    "only the status is looked at, never the error code")
BUG(WORDS_ARE_CODES, "words-are-codes", "A09 B02", "attempts_per_upstream",
    "transient/text-of-another-class[word=invalid_api_key]", NULL,
    "a word in a message is taken for the error code")
BUG(TEXT_SNIFFED, "text-sniffed", "A09", "attempts_per_upstream",
    "client-error/text-sniffing", NULL,
    "a message that speaks of a rate limit makes a 400 a 429")

BUG(KEY_ROTATED_THOUGH_CLOSED, "key-rotated-though-closed", "A05 A01", "auth_fail_closed",
    "auth/key-refused[*", NULL,
    "a refused key is replaced by the next although the runbook says fail_closed")
BUG(KEY_NEVER_ROTATED, "key-never-rotated", "A05", "attempts_per_upstream",
    "auth/first-key-refused* auth/every-key-refused", NULL,
    "the first key is the only one that is ever used")
BUG(REFUSED_KEY_AGAIN, "refused-key-again", "A05 B13", "key_rotation",
    "auth/every-key-refused", NULL,
    "after the second key the first is used again, which was refused just now")
BUG(KEY_ROTATED_ON_5XX, "key-rotated-on-5xx", "A05 P16", "key_rotation",
    "transient/key-kept", NULL,
    "any failure is taken for one of the key")

/* B: not retried, or no other upstream tried, although it should be. */
BUG(NO_RETRY, "no-retry", "B15 B14", "attempts_per_upstream",
    "transient/5xx-once*", NULL,
    "the retry budget is never used")
BUG(NO_RETRY_OF_STREAMS, "no-retry-of-streams", "B08 B19", "attempts_per_upstream",
    "transient/5xx-once[*stream=true]", NULL,
    "what asks for a stream is never retried")
BUG(ONLY_503, "only-503-is-transient", "B11 L07", "attempts_per_upstream",
    "transient/5xx-once[status=500* transient/5xx-once[status=502* transient/5xx-once[status=504*", NULL,
    "of the 5xx only 503 is retried")
BUG(UNUSUAL_5XX, "unusual-5xx-not-retried", "B11", "attempts_per_upstream",
    "transient/unusual-5xx*", NULL,
    "5xx statuses above 504 are no failure to be retried")
BUG(NO_RETRY_429, "no-retry-on-429", "B03", "attempts_per_upstream",
    "rate-limit/429-once* rate-limit/retry-after-* rate-limit/429-of-an-edge* rate-limit/429-in-chinese", NULL,
    "a rate limit is final at this upstream")
BUG(NO_RETRY_RESET, "no-retry-on-reset", "B01 M14", "attempts_per_upstream",
    "connection/reset-once connection/reset-after-request*", NULL,
    "a reset connection is not tried again")
BUG(NO_RETRY_EOF, "no-retry-on-close", "M03 M01", "attempts_per_upstream",
    "connection/closed-after-request*", NULL,
    "a connection closed without an answer is not tried again")
BUG(NO_RETRY_HEADER_TIMEOUT, "no-retry-on-header-timeout", "I01", "attempts_per_upstream",
    "timeout/silent-once timeout/silent[*", NULL,
    "an upstream that stays silent is not tried again")
BUG(NO_RETRY_FIRST_TOKEN, "no-retry-on-first-token-timeout", "I09", "attempts_per_upstream",
    "timeout/silent-after-head timeout/silent-after-role", NULL,
    "a stream without output is not tried again")
BUG(NO_RETRY_TRUNCATED, "no-retry-before-commit", "B19 B05", "attempts_per_upstream",
    "stream/reset-after-head", NULL,
    "a stream cut before its first output is not tried again")
BUG(NO_RETRY_BAD_BODY, "no-retry-on-bad-body", "G08", "attempts_per_upstream",
    "malformed/cut-json malformed/not-json*", NULL,
    "a body that is no completion is not tried again")
BUG(NO_FALLBACK, "no-fallback", "B04 B09 B10", "fallback_decision",
    "transient/5xx-always* rate-limit/429-always*", NULL,
    "the fallback is never used")
BUG(NO_FALLBACK_OF_STREAMS, "no-fallback-of-streams", "B06", "fallback_decision",
    "transient/5xx-always[*stream=true] rate-limit/429-always[stream=true]", NULL,
    "what asks for a stream never reaches the fallback")
BUG(NO_FALLBACK_REFUSED, "no-fallback-on-refused", "M06 B09", "fallback_decision",
    "control/fallback-reachable connection/refused[*", NULL,
    "an upstream that cannot be reached ends the request")
BUG(NO_FALLBACK_429, "no-fallback-on-429", "B03 B04", "fallback_decision",
    "rate-limit/429-always*", NULL,
    "a rate limit never leads to the fallback")

/* C: budgets. */
BUG(ONE_MORE, "one-retry-more", "C06 C07", "attempts_per_upstream",
    "transient/5xx-always*", NULL,
    "the budget counts retries where the loop counts attempts: one too many")
BUG(ONE_LESS, "one-retry-less", "B18", "attempts_per_upstream",
    "transient/5xx-always*", NULL,
    "the budget counts attempts where it should count retries: one too few")
BUG(BUDGET_IGNORED, "budget-ignored", "C03 C04", "attempts_per_upstream",
    "transient/5xx-always* rate-limit/429-always*", NULL,
    "an upstream is retried until the ceiling over all upstreams is met")
BUG(RETRIES_MULTIPLIED, "retries-multiplied", "C01 C10", "attempts_total",
    "transient/5xx-always* transient/5xx-everywhere*", NULL,
    "a client library below the router retries as well: (1+N) squared attempts")
BUG(CEILING_IGNORED, "ceiling-ignored", "C09", "attempts_total",
    "transient/5xx-everywhere* transient/three-upstreams", "low-ceiling",
    "each upstream gets its full budget whatever the ceiling over all of them")
BUG(FALLBACK_LOOPS, "fallback-loops", "C02", "attempts_total",
    "transient/5xx-everywhere*", NULL,
    "when the fallback fails too the cycle begins again at the primary")
BUG(CYCLE_FOLLOWED, "cycle-followed", "C02", "attempts_per_upstream",
    "transient/fallback-cycle", NULL,
    "a fallback list that leads back to the primary is walked as it stands")
BUG(FAILED_PICKED_AGAIN, "failed-target-picked-again", "B16 C04", "attempts_per_upstream",
    "transient/equal-targets transient/third-upstream*", NULL,
    "the choice of the next target does not leave out the one that failed")
BUG(THIRD_NEVER, "third-upstream-never-tried", "B10 B09", "attempts_per_upstream",
    "transient/third-upstream*", NULL,
    "the fallback list is read up to its first entry")
BUG(FALLBACK_ALTERNATES, "fallback-alternates", "C02 B16", "attempts_per_upstream",
    "transient/5xx-everywhere*", NULL,
    "primary and fallback take turns although retries come first")
BUG(FALLBACK_EARLY, "fallback-early", "B18", "attempts_per_upstream",
    "transient/5xx-always* transient/5xx-once*", NULL,
    "the fallback is asked after the first failure, the budget unused")
BUG(SENT_TWICE, "sent-twice", "C08 C06", "attempts_total",
    "control/healthy*", NULL,
    "a layer below sends every request twice and takes the second answer")

/* D: waits. */
BUG(RETRY_AFTER_IGNORED, "retry-after-ignored", "D02", "gap_bounds",
    "rate-limit/retry-after-seconds* rate-limit/retry-after-date", NULL,
    "Retry-After is not read")
BUG(RETRY_AFTER_DATE_IGNORED, "retry-after-date-ignored", "D08 D12", "gap_bounds",
    "rate-limit/retry-after-date", NULL,
    "Retry-After as a date is not understood")
BUG(RETRY_AFTER_DATE_AS_INTEGER, "retry-after-date-as-integer", "D08", "gap_bounds",
    "rate-limit/retry-after-date", NULL,
    "a date is read as the number it begins with: zero")
BUG(RETRY_AFTER_DATE_DIES, "retry-after-date-dies", "D13", "client_outcome",
    "rate-limit/retry-after-date", NULL,
    "a date where a number was expected ends the request")
BUG(RETRY_AFTER_ONLY_429, "retry-after-only-on-429", "D07", "gap_bounds",
    "rate-limit/retry-after-seconds[status=503]", NULL,
    "Retry-After of a 503 is not read")
BUG(RETRY_AFTER_HALF, "retry-after-halved", "D16", "gap_bounds",
    "rate-limit/retry-after-seconds*", NULL,
    "jitter is taken off the told wait instead of put on top")
BUG(RETRY_AFTER_AS_MS, "retry-after-as-ms", "D14", "gap_bounds",
    "rate-limit/retry-after-seconds*", NULL,
    "seconds are taken for milliseconds")
BUG(RETRY_AFTER_CLIPPED, "retry-after-clipped", "D04 D11", "gap_bounds",
    "rate-limit/retry-after-seconds*", NULL,
    "a told wait is cut to the cap of the backoff: retried too early")
BUG(RETRY_AFTER_FIRST_ONLY, "retry-after-of-the-first-only", "D01", "gap_bounds",
    "rate-limit/retry-after-grows", NULL,
    "only the first told wait of a request is obeyed")
BUG(RETRY_AFTER_UNCAPPED, "retry-after-uncapped", "D05", "attempts_per_upstream",
    "rate-limit/retry-after-above-cap", NULL,
    "the gateway sleeps as long as it is told, above the declared cap")
BUG(RETRY_AFTER_ABOVE_CAP_EARLY, "retry-after-above-cap-early", "D04 D11", "attempts_per_upstream",
    "rate-limit/retry-after-above-cap", NULL,
    "a told wait above the cap is replaced by the backoff: retried too early")
BUG(RETRY_AFTER_TOTAL_UNCAPPED, "retry-after-total-uncapped", "D19", "attempts_per_upstream",
    "rate-limit/retry-after-sum", NULL,
    "each told wait is bounded, their sum is not")
BUG(RETRY_AFTER_OVERFLOWS, "retry-after-overflows", "D05 D11", "attempts_per_upstream",
    "rate-limit/retry-after-no-number[value=99999999999999999999] rate-limit/retry-after-no-number[value=Infinity]", NULL,
    "a wait that is too large for a number ends the request")
BUG(RETRY_AFTER_NEGATIVE, "retry-after-negative-is-now", "D09", "gap_bounds",
    "rate-limit/retry-after-odd[value=-5]", "steady",
    "a negative wait means at once")
BUG(RETRY_AFTER_TRUNCATED, "retry-after-truncated", "D08", "gap_bounds",
    "rate-limit/retry-after-odd[value=1.5]", NULL,
    "of a wait with a fraction the whole seconds are obeyed: too early")
BUG(RETRY_AFTER_OBSOLETE_DATE_IS_NOW, "obsolete-date-is-now", "D13", "gap_bounds",
    "rate-limit/retry-after-old-date*", "steady",
    "a date in another form than today's is read as one long past")
BUG(RETRY_AFTER_PAST_DATE_WRAPS, "past-date-wraps", "D13 D05", "attempts_per_upstream",
    "rate-limit/retry-after-past-date", NULL,
    "a date in the past gives a negative wait, which is taken for a huge one")
BUG(RETRY_AFTER_TWICE_DIES, "retry-after-twice-dies", "D13", "client_outcome",
    "rate-limit/retry-after-two-lines", NULL,
    "two lines of Retry-After end the request")
BUG(RETRY_AFTER_MS_LOSES, "retry-after-ms-loses", "D18", "gap_bounds",
    "rate-limit/retry-after-ms", NULL,
    "retry-after-ms is not read where Retry-After stands beside it")
BUG(RETRY_AFTER_ON_200, "retry-after-on-200", "D02", "attempts_per_upstream",
    "rate-limit/retry-after-on-200*", NULL,
    "an answer with Retry-After counts as a failure")
BUG(RESET_AS_SECONDS, "ratelimit-reset-as-seconds", "D12 D14", "attempts_per_upstream",
    "rate-limit/reset-headers[value=500ms]", NULL,
    "the number in a rate-limit reset header is taken for seconds, whatever its unit")
BUG(SHOULD_RETRY_FORCES, "should-retry-forces", "D18 A04", "attempts_per_upstream",
    "client-error/told-to-retry", NULL,
    "x-should-retry: true of an upstream makes a 400 one that is retried")
BUG(SHOULD_RETRY_IGNORED, "should-retry-ignored", "D18", "attempts_per_upstream",
    "transient/told-not-to-retry", NULL,
    "x-should-retry: false does not bar the retry that it is declared to bar")
BUG(NO_BACKOFF, "no-backoff", "D03 D17", "gap_bounds",
    "transient/5xx-always*", "steady",
    "retries follow at once")
BUG(CONSTANT_BACKOFF, "constant-backoff", "D03", "gap_bounds",
    "transient/5xx-always*", "steady",
    "the wait does not grow from one retry to the next")
BUG(JITTER_OF_THE_FIRST, "jitter-of-the-first", "D03 D17", "backoff_growth",
    "herd/backoff-over-many", NULL,
    "every wait is drawn from the first range, however often it failed")
BUG(BACKOFF_ZEROED, "backoff-zeroed", "D10", "gap_bounds",
    "rate-limit/retry-after-then-none", "steady",
    "after one told wait the later ones without are nothing")
BUG(NO_JITTER, "no-jitter", "D16", "herd_spread",
    "herd/backoff-over-many", NULL,
    "chance does not enter: all who failed together come back together")
BUG(BACKOFF_TENFOLD, "backoff-tenfold", "D05", "gap_bounds",
    "transient/5xx-always*", "steady",
    "the wait is ten times the declared one")

/* E: retried after bytes were delivered. */
BUG(REPLAY_AFTER_COMMIT, "replay-after-commit", "E01 E02", "honest_end",
    "stream/reset-in-the-middle stream/cut-without-last-chunk", NULL,
    "a stream that breaks begins again from the start, into the same answer")
BUG(SPLICE_AFTER_COMMIT, "splice-after-commit", "E03", "honest_end",
    "stream/reset-in-the-middle stream/error-event-in-the-middle", NULL,
    "a stream that breaks goes on with the fallback's answer")
BUG(COMMITTED_EARLY, "committed-by-the-head", "B07 F19", "attempts_per_upstream",
    "stream/reset-after-head timeout/silent-after-head", NULL,
    "200 goes out with the upstream's head, before any output")
BUG(COMMITTED_BY_ROLE, "committed-by-the-role", "E04 B05", "attempts_per_upstream",
    "timeout/silent-after-role stream/role-then-error stream/metadata-then-error", NULL,
    "the role chunk counts as output")

/* F: failure told as success. */
BUG(FINISH_MADE_UP, "finish-made-up", "F01 F02", "honest_end",
    "stream/clean-end-without-finish stream/reset-in-the-middle stream/whole-without-finish stream/unframed-cut*", NULL,
    "a stream without an end gets finish_reason stop")
BUG(DONE_ADDED, "done-added", "F11", "honest_end",
    "stream/clean-end-without-finish stream/cut-without-last-chunk", NULL,
    "a stream without an end gets [DONE]")
BUG(CLEAN_END_AFTER_CUT, "clean-end-after-cut", "F03 F04 F06", "honest_end",
    "stream/cut-without-last-chunk stream/reset-in-the-middle stream/length-cut "
    "stream/cut-inside-a-tool-call* stream/stall-then-close*", NULL,
    "a cut stream ends without a word, well framed")
BUG(DONE_AFTER_ERROR, "done-after-error", "F11 F08", "honest_end",
    "stream/reset-in-the-middle stream/error-event-in-the-middle", NULL,
    "[DONE] follows the error event")
BUG(DONE_TWICE, "done-twice", "F11", "client_framing",
    "control/healthy[stream=true]", NULL,
    "[DONE] of the upstream is followed by one of the gateway's")
BUG(STREAM_HELD_BACK, "stream-held-back", "E06 H03", "expected_client",
    "control/stream-is-not-held-back", NULL,
    "a stream is kept until it is whole")
BUG(ERROR_EVENT_SWALLOWED, "error-event-swallowed", "F13", "honest_end",
    "stream/error-event-in-the-middle", NULL,
    "an error event is dropped and the stream ends as if complete")
BUG(ERROR_EVENT_FIRST_PASSED, "error-event-first-passed", "F14 F19", "attempts_per_upstream",
    "stream/error-event-first", NULL,
    "an error event before any output is passed on as the answer")
BUG(MALFORMED_EVENT_SKIPPED, "malformed-event-skipped", "H07", "honest_end",
    "stream/malformed-event", NULL,
    "an event that is no JSON is left out and the rest passed on")
BUG(EMPTY_STREAM_PASSED, "empty-stream-passed", "F05 G05", "client_outcome",
    "stream/no-output", NULL,
    "a stream without any output is a success")
BUG(EVENTS_DOUBLED, "events-doubled", "H05 E02", "honest_end",
    "control/healthy[stream=true] control/long-stream", NULL,
    "every event is sent twice")
BUG(EVENT_LOST, "event-lost", "H05 H04", "honest_end",
    "control/healthy[stream=true] control/long-stream", NULL,
    "an event in the middle is lost")
BUG(FINISH_DROPPED, "finish-dropped", "H09 F10", "client_outcome",
    "control/healthy[stream=true]", NULL,
    "the event with the finish_reason does not reach the client")
BUG(EXHAUSTED_AS_200, "exhausted-as-200", "F18 G01 G09", "client_outcome",
    "transient/5xx-everywhere*", NULL,
    "when all has failed the client gets 200 with an error object")

/* G and M: odd 200 bodies, broken framing. */
BUG(CUT_BODY_PASSED, "cut-body-passed", "F07 G08", "honest_end",
    "malformed/length-too-long", NULL,
    "a body shorter than announced is passed on as whole")
BUG(BROKEN_CHUNK_PASSED, "broken-chunk-passed", "M11 F07", "honest_end",
    "malformed/bad-chunk[stream=false]", NULL,
    "a body whose chunks break is passed on as whole")
BUG(HEADLESS_PASSED, "headless-passed", "M01", "client_outcome",
    "connection/closed-in-headers", NULL,
    "an answer cut inside its head is taken for a success, as libcurl says")
BUG(BAD_JSON_PASSED, "bad-json-passed", "G08 G03", "honest_end",
    "malformed/cut-json malformed/not-json*", NULL,
    "what is no JSON is passed on with 200")
BUG(PAGE_PASSED, "page-passed", "G04 G10 F16", "client_outcome",
    "malformed/page* client-error/comet-wrong-path-html[status=200]", NULL,
    "a page is passed on with 200")
BUG(EMPTY_BODY_PASSED, "empty-body-passed", "G05 G03", "client_outcome",
    "malformed/empty-body", NULL,
    "an empty body is passed on with 200")
BUG(ERROR_IN_200_PASSED, "error-in-200-passed", "G01 G02 F14", "client_outcome",
    "malformed/error-in-200 auth/refused-in-200", NULL,
    "an error object with 200 is a success")
BUG(NO_CHOICES_PASSED, "no-choices-passed", "G06", "client_outcome",
    "malformed/no-choices", NULL,
    "a completion without a choice is a success")

BUG(INTERIM_IS_FINAL, "interim-is-final", "M11 M13", "client_outcome",
    "http/interim-status*", NULL,
    "an answer of 1xx counts as the answer")
BUG(OLD_VERSION_REFUSED, "old-version-refused", "M13", "attempts_per_upstream",
    "http/status-line[line=http_1_0*", NULL,
    "an HTTP/1.0 answer counts as none")
BUG(REASON_NEEDED, "reason-phrase-needed", "M13", "attempts_per_upstream",
    "http/status-line[line=no_reason*", NULL,
    "a status line without a reason counts as none")
BUG(LETTERS_MATTER, "header-letters-matter", "M13 D02", "gap_bounds",
    "http/retry-after-letters*", NULL,
    "header names are compared letter by letter")
BUG(TRAILER_IS_A_HEAD, "trailer-is-a-head", "M08", "attempts_per_upstream",
    "framing/trailers[stream=false]", NULL,
    "a trailer spoils the answer before it")
BUG(LARGE_HEAD_NO_ANSWER, "large-head-no-answer", "M13 L07", "client_outcome",
    "http/many-headers http/large-header", NULL,
    "a head of more than 16 KiB leaves the client without an answer")
BUG(CODED_PASSED, "coded-body-passed", "M11 M16", "client_framing",
    "http/gzip-answer[stream=false]", NULL,
    "a coded body is passed on without its label")
BUG(HEADERS_FORWARDED, "upstream-headers-forwarded", "K12 M13", "expected_client",
    "http/hop-by-hop", NULL,
    "every header of the upstream reaches the client")
BUG(EVENTS_FOR_PLAIN_PASSED, "events-for-plain-passed", "F16 G04", "client_outcome",
    "malformed/events-for-plain", NULL,
    "events are passed on to a client that asked for JSON")
BUG(JSON_FOR_EVENTS_PASSED, "json-for-events-passed", "F14 F16", "client_outcome",
    "malformed/json-for-stream", NULL,
    "JSON is passed on to a client that asked for events")
BUG(FINISH_ERROR_PASSED, "finish-reason-error-passed", "F12", "attempts_per_upstream",
    "malformed/finish-reason-error[stream=false]", NULL,
    "half an answer that says it failed is a success")
BUG(USAGE_NEEDED, "usage-needed", "G07 J08", "attempts_per_upstream",
    "control/no-usage[stream=false] control/usage-oddly-told[usage_as=null]", NULL,
    "an answer without usage counts as broken")
BUG(OTHER_MODEL_REFUSED, "other-model-refused", "K09", "attempts_per_upstream",
    "control/other-model-named[stream=false]", NULL,
    "an answer that names another model than the request counts as broken")
BUG(STALE_NOT_REPLAYED, "stale-connection-not-replayed", "M01 M02 M03", "client_outcome",
    "connection/kept-and-reset", NULL,
    "a request that meets a kept connection just ended is given up")
BUG(CLOSE_IGNORED, "connection-close-ignored", "M02", "connection_end",
    "connection/not-kept*", NULL,
    "a connection whose answer said close is used again")
BUG(EARLY_ANSWER_LOST, "early-answer-lost", "M04", "attempts_per_upstream",
    "connection/early-answer*", NULL,
    "an answer that comes before the request is out counts as a reset")

/* H: how events are written. */
BUG(LF_ALONE, "lf-alone-ends-lines", "H01 H02 H03", "attempts_per_upstream",
    "framing/line-ends[line_end=crlf] framing/line-ends[line_end=cr]", NULL,
    "only LF ends a line")
BUG(SPACE_NEEDED, "space-behind-data-needed", "H01", "attempts_per_upstream",
    "framing/no-space", NULL,
    "data: without a space is no data")
BUG(LINE_TOO_LONG, "line-of-64-kib", "H04", "client_outcome",
    "framing/long-line*", NULL,
    "an event of more than 64 KiB is malformed")
BUG(LAST_DATA_LINE, "last-data-line-counts", "H06", "attempts_per_upstream",
    "framing/two-data-lines", NULL,
    "of several data lines the last one counts")
BUG(FIRST_LINE_IS_DATA, "first-line-is-data", "H06", "attempts_per_upstream",
    "framing/glued-comments framing/event-fields", NULL,
    "an event whose first line is not data is none")
BUG(WRITE_IS_EVENT, "write-is-event", "H05", "attempts_per_upstream",
    "framing/one-byte-chunks[stream=true]", NULL,
    "what comes in one read is parsed by itself")
BUG(CHARACTER_BROKEN, "character-broken", "H01", "honest_end",
    "framing/split-characters", NULL,
    "what comes in one read is decoded by itself")
BUG(PENDING_IS_CUT, "no-last-blank-line-is-a-cut", "H05 F01", "client_outcome",
    "framing/no-last-blank-line", NULL,
    "[DONE] without a blank line is a cut stream")
BUG(CHOICE_ASSUMED, "choice-assumed", "H08", "client_outcome",
    "framing/frame-without-text*", NULL,
    "an event without a choice is malformed")
BUG(LENGTH_AS_STOP, "length-as-stop", "F17", "honest_end",
    "control/finish-length[reason=length*", NULL,
    "finish_reason length is told as stop")
BUG(USAGE_DOUBLED, "usage-doubled", "J06 H08", "honest_end",
    "stream/usage-oddly-told[usage_as=before_finish]", NULL,
    "the event with the usage is sent twice")
BUG(COMMITTED_BY_COMMENT, "committed-by-a-comment", "B05 I17", "attempts_per_upstream",
    "stream/comments-then-error timeout/comments-only", NULL,
    "a comment counts as output")

/* I: timeouts. */
BUG(NO_CONNECT_TIMEOUT, "no-connect-timeout", "I10", "total_time",
    "connection/syn-unanswered*", NULL,
    "a connection that nobody answers is waited for as long as an attempt may")
BUG(NO_HEADER_TIMEOUT, "no-timeout-before-the-head", "I01 I02", "attempts_per_upstream",
    "timeout/silent[* timeout/silent-once", NULL,
    "no limit but the total one holds while the head is awaited")
BUG(NO_FIRST_TOKEN_TIMEOUT, "no-timeout-before-output", "I08 I09", "attempts_per_upstream",
    "timeout/silent-after-head timeout/silent-after-role", NULL,
    "the timers stop with the head, although no output came")
BUG(NO_IDLE_TIMEOUT, "no-idle-timeout", "I06", "total_time",
    "timeout/silent-in-stream", NULL,
    "a stream that falls silent is waited for without end")
BUG(LIMITS_NOT_RESTARTED, "limits-not-restarted", "I14 I16", "client_outcome",
    "transient/slow-failure*", NULL,
    "what the first attempt took is taken off the limits of the second")
BUG(NO_ATTEMPT_TIMEOUT, "no-attempt-timeout", "I05 I15", "attempts_per_upstream",
    "timeout/silent-attempt", "attempt-only",
    "an attempt may take as long as it likes")
BUG(NO_TOTAL_TIMEOUT, "no-total-timeout", "I15 I16", "total_time",
    "timeout/silent-everywhere", "hurried",
    "nothing bounds the request as a whole")
BUG(ATTEMPT_COVERS_STREAMS, "attempt-limit-cuts-streams", "I07 I13", "client_outcome",
    "timeout/long-stream", NULL,
    "the limit of an attempt goes on once the stream flows")
BUG(LAST_ATTEMPT_EXEMPT, "last-attempt-exempt", "I12", "total_time",
    "timeout/silent-everywhere", "no-total",
    "the last attempt waits without limit")
BUG(HEARTBEATS_ARE_PROGRESS, "heartbeats-are-progress", "I17 I05", "attempts_per_upstream",
    "timeout/comments-only", NULL,
    "comments start every timer again")
BUG(HEADER_TIMER_NOT_CLEARED, "header-timer-not-cleared", "I07", "client_outcome",
    "control/slow-stream", NULL,
    "the limit for the head goes on once the stream flows")
BUG(IDLE_TOO_SHORT, "idle-timeout-too-short", "I13", "client_outcome",
    "control/slow-stream", NULL,
    "a slow and healthy stream is cut at half of the declared silence")

/* J: what is left running. */
BUG(LATE_ATTEMPT, "late-attempt", "J02 J05", "no_late_attempts",
    "transient/5xx-everywhere*", NULL,
    "another attempt is made when the client has its error already")

BUG(ABANDONED_LEFT_RUNNING, "abandoned-left-running", "J12 C08", "no_overlap",
    "timeout/silent[* timeout/silent-everywhere", NULL,
    "an attempt that took too long is given up and left open beside the next")
BUG(CLIENT_NOT_WATCHED, "client-not-watched", "J01 J03 J05", "cancel",
    "client/leaves-before-head*", NULL,
    "nobody notices that the client left")
BUG(BACKOFF_NOT_WATCHED, "backoff-not-watched", "J04 J05", "cancel",
    "client/leaves-in-backoff*", NULL,
    "that the client left is noticed once an upstream answers, not before")

/* K: credentials, targets, models. */
BUG(FALLBACK_401, "fallback-masks-401", "K01 K15 A10", "auth_fail_closed",
    "auth/key-refused*", NULL,
    "a refused key leads to the fallback: nobody notices")
BUG(FALLBACK_403, "fallback-masks-403", "K01 A10", "auth_fail_closed",
    "auth/access-denied*", NULL,
    "a refused permission leads to the fallback")
BUG(FALLBACK_400, "fallback-on-400", "A06 K01", "fallback_decision",
    "client-error/invalid-request* client-error/text-sniffing", NULL,
    "an invalid request is sent to the fallback too")
BUG(FALLBACK_404, "fallback-on-404", "A02 K09", "fallback_decision",
    "client-error/unknown-model*", NULL,
    "an unknown model is asked for at the fallback too")
BUG(FALLBACK_FIRST, "fallback-first", "K18 O06", "fallback_decision",
    "control/healthy*", NULL,
    "the fallback is asked first")
BUG(AUTH_FALLBACK_IGNORED, "auth-fallback-ignored", "B12", "fallback_decision",
    "auth/key-refused-falls-back*", NULL,
    "a refused key ends the request although it should lead to the fallback")
BUG(PRIMARY_KEY_TO_FALLBACK, "primary-key-to-fallback", "K05 K06", "one_credential",
    "transient/5xx-always* auth/key-refused-falls-back*", NULL,
    "the fallback gets the primary's key")
BUG(PRIMARY_HEADERS_TO_FALLBACK, "primary-headers-to-fallback", "K06 K10", "upstream_headers",
    "transient/headers-of-its-own*", NULL,
    "headers that are set for the primary go to the fallback too")
BUG(PRIMARY_MODEL_TO_FALLBACK, "primary-model-to-fallback", "K09", "request_drift",
    "transient/5xx-always* auth/key-refused-falls-back*", NULL,
    "the fallback gets the primary's model name")
BUG(OTHER_KEY_TO_FALLBACK, "rotated-key-to-fallback", "K05 A05", "one_credential",
    "rate-limit/429-on-every-key", NULL,
    "the fallback gets the key that the primary was called with last")
BUG(FALLBACK_AT_PRIMARY, "fallback-at-primary", "K08", "attempts_per_upstream",
    "transient/5xx-always*", NULL,
    "the fallback's key and model are sent to the primary's address")
BUG(CLIENT_KEY_FORWARDED, "client-key-forwarded", "K03 K11", "one_credential",
    "control/healthy*", NULL,
    "the client's credential is sent to the upstream instead of its own")
BUG(CLIENT_KEY_TO_FALLBACK, "client-key-to-fallback", "K02", "one_credential",
    "transient/5xx-always*", NULL,
    "the client's credential is sent to the fallback")
BUG(SECOND_CREDENTIAL, "second-credential", "K04", "one_credential",
    "control/healthy*", NULL,
    "the client's key goes along in x-api-key")
BUG(KEY_TWICE, "key-twice", "K10", "one_credential",
    "control/healthy*", NULL,
    "the key stands in two headers")
BUG(NO_KEY_ON_RETRY, "no-key-on-retry", "K13 B17", "one_credential",
    "transient/5xx-once*", NULL,
    "a retry goes out without a credential")
BUG(REDIRECT_FOLLOWED, "redirect-followed", "K14 M15", "trap_silent",
    "redirect/to-elsewhere*", NULL,
    "a redirect is followed with the credential")
BUG(BAD_CLIENT_KEY_ACCEPTED, "bad-client-key-accepted", "P17 K16", "attempts_per_upstream",
    "auth/invalid-client-key", NULL,
    "any client key is let in")
BUG(NO_CLIENT_KEY_ACCEPTED, "no-client-key-accepted", "P17", "attempts_per_upstream",
    "auth/no-client-key", NULL,
    "who sends no key is let in")

/* L: what the client is told. */
BUG(AUTH_AS_500, "auth-error-as-500", "L01 L05", "auth_fail_closed",
    "auth/key-refused[*", NULL,
    "a refused key of the gateway's is told as 500")
BUG(AUTH_AS_429, "auth-error-as-429", "L04", "auth_fail_closed",
    "auth/key-refused[*", NULL,
    "a refused key of the gateway's is told as a rate limit")
BUG(NOT_FOUND_AS_500, "not-found-as-500", "L02", "client_status",
    "client-error/unknown-model*", NULL,
    "404 is told as 500")
BUG(ALL_4XX_AS_400, "all-4xx-as-400", "L12", "client_status",
    "client-error/validation* client-error/unknown-model* client-error/other-4xx*", NULL,
    "every 4xx is told as 400")
BUG(NO_ROUTE_AS_200, "no-route-as-200", "G09", "client_outcome",
    "client-error/unknown-route", NULL,
    "a route that does not exist is answered 200 with an error object")
BUG(EXHAUSTED_AS_500, "exhausted-as-500", "L09 L11", "client_status",
    "connection/refused-everywhere transient/5xx-everywhere[status=503* rate-limit/429-then-503-everywhere*", NULL,
    "when all has failed the client is told 500")
BUG(NO_ANSWER, "no-answer-when-exhausted", "L07 M03", "client_outcome",
    "transient/5xx-everywhere* rate-limit/429-everywhere transient/no-fallback", NULL,
    "when all has failed the connection is closed without an answer")

/* M and N: the request on its way. */
BUG(BODY_LOST_ON_RETRY, "body-lost-on-retry", "M05 M06", "same_body",
    "transient/body-on-every-attempt transient/5xx-once*", NULL,
    "a retry goes out without its body")
BUG(BODY_DOUBLED_ON_RETRY, "body-doubled-on-retry", "M07", "same_body",
    "transient/5xx-once*", NULL,
    "a retry carries the body twice")
BUG(BODY_CHANGED_ON_RETRY, "body-changed-on-retry", "M09 M10", "same_body",
    "transient/5xx-once*", NULL,
    "a retry carries a field that the first attempt did not")
BUG(BODY_LOST_ON_FALLBACK, "body-lost-on-fallback", "M05 M06", "same_body",
    "transient/body-on-every-attempt", NULL,
    "the fallback gets no body")
BUG(IDEMPOTENCY_LOST, "idempotency-key-lost-on-retry", "J09", "idempotency",
    "client/idempotency-key*", NULL,
    "what is repeated goes out without the client's Idempotency-Key")
BUG(IDEMPOTENCY_NEW, "idempotency-key-new-on-retry", "J09", "idempotency",
    "client/idempotency-key*", NULL,
    "every attempt has an Idempotency-Key of its own")
BUG(BODY_CUT_ON_RETRY, "body-cut-on-retry", "M05 M06", "same_body",
    "connection/reset-of-large-request", NULL,
    "a retry carries no more of the body than was buffered")
BUG(FIELD_ADDED, "field-added", "N03", "request_drift",
    "control/healthy*", NULL,
    "max_tokens is added to every request")
BUG(FIELDS_DROPPED, "fields-dropped", "N01 N03", "request_drift",
    "client-error/unsupported-parameter transient/fallback-lacks-a-parameter", NULL,
    "parameters that are not every upstream's are left out without a word")
BUG(CLIENT_HEADERS_FORWARDED, "client-headers-forwarded", "K04 K11", "one_credential",
    "control/client-headers* transient/client-headers", NULL,
    "cookies and other keys of the client's go to the upstream")
BUG(ROUTING_HEADER_OBEYED, "routing-header-obeyed", "K16 K17", "trap_silent",
    "control/client-headers*", NULL,
    "a header of the client's says where the request goes, key and all")
BUG(MODEL_DROPPED, "model-dropped", "N01 N02", "request_drift",
    "control/healthy*", NULL,
    "the model is left out")
BUG(MODEL_OF_CLIENT, "model-of-client", "K09 N03", "request_drift",
    "control/healthy*", NULL,
    "the client's model name is sent instead of the upstream's")
BUG(WRONG_PATH, "wrong-path", "K07 K08", "route",
    "control/healthy*", NULL,
    "the route of the older completions is called")

/* O: state. */
BUG(ANSWERS_CACHED, "answers-cached", "O07 O08 O09", "not_cached",
    "control/same-prompt-twice", NULL,
    "an answer is kept and given again for the same request")

BUG(FALLBACK_STICKS, "fallback-sticks", "O06 K18", "attempts_per_upstream",
    "state/outage-and-back", NULL,
    "what once fell back stays at the fallback")
BUG(SESSION_STAYS, "session-stays", "O04", "attempts_per_upstream",
    "state/session-switches", NULL,
    "whom an upstream has served once is taken to no other")
BUG(CLIENT_ERRORS_COOL, "client-errors-cool", "O02 L15", "attempts_per_upstream",
    "state/errors-of-one-client*", NULL,
    "a request that was wrong takes the upstream out of service")
BUG(COOLDOWN_NEVER, "cooldown-never-entered", "O01", "cooldown",
    "state/cooldown-length state/cooldown-by-retry-after state/cooldown-probe-fails", NULL,
    "an upstream that fails time and again stays in rotation")
BUG(COOLDOWN_SHORT, "cooldown-too-short", "O01", "cooldown",
    "state/cooldown-length", NULL,
    "the cooldown lasts half as long as declared")
BUG(COOLDOWN_ENDLESS, "cooldown-without-end", "O06", "cooldown",
    "state/cooldown state/cooldown-length", NULL,
    "who was left out once does not come back")
BUG(COOLDOWN_BY_CLIENT, "cooldown-by-client-errors", "O02 L15", "attempts_per_upstream",
    "state/cooldown-not-by-client", NULL,
    "errors of a client count as failures of the upstream")
BUG(COOLDOWN_DEAF, "cooldown-deaf-to-retry-after", "O01 D20", "cooldown",
    "state/cooldown-by-retry-after", NULL,
    "a Retry-After beyond the declared time does not lengthen it")
BUG(COOLDOWN_FIRST_KEPT, "first-cooldown-kept", "D20", "cooldown",
    "state/cooldown-grows", NULL,
    "a failure during the cooldown, with a longer Retry-After, changes nothing")
BUG(COOLDOWN_ANEW, "failures-counted-anew", "O01", "cooldown",
    "state/cooldown-probe-fails", NULL,
    "after a cooldown the count begins again: every return is a full round of failures")
BUG(COOLDOWN_ALL_CALLED, "called-though-all-cool", "O05 D15", "cooldown",
    "state/cooldown-everywhere", NULL,
    "when every upstream is left out the first is called all the same")
BUG(REFUSED_KEY_DISABLES, "refused-key-disables", "O03 L04", "attempts_per_upstream",
    "state/one-refusal-then-healthy[status=401]", NULL,
    "one refused key takes the upstream out of service for good")
BUG(KEY_TEXT_DISABLES, "key-text-disables", "B02", "attempts_per_upstream",
    "client-error/text-speaks-of-a-key", NULL,
    "a message that speaks of an API key takes the upstream out of service")
BUG(ERRORS_CACHED, "errors-cached", "O07", "attempts_per_upstream",
    "state/same-prompt-after-failure*", NULL,
    "an error is kept and given again for the same request")

/* P: logs, telemetry and echoes. */
BUG(UPSTREAM_TEXT_TO_CLIENT, "upstream-text-to-client", "P06", "redaction",
    "auth/key-refused-and-echoed* transient/error-repeats-the-request[what=credential*", NULL,
    "the client gets the error of the upstream as it came, with the key in it")
BUG(UPSTREAM_TEXT_IN_LOG, "upstream-text-in-log", "P09 P10 P03", "redaction",
    "client-error/content-filter* transient/error-repeats-the-request[what=prompt* malformed/request-in-broken-json*", NULL,
    "the error of the upstream stands in the log as it came, with key and prompt in it")
BUG(NO_RETRIES_AS_MINUS_ONE, "no-retries-told-as-minus-one", "P13", "retry_count_truth",
    "transient/no-retry-declared", NULL,
    "where no retry is configured the header that tells the retries says -1")
BUG(RETRIES_AS_ATTEMPTS, "retries-told-as-attempts", "P13 P16", "retry_count_truth",
    "control/healthy* transient/5xx-once*", NULL,
    "the header that tells the retries tells the attempts")
BUG(RETRIES_NEVER_TOLD, "retries-told-as-zero", "P13", "retry_count_truth",
    "transient/5xx-once*", NULL,
    "the header that tells the retries always says 0")
BUG(KEY_IN_LOG, "key-in-log-at-error", "P01 P03", "redaction",
    "transient/5xx-once* auth/key-refused*", NULL,
    "the upstream's key stands in the log line of a request that failed")
BUG(CLIENT_KEY_IN_LOG, "client-key-in-log", "P17 P05", "redaction",
    "auth/key-refused[*", NULL,
    "the client's key stands in the log line of a request that failed")
BUG(PROMPT_IN_LOG, "prompt-in-log-at-error", "P03 P10", "redaction",
    "transient/5xx-once*", NULL,
    "the prompt stands in the log line of a request that failed")
BUG(COMPLETION_IN_LOG, "completion-in-log", "P03", "redaction",
    "control/healthy[stream=false]", NULL,
    "the answer stands in the log")
BUG(KEY_IN_STDERR, "key-in-stderr", "P02 P09", "redaction",
    "transient/5xx-once*", NULL,
    "a failed attempt is printed to stderr with its headers")
BUG(KEY_TO_CLIENT, "key-to-client", "P06 K12", "redaction",
    "auth/key-refused*", NULL,
    "the upstream's key stands in the error for the client")
BUG(COOKIE_PASSED, "upstream-cookie-passed", "K12", "response_headers",
    "http/upstream-headers", NULL,
    "an upstream's cookie reaches the client")
BUG(KEY_IN_HEADER, "key-in-response-header", "K12", "redaction",
    "control/healthy*", NULL,
    "the request's headers come back to the client")
BUG(CREDENTIAL_FORWARDED, "echoed-credential-forwarded", "K12", "redaction",
    "http/echoed-credential*", NULL,
    "a credential header that the upstream sends back reaches the client")
BUG(CLIENT_KEY_ECHOED, "client-key-echoed", "P05", "redaction",
    "auth/invalid-client-key", NULL,
    "a refused client key is repeated in the refusal")
/* P: what the gateway tells of itself by its spans. */
BUG(SPAN_OF_RETRY_MISSING, "span-of-retry-missing", "P12 P13", "span_per_attempt",
    "transient/5xx-once[* transient/5xx-always*", NULL,
    "only the first attempt at an upstream has a span")
BUG(RESEND_NEVER_TOLD, "resend-count-never-told", "P13 P14", "span_truth",
    "transient/5xx-once[*", NULL,
    "the span of a retry looks like that of a first attempt")
BUG(SPAN_STATUS_OF_LAST, "span-with-final-status", "P15", "span_truth",
    "transient/5xx-once[*", NULL,
    "each attempt's span has the status that the last one got")
BUG(SPAN_NEVER_ERROR, "span-of-failure-not-error", "P15 P16", "span_status",
    "transient/5xx-once[* auth/key-refused[*", NULL,
    "the span of an attempt that failed has the status of a good one")
BUG(SERVER_SPAN_ERROR_4XX, "server-span-error-on-4xx", "P15", "span_status",
    "auth/key-refused[*", NULL,
    "a request that was refused counts as an error of the gateway")
BUG(USAGE_WRONG, "usage-in-span-wrong", "P12 P15", "usage_truth",
    "control/healthy[stream=false]", NULL,
    "the tokens in the span are not those of the answer")
BUG(PROMPT_IN_SPAN, "prompt-in-span-event", "P08 P10", "over_collection",
    "control/healthy*", NULL,
    "the request stands in an event of the span")
BUG(KEY_IN_SPAN_HEADER, "authorization-in-span", "P08 P01", "primary.key in otlp as plain, full",
    "control/healthy*", NULL,
    "the headers of the request are attributes of the span, Authorization too")
BUG(KEY_IN_SPAN_URL, "key-in-span-url", "P08 P11", "over_collection",
    "control/healthy*", NULL,
    "the upstream's key stands in url.full")
BUG(PATH_AS_SPAN_NAME, "path-as-span-name", "P11", "over_collection",
    "control/healthy*", NULL,
    "the span of an attempt is named by the path it was sent to")
/* P: what the gateway tells of itself by its counters. */
BUG(RETRIES_COUNTER_OFF, "retries-counter-counts-attempts", "P12 P16", "metric_truth",
    "telemetry/counted[* telemetry/counted-retries[*", NULL,
    "the counter of retries counts the first attempts too")
BUG(FAILED_ATTEMPTS_NOT_COUNTED, "failed-attempts-not-counted", "P12 P16", "metric_truth",
    "telemetry/counted-retries[* telemetry/counted-failure*", NULL,
    "the counter of attempts knows only those that went well")
BUG(FALLBACK_COUNTED_AS_PRIMARY, "fallback-counted-under-primary", "P17 P19", "metric_truth",
    "telemetry/counted-fallback*", NULL,
    "attempts at the fallback are counted under the primary's name")
BUG(METRIC_MINUS_ONE, "no-retries-counted-as-minus-one", "P13", "metric_truth",
    "telemetry/no-retry-declared", NULL,
    "where no retry is configured the counter of retries goes down by 1")
BUG(TOKENS_DOUBLED, "tokens-counted-twice", "P12 P14", "metric_truth",
    "telemetry/counted[*", NULL,
    "the counter of tokens counts every answer twice")
BUG(METRIC_STATUS_OF_FIRST, "requests-counted-by-first-status", "P15", "metric_truth",
    "telemetry/counted-retries[* telemetry/counted-fallback*", NULL,
    "a request is counted under the status of its first attempt")
BUG(MODEL_AS_LABEL, "any-model-as-label", "P11", "metric_series",
    "telemetry/random-models", NULL,
    "the model the client asks for is a label, whatever it is")
BUG(MODEL_AS_OTLP_ATTRIBUTE, "any-model-in-otlp-metric", "P11", "metric_series",
    "telemetry/random-models", NULL,
    "the model the client asks for is an attribute of an exported metric, whatever it is")
BUG(OTLP_COUNTS_LAST_ATTEMPT, "only-last-attempt-exported", "P12 P16", "metric_truth",
    "telemetry/counted-retries[* telemetry/counted-fallback telemetry/counted-failure", NULL,
    "the exported duration of calls to upstreams knows the last attempt of a request alone")
BUG(KEY_IN_OTLP_METRIC, "key-in-otlp-metric", "P11 P01", "primary.key in otlp as plain, full",
    "telemetry/counted[*", NULL,
    "the key that was used is an attribute of an exported metric")
BUG(PATH_AS_LABEL, "path-as-label", "P11", "over_collection",
    "client-error/unknown-route", NULL,
    "the path a client asked for is the label of the route")
BUG(KEY_IN_METRIC, "key-as-label", "P11 P01", "primary.key in http /metrics as plain, full",
    "control/healthy[stream=false]", NULL,
    "the key that was used is the label of a counter")
BUG(PROMPT_IN_EXEMPLAR, "prompt-in-exemplar", "P10 P11", "prompt in http /metrics as json+json, full",
    "telemetry/counted[*", NULL,
    "the request stands beside a counter as its example")
/* P: leaks in another writing. The check is the leak that the record tells:
 * canary, sink, encoding and class. */
BUG(KEY_AS_BASE64, "authorization-in-log-as-base64", "P01 P03", "primary.key in file access.log as base64, full",
    "transient/5xx-once[*", NULL,
    "the upstream's Authorization stands in the log as base64")
BUG(KEY_AS_HEX, "key-in-log-as-hex", "P01 P03", "primary.key in file access.log as hex, full",
    "transient/5xx-once[*", NULL,
    "the upstream's key stands in the log in hexadecimal")
BUG(KEY_AS_PERCENT, "authorization-in-log-as-url", "P01 P03", "primary.key in file access.log as percent, full",
    "transient/5xx-once[*", NULL,
    "the upstream's Authorization stands in the log, written as a URL does")
BUG(KEY_AS_ENTITIES, "key-in-stderr-as-markup", "P02 P09", "primary.key in stderr as entity, full",
    "transient/5xx-once[*", NULL,
    "the upstream's key is printed to stderr in an error page's markup")
BUG(KEY_UPPER, "authorization-in-log-upper-cased", "P01 P05", "primary.key in file access.log as plain, case folded, full",
    "transient/5xx-once[*", NULL,
    "headers are logged in upper case, values and all")
BUG(KEY_AS_UTF16, "authorization-in-stderr-as-utf-16", "P02", "primary.key in stderr as utf-16, full",
    "transient/5xx-once[*", NULL,
    "headers are printed to stderr in two-byte letters")
BUG(KEY_AS_GO_BYTES, "authorization-in-stderr-as-bytes", "P02", "primary.key in stderr as decimal-spaced, full",
    "transient/5xx-once[*", NULL,
    "headers are printed to stderr as a list of numbers")
BUG(KEY_AS_JAVA_BYTES, "client-key-in-stderr-as-bytes", "P05", "client.key in stderr as decimal-listed, full",
    "transient/5xx-once[*", NULL,
    "the client's key is printed to stderr as an array of numbers")
BUG(KEY_IN_GZIP, "authorization-in-compressed-log", "P01 P03", "primary.key in file access.log as gzip, full",
    "transient/5xx-once[*", NULL,
    "a log record with the upstream's Authorization is compressed")
BUG(PROMPT_IN_ZLIB, "prompt-in-compressed-log", "P03 P10", "prompt in file access.log as zlib, full",
    "transient/5xx-once[*", NULL,
    "a log record with the request is compressed")
BUG(KEY_IN_TWO_RECORDS, "key-in-log-over-two-records", "P01 P03", "primary.key in file access.log as plain, split, full",
    "transient/5xx-once[*", NULL,
    "the upstream's key is cut in two by the length of a log record")
BUG(PROMPT_WRAPPED, "prompt-in-log-wrapped", "P03 P10", "prompt in file access.log as lines, partial",
    "transient/5xx-once[*", NULL,
    "the prompt stands in the log in short lines")
BUG(PROMPT_PREVIEW, "prompt-preview-in-log", "P03 P10", "prompt in file access.log as plain, partial",
    "transient/5xx-once[*", NULL,
    "the first 16 bytes of the prompt stand in the log")
BUG(PROMPT_PREVIEW_BASE64, "prompt-preview-in-log-as-base64", "P03 P10", "prompt in file access.log as base64, partial",
    "transient/5xx-once[*", NULL,
    "the beginning of the prompt stands in the log as base64")
BUG(PROMPT_AS_UNICODE, "request-in-log-escaped", "P03 P10", "prompt in file access.log as json, full",
    "transient/5xx-once[*", NULL,
    "the request stands in the log with every letter escaped")
BUG(PROMPT_JSON_TWICE, "request-in-log-escaped-twice", "P03 P10", "prompt in file access.log as json+json, full",
    "transient/5xx-once[*", NULL,
    "the request stands in the log as JSON in JSON")
BUG(REFUSAL_IN_STDERR, "refusal-in-stderr", "P09 P07", "commercial in stderr as plain, full",
    "transient/5xx-once[*", NULL,
    "what an upstream says about its failure is printed to stderr, prices and all")
BUG(REFUSAL_AS_BASE64, "refusal-in-stderr-as-base64", "P09 P07", "commercial in stderr as base64, full",
    "transient/5xx-once[*", NULL,
    "what an upstream says about its failure is printed to stderr as base64")
/* P: what the log says of a request. */
BUG(LOG_RETRIES_PLUS_ONE, "log-retries-off-by-one", "P13 P16", "log_truth",
    "transient/5xx-once[*", NULL,
    "the log counts one retry more than there was")
BUG(LOG_UPSTREAM_FIRST, "log-names-the-primary", "P17", "log_truth",
    "transient/5xx-always[*", NULL,
    "the log names the upstream that was meant, not the one that answered")
BUG(LOG_STATUS_OF_FIRST, "log-status-of-first-attempt", "P15 P18", "log_truth",
    "transient/5xx-once[*", NULL,
    "the status in the log is what the first attempt was answered")
BUG(LOG_ERROR_OF_FIRST, "log-error-of-first-attempt", "P15", "log_outcome",
    "transient/5xx-once[*", NULL,
    "a request that a retry saved stands in the log as an error")
BUG(LOG_CUT_COMPLETE, "log-cut-stream-as-complete", "P15 F06", "log_outcome",
    "stream/reset-in-the-middle", NULL,
    "a stream that was cut stands in the log as a complete answer")
BUG(LOG_CUT_NO_ERROR, "log-cut-stream-as-success", "P15 F06", "log_outcome",
    "stream/reset-in-the-middle", NULL,
    "a stream that was cut stands in the log without an error")
BUG(LOG_CUT_NO_USAGE, "log-cut-stream-without-usage", "P15", "log_usage",
    "stream/reset-in-the-middle", NULL,
    "of a stream that was cut the log holds no tokens")
BUG(LOG_CUT_ALL_USAGE, "log-cut-stream-with-wrong-usage", "P15", "log_usage",
    "stream/reset-in-the-middle", NULL,
    "of a stream that was cut the log holds more tokens than were sent")
BUG(LOG_USAGE_WRONG, "log-usage-off-by-one", "P12", "log_usage",
    "control/healthy*", NULL,
    "the log holds one token less than the answer says")
BUG(LOG_ROWS_MIXED, "log-rows-mixed", "P18", "log_truth",
    "telemetry/mixed-rows", NULL,
    "the figures of requests under way at once are kept in one place")
BUG(LOG_FAILURE_MISSING, "log-without-failures", "P15 P13", "log_line",
    "transient/5xx-everywhere*", NULL,
    "a request that failed leaves no line in the log")
BUG(LOG_LINE_AN_ATTEMPT, "log-line-for-each-attempt", "P18 P19", "log_line",
    "transient/5xx-once[*", NULL,
    "a request has a line for each of its attempts, all with the same figures")
BUG(REQUEST_ID_LOST, "request-id-lost-on-retry", "P18 J09", "request_id",
    "telemetry/request-id*", NULL,
    "what is repeated goes out without the request's id")
BUG(REQUEST_ID_NEW, "request-id-new-on-retry", "P18 J09", "request_id",
    "telemetry/request-id*", NULL,
    "every attempt after the first has an id of its own")
BUG(REQUEST_ID_NOT_TOLD, "request-id-not-told", "P18", "request_id",
    "telemetry/request-id*", NULL,
    "the answer does not say by which id the request is called")
/* P: leaks into other places. */
BUG(KEY_IN_ROTATED, "key-in-rotated-log", "P01 P03", "primary.key in file access.log (access.log.1) as plain, full",
    "transient/5xx-once[*", NULL,
    "the upstream's key stands in the log, which is rotated before anybody looks")
BUG(KEY_IN_COMPRESSED, "key-in-compressed-rotated-log", "P01 P03", "primary.key in file access.log (access.log.2.gz) as gzip, full",
    "transient/5xx-once[*", NULL,
    "the upstream's key stands in the log, which is rotated and compressed before anybody looks")
BUG(PROMPT_IN_SPEND, "prompt-in-spend-log", "P03 P10", "prompt in sqlite spend.db (requests.note) as plain, full",
    "transient/5xx-once[*", NULL,
    "the request stands in a text of the spend log")
BUG(KEY_IN_SPEND_BLOB, "key-in-spend-log-compressed", "P01 P03", "primary.key in sqlite spend.db (requests.details) as gzip, full",
    "transient/5xx-once[*", NULL,
    "the upstream's key stands in the spend log as a compressed blob")
BUG(KEY_IN_SYSLOG, "key-in-syslog", "P01 P02", "primary.key in syslog as plain, full",
    "transient/5xx-once[*", NULL,
    "the upstream's key is sent by syslog")
BUG(PROMPT_IN_SYSLOG, "prompt-in-syslog-by-socket", "P03 P10", "prompt in syslog as plain, full",
    "transient/three-upstreams*", NULL,
    "the request is sent by syslog")
BUG(KEY_IN_ARGUMENTS, "key-in-arguments", "P01", "primary.key in process arguments (sh) as plain, full",
    "transient/5xx-once[*", NULL,
    "a helper is started with the upstream's key in its arguments")
BUG(PROMPT_IN_ENVIRONMENT, "prompt-in-environment", "P03 P10", "prompt in process environment (sh) as plain, full",
    "transient/5xx-once[*", NULL,
    "a helper is started with the prompt in its environment")
BUG(PROMPT_AT_EXIT, "prompt-in-log-at-exit", "P03 P10", "prompt in file access.log (access.log) as plain, full",
    "transient/5xx-once[*", NULL,
    "a buffered part of the log with the request is written when the gateway ends")
BUG(PROMPT_IN_OWN_FILE, "prompt-in-failure-file", "P03 P10", "prompt in file *.txt as plain, full",
    "transient/5xx-once[*", NULL,
    "of a request that failed a file of its own is kept")
/* P: at debug level alone. */
BUG(DEBUG_KEY, "key-in-debug-log", "P01 P02", "primary.key in stderr as plain, full",
    "telemetry/debug-retries*", NULL,
    "at debug level the upstream's key is printed, though the client's is not")
BUG(DEBUG_REQUEST, "request-in-debug-log", "P02 P03", "prompt in stderr as json, full",
    "telemetry/debug-retries*", NULL,
    "at debug level the request is printed before each attempt")
BUG(DEBUG_ANSWER, "answer-in-debug-log", "P02 P03", "completion in stderr as json, full",
    "telemetry/debug-healthy[stream=false]", NULL,
    "at debug level the answer is printed")
/* P: what is exported besides spans, and beside what a span is for. */
BUG(PROMPT_IN_RECORD, "prompt-in-otlp-log-record", "P03 P08", "prompt in otlp as plain, full",
    "transient/5xx-everywhere*", NULL,
    "the exported log record of a failed request quotes the prompt")
BUG(USER_MESSAGE_RECORD, "user-message-event", "P08 P10", "over_collection",
    "transient/5xx-everywhere*", NULL,
    "a failed request is exported with an event gen_ai.user.message and its content")
BUG(DETAILS_RECORD, "operation-details-event", "P08 P10", "over_collection",
    "transient/5xx-everywhere*", NULL,
    "a failed request is exported with the event gen_ai.client.inference.operation.details and its messages")
BUG(INPUT_MESSAGES_IN_SPAN, "input-messages-in-span", "P08", "over_collection",
    "control/healthy*", NULL,
    "spans carry gen_ai.input.messages")
BUG(BODY_IN_SPAN, "request-body-in-span", "P08", "over_collection",
    "control/healthy*", NULL,
    "spans carry http.request.body.content")
BUG(EXCEPTION_IN_SPAN, "upstream-text-in-exception-event", "P08 P09", "error_text in otlp as json, full",
    "transient/5xx-once[*", NULL,
    "the exception event of a failed attempt repeats what the upstream said")
BUG(KEY_IN_SPAN_USERINFO, "key-as-user-of-span-url", "P04 P08", "over_collection",
    "control/healthy*", NULL,
    "url.full holds the key as the password of a user")
BUG(KEY_IN_RESOURCE, "key-in-resource-attribute", "P07 P08", "primary.key in otlp as plain, full",
    "control/healthy*", NULL,
    "the resource of everything exported carries the key among the process's arguments")
BUG(SPAN_WITHOUT_URL, "span-without-url", "P12", "span_truth",
    "control/healthy* telemetry/old-names*", NULL,
    "spans lack url.full, which the conventions require")
/* P: what stands in further places than prompt and answer. */
BUG(CLIENT_HEADERS_IN_LOG, "client-headers-in-log", "P04 P08", "header in file access.log as plain, full",
    "leak/agent-answers* leak/agent-fails*", NULL,
    "the headers of a request stand in the log, but for those that hold keys")
BUG(QUERY_IN_LOG, "query-in-log", "P04 P08", "query.key in file access.log as plain, full",
    "leak/key-in-url*", NULL,
    "the query of a request stands in the log, with a key in it")
BUG(ANSWER_HEADERS_IN_STDERR, "answer-headers-in-stderr", "P07 P09", "commercial.header in stderr as plain, full",
    "leak/agent-answers* leak/agent-fails*", NULL,
    "the head of every answer is printed to stderr, the balance with it")
BUG(REQUEST_IN_LOG, "request-in-log-as-it-came", "P03 P10", "prompt in file access.log as json, full",
    "transient/5xx-once[* leak/agent-fails*", NULL,
    "a request that failed stands in the log as it came")
BUG(SYSTEM_PROMPT_IN_LOG, "system-prompt-in-log", "P03 P10", "system_prompt in file access.log as plain, full",
    "leak/agent-fails*", NULL,
    "the system prompt of a request that failed stands in the log")
BUG(TOOL_ARGUMENTS_IN_LOG, "tool-arguments-in-log", "P03 P10", "tool_arguments in file access.log as json, full",
    "leak/agent-fails*", NULL,
    "the arguments of a tool call in the request stand in the log")
BUG(KEY_MASKED_TOO_LITTLE, "key-masked-too-little", "P05 P06", "primary.key in file access.log as masked, partial",
    "transient/5xx-once[* leak/agent-fails*", NULL,
    "of the upstream's key eighteen letters are left in the log, around a mask")
BUG(REASONING_IN_LOG, "reasoning-in-log", "P03 P10", "reasoning in file access.log as plain, full",
    "leak/agent-answers[stream=false]", NULL,
    "the reasoning of an answer stands in the log")
BUG(TOOL_CALL_IN_LOG, "tool-call-in-log", "P03 P10", "tool_call in file access.log as json, full",
    "leak/agent-answers[stream=false]", NULL,
    "the arguments of a tool call in the answer stand in the log")
BUG(USAGE_IN_LOG, "usage-extras-in-log", "P07 P09", "commercial.usage in file access.log as plain, full",
    "leak/agent-answers[stream=false]", NULL,
    "what usage says of the account stands in the log")
/* clang-format on */
