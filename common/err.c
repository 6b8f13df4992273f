#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void err_set(struct err *err, enum err_code code, const char *where,
             const char *format, ...)
{
    va_list args;

    if (!err)
        return;
    err->code = code;
    snprintf(err->where, sizeof err->where, "%s", where ? where : "");
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
}

void err_set_errno(struct err *err, enum err_code code, const char *where)
{
    char text[128];
    int number = errno;

    err_set(err, code, where, "%s", strerror_r(number, text, sizeof text));
}
