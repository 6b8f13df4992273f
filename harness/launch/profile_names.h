/* profile_names: every ${...} of a profile and its templates is known before
 * anything is started: a slip is wrong input, not a gateway that failed. */
#ifndef GATEDRILL_HARNESS_PROFILE_NAMES_H
#define GATEDRILL_HARNESS_PROFILE_NAMES_H

#include "harness/launch/profile.h"

/* Errors: ERR_SCHEMA naming the member or the template file, ERR_IO when a
 * template cannot be read. */
bool profile_names_check(const struct profile *profile, struct err *err);

#endif
