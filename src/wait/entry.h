/* SPDX-License-Identifier: ISC
 *
 * The parts that the entry points share.
 */
#ifndef FDSLOTS_ENTRY_H
#define FDSLOTS_ENTRY_H

#include "../core/ready.h"
#include "../waker/waker.h"

/* Clear what a cancelled wait has left in the slots, offer the kernel again what it has refused,
 * look for the mistakes that FDSLOTS_CHECK shows, and withdraw exclusive registrations that no slot
 * wants any more, because they take wakes that others wait for. */
void fdslots_wait_prepare(struct fdslots *s);

/* Begin a wait whose arguments are good. The ready set of the last wait is emptied, and a child
 * leaves the set that it has inherited to its parent. */
static inline void fdslots_wait_begin(struct fdslots *s)
{
    fdslots_ready_reset(s);
    fdslots_check_process(s);
    if (UNLIKELY(((s->flags & FDSLOTS_CHECK) | s->refused) != 0 || s->exclusive_changed ||
                 s->asking))
        fdslots_wait_prepare(s);
    s->stats.waits++;
}

/* Return 0 if this buffer may use the set and the set supports what its slots ask for, or an error.
 */
int fdslots_set_allowed(const struct fdslots *s);

#endif
