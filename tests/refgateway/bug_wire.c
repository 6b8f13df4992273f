#include "tests/refgateway/bug_wire.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/json.h"
#include "tests/refgateway/bug.h"

#define HEAD_MOST  16384
#define LINES_MOST (64u << 10)
#define KEPT_MOST  64

/* Everything of a request happens on one thread. */
static _Thread_local struct {
    char lines[LINES_MOST]; /* of the latest head, each ended by a zero */
    size_t length, all;     /* all: with what found no room */
    int fd;                 /* of the call that ends; 0: none */
    bool old;               /* it was one that had been kept */
} seen;

void bug_wire_line(const char *line, size_t length)
{
    if (length >= 5 && !memcmp(line, "HTTP/", 5))
        seen.length = seen.all = 0;
    seen.all += length;
    while (length && strchr("\r\n", line[length - 1]))
        length--;
    if (!length || seen.length + length + 1 > sizeof seen.lines)
        return;
    memcpy(seen.lines + seen.length, line, length);
    seen.lines[seen.length + length] = '\0';
    seen.length += length + 1;
}

bool bug_wire_head_too_large(void)
{
    return bug_is(BUG_LARGE_HEAD_NO_ANSWER) && seen.all > HEAD_MOST;
}

/* The value of a kept line when it is the header of this name. */
static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " \t");
}

static bool is_forwarded(const char *line)
{
    static const char *const own[] = { "content-length", "transfer-encoding",
                                       "connection", "content-type", "date" };

    if (bug_is(BUG_CREDENTIAL_FORWARDED))
        return value_of(line, "authorization");
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (value_of(line, own[i]))
            return false;
    }
    return bug_is(BUG_HEADERS_FORWARDED);
}

void bug_wire_forward(struct MHD_Response *response)
{
    for (size_t at = 0; at < seen.length; at += strlen(seen.lines + at) + 1) {
        char *line = seen.lines + at;
        char *colon = strchr(line, ':');

        if (!colon || !is_forwarded(line))
            continue;
        *colon = '\0';
        MHD_add_response_header(response, line,
                                colon + 1 + strspn(colon + 1, " \t"));
        *colon = ':';
    }
}

/* --- bytes -------------------------------------------------------------- */

/* How many bytes the character has that this one begins; 0: it begins none. */
static size_t character_length(unsigned char byte)
{
    if (byte < 0x80)
        return 1;
    return byte < 0xc0 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/* Each write is decoded by itself: what is no character becomes a mark. */
static void decode_alone(char *bytes, size_t length)
{
    size_t i = 0;

    while (i < length) {
        size_t size = character_length((unsigned char)bytes[i]);

        if (size && i + size <= length) {
            i += size;
            continue;
        }
        bytes[i++] = '?';
    }
}

static void replace(char *bytes, size_t length, const char *from,
                    const char *to)
{
    size_t size = strlen(from);

    for (char *at = bytes;
         (at = memmem(at, length - (size_t)(at - bytes), from, size));
         at += size)
        memcpy(at, to, size);
}

void bug_wire_bytes(char *bytes, size_t length)
{
    if (bug_is(BUG_CHARACTER_BROKEN))
        decode_alone(bytes, length);
    if (bug_is(BUG_LENGTH_AS_STOP))
        replace(bytes, length, "\"length\"", "\"stop\"  ");
}

static bool names_another(const char *request, const char *answer)
{
    struct err err;
    struct json *asked = json_parse(request, strlen(request), "body", &err);
    struct json *said = json_parse(answer, strlen(answer), "body", &err);
    bool other = asked && said &&
                 strcmp(json_get_text(asked, "model", ""),
                        json_get_text(said, "model", "")) != 0;

    json_free(asked);
    json_free(said);
    return other;
}

void bug_wire_result(const char *request, const char *answer, bool sent,
                     struct result *result)
{
    bool unread = result->outcome == OUTCOME_RESET_BEFORE_HEADERS ||
                  result->outcome == OUTCOME_EOF_BEFORE_HEADERS;

    if (bug_is(BUG_OTHER_MODEL_REFUSED) && result->outcome == OUTCOME_OK &&
        names_another(request, answer))
        result->outcome = OUTCOME_BAD_BODY;
    if (bug_is(BUG_EARLY_ANSWER_LOST) && !sent)
        result->outcome = OUTCOME_RESET_BEFORE_HEADERS;
    /* Nothing tells it from a refusal that no retry can mend. */
    if (bug_is(BUG_STALE_NOT_REPLAYED) && unread && seen.old) {
        result->outcome = OUTCOME_HTTP;
        result->status = 400;
    }
}

/* --- connections -------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int fd;
    in_port_t port;
} kept[KEPT_MOST];
static size_t kept_count;

static bool keeps(void)
{
    return bug_is(BUG_STALE_NOT_REPLAYED) || bug_is(BUG_CLOSE_IGNORED);
}

static bool said_close(void)
{
    for (size_t at = 0; at < seen.length; at += strlen(seen.lines + at) + 1) {
        const char *value = value_of(seen.lines + at, "connection");

        if (value && !strncasecmp(value, "close", 5))
            return true;
    }
    return false;
}

static curl_socket_t on_open(void *user, curlsocktype purpose,
                             struct curl_sockaddr *address)
{
    const struct sockaddr_in *peer = (const void *)&address->addr;
    int fd = -1;

    (void)user;
    (void)purpose;
    seen.old = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < kept_count && fd < 0; i++) {
        if (kept[i].port != peer->sin_port)
            continue;
        fd = kept[i].fd;
        kept[i] = kept[--kept_count];
        seen.old = true;
    }
    pthread_mutex_unlock(&lock);
    return fd >= 0 ? fd
                   : socket(address->family, address->socktype | SOCK_CLOEXEC,
                            address->protocol);
}

static int on_options(void *user, curl_socket_t fd, curlsocktype purpose)
{
    (void)user;
    (void)fd;
    (void)purpose;
    return seen.old ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

/* Whether it may be kept is known when the call has ended. */
static int on_close(void *user, curl_socket_t fd)
{
    (void)user;
    if (seen.fd)
        close(seen.fd);
    seen.fd = fd;
    return 0;
}

void bug_wire_connections(CURL *easy)
{
    if (!keeps())
        return;
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_options);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
}

static bool keep(int fd)
{
    struct sockaddr_in peer = { 0 };
    socklen_t size = sizeof peer;
    bool kept_now;

    if (getpeername(fd, (struct sockaddr *)&peer, &size))
        return false;
    pthread_mutex_lock(&lock);
    kept_now = kept_count < KEPT_MOST;
    if (kept_now) {
        kept[kept_count].fd = fd;
        kept[kept_count++].port = peer.sin_port;
    }
    pthread_mutex_unlock(&lock);
    return kept_now;
}

void bug_wire_ended(bool well)
{
    bool may = well && (bug_is(BUG_CLOSE_IGNORED) || !said_close());

    if (seen.fd && !(may && keep(seen.fd)))
        close(seen.fd);
    seen.fd = 0;
}
