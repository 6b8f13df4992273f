/*
 * fault_list: every fault the mock can act out: one row here and one file
 * mockserver/faults/<name>.c with fault_<name>_plan(). Both programs read the
 * rows: the mock to act, the harness to lint, to explain and to judge.
 *
 * FAULT(name, effect, parameters, text)
 *   effect      what a gateway meets, for the oracle: see enum fault_effect
 *   parameters  the keys of the step that this fault reads, space separated,
 *               "!" after a required one; rows of the table in step.c
 */

/* clang-format off */
FAULT(none,      OK,       "usage finish events interval_ms status finish_reason usage_as tool_calls reasoning model",
      "A healthy answer: JSON, or SSE when the request says stream")
FAULT(status,    STATUS,   "status! body code error_type message location",
      "A final status with an error body in the dialect of the upstream")
FAULT(delay,     OK,       "ms!",
      "A healthy answer whose first byte comes late")
FAULT(hang,      SILENCE,  "at!",
      "Silence from a named point on; the connection stays open")
FAULT(close,     CUT,      "at!",
      "An orderly close (FIN) at a named point")
FAULT(reset,     CUT,      "at!",
      "A reset (RST) at a named point")
FAULT(truncate,  CUT,      "content_length! percent bytes",
      "A Content-Length that does not match what is sent, then FIN")
FAULT(refuse,    REFUSED,  "",
      "The port is bound and does not listen: connection refused")
FAULT(syn_drop,  UNANSWERED, "",
      "The port listens and its queue is full: a connection is neither made nor refused")
FAULT(body,      BAD_BODY, "kind! percent status code error_type message",
      "A complete 200 (or other status) whose body is not a completion")
FAULT(bad_chunk, CUT,      "at",
      "Chunked framing that breaks: an impossible chunk size")
FAULT(garbage,   GARBAGE,  "bytes_kind",
      "Bytes that are not HTTP instead of a status line")
FAULT(dribble,   OK,       "bytes! every_ms!",
      "A healthy answer sent a few bytes at a time")
FAULT(stream,    STREAM,   "events interval_ms usage finish done error_at malformed_at comments_only comment_every_ms role_only code error_type message finish_reason usage_as tool_calls reasoning model error_as after_error after_done metadata odd_frame",
      "A scripted SSE stream, healthy or broken")
/* clang-format on */
