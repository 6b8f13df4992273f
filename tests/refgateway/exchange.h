/*
 * exchange: one client request: takes its body, lets it in or not, relays it
 * and answers on libmicrohttpd's connection; at its end one line is logged.
 */
#ifndef GATEDRILL_REFGATEWAY_EXCHANGE_H
#define GATEDRILL_REFGATEWAY_EXCHANGE_H

#include <microhttpd.h>

#include "tests/refgateway/front.h"

struct exchange;

/* stop_fd becomes readable when the gateway is being stopped. Both borrowed. */
struct exchange *exchange_new(const struct front_plan *plan, int stop_fd,
                              const char *url, const char *method);
void exchange_collect(struct exchange *exchange, const char *bytes,
                      size_t size);
/* The request is whole: works on it until an answer can be queued, which for a
 * stream is its commit point. */
enum MHD_Result exchange_answer(struct exchange *exchange,
                                struct MHD_Connection *connection);
/* Logs and frees it. complete: the library sent all of the answer. */
void exchange_end(struct exchange *exchange, bool complete);

#endif
