/* rules_read: one field of a runbook, by its kind. Each returns false and sets
 * the error at the place. Pure. */
#ifndef GATEDRILL_REFGATEWAY_RULES_READ_H
#define GATEDRILL_REFGATEWAY_RULES_READ_H

#include "tests/refgateway/rules.h"

/* Where in which file; names stand in every error. */
struct rules_place {
    const char *name;    /* of the file */
    const char *pointer; /* in it */
    struct err *err;
};

/* Always false. */
bool rules_refuse(const struct rules_place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool rules_is_kind(const struct json *node, enum json_kind kind);
bool rules_read_int(int64_t *out, const struct json *node,
                    const struct rules_place *place, int64_t min, int64_t max);
/* names: NULL-terminated; *out becomes the index. */
bool rules_read_word(int64_t *out, const struct json *node,
                     const struct rules_place *place, const char *const *names);
bool rules_read_words(struct rules_words *out, const struct json *node,
                      const struct rules_place *place);
bool rules_read_set(struct outcome_set *out, const struct json *node,
                    const struct rules_place *place);
bool rules_read_statuses(struct rules_status *out, const struct json *node,
                         const struct rules_place *place);
/* Sets flags[i] for each names[i] that the list holds, clears the others. */
bool rules_read_flags(const struct json *node, const struct rules_place *place,
                      const char *const *names, bool *const *flags);
bool rules_read_factor(double *out, const struct json *node,
                       const struct rules_place *place);

#endif
