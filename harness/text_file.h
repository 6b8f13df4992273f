/* text_file: small whole files: templates in, rendered files out. */
#ifndef GATEDRILL_HARNESS_TEXT_FILE_H
#define GATEDRILL_HARNESS_TEXT_FILE_H

#include <stdbool.h>

#include "common/err.h"

/* NULL and ERR_IO. Caller frees. */
char *text_file_read(const char *path, struct err *err);
/* Replaces the file; mode 0600, since it may hold a key. */
bool text_file_write(const char *path, const char *text, struct err *err);

#endif
