#include "harness/drill/mock_control.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "tests/unit/raw_server.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const struct drill_id id = { .nonce = 0xabc, .epoch = 1 };

/* A mock that gives one answer, and a handle to it. */
struct stub {
    struct server server;
    struct mock_control control;
    struct buf said;
    char *request; /* what it was asked, after stub_stop() */
};

static void stub_start(struct stub *s, int status, const char *body)
{
    *s = (struct stub){ .server = { .until = "\r\n\r\n" } };
    buf_printf(&s->said, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s",
               status, strlen(body), body);
    s->server.pieces[0] = s->said.data;
    server_start(&s->server);
    s->control.admin = xasprintf("http://127.0.0.1:%d", s->server.port);
    s->control.token = xstrdup("the-token");
}

static void stub_stop(struct stub *s)
{
    pthread_join(s->server.thread, NULL);
    close(s->server.listener);
    s->request = buf_take(&s->server.seen);
    buf_release(&s->said);
}

static void stub_release(struct stub *s)
{
    mock_control_release(&s->control);
    free(s->request);
}

/* Line, token and body of what was asked. */
static void expect_request(const struct stub *s, const char *line,
                           const char *body)
{
    const char *end = strstr(s->request, "\r\n\r\n");

    cr_assert_not_null(end);
    cr_expect_eq(strncmp(s->request, line, strlen(line)), 0, "%s", s->request);
    cr_expect_not_null(
        strstr(s->request, "Authorization: Bearer the-token\r\n"));
    cr_expect_str_eq(end + 4, body);
}

Test(mock_control, opening_learns_the_fingerprint_key)
{
    struct mock_control control;
    struct err err = { 0 };
    struct stub s;
    char *admin;

    stub_start(&s, 200,
               "{\"ok\":true,\"version\":\"0.1.0\",\"fingerprint_key\":\"" KEY
               "\"}");
    admin = xasprintf("%s/", s.control.admin);
    cr_assert(mock_control_open(&control, admin, "the-token", &err), "%s",
              err.text);
    stub_stop(&s);
    expect_request(&s, "GET /healthz HTTP/1.1\r\n", "");
    cr_expect_str_eq(control.admin, s.control.admin);
    cr_expect_str_eq(control.version, "0.1.0");
    cr_expect_eq(control.fingerprint_key[0], 0);
    cr_expect_eq(control.fingerprint_key[31], 0x1f);
    mock_control_release(&control);
    free(admin);
    stub_release(&s);
}

static const struct {
    int status;
    const char *body;
    enum err_code code;
    const char *text;
} refusals[] = {
    { 200, "{\"ok\":true}", ERR_STATE, "no fingerprint_key" },
    { 200, "{\"ok\":false,\"fingerprint_key\":\"" KEY "\"}", ERR_STATE,
      "no fingerprint_key" },
    { 200, "{\"ok\":true,\"fingerprint_key\":\"00\"}", ERR_STATE,
      "no fingerprint_key" },
    { 200, "<html>", ERR_SYNTAX, "" },
    { 401, "{\"error\":{\"where\":\"authorization\",\"text\":\"wrong token\"}}",
      ERR_STATE, "the mock answered 401: authorization: wrong token" },
    { 404, "nothing", ERR_STATE, "the mock answered 404: no reason given" },
};

Test(mock_control, opening_refuses_what_is_no_mock)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct mock_control control;
        struct err err = { 0 };
        struct stub s;

        stub_start(&s, refusals[i].status, refusals[i].body);
        cr_expect_not(
            mock_control_open(&control, s.control.admin, "the-token", &err));
        stub_stop(&s);
        cr_expect_eq(err.code, refusals[i].code, "%s: %s", refusals[i].body,
                     err.text);
        cr_expect_not_null(strstr(err.text, refusals[i].text), "%s", err.text);
        cr_expect_null(control.admin);
        cr_expect_null(strstr(err.where, "the-token"));
        stub_release(&s);
    }
}

Test(mock_control, a_mock_that_is_not_there_is_a_network_error)
{
    struct server s = { 0 };
    struct mock_control control;
    struct err err = { 0 };

    server_bind(&s);
    cr_expect_not(mock_control_open(&control, s.url, NULL, &err));
    cr_expect_eq(err.code, ERR_NET);
    cr_expect_not_null(strstr(err.text, "Connection refused"));
    close(s.listener);
}

Test(mock_control, listening_sends_the_upstreams_and_takes_their_urls)
{
    static const char *const accept[] = { "0011", "2233", NULL };
    struct mock_upstream upstreams[] = {
        { .name = "primary", .accept = accept, .dialect = "openai" },
        { .name = "fallback" }
    };
    struct err err = { 0 };
    struct stub s;

    stub_start(&s, 200,
               "{\"listeners\":{\"fallback\":\"http://127.0.0.1:2\","
               "\"primary\":\"http://127.0.0.1:1\"}}");
    cr_assert(mock_control_listen(&s.control, "s1", upstreams, 2, &err), "%s",
              err.text);
    stub_stop(&s);
    expect_request(&s, "POST /listeners HTTP/1.1\r\n",
                   "{\"slot\":\"s1\",\"upstreams\":[{\"name\":\"primary\","
                   "\"accept\":[\"0011\",\"2233\"],\"dialect\":\"openai\"},"
                   "{\"name\":\"fallback\"}]}");
    cr_expect_str_eq(upstreams[0].url, "http://127.0.0.1:1");
    cr_expect_str_eq(upstreams[1].url, "http://127.0.0.1:2");
    stub_release(&s);
}

Test(mock_control, a_listener_that_was_not_opened_is_an_error)
{
    struct mock_upstream upstreams[] = { { .name = "primary" } };
    struct err err = { 0 };
    struct stub s;

    stub_start(&s, 200, "{\"listeners\":{}}");
    cr_expect_not(mock_control_listen(&s.control, "s1", upstreams, 1, &err));
    stub_stop(&s);
    cr_expect_eq(err.code, ERR_STATE);
    cr_expect_not_null(strstr(err.text, "primary"));
    stub_release(&s);
}

Test(mock_control, a_script_is_sent_whole_with_what_it_plants_and_watches)
{
    struct mock_script script = mock_script_new();
    struct json *steps = json_new_array(), *step = json_new_object();
    struct err err = { 0 };
    struct stub s;

    json_add_text(step, "fault", "none");
    json_append(steps, step);
    mock_script_upstream(&script, "primary", steps);
    mock_script_plant(&script, "completion", "c");
    mock_script_watch(&script, "prompt", "p");
    stub_start(&s, 200, "{\"ok\":true}");
    cr_expect(mock_control_put(&s.control, id, &script, &err), "%s", err.text);
    stub_stop(&s);
    expect_request(&s, "PUT /scripts/gd-000000000abc0001 HTTP/1.1\r\n",
                   "{\"upstreams\":{\"primary\":[{\"fault\":\"none\"}]},"
                   "\"plant\":{\"completion\":\"c\"},"
                   "\"watch\":[{\"id\":\"prompt\",\"text\":\"p\"}]}");
    cr_expect_null(script.body);
    json_free(steps);
    stub_release(&s);
}

Test(mock_control, a_refused_script_says_where_it_is_wrong)
{
    struct mock_script script = mock_script_new();
    struct err err = { 0 };
    struct stub s;

    stub_start(&s, 400,
               "{\"error\":{\"where\":\"$.upstreams\",\"text\":\"unknown "
               "fault\"}}");
    cr_expect_not(mock_control_put(&s.control, id, &script, &err));
    stub_stop(&s);
    cr_expect_eq(err.code, ERR_STATE);
    cr_expect_str_eq(err.text,
                     "the mock answered 400: $.upstreams: unknown fault");
    cr_expect_null(script.body);
    stub_release(&s);
}

Test(mock_control, a_lease_gives_the_probes_of_the_listeners)
{
    struct mock_probes probes = { 0 };
    struct err err = { 0 };
    struct stub s;

    stub_start(&s, 200,
               "{\"ok\":true,\"probes\":["
               "{\"upstream\":\"primary\",\"expected\":\"refused\","
               "\"seen\":\"refused\"},"
               "{\"upstream\":\"fallback\",\"expected\":\"refused\","
               "\"seen\":\"open\"}]}");
    cr_expect(mock_control_lease(&s.control, "s1", id, &probes, &err), "%s",
              err.text);
    stub_stop(&s);
    expect_request(&s, "POST /leases HTTP/1.1\r\n",
                   "{\"slot\":\"s1\",\"drill_id\":\"gd-000000000abc0001\"}");
    cr_assert_eq(probes.count, 2);
    cr_expect_str_eq(probes.items[0].upstream, "primary");
    cr_expect(probes.items[0].expected_refused);
    cr_expect(probes.items[0].seen_refused);
    cr_expect(probes.items[1].expected_refused);
    cr_expect_not(probes.items[1].seen_refused);
    stub_release(&s);

    /* The end of the lease replaces them. */
    stub_start(&s, 200, "{\"ok\":true,\"probes\":[]}");
    cr_expect(mock_control_lease_end(&s.control, "s1", &probes, &err));
    stub_stop(&s);
    expect_request(&s, "DELETE /leases?slot=s1 HTTP/1.1\r\n", "");
    cr_expect_eq(probes.count, 0);
    stub_release(&s);
    mock_probes_release(&probes);
}

Test(mock_control, deleting_calls_name_what_they_delete)
{
    struct err err = { 0 };
    struct stub s;

    stub_start(&s, 200, "{\"ok\":true}");
    cr_expect(mock_control_unlisten(&s.control, "s1", &err));
    stub_stop(&s);
    expect_request(&s, "DELETE /listeners?slot=s1 HTTP/1.1\r\n", "");
    stub_release(&s);
    stub_start(&s, 404, "{}");
    cr_expect_not(mock_control_forget(&s.control, id, &err));
    stub_stop(&s);
    expect_request(&s, "DELETE /scripts/gd-000000000abc0001 HTTP/1.1\r\n", "");
    stub_release(&s);
}

/* Journal lines as the mock writes them. */
static void add_line(struct buf *out, int64_t seq, enum attempt_end end)
{
    struct attempt attempt = { .seq = seq,
                               .id = id,
                               .ordinal = 1,
                               .upstream = "primary",
                               .connection = 1,
                               .request_on_connection = 1 };
    char *line;

    attempt.delivered.end = end;
    attempt.request.content_length = -1;
    attempt.request.client_retry_marker = -1;
    line = attempt_print(&attempt);
    buf_printf(out, "%s\n", line);
    free(line);
}

Test(mock_control, attempts_are_added_and_asked_for_from_the_last_on)
{
    struct mock_attempts all = { 0 };
    struct buf lines = { 0 };
    struct err err = { 0 };
    struct stub s;

    add_line(&lines, 4, ATTEMPT_END_FIN);
    add_line(&lines, 7, ATTEMPT_END_KEEP);
    buf_add_text(&lines, "{\"end\":{\"open\":1,\"last\":7,\"foreign\":2}}\n");
    stub_start(&s, 200, buf_text(&lines));
    cr_expect(mock_control_attempts(&s.control, id, 30, false, &all, &err),
              "%s: %s", err.where, err.text);
    stub_stop(&s);
    expect_request(&s,
                   "GET /attempts?drill_id=gd-000000000abc0001&after=0"
                   "&wait_ms=30 HTTP/1.1\r\n",
                   "");
    cr_expect_eq(all.count, 2);
    cr_expect_eq(all.last, 7);
    cr_expect_eq(all.open, 1);
    cr_expect_eq(all.foreign, 2);
    stub_release(&s);

    /* An open one is given, and stays new. */
    buf_clear(&lines);
    add_line(&lines, 9, ATTEMPT_END_OPEN);
    buf_add_text(&lines, "{\"end\":{\"open\":1,\"last\":7,\"foreign\":2}}");
    stub_start(&s, 200, buf_text(&lines));
    cr_expect(mock_control_attempts(&s.control, id, 0, true, &all, &err),
              "%s: %s", err.where, err.text);
    stub_stop(&s);
    expect_request(&s,
                   "GET /attempts?drill_id=gd-000000000abc0001&after=7"
                   "&wait_ms=0&open=1 HTTP/1.1\r\n",
                   "");
    cr_expect_eq(all.count, 3);
    cr_expect_eq(all.last, 7);
    stub_release(&s);
    buf_release(&lines);
    mock_attempts_release(&all);
}

static const struct {
    const char *lines;
    enum err_code code;
} broken[] = {
    { "", ERR_SYNTAX },
    { "{\"end\":{\"open\":0,\"last\":0", ERR_SYNTAX },
    { "{\"end\":1}\n", ERR_STATE },
    { "{}\n{\"end\":{\"open\":0,\"last\":0,\"foreign\":0}}\n", ERR_SCHEMA },
    { "{\n{\"end\":{\"open\":0,\"last\":0,\"foreign\":0}}\n", ERR_SYNTAX },
};

Test(mock_control, a_journal_that_cannot_be_read_is_an_error)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct mock_attempts all = { 0 };
        struct err err = { 0 };
        struct stub s;

        stub_start(&s, 200, broken[i].lines);
        cr_expect_not(
            mock_control_attempts(&s.control, id, 0, false, &all, &err), "%s",
            broken[i].lines);
        stub_stop(&s);
        cr_expect_eq(err.code, broken[i].code, "%s: %s", broken[i].lines,
                     err.text);
        cr_expect_eq(all.count, 0);
        stub_release(&s);
        mock_attempts_release(&all);
    }
}
