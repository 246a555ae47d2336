/* SPDX-License-Identifier: ISC
 *
 * What the entry points share.
 */
#ifndef FDSLOTS_ENTRY_H
#define FDSLOTS_ENTRY_H

#include "../core/ready.h"
#include "../waker/waker.h"

/* Offer the kernel again what it has refused, look for what FDSLOTS_CHECK shows, and withdraw an
 * exclusive registration that no slot wants any more: it takes wakes that others wait for. */
void fdslots_wait_prepare(struct fdslots *s);

/* Begin a wait whose arguments are good: what the last one reported is over, and a child leaves to
 * its parent what it has inherited. */
static inline void fdslots_wait_begin(struct fdslots *s)
{
    fdslots_ready_reset(s);
    fdslots_check_process(s);
    if (UNLIKELY((s->flags & FDSLOTS_CHECK) != 0 || s->exclusive_changed || s->refused))
        fdslots_wait_prepare(s);
    s->stats.waits++;
}

/* Whether the set can be had for this buffer, and for what its slots ask: 0 or an error. */
int fdslots_set_allowed(const struct fdslots *s);

#endif
