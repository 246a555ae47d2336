/* SPDX-License-Identifier: ISC
 *
 * A table of the entry points that wait on all slots. Tests that wait loop over it, so that a new
 * row is enough to test a new entry point.
 */
#ifndef TESTS_ENTRY_H
#define TESTS_ENTRY_H

#include <fdslots.h>

#include <stdbool.h>

enum entry_point {
    ENTRY_POLL,
    ENTRY_PPOLL,
    ENTRY_EPOLL_WAIT,
    ENTRY_EPOLL_PWAIT,
    ENTRY_WAIT,
    ENTRY_WAIT_UNTIL,
    ENTRY_POINTS
};

struct entry {
    const char *name;
    enum entry_point point;
    /* timeout_ns as for fdslots_wait(), rounded up if the entry point is coarser. */
    int (*wait)(struct fdslots *s, int64_t timeout_ns, const sigset_t *mask);
    bool takes_ns;   /* supports timeouts finer than a millisecond */
    bool takes_mask; /* if false, the mask must be NULL */
    /* Uses epoll, at least in some waits: the ready set has no order, and EDGE and EXCLUSIVE
     * work. */
    bool is_epoll;
    bool (*available)(void);
};

/* Return the entry points that work here. The index is the loop variable of a test. */
int entry_count(void);
const struct entry *entry_at(int i);

/* Return the row that works here for this entry point, or NULL if there is none. */
const struct entry *entry_for(enum entry_point point);

#endif
