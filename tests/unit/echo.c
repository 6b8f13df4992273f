/* What a request brought, sent back in a header or a text. */
#include "mockserver/echo.h"

#include <criterion/criterion.h>

#include "tests/unit/acted.h"

static const char head_text[] = "POST /v1/chat/completions HTTP/1.1\r\n"
                                "Host: a\r\nAuthorization: Bearer SECRETone\r\n"
                                "X-Api-Key: SECRETtwo\r\nX-Other: no\r\n\r\n";
static const char body_text[] =
    "{\"messages\":[{\"role\":\"system\",\"content\":\"first\"},"
    "{\"role\":\"user\",\"content\":\"last\\nPROMPTtext\"}]}";

static struct echo some_echo(const char *body)
{
    struct head head;
    struct echo echo;

    head_read(&head, head_text, sizeof head_text - 1);
    echo_read(&echo, &head, body, body ? strlen(body) : 0);
    return echo;
}

Test(echo, credentials_and_the_last_message_are_found)
{
    struct echo echo = some_echo(body_text);

    cr_assert_eq(echo.header_count, 2);
    cr_expect_str_eq(echo.headers[0].name, "Authorization");
    cr_expect_str_eq(echo.headers[0].value, "Bearer SECRETone");
    cr_expect_str_eq(echo.headers[1].value, "SECRETtwo");
    cr_expect_str_eq(echo.prompt, "last\nPROMPTtext");
    echo_release(&echo);
    echo = some_echo(NULL);
    cr_expect_null(echo.prompt);
    echo_release(&echo);
    echo = some_echo("{\"messages\":");
    cr_expect_null(echo.prompt);
    echo_release(&echo);
}

Test(echo, long_prompts_are_cut_between_characters)
{
    struct buf body = { 0 };
    struct echo echo;

    buf_add_text(&body, "{\"messages\":[{\"content\":\"x");
    for (int i = 0; i < 300; i++)
        buf_add_text(&body, "\xc3\xa9");
    buf_add_text(&body, "\"}]}");
    echo = some_echo(buf_text(&body));
    cr_expect_eq(strlen(echo.prompt), ECHO_PROMPT_BYTES - 1);
    echo_release(&echo);
    buf_release(&body);
}

Test(echo, goes_where_the_step_says)
{
    static const struct {
        int64_t what, where, fault;
        bool stream;
        const char *header, *value, *text;
    } rows[] = {
        { STEP_ECHO_CREDENTIAL, STEP_ECHO_HEADER, FAULT_none, false,
          "Authorization", "Bearer SECRETone", NULL },
        { STEP_ECHO_CREDENTIAL, STEP_ECHO_HEADER, FAULT_none, true, "X-Api-Key",
          "SECRETtwo", NULL },
        { STEP_ECHO_PROMPT, STEP_ECHO_HEADER, FAULT_status, false, "X-Prompt",
          "last PROMPTtext", NULL },
        { STEP_ECHO_CREDENTIAL, STEP_ECHO_BODY, FAULT_status, false,
          "Authorization", NULL, "SECRETone SECRETtwo" },
        { STEP_ECHO_PROMPT, STEP_ECHO_BODY, FAULT_status, false, "X-Prompt",
          NULL, "last\\nPROMPTtext" },
        { STEP_ECHO_PROMPT, STEP_ECHO_BODY, FAULT_none, false, "X-Prompt", NULL,
          "PROMPTtext" },
        { STEP_ECHO_MASKED_CREDENTIAL, STEP_ECHO_HEADER, FAULT_none, false,
          "X-Key", "*********", NULL },
        { -1, -1, FAULT_status, false, "Authorization", NULL, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new((enum fault)rows[i].fault, rows[i].stream);
        struct echo echo = some_echo(body_text);

        a.step.status = 401;
        if (rows[i].fault == FAULT_none)
            a.step.status = -1;
        a.step.echo.what = rows[i].what;
        a.step.echo.where = rows[i].where;
        a.request.echo = echo_view(&echo);
        act(&a);
        expect_header(&a, rows[i].header, rows[i].value);
        if (rows[i].text)
            cr_expect(view_has(&a.view, rows[i].text), "row %zu: %s", i,
                      buf_text(&a.view.body));
        else
            cr_expect_not(view_has(&a.view, "SECRET") ||
                          view_has(&a.view, "PROMPT"));
        acted_release(&a);
        echo_release(&echo);
    }
}

/* As OpenAI does: the first eight letters and the last four. */
Test(echo, of_a_masked_key_twelve_letters_are_left)
{
    struct step_header header = { (char[]){ "Authorization" },
                                  (char[]){
                                      "Bearer sk-abcdeXXXXXXXXXXXXXXXXwxyz" } };
    struct acted a = acted_new(FAULT_status, false);

    a.step.status = 401;
    a.step.echo.what = STEP_ECHO_MASKED_CREDENTIAL;
    a.step.echo.where = STEP_ECHO_BODY;
    a.request.echo = (struct fault_echo){ &header, 1, NULL };
    act(&a);
    cr_expect(view_has(&a.view, "sk-abcde****************wxyz"), "%s",
              buf_text(&a.view.body));
    cr_expect_not(view_has(&a.view, "X"));
    acted_release(&a);
}

Test(echo, a_balance_stands_in_the_head_of_any_answer)
{
    static const enum fault faults[] = { FAULT_none, FAULT_status };

    for (size_t i = 0; i < 2; i++) {
        struct acted a = acted_new(faults[i], false);

        a.step.status = faults[i] == FAULT_status ? 500 : -1;
        a.request.plants.account_header = "twelve";
        act(&a);
        expect_header(&a, "X-Account-Balance", "twelve");
        acted_release(&a);
    }
}
