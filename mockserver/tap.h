/*
 * tap: every byte a connection reads or writes, seen exactly. libmicrohttpd
 * calls recv, send, sendmsg and shutdown through the dynamic linker, so this
 * file defines the four for the whole program, by system call, and looks at
 * what passes on descriptors that are attached. Our own writes go the same way.
 * Source of the trick: ELF symbol lookup takes the executable's definition
 * before any library's (ld.so(8)); it holds under the sanitizers too, whose
 * own definitions are weaker or come later.
 */
#ifndef GATEDRILL_MOCKSERVER_TAP_H
#define GATEDRILL_MOCKSERVER_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "mockserver/stream.h"

struct tap {
    struct inbound in;
    struct outbound out;
    bool read_eof;      /* a read returned 0 */
    int read_errno;     /* of the last failed read but EAGAIN; 0: none */
    int write_errno;    /* likewise */
    bool mute_continue; /* the library's 100 Continue is not sent */
    int64_t gone_ns;    /* when the first of the three was seen */
    int64_t arrived_ns; /* the kernel had what made the body complete */
};

void tap_release(struct tap *tap);

/* From now on what passes on the descriptor is fed to tap (borrowed). */
void tap_attach(int fd, struct tap *tap);
/* Not any more. */
void tap_detach(int fd);
/* The connection lives on under another descriptor: what the library still does
 * to this one before it closes it must not touch the wire. Ends with
 * tap_detach(). */
void tap_abandon(int fd);

#endif
