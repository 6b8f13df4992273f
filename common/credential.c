#include "common/credential.h"

#include <string.h>
#include <strings.h>

const struct credential_row credential_rows[] = {
    { CREDENTIAL_REQUEST, "authorization", true, "RFC 9110; OpenAI, CometAPI" },
    { CREDENTIAL_REQUEST, "x-api-key", true, "Anthropic" },
    { CREDENTIAL_REQUEST, "api-key", true, "Azure OpenAI" },
    { CREDENTIAL_REQUEST, "x-goog-api-key", true, "Google Gemini" },
    { CREDENTIAL_REQUEST, "proxy-authorization", false, "RFC 9110" },
    { CREDENTIAL_REQUEST, "cookie", false, "RFC 6265" },
    { CREDENTIAL_REQUEST, "x-auth-token", false, "in use, no standard" },
    { CREDENTIAL_REQUEST, "x-amz-security-token", false, "AWS" },
    { CREDENTIAL_REQUEST, "ocp-apim-subscription-key", false,
      "Azure API Management" },
    { CREDENTIAL_ANSWER, "set-cookie", false, "RFC 6265" },
    { CREDENTIAL_QUERY, "key", false, "Google" },
    { CREDENTIAL_QUERY, "api_key", false, "in use, no standard" },
    { CREDENTIAL_QUERY, "apikey", false, "in use, no standard" },
    { CREDENTIAL_QUERY, "api-key", false, "Azure" },
    { CREDENTIAL_QUERY, "access_token", false, "RFC 6750" },
    { CREDENTIAL_QUERY, "token", false, "in use, no standard" },
    { CREDENTIAL_QUERY, "sig", false, "Azure" },
    { CREDENTIAL_QUERY, "signature", false, "AWS" },
    { CREDENTIAL_QUERY, "x-amz-signature", false, "AWS" },
    { CREDENTIAL_QUERY, "x-amz-credential", false, "AWS" },
    { CREDENTIAL_QUERY, "x-amz-security-token", false, "AWS" },
    { CREDENTIAL_QUERY, "awsaccesskeyid", false, "AWS" },
    { CREDENTIAL_QUERY, "x-goog-signature", false, "Google" },
    { 0 },
};

const struct credential_row *credential_find(enum credential_place place,
                                             const char *name, size_t length)
{
    for (const struct credential_row *row = credential_rows; row->name; row++)
        if (row->place == place && strlen(row->name) == length &&
            !strncasecmp(row->name, name, length))
            return row;
    return NULL;
}

bool credential_is_header(const char *name)
{
    return credential_find(CREDENTIAL_REQUEST, name, strlen(name)) != NULL;
}

/* "Authorization" and "Proxy-Authorization" begin with a scheme. */
static bool names_scheme(const char *header)
{
    const char *word = strcasestr(header, "authorization");

    return word && !word[strlen("authorization")];
}

const char *credential_key(const char *header, const char *value)
{
    static const char scheme[] = "bearer";
    size_t length = sizeof scheme - 1;

    if (!names_scheme(header) || strncasecmp(value, scheme, length) ||
        value[length] != ' ')
        return value;
    return value + length + strspn(value + length, " ");
}
