/*
 * otlp: what a gateway says about itself by OTLP/HTTP, as values: traces,
 * metrics and logs, the same for JSON and for protobuf. One table
 * (otlp_table.h) names every member we read in both codings; what it does not
 * name is passed over. Pure. Source: opentelemetry-proto v1, OTLP 1.x.
 */
#ifndef GATEDRILL_HARNESS_OTLP_H
#define GATEDRILL_HARNESS_OTLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Values and groups of values in each other; attributes may nest. */
#define OTLP_DEPTH_MOST 32
/* List items of one request: two bytes on the wire can make an item of a
 * hundred in memory. */
#define OTLP_ITEMS_MOST 200000

enum otlp_signal { OTLP_TRACES, OTLP_METRICS, OTLP_LOGS };
extern const char *const otlp_signal_names[]; /* "traces" ..., NULL */

struct otlp_list {
    void *items; /* of the type that the member's comment names */
    size_t count, capacity;
};

/* Values of otlp_value.kind: protobuf's field numbers. */
enum otlp_value_kind {
    OTLP_VALUE_EMPTY = 0,
    OTLP_VALUE_TEXT = 1,
    OTLP_VALUE_BOOL = 2,
    OTLP_VALUE_INT = 3,
    OTLP_VALUE_DOUBLE = 4,
    OTLP_VALUE_LIST = 5,
    OTLP_VALUE_MAP = 6,
    OTLP_VALUE_BYTES = 7,
};
struct otlp_value {
    int64_t kind;
    char *text;              /* TEXT; BYTES as they came, length bytes */
    size_t length;           /* of text */
    int64_t number;          /* BOOL, INT */
    double real;             /* DOUBLE */
    struct otlp_list values; /* LIST: struct otlp_value */
    struct otlp_list map;    /* MAP: struct otlp_attribute */
};
struct otlp_text {
    char *text; /* NULL: not there; else NUL-terminated */
    size_t length;
};
struct otlp_attribute {
    struct otlp_text key;
    struct otlp_value value;
};

struct otlp_event {
    struct otlp_text name;
    int64_t time_ns;
    struct otlp_list attributes; /* struct otlp_attribute */
};
#define OTLP_TRACE_ID_SIZE 33 /* 32 hex digits and a NUL; "" when not there */
#define OTLP_SPAN_ID_SIZE  17
struct otlp_link {
    char trace_id[OTLP_TRACE_ID_SIZE], span_id[OTLP_SPAN_ID_SIZE];
    struct otlp_list attributes;
};
enum otlp_span_kind {
    OTLP_SPAN_UNSPECIFIED = 0,
    OTLP_SPAN_INTERNAL = 1,
    OTLP_SPAN_SERVER = 2,
    OTLP_SPAN_CLIENT = 3,
};
enum otlp_status {
    OTLP_STATUS_UNSET = 0,
    OTLP_STATUS_OK = 1,
    OTLP_STATUS_ERROR = 2
};
struct otlp_span {
    char trace_id[OTLP_TRACE_ID_SIZE], span_id[OTLP_SPAN_ID_SIZE],
        parent_id[OTLP_SPAN_ID_SIZE];
    struct otlp_text name;
    int64_t kind;
    int64_t start_ns, end_ns;    /* since the epoch */
    struct otlp_list attributes; /* struct otlp_attribute */
    struct otlp_list events;     /* struct otlp_event */
    struct otlp_list links;      /* struct otlp_link */
    struct {
        struct otlp_text message;
        int64_t code; /* enum otlp_status */
    } status;
};

struct otlp_point { /* of any kind of metric */
    struct otlp_list attributes;
    int64_t which;   /* 4 as_double, 6 as_int; 0: of a histogram */
    int64_t integer; /* as_int */
    double real;     /* as_double; the sum of a histogram */
    int64_t count;   /* of a histogram or summary */
};
struct otlp_metric {
    struct otlp_text name, unit;
    int64_t kind; /* 5 gauge, 7 sum, 9 histogram, 10 exponential, 11 summary */
    struct otlp_list points; /* struct otlp_point */
    int64_t temporality;     /* enum otlp_temporality, of sums and histograms */
};
enum otlp_temporality { OTLP_DELTA = 1, OTLP_CUMULATIVE = 2 };

struct otlp_log {
    int64_t time_ns, severity;
    struct otlp_text severity_text, event_name;
    struct otlp_value body;
    struct otlp_list attributes;
    char trace_id[OTLP_TRACE_ID_SIZE], span_id[OTLP_SPAN_ID_SIZE];
};

struct otlp_scope { /* ScopeSpans, ScopeMetrics, ScopeLogs */
    struct {
        struct otlp_text name, version;
        struct otlp_list attributes;
    } scope;
    struct otlp_list spans, metrics, logs; /* one of them */
};
struct otlp_resource { /* ResourceSpans and its like */
    struct {
        struct otlp_list attributes;
    } resource;
    struct otlp_list scopes; /* struct otlp_scope */
};
struct otlp_request {
    enum otlp_signal signal;
    struct otlp_list resources; /* struct otlp_resource */
};

/*
 * Reads one export request. *out is filled on success and zeroed on failure;
 * release with otlp_release(). Any bytes may come: ERR_SYNTAX for what is no
 * JSON or protobuf, ERR_SCHEMA with the member in where for one of another
 * kind, too deep or too many. An empty protobuf is an empty request. bytes are
 * borrowed.
 */
bool otlp_read_protobuf(struct otlp_request *out, enum otlp_signal signal,
                        const void *bytes, size_t length, struct err *err);
bool otlp_read_json(struct otlp_request *out, enum otlp_signal signal,
                    const void *bytes, size_t length, struct err *err);
void otlp_release(struct otlp_request *request);

/* The value of the first attribute of that name, NULL when there is none. */
const struct otlp_value *otlp_find(const struct otlp_list *attributes,
                                   const char *key);

#endif
