#include "harness/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct report_style terminal_style(bool is_terminal, const char *no_color,
                                   const char *term, int width)
{
    bool refused = no_color && *no_color;
    bool dumb = !term || !*term || !strcmp(term, "dumb");

    return (struct report_style){ .colour = is_terminal && !refused && !dumb,
                                  .width = is_terminal ? width : 0 };
}

struct report_style terminal_look(FILE *stream, bool *live)
{
    const char *term = getenv("TERM");
    struct winsize size = { 0 };
    int fd = fileno(stream);
    bool is_terminal = fd >= 0 && isatty(fd);

    if (is_terminal && ioctl(fd, TIOCGWINSZ, &size) != 0)
        size.ws_col = 0;
    *live = is_terminal && term && *term && strcmp(term, "dumb") != 0;
    return terminal_style(is_terminal, getenv("NO_COLOR"), term, size.ws_col);
}

const char *terminal_ink(const struct report_style *style,
                         enum terminal_ink ink)
{
    static const char *const sequences[] = {
        [INK_PLAIN] = "\033[0m",   [INK_BOLD] = "\033[1m",
        [INK_DIM] = "\033[2m",     [INK_GREEN] = "\033[32m",
        [INK_YELLOW] = "\033[33m", [INK_RED] = "\033[31m",
    };

    return style && style->colour ? sequences[ink] : "";
}

enum terminal_ink terminal_verdict_ink(enum verdict verdict)
{
    static const enum terminal_ink inks[] = {
        [VERDICT_NOT_APPLICABLE] = INK_DIM,
        [VERDICT_PASS] = INK_GREEN,
        [VERDICT_HOLD] = INK_YELLOW,
        [VERDICT_FAIL] = INK_RED,
    };

    return inks[verdict];
}
