/* refusal: what the gateway itself has to say against a request, without an
 * attempt at any upstream. */
#ifndef GATEDRILL_REFGATEWAY_REFUSAL_H
#define GATEDRILL_REFGATEWAY_REFUSAL_H

struct refusal {
    int status;
    const char *decision;    /* the evidence record's words, for the log */
    const char *error_class; /* likewise */
    const char *header;      /* name of a header to add, or NULL */
    const char *value;
    const char *body; /* JSON */
};

extern const struct refusal refusal_unauthorized, refusal_no_route,
    refusal_no_method, refusal_too_large, refusal_not_json, refusal_stopping;

#endif
