/*
 * tried: one step acted out on the wire: what the client read, what the journal
 * says of it, and that the two agree. Each try is a case of its own.
 */
#ifndef GATEDRILL_TESTS_WIRE_TRIED_H
#define GATEDRILL_TESTS_WIRE_TRIED_H

#include "tests/view.h"
#include "tests/wire/lib/raw.h"

struct tried {
    struct raw_answer answer;
    struct view view;
    struct attempt attempt;
    struct drill_id id;
    uint16_t port;
};

/* What is sent. */
enum tried_request {
    TRIED_PLAIN,     /* a chat request */
    TRIED_STREAM,    /* the same with "stream": true */
    TRIED_HEAD_ONLY, /* its head, the body is held back */
    TRIED_NOTHING,
};

/* Mock, slot and listener for the tries of one test. */
void tried_start(void);
void tried_stop(void);
extern struct raw_mock tried_mock;

/*
 * Arms the step (JSON), sends the request on a fresh connection, reads until
 * `end`, closes, and takes the attempt from the journal. Asserts:
 * - the end is the one expected: RAW_END_MESSAGE reads one message and expects
 *   the connection to be open, RAW_END_OPEN waits until the journal says that
 *   all is out, and then some ms in vain;
 * - the journal says faithful, and the end it planned;
 * - bytes the kernel took = bytes that came;
 * - a whole head here is a whole head there, and the status is the same.
 * name stands in the messages.
 */
void tried_step(struct tried *out, const char *name, const char *step,
                enum tried_request request, enum raw_end end);
void tried_release(struct tried *tried);

/* All from arming to the request, for tests that read by themselves. */
int tried_begin(struct tried *out, const char *step,
                enum tried_request request);
/* And from the client's end to the journal's line. */
void tried_finish(struct tried *out, const char *name, int fd,
                  enum raw_end end);
/* Closes and takes the attempt, without asserting that it went as planned; with
 * a RST or without. */
void tried_leave(struct tried *out, int fd);
void tried_abort(struct tried *out, int fd);

/* From the request's last byte at the mock to read number n at the client. */
int64_t tried_ms_to_read(const struct tried *tried, size_t n);
/* answer_judge() of the body. */
enum answer_shape tried_shape(const struct tried *tried);

#endif
