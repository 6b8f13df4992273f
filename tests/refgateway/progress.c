/* Book-keeping of one client request. */
#include "tests/refgateway/policy.h"

void progress_begin(struct progress *progress, const struct move *move)
{
    struct progress_upstream *upstream = &progress->at[move->upstream];

    progress->current = move->upstream;
    progress->attempts++;
    upstream->attempts++;
    if (upstream->key != move->key)
        upstream->key_worked = false; /* known of the first key only */
    upstream->key = move->key;
    if (move->why == WHY_KNOWN_GOOD)
        upstream->known_good_used = true;
}

int64_t progress_retries(const struct progress *progress)
{
    return progress->attempts - (int64_t)progress_tried(progress);
}

size_t progress_tried(const struct progress *progress)
{
    size_t tried = 0;

    for (size_t i = 0; i < progress->count; i++)
        tried += progress->at[i].attempts > 0;
    return tried;
}
