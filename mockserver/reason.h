/* reason: the words of a status line. */
#ifndef GATEDRILL_MOCKSERVER_REASON_H
#define GATEDRILL_MOCKSERVER_REASON_H

#include <stdint.h>

/* "Service Unavailable"; "Unknown" for a status without a name. */
const char *reason_find(int64_t status);

#endif
