/*
 * telemetry: what of a gateway's own telemetry is kept for judging: of each
 * span a few figures, the names of all fields, and what stands there that
 * should not, by its shape. Never a value that could hold a prompt, an answer
 * or a key. Pure. Source: OpenTelemetry semantic conventions for HTTP (stable
 * and before 1.20) and for GenAI (three generations).
 */
#ifndef GATEDRILL_HARNESS_TELEMETRY_H
#define GATEDRILL_HARNESS_TELEMETRY_H

#include "harness/telemetry/metrics.h"
#include "harness/telemetry/otlp.h"

#define TELEMETRY_SPANS_MOST  65536 /* kept; then the older half is let go */
#define TELEMETRY_SHAPES_MOST 1024
#define TELEMETRY_FIELDS_MOST 256
#define TELEMETRY_NAME_SIZE   80

/* Which names were seen, as bits. */
enum telemetry_convention {
    TELEMETRY_HTTP_OLD = 1,  /* http.method, net.peer.name ... */
    TELEMETRY_HTTP_NEW = 2,  /* http.request.method, server.address ... */
    TELEMETRY_GENAI_OLD = 4, /* gen_ai.system, usage.prompt_tokens */
    TELEMETRY_GENAI_NEW = 8, /* gen_ai.provider.name */
};
/* In the order of the bits; NULL at the end. */
extern const char *const telemetry_convention_names[];

struct telemetry_span {
    char trace_id[OTLP_TRACE_ID_SIZE], id[OTLP_SPAN_ID_SIZE],
        parent[OTLP_SPAN_ID_SIZE];
    int64_t kind;             /* enum otlp_span_kind */
    int64_t status;           /* enum otlp_status */
    int64_t start_ns, end_ns; /* since the epoch */
    unsigned conventions;
    bool http;                         /* names an HTTP method */
    bool genai;                        /* names a GenAI operation */
    bool error_type;                   /* error.type is there and not empty */
    bool by_time;                      /* of a trace of the gateway's own */
    bool url, path, scheme, port_said; /* url.full, url.path ... are there */
    int64_t http_status;               /* -1: not said; so for all below */
    int64_t resend_count;              /* http.request.resend_count */
    int64_t port;                      /* of the server, also by its URL */
    int64_t input_tokens, output_tokens;
    char address[64]; /* server.address, or the host of the URL; "" */
};

/* What is against a rule by its mere presence. */
enum telemetry_shape_kind {
    TELEMETRY_CONTENT,    /* a prompt or an answer */
    TELEMETRY_CREDENTIAL, /* a header or a URL that carries one */
    TELEMETRY_RAW_NAME,   /* a path where a template is due */
};
extern const char *const telemetry_shape_names[];
struct telemetry_shape {
    enum telemetry_shape_kind kind;
    char where[24];                 /* "span", "event", "log", "metric" ... */
    char name[TELEMETRY_NAME_SIZE]; /* of the attribute or event */
    char trace_id[OTLP_TRACE_ID_SIZE]; /* "" when it has none */
};

struct telemetry {
    struct telemetry_span *spans;
    size_t span_count, span_capacity;
    struct telemetry_shape *shapes;
    size_t shape_count, shape_capacity;
    /* "span http.request.method", each once, in order of appearance. */
    char (*fields)[TELEMETRY_NAME_SIZE];
    size_t field_count, field_capacity;
    int64_t let_go; /* spans and shapes that were not kept */
};

void telemetry_add(struct telemetry *out, const struct otlp_request *request);
/* Adds what the other holds. */
void telemetry_join(struct telemetry *out, const struct telemetry *from);
/*
 * What belongs to one case: moves the spans and shapes of the traces
 * (NULL-terminated ids), and copies the shapes without a trace, all fields and
 * let_go.
 */
void telemetry_take(struct telemetry *out, struct telemetry *from,
                    const char *const *trace_ids);
/* When a request was under way, alone, in ns since the epoch. */
struct telemetry_window {
    const char *trace_id; /* that it was sent with */
    int64_t from_ns, to_ns;
};
bool telemetry_in_window(const struct telemetry_window *window,
                         const struct telemetry_span *span);
/*
 * A gateway that begins traces of its own, or one for each attempt: spans that
 * began within a window, of traces that are nobody's, become of the trace of
 * that window, what was noted of them too; where a trace has spans of its own
 * none does. Windows do not overlap.
 */
void telemetry_adopt(struct telemetry *telemetry,
                     const struct telemetry_window *windows, size_t count);
/* A server span of this trace came: what the gateway says of the request is
 * over. */
bool telemetry_has_root(const struct telemetry *telemetry,
                        const char *trace_id);
/*
 * What came into the metrics between two readings: names of metrics and labels,
 * shapes of labels and of exemplars, and labels that hold one of the paths
 * (NULL-terminated) that clients asked for.
 */
void telemetry_add_metrics(struct telemetry *out, const struct metrics *before,
                           const struct metrics *after,
                           const char *const *paths);
void telemetry_release(struct telemetry *telemetry);

/* Parts of telemetry_add(). */
struct telemetry_span *telemetry_new_span(struct telemetry *out);
/* A name that is fit to be written, else a word for it. */
void telemetry_field(struct telemetry *out, const char *where,
                     const char *name);
void telemetry_read_span(struct telemetry_span *out,
                         const struct otlp_span *span);
void telemetry_shapes_of(struct telemetry *out,
                         const struct otlp_request *request);
/* The same of one label of a metric, whose name may have "_" for each dot. */
void telemetry_shapes_of_label(struct telemetry *out, const char *where,
                               const struct metrics_label *label);
void telemetry_note(struct telemetry *out, enum telemetry_shape_kind kind,
                    const char *where, const char *name, const char *trace_id);
/* A value that was blanked out, or holds nothing. */
bool telemetry_is_blank(const struct otlp_value *value);

#endif
