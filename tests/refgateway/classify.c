#include "tests/refgateway/classify.h"

#include <curl/curl.h>
#include <errno.h>

#include "tests/refgateway/bug.h"

struct code_row {
    CURLcode code;
    enum outcome outcome;
};

/* Codes that say the same whatever else was seen. */
static const struct code_row codes[] = {
    { CURLE_COULDNT_RESOLVE_HOST, OUTCOME_CONNECT_REFUSED },
    { CURLE_COULDNT_RESOLVE_PROXY, OUTCOME_CONNECT_REFUSED },
    { CURLE_SSL_CONNECT_ERROR, OUTCOME_TLS_ERROR },
    { CURLE_PEER_FAILED_VERIFICATION, OUTCOME_TLS_ERROR },
    { CURLE_SSL_CERTPROBLEM, OUTCOME_TLS_ERROR },
    { CURLE_SSL_CIPHER, OUTCOME_TLS_ERROR },
    { CURLE_SSL_CACERT_BADFILE, OUTCOME_TLS_ERROR },
    { CURLE_SSL_ISSUER_ERROR, OUTCOME_TLS_ERROR },
    { CURLE_SSL_INVALIDCERTSTATUS, OUTCOME_TLS_ERROR },
    { CURLE_GOT_NOTHING, OUTCOME_EOF_BEFORE_HEADERS },
    { CURLE_OK, OUTCOME_EOF_BEFORE_HEADERS },
    { CURLE_SEND_ERROR, OUTCOME_RESET_BEFORE_HEADERS },
};

static bool is_reset(int os_errno)
{
    return os_errno == ECONNRESET || os_errno == EPIPE ||
           os_errno == ECONNABORTED;
}

static enum outcome before_head(const struct classify_wire *wire)
{
    switch (wire->curl_code) {
    case CURLE_COULDNT_CONNECT:
        /* A reset that overtakes our look at the new connection. */
        if (is_reset(wire->os_errno))
            return OUTCOME_RESET_BEFORE_HEADERS;
        return wire->os_errno == ETIMEDOUT ? OUTCOME_CONNECT_TIMEOUT
                                           : OUTCOME_CONNECT_REFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return wire->connected ? OUTCOME_HEADER_TIMEOUT
                               : OUTCOME_CONNECT_TIMEOUT;
    case CURLE_RECV_ERROR:
        return is_reset(wire->os_errno) ? OUTCOME_RESET_BEFORE_HEADERS
                                        : OUTCOME_MALFORMED_HEAD;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if ((int)codes[i].code == wire->curl_code)
            return codes[i].outcome;
    }
    return OUTCOME_MALFORMED_HEAD;
}

/* A stream that never spoke SSE: an error object, a page, or nothing. */
static enum outcome not_a_stream(const struct classify_wire *wire,
                                 struct shape_error *error)
{
    enum outcome outcome = shape_judge(error, wire->body, wire->length);

    if (wire->curl_code != CURLE_OK)
        return OUTCOME_TRUNCATED_BEFORE_COMMIT;
    /* A whole plain answer is still not what was asked for. */
    return outcome == OUTCOME_OK && !bug_is(BUG_JSON_FOR_EVENTS_PASSED)
               ? OUTCOME_BAD_BODY
               : outcome;
}

static enum outcome of_stream(const struct classify_wire *wire,
                              struct shape_error *error)
{
    const struct classify_stream *stream = &wire->stream;
    bool cut = wire->curl_code != CURLE_OK && !stream->done;

    if (stream->error && bug_is(BUG_ERROR_EVENT_SWALLOWED))
        return OUTCOME_OK;
    if (stream->error)
        return OUTCOME_ERROR_IN_200;
    if (stream->malformed)
        return OUTCOME_BAD_BODY;
    if (!stream->events)
        return not_a_stream(wire, error);
    if (cut ||
        (stream->pending && (!stream->finish || bug_is(BUG_PENDING_IS_CUT))))
        return OUTCOME_TRUNCATED_BEFORE_COMMIT;
    if (stream->finish && stream->output)
        return OUTCOME_OK;
    /* [DONE] alone does not make a stream complete. */
    if (stream->output)
        return OUTCOME_TRUNCATED_BEFORE_COMMIT;
    if (bug_is(BUG_EMPTY_STREAM_PASSED))
        return OUTCOME_OK;
    /* Where the close ends the body, nobody can tell the end from a cut. */
    return wire->framed || stream->done ? OUTCOME_EMPTY_BODY
                                        : OUTCOME_TRUNCATED_BEFORE_COMMIT;
}

static enum outcome of_plain(const struct classify_wire *wire,
                             struct shape_error *error)
{
    enum outcome outcome;

    if (wire->too_long)
        return OUTCOME_BAD_BODY;
    if (wire->curl_code != CURLE_OK &&
        bug_is(wire->curl_code == CURLE_PARTIAL_FILE ? BUG_CUT_BODY_PASSED
                                                     : BUG_BROKEN_CHUNK_PASSED))
        return OUTCOME_OK;
    if (wire->curl_code != CURLE_OK)
        return OUTCOME_TRUNCATED_BODY;
    outcome = shape_judge(error, wire->body, wire->length);
    if (outcome == OUTCOME_BAD_BODY && !wire->framed)
        return OUTCOME_TRUNCATED_BODY;
    return outcome;
}

/* The whole answer and its finish_reason came, then silence instead of
 * [DONE] or an end: nothing is missing that we could wait for. */
static bool said_everything(const struct classify_wire *wire)
{
    return wire->limit == OUTCOME_IDLE_TIMEOUT && wire->stream_asked &&
           wire->stream.finish && wire->stream.output && !wire->stream.pending;
}

enum outcome classify(const struct classify_wire *wire,
                      struct shape_error *error)
{
    *error = (struct shape_error){ 0 };
    if (wire->limit == OUTCOME_TOTAL_TIMEOUT)
        return OUTCOME_TOTAL_TIMEOUT;
    if (bug_is(BUG_HEADLESS_PASSED) && !wire->limit &&
        wire->curl_code == CURLE_OK)
        return OUTCOME_OK;
    if (!wire->head_complete)
        return wire->limit ? wire->limit : before_head(wire);
    if (wire->status < 200 || wire->status > 299) {
        /* The status has been said, whatever became of the body. */
        shape_find_error(error, wire->body, wire->length);
        return OUTCOME_HTTP;
    }
    if (said_everything(wire))
        return OUTCOME_OK;
    if (wire->limit)
        return wire->limit;
    return wire->stream_asked ? of_stream(wire, error) : of_plain(wire, error);
}
