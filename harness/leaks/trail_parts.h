/* trail_parts: what comparing and reading trails is made of. Private to
 * trail*.c. */
#ifndef GATEDRILL_HARNESS_TRAIL_PARTS_H
#define GATEDRILL_HARNESS_TRAIL_PARTS_H

#include "harness/leaks/trail.h"

/* A digest of the last bytes before end. */
void trail_tail(char out[static DIGEST_HEX_SIZE], int fd, int64_t end);
/* Whether the file's first `size` bytes, as many as it held or fewer, end with
 * what this digest is of. */
bool trail_held(const struct trail_file *file, int64_t size, const char *tail);
/* The same file by inode, or NULL. */
const struct trail_file *trail_find(const struct trail *trail,
                                    const struct trail_file *file);

/* How the file is compressed: "gzip", "zstd"; NULL: it is not. unread is set to
 * a way that is not known here. */
const char *trail_packing(int fd, const char **unread);
/* How long the content of its first `size` bytes is. */
int64_t trail_unpacked_size(int fd, int64_t size);
/* Whether its content begins with what `file` held, or is the beginning of
 * that: it is being written. */
bool trail_unpacks_to(int fd, int64_t size, const struct trail_file *file);

#endif
