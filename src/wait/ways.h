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

#include "../kernel/kernel.h"
#include "../os/timeout.h"

/* Wait by the set, or by both. Repeats this if only ghosts were ready or the kernel was given only
 * a part of the time. */
int fdslots_wait_in_turns(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);

/* Tell the set what changed, and then wait by it, or by both. The wait is the last step if nothing
 * can make it necessary to wait again for a part of the time. */
static inline int fdslots_wait_by_set(struct fdslots *s, int64_t timeout_ns,
                                      const sigset_t *sigmask)
{
    int rc = 0;
    if (!s->set_ready || (s->fresh.root | s->noted.root) != 0)
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
