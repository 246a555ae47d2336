/* SPDX-License-Identifier: ISC
 *
 * The entry points that wait on all slots, as one table: tests that wait are loop tests over it, so
 * that a new entry point is tested by a new row.
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
    /* timeout_ns as fdslots_wait() takes it; rounded up where the entry point is coarser */
    int (*wait)(struct fdslots *s, int64_t timeout_ns, const sigset_t *mask);
    bool takes_ns;   /* timeouts finer than a millisecond */
    bool takes_mask; /* otherwise mask must be NULL */
    bool is_epoll; /* or may be: the ready set comes in any order; EDGE and EXCLUSIVE are understood
                    */
    bool (*available)(void);
};

/* Those that work here; the index is the loop variable of a test. */
int entry_count(void);
const struct entry *entry_at(int i);

/* The row that works here for this entry point; NULL where none does. */
const struct entry *entry_for(enum entry_point point);

#endif
