/* markup: text of unknown origin made safe for where it is printed. What comes
 * from a gateway may hold escape sequences, markup, or bytes that are no UTF-8;
 * none of it may act on a reader's terminal, page or parser. */
#ifndef GATEDRILL_HARNESS_MARKUP_H
#define GATEDRILL_HARNESS_MARKUP_H

#include "common/buf.h"

/* For a terminal: control characters become '?', line ends a space, bytes that
 * are no UTF-8 '?'. */
void markup_plain(struct buf *out, const char *text);
/* For a cell of a Markdown table: the same, with '|', '<', '`' and the like
 * escaped. */
void markup_markdown(struct buf *out, const char *text);
/* For XML 1.0 text and attributes: the five entities; what XML forbids becomes
 * '?'. */
void markup_xml(struct buf *out, const char *text);
/* One word for a POSIX shell, quoted when it needs to be. */
void markup_shell(struct buf *out, const char *text);

#endif
