#include "harness/evidence/evidence_log.h"

#include <stdio.h>

static const char *const error_names[] = { [LOG_ERROR_UNSAID] = "unsaid",
                                           [LOG_ERROR_NONE] = "none",
                                           [LOG_ERROR_SOME] = "some" };

static void add_line(struct json *list, const struct log_line *line)
{
    struct json *row = json_new_object();
    struct json *statuses;

    json_add_int(row, "request", (int64_t)line->request);
    for (size_t i = 0; i < FACT_COUNT; i++)
        if (line->figures[i] != LOG_UNSAID)
            json_add_int(row, log_fact_names[i], line->figures[i]);
    statuses = json_add_array(row, "statuses");
    for (size_t i = 0; i < line->status_count; i++)
        json_append(statuses, json_new_int(line->statuses[i]));
    json_add_text(row, "served_by", line->upstream);
    json_add_text(row, "error_told", error_names[line->error]);
    json_add_text(row, "outcome_told", log_outcome_names[line->outcome]);
    json_append(list, row);
}

void evidence_log_history(struct json *out, const struct observation *o)
{
    struct json *log = json_add_object(out, "log");
    struct json *lines = json_add_array(log, "lines");

    for (size_t i = 0; i < o->log.count; i++)
        add_line(lines, &o->log.lines[i]);
    json_add_int(log, "nameless", (int64_t)o->log.nameless);
    json_add_bool(log, "read", o->log.read);
    json_add_text(log, "problem", o->log.problem);
}

static bool told(const struct log_line *line, enum log_fact fact)
{
    if (fact == FACT_UPSTREAM)
        return line->upstream[0] != '\0';
    if (fact == FACT_ERROR)
        return line->error != LOG_ERROR_UNSAID;
    if (fact == FACT_OUTCOME)
        return line->outcome != LOG_OUTCOME_UNSAID;
    return line->figures[fact] != LOG_UNSAID;
}

void evidence_log_fields(struct json *list, const struct observation *o)
{
    char name[48];

    for (int fact = 0; fact < FACT_COUNT; fact++)
        for (size_t i = 0; i < o->log.count; i++) {
            if (!told(&o->log.lines[i], (enum log_fact)fact))
                continue;
            snprintf(name, sizeof name, "log %s", log_fact_names[fact]);
            json_append(list, json_new_text(name));
            break;
        }
}
