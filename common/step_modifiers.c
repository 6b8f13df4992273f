/* The modifiers that are objects: their words and tables. */
#include "common/step_headers.h"

const char step_modifiers[] =
    "before_ms headers retry_after framing pace end interim early encoding "
    "pad_bytes head chunks sse echo account idle for_ms when";

const char *const step_encoding_names[] = {
    "gzip", "gzip_false", "gzip_truncated", "gzip_bomb", "unknown", NULL,
};
const char *const step_status_line_names[] = { "http_1_0", "no_reason", "bare",
                                               NULL };
const char *const step_letters_names[] = { "lower", "upper", "odd", NULL };
const char *const step_odd_head_names[] = {
    "obs_fold",           "nul",      "bare_cr",          "bare_lf",
    "space_before_colon", "no_colon", "duplicate_length", "conflicting_length",
    "length_and_chunked", NULL,
};
const char *const step_chunk_style_names[] = { "upper", "extensions", "zeros",
                                               NULL };

const char *const step_line_end_names[] = { "lf", "crlf", "cr", "mixed", NULL };
const char *const step_echo_what_names[] = { "credential", "prompt",
                                             "masked_credential", NULL };
const char *const step_echo_where_names[] = { "header", "body", NULL };
const char *const step_account_names[] = { "header", "usage", "both", NULL };

#define SWITCH(type, field, text)                                              \
    {                                                                          \
        .key = #field, .kind = BIND_TRI,                                       \
        .offset = offsetof(struct type, field), .missing = -1, .doc = text     \
    }
#define WORD(type, field, list, text)                                          \
    {                                                                          \
        .key = #field, .kind = BIND_ENUM,                                      \
        .offset = offsetof(struct type, field), .names = list, .missing = -1,  \
        .doc = text                                                            \
    }

const struct bind_row step_head_table[] = {
    WORD(step_head, status_line, step_status_line_names,
         "http_1_0: an HTTP/1.0 answer; no_reason: nothing behind the status; "
         "bare: not even the space before it."),
    WORD(step_head, names, step_letters_names,
         "Letters of header names: all lower, all upper, or mixed oddly."),
    WORD(step_head, odd, step_odd_head_names,
         "One thing in the head that a strict reader refuses."),
    { .key = "omit",
      .kind = BIND_TEXTS,
      .offset = offsetof(struct step_head, omit),
      .min = 1,
      .max = 16,
      .pattern = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      .doc = "Headers left out, such as Content-Type; not those that frame the "
             "body." },
    { .key = "pad_bytes",
      .kind = BIND_INT,
      .offset = offsetof(struct step_head, pad_bytes),
      .min = 1,
      .max = 1 << 20,
      .missing = -1,
      .unit = "bytes",
      .doc = "Of further headers, X-Pad-1 and so on." },
    { .key = "pad_header_bytes",
      .kind = BIND_INT,
      .offset = offsetof(struct step_head, pad_header_bytes),
      .min = 32,
      .max = 1 << 20,
      .missing = -1,
      .unit = "bytes",
      .doc = "Size of each of them; default 1024." },
    { 0 }
};

const struct bind_row step_chunks_table[] = {
    { .key = "bytes",
      .kind = BIND_INT,
      .offset = offsetof(struct step_chunks, bytes),
      .min = 1,
      .max = 64 << 20,
      .missing = -1,
      .unit = "bytes",
      .doc = "Most in a chunk; default: a chunk for each piece." },
    WORD(step_chunks, style, step_chunk_style_names,
         "Chunk sizes in upper-case hex, with extensions, or with leading "
         "zeros."),
    { .key = "trailers",
      .kind = BIND_CUSTOM,
      .offset = offsetof(struct step_chunks, trailers),
      .parse = step_headers_parse,
      .release = step_headers_release,
      .schema = step_headers_schema,
      .doc = "Header pairs behind the last chunk, announced in Trailer." },
    { 0 }
};

const struct bind_row step_sse_table[] = {
    WORD(step_sse, line_end, step_line_end_names,
         "mixed: LF, CRLF and CR by turns, one an event."),
    SWITCH(step_sse, space, "false: no space behind data:."),
    SWITCH(step_sse, multi_line, "The JSON of an event over two data lines."),
    SWITCH(step_sse, comments, "A comment line glued to every event."),
    SWITCH(step_sse, fields, "event, id and retry lines in every event."),
    SWITCH(step_sse, final_blank,
           "false: no blank line behind the last event."),
    SWITCH(step_sse, bom, "A byte order mark before the first event."),
    SWITCH(step_sse, multibyte,
           "A character of several bytes and a surrogate pair, each split over "
           "two writes."),
    { .key = "line_bytes",
      .kind = BIND_INT,
      .offset = offsetof(struct step_sse, line_bytes),
      .min = 1,
      .max = 8 << 20,
      .missing = -1,
      .unit = "bytes",
      .doc = "Least length of the first token's data line." },
    { 0 }
};

const struct bind_row step_echo_table[] = {
    { .key = "what",
      .kind = BIND_ENUM,
      .offset = offsetof(struct step_echo, what),
      .required = true,
      .names = step_echo_what_names,
      .missing = -1,
      .doc = "The credential headers as they came, or up to 400 bytes of the "
             "last message, or a key of which only the first eight and the "
             "last four letters are left." },
    { .key = "where",
      .kind = BIND_ENUM,
      .offset = offsetof(struct step_echo, where),
      .required = true,
      .names = step_echo_where_names,
      .missing = -1,
      .doc =
          "header: under its own name (a prompt as X-Prompt, a masked key as "
          "X-Key); body: in the "
          "text of the answer or of the error." },
    { 0 }
};

const struct bind_row step_idle_table[] = {
    { .key = "fin_after_ms",
      .kind = BIND_INT,
      .offset = offsetof(struct step_idle, fin_after_ms),
      .max = 3600000,
      .missing = -1,
      .unit = "ms",
      .doc = "Closed after that long without a request." },
    SWITCH(step_idle, rst_on_next_byte,
           "The next request is reset, and not a byte of it is read."),
    { 0 }
};
