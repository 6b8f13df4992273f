#include "common/log.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>

TestSuite(log, .init = cr_redirect_stderr);

Test(log, line_names_program_and_level)
{
    log_init("mock", LOG_WARNING);
    log_line(LOG_WARNING, "port %d is taken", 80);
    log_line(LOG_INFO, "not shown");
    cr_assert_stderr_eq_str("mock: warning: port 80 is taken\n");
}

Test(log, message_stays_on_one_line)
{
    log_init("mock", LOG_DEBUG);
    log_line(LOG_DEBUG, "peer said %s", "a\nmock: error: forged\x1b[2J");
    cr_assert_stderr_eq_str(
        "mock: debug: peer said a mock: error: forged [2J\n");
}
