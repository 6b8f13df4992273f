/* The mock without a harness: what its command line says. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "tests/wire/lib/raw.h"

static struct raw_mock mock;
static struct raw_answer answer;
static char folder[] = "/tmp/gatedrill-alone-XXXXXX";

static void start(void)
{
    cr_assert(mkdtemp(folder));
}

static void stop(void)
{
    char *command = xasprintf("rm -r '%s'", folder);

    raw_answer_release(&answer);
    raw_mock_stop(&mock);
    cr_assert(!system(command));
    free(command);
}

TestSuite(alone, .init = start, .fini = stop, .timeout = 30);

/* Writes a file into the test's folder; returns its path (heap). */
static char *write_file(const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    cr_assert(file && fputs(text, file) >= 0 && !fclose(file));
    return path;
}

static int ask(uint16_t port, const char *request)
{
    int fd = raw_connect(port);

    raw_answer_release(&answer);
    raw_send(fd, request);
    raw_read_message(fd, &answer, 2000);
    close(fd);
    return answer.status;
}

static const char *chat_at(const char *path, const char *model)
{
    static char request[1024];
    char body[256];

    snprintf(body, sizeof body, "{\"model\":\"%s\",\"messages\":[]}", model);
    snprintf(request, sizeof request,
             "POST %s HTTP/1.1\r\nHost: m\r\nContent-Length: %zu\r\n\r\n%s",
             path, strlen(body), body);
    return request;
}

Test(alone, a_listener_is_healthy_by_itself)
{
    raw_mock_start(&mock, (const char *const[]){
                              "--listen", "primary=127.0.0.1:0", "--advertise",
                              "primary=http://mock.test:80", NULL });
    cr_assert(strstr(mock.ready,
                     "\"listeners\":{\"primary\":\"http://mock.test:80\"}"),
              "%s", mock.ready);
}

Test(alone, the_default_script_acts_at_accept_too)
{
    char *script = write_file(
        "script.json",
        "{\"upstreams\":{\"primary\":[{\"fault\":\"reset\",\"at\":\"accept\"},"
        "{\"fault\":\"status\",\"status\":503},{\"fault\":\"none\"}]}}");
    uint16_t primary, fallback;
    int fd;

    raw_mock_start(&mock,
                   (const char *const[]){ "--listen", "primary=127.0.0.1:0",
                                          "--listen", "fallback=127.0.0.1:0",
                                          "--script", script, NULL });
    primary = raw_port_of(&mock, "primary");
    fallback = raw_port_of(&mock, "fallback");
    fd = raw_connect(primary);
    raw_read(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_RST);
    close(fd);
    cr_assert(ask(primary, chat_at("/v1/chat/completions", "m")) == 503);
    cr_assert(ask(primary, chat_at("/v1/chat/completions", "m")) == 200);
    cr_assert(ask(fallback, chat_at("/v1/chat/completions", "m")) == 200);
    raw_must(&mock, "POST", "/reset", NULL, NULL);
    fd = raw_connect(primary);
    raw_answer_release(&answer);
    raw_read(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_RST, "a reset begins it anew");
    close(fd);
    free(script);
}

Test(alone, a_default_script_can_refuse)
{
    char *script =
        write_file("script.json",
                   "{\"upstreams\":{\"primary\":[{\"fault\":\"refuse\"}]}}");

    raw_mock_start(&mock,
                   (const char *const[]){ "--listen", "primary=127.0.0.1:0",
                                          "--script", script, NULL });
    cr_assert(raw_connect_error(raw_port_of(&mock, "primary")) == ECONNREFUSED);
    free(script);
}

Test(alone, scenarios_are_chosen_by_path_and_by_model)
{
    char *path = xasprintf("%s/scenarios", folder), *inner;
    uint16_t port;

    cr_assert(!mkdir(path, 0700));
    inner = xasprintf("%s/transient", path);
    cr_assert(!mkdir(inner, 0700));
    free(inner);
    free(write_file("scenarios/transient/busy.json",
                    "{\"id\":\"transient/busy\",\"title\":\"Busy\","
                    "\"why\":\"For a test.\",\"sources\":[\"S5.1\"],"
                    "\"evidence_type\":\"resilience\","
                    "\"client\":{\"fixture\":\"minimal-chat\"},"
                    "\"upstreams\":{\"primary\":[{\"fault\":\"status\","
                    "\"status\":503},{\"fault\":\"none\"}]},"
                    "\"expect\":\"runbook\"}"));
    raw_mock_start(&mock,
                   (const char *const[]){ "--listen", "primary=127.0.0.1:0",
                                          "--scenarios", path, NULL });
    port = raw_port_of(&mock, "primary");
    cr_assert(ask(port, chat_at("/v1/chat/completions", "m")) == 200);
    cr_assert(ask(port, chat_at("/s/transient/busy/v1/chat/completions",
                                "m")) == 503);
    cr_assert(ask(port, chat_at("/v1/chat/completions",
                                "drill/transient/busy")) == 200,
              "the second attempt of the same scenario");
    raw_must(&mock, "POST", "/reset", NULL, NULL);
    cr_assert(ask(port, chat_at("/v1/chat/completions",
                                "drill/transient/busy")) == 503);
    cr_assert(ask(port, chat_at("/s/transient/none/v1/chat/completions",
                                "m")) == 404);
    free(path);
}

Test(alone, a_key_comes_from_the_environment)
{
    uint16_t port;

    setenv("ALONE_TEST_KEY", "sk-from-environment", 1);
    raw_mock_start(
        &mock, (const char *const[]){ "--listen", "primary=127.0.0.1:0",
                                      "--credential", "primary=ALONE_TEST_KEY",
                                      "--dialect", "openai", NULL });
    port = raw_port_of(&mock, "primary");
    cr_assert(ask(port, raw_chat(NULL, false, "")) == 401);
    cr_assert(ask(port, raw_chat(NULL, false,
                                 "Authorization: Bearer "
                                 "sk-from-environment\r\n")) == 200);
}

Test(alone, the_control_port_wants_its_token)
{
    char *token = write_file("token", "correct-horse\n");
    struct buf text = { 0 };
    int fd;

    raw_mock_start(&mock,
                   (const char *const[]){ "--admin-token-file", token, NULL });
    cr_assert(raw_call(&mock, "GET", "/healthz", NULL, &text) == 401);
    cr_assert(!strstr(buf_text(&text), "fingerprint_key"));
    for (int right = 0; right < 2; right++) {
        fd = raw_connect(mock.admin);
        raw_answer_release(&answer);
        raw_send(fd, right ? "GET /healthz HTTP/1.1\r\nHost: m\r\n"
                             "Authorization: Bearer correct-horse\r\n\r\n"
                           : "GET /healthz HTTP/1.1\r\nHost: m\r\n"
                             "Authorization: Bearer correct-horsf\r\n\r\n");
        raw_read_message(fd, &answer, 2000);
        cr_assert(answer.status == (right ? 200 : 401));
        close(fd);
    }
    free(token);
    buf_release(&text);
}

Test(alone, the_journal_file_gets_a_line_an_attempt)
{
    char *path = xasprintf("%s/journal.jsonl", folder);
    char text[8192] = "";
    FILE *file;

    raw_mock_start(&mock,
                   (const char *const[]){ "--listen", "primary=127.0.0.1:0",
                                          "--journal", path, NULL });
    cr_assert(ask(raw_port_of(&mock, "primary"),
                  raw_chat(NULL, false, "Authorization: Bearer sk-x\r\n")) ==
              200);
    /* One thread: once it answers this, the line is written. */
    raw_must(&mock, "GET", "/healthz", NULL, NULL);
    file = fopen(path, "r");
    cr_assert(file && fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    cr_assert(strstr(text, "\"by\":\"default\""), "%s", text);
    cr_assert(!strstr(text, "sk-x"));
    free(path);
}

Test(alone, it_is_ready_within_forty_ms)
{
    int64_t best_ms = INT64_MAX;

    for (int i = 0; i < 5; i++) {
        raw_mock_start(&mock, (const char *const[]){
                                  "--listen", "primary=127.0.0.1:0", NULL });
        if (mock.ready_ms < best_ms)
            best_ms = mock.ready_ms;
        if (i < 4)
            raw_mock_stop(&mock);
    }
#ifdef __SANITIZE_ADDRESS__
    cr_assert(best_ms < 2000);
#else
    cr_assert(best_ms < 40, "%lld ms", (long long)best_ms);
#endif
}
