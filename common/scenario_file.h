/*
 * scenario_file: the format of a scenario file as bind tables, and the steps
 * from a document to a case: matrix values put in, relative numbers resolved,
 * requirements checked. Private to scenario*.c.
 */
#ifndef GATEDRILL_COMMON_SCENARIO_FILE_H
#define GATEDRILL_COMMON_SCENARIO_FILE_H

#include "common/scenario.h"

/* One phase, or the file itself when it has a single one. */
struct scenario_phase {
    struct case_client client;
    struct json *upstreams; /* name to list of steps; read by script_read() */
    struct json *expect;    /* "runbook" or an object */
};

struct scenario_file {
    char *id, *title, *why;
    struct bind_texts sources;
    int64_t evidence_type;
    struct json *matrix;
    struct bind_texts requires;
    struct scenario_phase phase;
    struct bind_list phases; /* struct scenario_phase */
    bool together;
    struct {
        bool own_listeners, fresh_process, metrics;
        struct bind_texts upstreams;
        char *variant, *prefer_variant;
        int64_t keys;
    } needs;
};

/* {"of": "timeouts.header_ms", "percent": 150, "plus_ms": 20, "as": "s"} */
enum relative_unit { RELATIVE_MS, RELATIVE_S };
struct relative_number {
    char *of; /* path in the runbook */
    int64_t percent, plus_ms;
    int64_t as; /* enum relative_unit */
};

extern const struct bind_row scenario_table[];
extern const struct bind_row expect_table[];
extern const struct bind_row relative_table[];

/* Reads "runbook" (or NULL) or an object of overrides. */
bool case_expect_read(struct case_expect *out, const struct json *node,
                      const char *path, enum bind_mode mode, struct err *err);
void case_expect_release(struct case_expect *expect);
void case_client_release(struct case_client *client);

/*
 * The number of cases of a document's matrix (1 without one), or 0 and err: not
 * an object of lists of scalars, a value twice, a value no case id can hold,
 * more than SCENARIO_CASES_MOST.
 */
#define SCENARIO_CASES_MOST 4096
size_t matrix_count(const struct json *document, const char *path,
                    struct err *err);
/* The values of one case: an object name to scalar. First name slowest. */
struct json *matrix_values(const struct json *document, size_t index);
/* "[status=503,stream=false]", "" without a matrix. */
void matrix_suffix(struct buf *out, const struct json *values);

/* A copy of the document with every "${name}" outside of matrix replaced. A
 * name that is not in the matrix, and one of the matrix that is used nowhere,
 * are errors. NULL on error. */
struct json *matrix_apply(const struct json *document,
                          const struct json *values, const char *path,
                          struct err *err);

/* A copy of the node with every {"of": ...} in it as a number. runbook NULL:
 * they are only checked. What the runbook does not declare stays as it is and
 * is said in *reason (the first one; allocated; NULL before). NULL and err: a
 * malformed one. */
struct json *relative_apply(const struct json *node, const struct json *runbook,
                            const char *path, char **reason, struct err *err);

/* A copy of a document in which some nodes are replaced. one() is asked for
 * every node from the root down: it sets *replaced and returns the new node
 * (NULL: an error, err set), or leaves *replaced false. */
struct rewrite {
    struct json *(*one)(const struct rewrite *rewrite, const struct json *node,
                        const char *path, bool *replaced);
    void *context;
    struct err *err;
};
struct json *rewrite_node(const struct rewrite *rewrite,
                          const struct json *node, const char *path);

/* True when the text is a requirement one can ask. */
bool requirement_valid(const char *requirement);
/* NULL when met; else the reason as a sentence. Caller frees. */
char *requirement_unmet(const char *requirement, const struct json *runbook);

#endif
