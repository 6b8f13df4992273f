/*
 * trail: the files of one sink at one moment: all that a pattern names, each
 * known by inode, size and what stood just before its end. Of two moments what
 * was written in between can be told, whatever became of the files: renamed,
 * made anew, copied and cut, compressed.
 */
#ifndef GATEDRILL_HARNESS_TRAIL_H
#define GATEDRILL_HARNESS_TRAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/digest.h"

#define TRAIL_FILES_MOST 256
#define TRAIL_TAIL_BYTES 4096

struct trail_file {
    dev_t device;
    ino_t inode;
    int64_t size;
    char *path;
    int fd;                     /* kept open, so that it can be read after it
                                   was removed; -1: not opened */
    char tail[DIGEST_HEX_SIZE]; /* of the last bytes; "" of an empty file */
};
struct trail {
    struct trail_file *items;
    size_t count, capacity;
    char problem[96]; /* "": all could be looked at */
};

/*
 * What stands there now. pattern is a path, or a glob. open: keep the files
 * open, as trail_parts() needs; else only sizes are taken. A file that is not
 * there is none; what is no regular file is a problem, folders of a glob are
 * left out.
 */
void trail_look(struct trail *out, const char *pattern, bool open);
void trail_release(struct trail *trail);
/* True when something was written since. */
bool trail_grew(const struct trail *before, const struct trail *after);

/* Bytes that were written between two moments. */
struct trail_part {
    int fd;           /* borrowed of one of the trails */
    int64_t from, to; /* of the file */
    /* The file is compressed and only what comes behind so many bytes of its
     * content is new: read it with trail_read(). 0: from..to as they are. */
    int64_t unpacked_from;
    char packing[8];  /* "gzip" */
    const char *tail; /* digest of what stood before `to`; "" or NULL: not
                         known; borrowed */
    const char *name; /* of the file, without its folder; borrowed */
};
struct trail_parts {
    struct trail_part *items;
    size_t count, capacity;
    char problem[96]; /* something was cut away unseen, or cannot be read */
};
void trail_compare(struct trail_parts *out, const struct trail *before,
                   const struct trail *after);
void trail_parts_release(struct trail_parts *parts);

/* Gives out the bytes of a part, unpacked where it is compressed, in pieces.
 * NULL, or why not all of it was. */
const char *trail_read(const struct trail_part *part,
                       void (*out)(void *context, const char *bytes,
                                   size_t length),
                       void *context);

#endif
