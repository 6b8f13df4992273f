/* The modifiers that are objects: their words and tables. */
#include "common/step_headers.h"

const char step_modifiers[] =
    "before_ms headers retry_after framing pace end interim early encoding "
    "pad_bytes head chunks";

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
