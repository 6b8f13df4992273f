#include "tests/refgateway/access_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/xalloc.h"

static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, ",\"%s\":", key);
    if (text)
        json_quote(out, text, strlen(text));
    else
        buf_add_text(out, "null");
}

static void add_figure(struct buf *out, const char *key, int64_t figure)
{
    if (figure < 0)
        buf_printf(out, ",\"%s\":null", key);
    else
        buf_printf(out, ",\"%s\":%" PRId64, key, figure);
}

static void add_upstreams(struct buf *out, const struct access_entry *entry)
{
    int64_t attempts = 0;

    buf_add_text(out, ",\"upstreams\":[");
    for (size_t i = 0; i < entry->upstream_count; i++) {
        const struct access_upstream *upstream = &entry->upstreams[i];

        buf_add_text(out, i ? ",{\"name\":" : "{\"name\":");
        json_quote(out, upstream->name, strlen(upstream->name));
        buf_printf(out, ",\"attempts\":%" PRId64 "}", upstream->attempts);
        attempts += upstream->attempts;
    }
    buf_printf(out, "],\"attempts\":%" PRId64 ",\"retries\":%" PRId64, attempts,
               entry->retries);
}

void access_log_format(struct buf *out, const struct access_entry *entry,
                       int64_t wall_s)
{
    char time[21];

    clock_format_rfc3339(time, (time_t)wall_s);
    buf_printf(out, "{\"time\":\"%s\"", time);
    add_text(out, "request_id", entry->request_id);
    add_text(out, "method", entry->method);
    add_text(out, "route", entry->route);
    buf_printf(out, ",\"stream\":%s", entry->stream ? "true" : "false");
    if (entry->status)
        buf_printf(out, ",\"status\":%d", entry->status);
    else
        buf_add_text(out, ",\"status\":null");
    add_upstreams(out, entry);
    add_text(out, "upstream", entry->upstream);
    add_text(out, "decision", entry->decision);
    add_text(out, "error_class", entry->error_class);
    add_text(out, "outcome", entry->outcome);
    add_text(out, "why", entry->why);
    add_text(out, "end", entry->end);
    add_text(out, "answer", entry->answer);
    add_figure(out, "input_tokens", entry->input_tokens);
    add_figure(out, "output_tokens", entry->output_tokens);
    buf_printf(out, ",\"elapsed_ms\":%" PRId64 "}", entry->elapsed_ms);
}

static bool open_log(struct access_log *log, struct err *err)
{
    log->out = fopen(log->path, "ae");
    if (!log->out) {
        err_set_errno(err, ERR_IO, log->path);
        return false;
    }
    fseek(log->out, 0, SEEK_END);
    log->bytes = ftell(log->out);
    return true;
}

bool access_log_open(struct access_log *log, const char *path,
                     int64_t most_bytes, struct err *err)
{
    *log = (struct access_log){ .lock = PTHREAD_MUTEX_INITIALIZER,
                                .most_bytes = most_bytes };
    if (!path)
        return true;
    log->path = xstrdup(path);
    return open_log(log, err);
}

/* A reader sees the one or the other, and never a half. */
static void compress_file(const char *from, const char *to)
{
    char *half = xasprintf("%s.tmp", to);
    FILE *in = fopen(from, "re");
    gzFile out = in ? gzopen(half, "wb") : NULL;
    char bytes[8192];
    size_t got;

    while (out && (got = fread(bytes, 1, sizeof bytes, in)) > 0)
        gzwrite(out, bytes, (unsigned)got);
    if (out && gzclose(out) == Z_OK && rename(half, to) == 0)
        unlink(from);
    if (in)
        fclose(in);
    free(half);
}

/* With the lock held. */
static void rotate(struct access_log *log)
{
    char *first = xasprintf("%s.1", log->path);
    char *second = xasprintf("%s.2.gz", log->path);
    struct err err = { 0 };

    fclose(log->out);
    compress_file(first, second);
    rename(log->path, first);
    if (!open_log(log, &err))
        fprintf(stderr, "%s: %s\n", err.where, err.text);
    free(first);
    free(second);
}

void access_log_rotate(struct access_log *log)
{
    pthread_mutex_lock(&log->lock);
    if (log->out)
        rotate(log);
    pthread_mutex_unlock(&log->lock);
}

/* before: "failed: " of a seeded bug, else "". */
static void write_line(struct access_log *log, const char *before,
                       const void *bytes, size_t length)
{
    pthread_mutex_lock(&log->lock);
    if (log->out) {
        fputs(before, log->out);
        fwrite(bytes, 1, length, log->out);
        fputc('\n', log->out);
        fflush(log->out);
        log->bytes += (int64_t)(strlen(before) + length + 1);
        if (log->most_bytes && log->bytes > log->most_bytes)
            rotate(log);
    }
    pthread_mutex_unlock(&log->lock);
}

void access_log_write(struct access_log *log, const struct access_entry *entry)
{
    struct buf line = { 0 };

    if (log->ledger)
        ledger_write(log->ledger, &entry->spent);
    access_log_format(&line, entry, clock_wall_ms() / 1000);
    write_line(log, "", line.data, line.length);
    buf_release(&line);
}

void access_log_leak_bytes(struct access_log *log, const void *bytes,
                           size_t length)
{
    write_line(log, "failed: ", bytes, length);
}

void access_log_leak(struct access_log *log, const char *text)
{
    access_log_leak_bytes(log, text, strlen(text));
}

void access_log_close(struct access_log *log)
{
    if (log->out)
        fclose(log->out);
    free(log->path);
    log->out = NULL;
    log->path = NULL;
}
