/* SPDX-License-Identifier: ISC
 *
 * Everything that a caller can observe of a small buffer. It proves that a call changed nothing.
 */
#ifndef TESTS_SNAPSHOT_H
#define TESTS_SNAPSHOT_H

#include <fdslots.h>

#define SNAPSHOT_SLOTS 16

struct snapshot {
    int fd[SNAPSHOT_SLOTS];
    int events[SNAPSHOT_SLOTS];
    int revents[SNAPSHOT_SLOTS];
    int64_t generation[SNAPSHOT_SLOTS];
    struct pollfd view[SNAPSHOT_SLOTS]; /* only of used slots; the others have no defined value */
    int64_t next_used[SNAPSHOT_SLOTS];
    uint32_t ready[SNAPSHOT_SLOTS];
    uint32_t ready_count;
    uint32_t capacity;
    const void *view_address;
    char dump[4096]; /* shows the difference between paused and one-shot slots */
};

/* Take a snapshot of a buffer with at most SNAPSHOT_SLOTS slots. */
void snapshot_take(struct snapshot *snapshot, const struct fdslots *s);
/* Compare a buffer with a snapshot. Fails the test with a message that names `what` if they
 * differ. */
void snapshot_compare(const struct snapshot *before, const struct fdslots *s, const char *what);

#endif
