#include "common/credential.h"

#include <string.h>
#include <strings.h>

const char *const credential_headers[] = {
    "authorization",       "x-api-key", "api-key", "x-goog-api-key",
    "proxy-authorization", "cookie",    NULL
};

bool credential_is_header(const char *name)
{
    for (size_t i = 0; credential_headers[i]; i++) {
        if (!strcasecmp(credential_headers[i], name))
            return true;
    }
    return false;
}

const char *credential_key(const char *header, const char *value)
{
    static const char scheme[] = "bearer";
    size_t length = sizeof scheme - 1;

    if (strcasecmp(header, "authorization") ||
        strncasecmp(value, scheme, length) || value[length] != ' ')
        return value;
    return value + length + strspn(value + length, " ");
}
