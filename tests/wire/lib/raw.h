/*
 * raw: a client that sees the wire as it is: bytes, the time of each read, and
 * whether the end was a FIN or a RST; and a gatedrill-mock of the test's own.
 * Everything asserts: a test reads as what is done and what must be seen.
 */
#ifndef GATEDRILL_TESTS_WIRE_RAW_H
#define GATEDRILL_TESTS_WIRE_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/attempt.h"
#include "common/buf.h"

struct raw_mock {
    pid_t pid;
    char ready[2048]; /* the ready line */
    uint16_t admin;   /* port */
    int64_t ready_ms; /* from before fork() to the ready line */
};

/* Starts $GATEDRILL_BIN/gatedrill-mock; options: NULL-terminated, may be NULL.
 * It dies with the test. */
void raw_mock_start(struct raw_mock *mock, const char *const *options);
/* SIGTERM; it must end by itself with status 0. */
void raw_mock_stop(struct raw_mock *mock);
/* A listener of the ready line. */
uint16_t raw_port_of(const struct raw_mock *mock, const char *upstream);

/* One call on the control port. Returns the status; answer may be NULL. */
int raw_call(const struct raw_mock *mock, const char *method, const char *path,
             const char *body, struct buf *answer);
/* The same, and it must be 200. */
void raw_must(const struct raw_mock *mock, const char *method, const char *path,
              const char *body, struct buf *answer);

/* Opens one listener in a slot; returns its port. */
uint16_t raw_listen(const struct raw_mock *mock, const char *slot,
                    const char *upstream);
/* Stores steps (a JSON array) for an upstream of a case, "gd-..." with epoch.
 */
void raw_arm(const struct raw_mock *mock, const char *drill_id,
             const char *upstream, const char *steps);
void raw_lease(const struct raw_mock *mock, const char *slot,
               const char *drill_id, struct buf *answer);
/* All of it for the commonest test: slot "s1", upstream "primary", case
 * RAW_CASE. Returns the port. */
#define RAW_CASE "gd-0123456789ab0001"
uint16_t raw_ready(const struct raw_mock *mock, const char *steps);

/* The case's finished attempts; waits (up to 2 s) until there are that many,
 * and asserts that there are no more. */
void raw_attempts(const struct raw_mock *mock, const char *drill_id,
                  struct attempt *out, size_t count);

/* A connected socket, TCP_NODELAY. */
int raw_connect(uint16_t port);
/* connect() fails with this errno, or 0. */
int raw_connect_error(uint16_t port);
void raw_send(int fd, const char *text);
void raw_send_bytes(int fd, const void *bytes, size_t length);
/* Close so that the peer gets a RST. */
void raw_abort(int fd);

/* A chat request; extra: header lines, each ending in CRLF, or "". id in the
 * message text, NULL for none. The text is static until the next call. */
const char *raw_chat(const char *id, bool stream, const char *extra);

enum raw_end {
    RAW_END_OPEN, /* not ended within the time */
    RAW_END_FIN,
    RAW_END_RST,
    RAW_END_MESSAGE, /* a whole message, connection still open */
};
extern const char *const raw_end_names[];

#define RAW_READS_MOST 4096
struct raw_answer {
    struct buf bytes;
    enum raw_end end;
    struct {
        int64_t at_ns;
        size_t length;
    } reads[RAW_READS_MOST];
    size_t read_count;
    int64_t begun_ns, end_ns;
    size_t head_length; /* with the blank line; 0: not whole */
    int status;         /* -1 without a status line */
};
/* Reads until the peer's end, or until nothing came for patience_ms. */
void raw_read(int fd, struct raw_answer *out, int64_t patience_ms);
/* Reads one well-framed message (Content-Length or chunked). */
void raw_read_message(int fd, struct raw_answer *out, int64_t patience_ms);
void raw_answer_release(struct raw_answer *answer);
/* The body's bytes as they came (chunk framing and all). */
const char *raw_body(const struct raw_answer *answer);
/* Is the header line there, as "name: value"? Name in any case. */
bool raw_has_header(const struct raw_answer *answer, const char *line);

/* How many sockets with that local port the kernel has in CLOSE-WAIT. */
size_t raw_close_waits(uint16_t port);

#endif
