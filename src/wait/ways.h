/* SPDX-License-Identifier: ISC
 *
 * The three ways to wait. Each takes a buffer whose ready set is empty, fills it, and returns the
 * number of ready slots or an error:
 *
 *     poll      fdslots_poll_slots(), of poll/: poll(2) on the slots as they are
 *     the set   the kernel's set, after it has been told what changed
 *     both      poll(2) on the polled slots and on the set, and then, if the set reads ready, one
 *               wait on the set that does not block
 *
 * There is no choice between the second and the third: the third is used while there are slots that
 * the set does not answer for.
 */
#ifndef FDSLOTS_WAYS_H
#define FDSLOTS_WAYS_H

#include "../core/ready.h"
#include "../kernel/kernel.h"
#include "../os/timeout.h"
#include "../waker/waker.h"

/* ---- what the entry points share ---- */

/* Clear what a cancelled wait has left in the slots, and do what the kernel's set needs before a
 * wait. */
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

/* ---- the ways beside poll ---- */

/* Wait by the set, or by both. Repeats this if only ghosts were ready or the kernel was given only
 * a part of the time. */
int fdslots_wait_in_turns(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);

/* Tell the set what changed, and then wait by it, or by both. The wait is the last step if nothing
 * can make it necessary to wait again for a part of the time. */
static inline int fdslots_wait_by_set(struct fdslots *s, int64_t timeout_ns,
                                      const sigset_t *sigmask)
{
    int rc = 0;
    s->time_left = timeout_ns;
    if (!s->set_ready || (s->fresh.count | s->noted.count) != 0)
        rc = fdslots_kernel_sync(s);
    if (UNLIKELY(rc < 0))
        return rc;
    const bool by_clock = timeout_ns > 0 && timeout_ns != TIMEOUT_FOREVER &&
                          (s->ghosts_possible || timeout_ns > INT_MAX * NS_PER_MS);
    rc = KERNEL_AGAIN;
    if (LIKELY((s->polled.root | s->held.root) == 0 && !by_clock))
        rc = fdslots_kernel_wait(s, timeout_ns, sigmask);
    return UNLIKELY(rc == KERNEL_AGAIN) ? fdslots_wait_in_turns(s, timeout_ns, sigmask) : rc;
}

#endif
