/*
 * syslog_receiver: where one gateway process sends its syslog lines: UDP on a
 * loopback port of its own, and a unix datagram socket. What arrives is
 * appended to a file, a line a datagram. Source: RFC 5426, RFC 3164.
 */
#ifndef GATEDRILL_HARNESS_SYSLOG_RECEIVER_H
#define GATEDRILL_HARNESS_SYSLOG_RECEIVER_H

#include <stdbool.h>

#include "common/err.h"

struct syslog_receiver;
/* file: appended to. socket: path of the unix socket, made here and removed at
 * the end. NULL and err: ERR_IO, ERR_NET. */
struct syslog_receiver *
syslog_receiver_new(const char *file, const char *socket, struct err *err);
void syslog_receiver_free(struct syslog_receiver *receiver);
int syslog_receiver_port(const struct syslog_receiver *receiver);
/*
 * Puts everything that has arrived by now into the file. NULL, or why not all
 * that was sent stands there: a datagram was dropped, or cut. For
 * sink_spec.drain: receiver is a struct syslog_receiver.
 */
const char *syslog_receiver_drain(void *receiver);

#endif
