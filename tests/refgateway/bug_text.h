/* bug_text: the words of the upstream's last failure, for seeded bugs that do
 * something with them. One request is served by one thread. */
#ifndef GATEDRILL_REFGATEWAY_BUG_TEXT_H
#define GATEDRILL_REFGATEWAY_BUG_TEXT_H

#include <stdbool.h>

/* Keeps the beginning of it, while a bug that asks for it is active. */
void bug_text_note(const char *body);
/* "" when there was none. */
const char *bug_text(void);
bool bug_text_has(const char *words);

#endif
