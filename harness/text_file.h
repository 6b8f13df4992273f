/* text_file: small whole files: templates in, rendered files out. */
#ifndef GATEDRILL_HARNESS_TEXT_FILE_H
#define GATEDRILL_HARNESS_TEXT_FILE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

/* Every byte of it, NUL ones too, at the end of out. ERR_IO. */
bool text_file_append_to(struct buf *out, const char *path, struct err *err);
/* NULL and ERR_IO. Caller frees. */
char *text_file_read(const char *path, struct err *err);
/* Replaces the file; mode 0600, since it may hold a key. */
bool text_file_write(const char *path, const char *text, struct err *err);

#endif
