#include "harness/cmd.h"
#include "harness/outlet.h"

#include <stdio.h>

int cmd_fail(const struct err *err)
{
    outlet_say(stderr, "gatedrill: %s%s%s\n", err->where,
               *err->where ? ": " : "", err->text);
    switch (err->code) {
    case ERR_USAGE:
    case ERR_SYNTAX:
    case ERR_SCHEMA:
        return EXIT_USAGE;
    case ERR_NONE:
    case ERR_IO:
    case ERR_NET:
    case ERR_STATE:
        break;
    }
    return EXIT_BROKE;
}
