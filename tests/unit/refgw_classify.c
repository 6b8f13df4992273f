#include "tests/refgateway/classify.h"

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#define ANSWER "{\"choices\":[{\"message\":{\"content\":\"OK\"}}]}"

static enum outcome of(struct classify_wire wire)
{
    struct shape_error error;

    if (!wire.body)
        wire.body = "";
    wire.length = strlen(wire.body);
    return classify(&wire, &error);
}

Test(refgw_classify, what_ends_before_the_head_is_told_apart)
{
    static const struct {
        int curl_code, os_errno;
        enum outcome wanted;
    } rows[] = {
        { CURLE_COULDNT_CONNECT, ECONNREFUSED, OUTCOME_CONNECT_REFUSED },
        { CURLE_COULDNT_CONNECT, EHOSTUNREACH, OUTCOME_CONNECT_REFUSED },
        { CURLE_COULDNT_CONNECT, ETIMEDOUT, OUTCOME_CONNECT_TIMEOUT },
        { CURLE_COULDNT_CONNECT, ECONNRESET, OUTCOME_RESET_BEFORE_HEADERS },
        { CURLE_COULDNT_RESOLVE_HOST, 0, OUTCOME_CONNECT_REFUSED },
        { CURLE_SSL_CONNECT_ERROR, 0, OUTCOME_TLS_ERROR },
        { CURLE_PEER_FAILED_VERIFICATION, 0, OUTCOME_TLS_ERROR },
        { CURLE_GOT_NOTHING, 0, OUTCOME_EOF_BEFORE_HEADERS },
        { CURLE_OK, 0, OUTCOME_EOF_BEFORE_HEADERS },
        { CURLE_RECV_ERROR, ECONNRESET, OUTCOME_RESET_BEFORE_HEADERS },
        { CURLE_RECV_ERROR, 0, OUTCOME_MALFORMED_HEAD },
        { CURLE_SEND_ERROR, EPIPE, OUTCOME_RESET_BEFORE_HEADERS },
        { CURLE_UNSUPPORTED_PROTOCOL, 0, OUTCOME_MALFORMED_HEAD },
        { CURLE_WEIRD_SERVER_REPLY, 0, OUTCOME_MALFORMED_HEAD },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(of((struct classify_wire){ .curl_code = rows[i].curl_code,
                                                .os_errno = rows[i].os_errno,
                                                .status = 200 }),
                     rows[i].wanted, "row %zu: curl code %d", i,
                     rows[i].curl_code);
}

Test(refgw_classify, a_status_that_was_said_holds_whatever_the_body_does)
{
    static const int codes[] = { CURLE_OK, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR,
                                 CURLE_WRITE_ERROR };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        cr_expect_eq(of((struct classify_wire){ .curl_code = codes[i],
                                                .head_complete = true,
                                                .status = 503,
                                                .body = "{\"err" }),
                     OUTCOME_HTTP);
    cr_expect_eq(of((struct classify_wire){ .head_complete = true,
                                            .status = 401,
                                            .limit = OUTCOME_IDLE_TIMEOUT }),
                 OUTCOME_HTTP);
    cr_expect_eq(
        of((struct classify_wire){ .head_complete = true, .status = 301 }),
        OUTCOME_HTTP);
    cr_expect_eq(of((struct classify_wire){ .head_complete = true,
                                            .status = 503,
                                            .limit = OUTCOME_TOTAL_TIMEOUT }),
                 OUTCOME_TOTAL_TIMEOUT);
}

Test(refgw_classify, the_code_of_an_error_body_is_found)
{
    struct classify_wire wire = {
        .head_complete = true,
        .status = 500,
        .body = "{\"error\":{\"code\":\"invalid_request\",\"type\":\"t\"}}"
    };
    struct shape_error error;

    wire.length = strlen(wire.body);
    cr_expect_eq(classify(&wire, &error), OUTCOME_HTTP);
    cr_expect_str_eq(error.code, "invalid_request");
    cr_expect_str_eq(error.type, "t");
}

Test(refgw_classify, plain_answers)
{
    static const struct {
        const char *body;
        int curl_code;
        bool framed;
        enum outcome wanted;
    } rows[] = {
        { ANSWER, CURLE_OK, true, OUTCOME_OK },
        { ANSWER, CURLE_OK, false, OUTCOME_OK },
        { ANSWER, CURLE_PARTIAL_FILE, true, OUTCOME_TRUNCATED_BODY },
        { "{\"cho", CURLE_RECV_ERROR, true, OUTCOME_TRUNCATED_BODY },
        { "{\"cho", CURLE_OK, true, OUTCOME_BAD_BODY },
        { "{\"cho", CURLE_OK, false, OUTCOME_TRUNCATED_BODY },
        { "<html>", CURLE_OK, true, OUTCOME_BAD_BODY },
        { "", CURLE_OK, true, OUTCOME_EMPTY_BODY },
        { " \r\n", CURLE_OK, true, OUTCOME_EMPTY_BODY },
        { "{\"error\":{}}", CURLE_OK, true, OUTCOME_ERROR_IN_200 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(of((struct classify_wire){ .curl_code = rows[i].curl_code,
                                                .head_complete = true,
                                                .framed = rows[i].framed,
                                                .status = 200,
                                                .body = rows[i].body }),
                     rows[i].wanted, "row %zu: %s", i, rows[i].body);
}

Test(refgw_classify, an_answer_that_is_too_long_is_no_cut)
{
    cr_expect_eq(of((struct classify_wire){ .curl_code = CURLE_WRITE_ERROR,
                                            .head_complete = true,
                                            .framed = true,
                                            .status = 200,
                                            .too_long = true }),
                 OUTCOME_BAD_BODY);
}

Test(refgw_classify, a_timeout_is_the_class_of_an_answer_that_never_ended)
{
    cr_expect_eq(of((struct classify_wire){ .limit = OUTCOME_HEADER_TIMEOUT }),
                 OUTCOME_HEADER_TIMEOUT);
    cr_expect_eq(of((struct classify_wire){ .limit = OUTCOME_IDLE_TIMEOUT,
                                            .head_complete = true,
                                            .status = 200,
                                            .body = ANSWER }),
                 OUTCOME_IDLE_TIMEOUT);
}

Test(refgw_classify, only_a_stream_with_output_and_finish_is_complete)
{
    static const struct {
        struct classify_stream stream;
        int curl_code;
        bool framed;
        enum limit { NO, IDLE } limit;
        enum outcome wanted;
    } rows[] = {
        { { .events = true, .output = true, .finish = true, .done = true },
          CURLE_WRITE_ERROR,
          true,
          NO,
          OUTCOME_OK },
        { { .events = true, .output = true, .finish = true },
          CURLE_OK,
          true,
          NO,
          OUTCOME_OK },
        { { .events = true, .output = true, .finish = true },
          CURLE_PARTIAL_FILE,
          true,
          NO,
          OUTCOME_TRUNCATED_BEFORE_COMMIT },
        { { .events = true, .output = true, .finish = true },
          CURLE_OK,
          true,
          IDLE,
          OUTCOME_OK },
        { { .events = true, .output = true },
          CURLE_OK,
          true,
          IDLE,
          OUTCOME_IDLE_TIMEOUT },
        { { .events = true, .output = true, .done = true },
          CURLE_WRITE_ERROR,
          true,
          NO,
          OUTCOME_TRUNCATED_BEFORE_COMMIT },
        { { .events = true, .output = true },
          CURLE_OK,
          true,
          NO,
          OUTCOME_TRUNCATED_BEFORE_COMMIT },
        { { .events = true, .output = true, .finish = true, .pending = true },
          CURLE_OK,
          true,
          NO,
          OUTCOME_OK },
        { { .events = true, .output = true, .pending = true },
          CURLE_OK,
          true,
          NO,
          OUTCOME_TRUNCATED_BEFORE_COMMIT },
        { { .events = true, .finish = true, .done = true },
          CURLE_WRITE_ERROR,
          true,
          NO,
          OUTCOME_EMPTY_BODY },
        { { .events = true, .done = true },
          CURLE_WRITE_ERROR,
          false,
          NO,
          OUTCOME_EMPTY_BODY },
        { { .events = true }, CURLE_OK, true, NO, OUTCOME_EMPTY_BODY },
        { { .events = true },
          CURLE_OK,
          false,
          NO,
          OUTCOME_TRUNCATED_BEFORE_COMMIT },
        { { .events = true },
          CURLE_RECV_ERROR,
          true,
          NO,
          OUTCOME_TRUNCATED_BEFORE_COMMIT },
        { { .events = true, .output = true, .error = true },
          CURLE_WRITE_ERROR,
          true,
          NO,
          OUTCOME_ERROR_IN_200 },
        { { .events = true, .output = true, .malformed = true },
          CURLE_WRITE_ERROR,
          true,
          NO,
          OUTCOME_BAD_BODY },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(of((struct classify_wire){
                         .curl_code = rows[i].curl_code,
                         .head_complete = true,
                         .framed = rows[i].framed,
                         .status = 200,
                         .limit = rows[i].limit == IDLE ? OUTCOME_IDLE_TIMEOUT
                                                        : OUTCOME_OK,
                         .stream_asked = true,
                         .stream = rows[i].stream }),
                     rows[i].wanted, "row %zu", i);
}

Test(refgw_classify, something_else_instead_of_a_stream)
{
    static const struct {
        const char *body;
        int curl_code;
        enum outcome wanted;
    } rows[] = {
        { "", CURLE_OK, OUTCOME_EMPTY_BODY },
        { "", CURLE_RECV_ERROR, OUTCOME_TRUNCATED_BEFORE_COMMIT },
        { ANSWER, CURLE_OK, OUTCOME_BAD_BODY },
        { "<html>", CURLE_OK, OUTCOME_BAD_BODY },
        { "{\"error\":{\"code\":1}}", CURLE_OK, OUTCOME_ERROR_IN_200 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(of((struct classify_wire){ .curl_code = rows[i].curl_code,
                                                .head_complete = true,
                                                .framed = true,
                                                .status = 200,
                                                .stream_asked = true,
                                                .body = rows[i].body }),
                     rows[i].wanted, "row %zu: %s", i, rows[i].body);
}
