#include "tests/refgateway/bug_cache.h"

#include <pthread.h>
#include <string.h>

#include "common/xalloc.h"

struct kept {
    struct kept *next;
    struct buf request, answer;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *first;

bool bug_cache_find(struct buf *out, const char *request, size_t length)
{
    const struct kept *kept;

    pthread_mutex_lock(&lock);
    for (kept = first; kept; kept = kept->next) {
        if (kept->request.length == length &&
            !memcmp(kept->request.data, request, length))
            break;
    }
    pthread_mutex_unlock(&lock);
    if (!kept)
        return false;
    *out = kept->answer;
    return true;
}

void bug_cache_keep(const char *request, size_t length,
                    const struct buf *answer)
{
    struct kept *kept = xcalloc(1, sizeof *kept);

    buf_add(&kept->request, request, length);
    buf_add(&kept->answer, answer->data, answer->length);
    pthread_mutex_lock(&lock);
    kept->next = first;
    first = kept;
    pthread_mutex_unlock(&lock);
}
