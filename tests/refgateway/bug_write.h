/*
 * bug_write: the ways in which programs write a text into their logs, for the
 * seeded bugs that leak one. Written apart from the detector on purpose: what
 * finds them must not have made them.
 */
#ifndef GATEDRILL_REFGATEWAY_BUG_WRITE_H
#define GATEDRILL_REFGATEWAY_BUG_WRITE_H

#include "common/buf.h"

typedef void bug_write(struct buf *out, const char *text, size_t length);

bug_write bug_write_plain;
bug_write bug_write_base64;
bug_write bug_write_hex;
bug_write bug_write_percent;
bug_write bug_write_unicode;  /* \\u0041 */
bug_write bug_write_entities; /* &#65; */
bug_write bug_write_upper;
bug_write bug_write_utf16;      /* big-endian */
bug_write bug_write_go_bytes;   /* [65 66 67] */
bug_write bug_write_java_bytes; /* [65, 66, 67] */
bug_write bug_write_json_twice;
bug_write bug_write_gzip;
bug_write bug_write_zlib;
bug_write bug_write_two_records; /* one half each */
bug_write bug_write_wrapped;     /* 10 letters a line */
bug_write bug_write_preview;     /* 16 bytes */

#endif
