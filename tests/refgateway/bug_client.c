#include "tests/refgateway/bug_client.h"

#include <stdlib.h>
#include <string.h>

#include "common/credential.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"

static enum MHD_Result log_value(void *user, enum MHD_ValueKind kind,
                                 const char *name, const char *value)
{
    char *line, *lower = xstrdup(name);

    for (char *at = lower; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at |= 0x20;
    /* As who knows which headers hold keys, and no more than that. */
    if (kind != MHD_HEADER_KIND || !credential_is_header(lower)) {
        line = xasprintf("%s=%s", name, value ? value : "");
        access_log_leak(user, line);
        free(line);
    }
    free(lower);
    return MHD_YES;
}

void bug_client(struct access_log *log, struct MHD_Connection *connection)
{
    if (bug_is(BUG_CLIENT_HEADERS_IN_LOG))
        MHD_get_connection_values(connection, MHD_HEADER_KIND, log_value, log);
    if (bug_is(BUG_QUERY_IN_LOG))
        MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, log_value,
                                  log);
}
