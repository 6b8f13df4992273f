#include "common/step.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/step_headers.h"
#include "common/xalloc.h"

#define SCRIPT_STEPS_MOST 64

/* A word in a space separated list; *required: "!" stands after it. */
static bool list_has(const char *list, const char *word, bool *required)
{
    size_t length = strlen(word);

    for (const char *at = list; *at; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        size_t name = strcspn(at, " !");

        if (name == length && !strncmp(at, word, length)) {
            *required = name < size;
            return true;
        }
        at += size;
    }
    return false;
}

/* "status (required), body, code", or "none". */
static void list_write(struct buf *out, const char *list)
{
    const char *comma = "";

    if (!*list)
        buf_add_text(out, "no parameter");
    for (const char *at = list; *at; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        size_t name = strcspn(at, " !");

        buf_printf(out, "%s%.*s%s", comma, (int)name, at,
                   name < size ? " (required)" : "");
        comma = ", ";
        at += size;
    }
}

__attribute__((format(printf, 4, 5))) static bool
refuse(struct err *err, const char *path, const char *key, const char *format,
       ...)
{
    char where[sizeof err->where];
    struct buf text = { 0 };
    va_list args;

    bind_path(where, sizeof where, path, key);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    err_set(err, ERR_SCHEMA, where, "%s", buf_text(&text));
    buf_release(&text);
    return false;
}

static bool check_parameters(const struct step *step, const struct json *node,
                             const char *path, struct err *err)
{
    const struct fault_row *fault = &fault_rows[step->fault];
    struct buf reads = { 0 };
    bool required;
    bool ok = true;

    list_write(&reads, fault->parameters);
    for (const struct json *m = json_first(node); m && ok; m = json_next(m)) {
        const char *key = json_key(m);

        if (strcmp(key, "fault") && !list_has(step_modifiers, key, &required) &&
            !list_has(fault->parameters, key, &required))
            ok = refuse(err, path, key,
                        "the fault \"%s\" does not read this; it reads %s",
                        fault->name, reads.data);
    }
    for (const struct bind_row *row = step_table; row->key && ok; row++) {
        if (!list_has(fault->parameters, row->key, &required) || !required ||
            json_get(node, row->key))
            continue;
        err_set(err, ERR_SCHEMA, path,
                "\"%s\" is missing; the fault \"%s\" reads %s", row->key,
                fault->name, reads.data);
        ok = false;
    }
    buf_release(&reads);
    return ok;
}

bool fault_is_closed_port(int64_t fault)
{
    return fault == FAULT_refuse || fault == FAULT_syn_drop;
}

/* Faults that end the connection by themselves, or have none. */
static bool ends_itself(int64_t fault)
{
    return fault == FAULT_hang || fault == FAULT_close ||
           fault == FAULT_reset || fault_is_closed_port(fault);
}

static bool is_event(struct point point)
{
    return point.at == POINT_EVENT;
}

static bool in_body(struct point point)
{
    return point.at >= POINT_HEADERS_END && point.at <= POINT_EVENT;
}

/* Answers of these faults are never a stream. */
static bool never_streams(int64_t fault)
{
    enum fault_effect effect = fault_rows[fault].effect;

    return effect == FAULT_EFFECT_STATUS || effect == FAULT_EFFECT_BAD_BODY ||
           effect == FAULT_EFFECT_GARBAGE;
}

static bool check_points(const struct step *step, const char *path,
                         struct err *err)
{
    const char *name = fault_rows[step->fault].name;
    char end_path[sizeof err->where];

    bind_path(end_path, sizeof end_path, path, "end");
    if (step->fault == FAULT_bad_chunk && step->at.at != POINT_UNSET &&
        !in_body(step->at))
        return refuse(err, path, "at",
                      "a chunk breaks in the body only: headers_end, body:N%%, "
                      "body:N or event:N");
    if (step->end_how >= 0 && ends_itself(step->fault))
        return refuse(err, path, "end",
                      "the fault \"%s\" says itself how the exchange ends",
                      name);
    if (is_event(step->end_at) && never_streams(step->fault))
        return refuse(err, end_path, "at",
                      "the fault \"%s\" answers without events", name);
    if (step->fault == FAULT_garbage && step->end_at.at >= POINT_STATUS_LINE &&
        step->end_at.at != POINT_END)
        return refuse(err, end_path, "at",
                      "the fault \"garbage\" sends no HTTP, so there is no "
                      "such place");
    if (step->end_how == STEP_END_KEEP && step->end_at.at != POINT_UNSET &&
        step->end_at.at != POINT_END)
        return refuse(err, end_path, "at",
                      "a connection can be kept after a whole answer only: "
                      "at the end");
    return true;
}

static bool check_retry_after(const struct step *step, const char *path,
                              const struct json *node, struct err *err)
{
    const struct step_retry_after *after = &step->retry_after;
    int forms = (after->seconds >= 0) + (after->date_in_ms >= 0) +
                (after->date_ago_ms >= 0) + (after->raw != NULL);

    if (!json_get(node, "retry_after"))
        return true;
    if (forms > 1)
        return refuse(err, path, "retry_after",
                      "more than one of seconds, date_in_ms, date_ago_ms "
                      "and raw; choose one");
    if (!forms && after->ms < 0)
        return refuse(err, path, "retry_after",
                      "none of seconds, date_in_ms, date_ago_ms, raw and "
                      "ms");
    if (after->raw && strpbrk(after->raw, "\r\n"))
        return refuse(err, path, "retry_after",
                      "a header value cannot hold a line end");
    return true;
}

static bool check_refuse(const struct step *step, const struct json *node,
                         const char *path, struct err *err)
{
    if (!fault_is_closed_port(step->fault))
        return true;
    for (const struct json *m = json_first(node); m; m = json_next(m)) {
        if (strcmp(json_key(m), "fault") != 0)
            return refuse(err, path, json_key(m),
                          "this fault is a state of the listener: nothing is "
                          "answered");
    }
    return true;
}

/* Status and modifiers that cannot go together. */
static bool check_answer(const struct step *step, const char *path,
                         struct err *err)
{
    if (step->fault == FAULT_none && step->status >= 0 &&
        (step->status < 200 || step->status > 299))
        return refuse(err, path, "status",
                      "a healthy answer has a status of 200..299; use the "
                      "fault \"status\"");
    if (step->location && strpbrk(step->location, "\r\n"))
        return refuse(err, path, "location",
                      "a header value cannot hold a line end");
    for (size_t i = 0; i < step->interim.count; i++)
        if (step->interim.items[i] == 101)
            return refuse(err, path, "interim",
                          "101 ends HTTP on the connection: it is no interim "
                          "answer");
    if (step->early == 1 &&
        (step->at.at == POINT_ACCEPT || step->end_at.at == POINT_ACCEPT))
        return refuse(err, path, "early",
                      "the exchange is over before there is a request head");
    if (step->idle.fin_after_ms >= 0 && step->idle.rst_on_next_byte == 1)
        return refuse(err, path, "idle",
                      "both ends of an idle connection; choose one");
    if ((step->idle.fin_after_ms >= 0 || step->idle.rst_on_next_byte == 1) &&
        step->end_how >= 0 && step->end_how != STEP_END_KEEP)
        return refuse(err, path, "idle", "the connection is not kept");
    if (step->chunks.trailers.count && step->framing >= 0 &&
        step->framing != STEP_FRAMING_CHUNKED)
        return refuse(err, path, "chunks",
                      "only chunked framing has chunks and trailers");
    return true;
}

static bool no_error(const struct step *step, const char *path, struct err *err)
{
    const char *name = step->code         ? "code"
                       : step->error_type ? "error_type"
                       : step->message    ? "message"
                                          : NULL;

    return !name || refuse(err, path, name,
                           "only the kinds \"error_object\" and "
                           "\"error_and_choices\" hold an error");
}

static bool check_sizes(const struct step *step, const char *path,
                        struct err *err)
{
    if (step->fault == FAULT_truncate && step->percent >= 0 && step->bytes >= 0)
        return refuse(err, path, "bytes",
                      "percent says already how much is sent; choose one");
    if (step->fault == FAULT_body && step->percent >= 0 &&
        step->kind != STEP_BODY_CUT_JSON)
        return refuse(err, path, "percent",
                      "only the kind \"cut_json\" is cut somewhere");
    if (step->fault == FAULT_body && step->kind >= 0 &&
        step->kind != STEP_BODY_ERROR_OBJECT &&
        step->kind != STEP_BODY_ERROR_AND_CHOICES)
        return no_error(step, path, err);
    return true;
}

bool step_read(struct step *out, const struct json *node, const char *path,
               enum bind_mode mode, struct err *err)
{
    struct err unwanted;

    if (!err)
        err = &unwanted;
    if (!bind_read(out, sizeof *out, step_table, node, path, mode, err))
        return false;
    if (check_refuse(out, node, path, err) &&
        check_parameters(out, node, path, err) &&
        check_points(out, path, err) &&
        check_retry_after(out, path, node, err) &&
        check_sizes(out, path, err) &&
        /* Lenient, a value may not be known yet. */
        (mode == BIND_LENIENT || check_answer(out, path, err)))
        return true;
    step_release(out);
    return false;
}

void step_init(struct step *out, enum fault fault)
{
    bind_init(out, sizeof *out, step_table);
    out->fault = fault;
}

void step_release(struct step *step)
{
    if (!step)
        return;
    bind_release(step, step_table);
    *step = (struct step){ 0 };
}

static bool is_early(struct point point)
{
    return point.at == POINT_ACCEPT || point.at == POINT_REQUEST_HEAD;
}

bool step_needs_lease(const struct step *step)
{
    return fault_is_closed_port(step->fault) || step->early == 1 ||
           is_early(step->at) || is_early(step->end_at);
}

static bool at_accept(const struct step *step)
{
    return step->at.at == POINT_ACCEPT || step->end_at.at == POINT_ACCEPT;
}

/* What for_ms and when need of the other steps. */
static bool check_stages(const struct script *script, const char *path,
                         struct err *err)
{
    bool keyed = false, accepts = false;

    for (size_t i = 0; i < script->count; i++) {
        keyed = keyed || script->steps[i].when_key > 0;
        accepts = accepts || at_accept(&script->steps[i]);
    }
    if (script->steps[script->count - 1].for_ms > 0) {
        err_set(err, ERR_SCHEMA, path,
                "for_ms in the last step: no step comes after it");
        return false;
    }
    if (keyed && accepts) {
        err_set(err, ERR_SCHEMA, path,
                "a step at accept cannot stand beside one with when: the key "
                "is not known before the request head");
        return false;
    }
    return true;
}

bool script_is_staged(const struct script *script)
{
    for (size_t i = 0; i < script->count; i++)
        if (script->steps[i].for_ms > 0 || script->steps[i].when_key > 0)
            return true;
    return false;
}

bool script_read(struct script *out, const struct json *array, const char *path,
                 enum bind_mode mode, struct err *err)
{
    struct err unwanted;
    char place[sizeof unwanted.where];
    size_t count = json_count(array);

    if (!err)
        err = &unwanted;
    *out = (struct script){ 0 };
    if (json_kind(array) != JSON_ARRAY || !count || count > SCRIPT_STEPS_MOST) {
        err_set(err, ERR_SCHEMA, path, "must be a list of 1 to %d steps",
                SCRIPT_STEPS_MOST);
        return false;
    }
    out->steps = xcalloc(count, sizeof *out->steps);
    for (const struct json *node = json_first(array); node;
         node = json_next(node)) {
        bind_path_index(place, sizeof place, path, out->count);
        if (!step_read(&out->steps[out->count], node, place, mode, err))
            goto fail;
        if (fault_is_closed_port(out->steps[out->count++].fault) && count > 1) {
            err_set(err, ERR_SCHEMA, place,
                    "the fault \"%s\" is a state of the listener for the "
                    "whole case: it must be the only step",
                    fault_rows[out->steps[out->count - 1].fault].name);
            goto fail;
        }
    }
    if (!check_stages(out, path, err))
        goto fail;
    return true;

fail:
    script_release(out);
    return false;
}

void script_release(struct script *script)
{
    if (!script)
        return;
    for (size_t i = 0; i < script->count; i++)
        step_release(&script->steps[i]);
    free(script->steps);
    *script = (struct script){ 0 };
}

const struct step *script_step(const struct script *script, int64_t attempt)
{
    size_t index = attempt > 1 ? (size_t)attempt - 1 : 0;

    return &script->steps[index < script->count ? index : script->count - 1];
}

bool script_is_keyed(const struct script *script)
{
    for (size_t i = 0; i < script->count; i++)
        if (script->steps[i].when_key > 0)
            return true;
    return false;
}

const struct step *script_step_of_key(const struct script *script, int64_t key,
                                      int64_t attempt)
{
    const struct step *found = NULL;

    for (size_t i = 0; i < script->count; i++) {
        const struct step *step = &script->steps[i];

        if (step->when_key > 0 && step->when_key != key)
            continue;
        found = step;
        if (--attempt <= 0)
            break;
    }
    return found;
}
