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

/* Wait once, by both. Returns what fdslots_kernel_wait() returns. */
int fdslots_wait_by_both(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);

/* Tell the set what changed, and then wait by it, or by both. Repeats this if only ghosts were
 * ready or the kernel was given only a part of the time. */
int fdslots_sync_and_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);

/* Do the same, with a shorter path for the usual case that there is nothing to tell. */
static inline int fdslots_wait_by_set(struct fdslots *s, int64_t timeout_ns,
                                      const sigset_t *sigmask)
{
    const uint64_t any = s->fresh.root | s->noted.root | s->polled.root | s->held.root;
    const bool by_clock = timeout_ns > 0 && timeout_ns != TIMEOUT_FOREVER &&
                          (s->ghosts_possible || timeout_ns > INT_MAX * NS_PER_MS);
    int rc = KERNEL_AGAIN;
    if (LIKELY(s->set_ready && any == 0 && !by_clock))
        rc = fdslots_kernel_wait(s, timeout_ns, sigmask);
    return UNLIKELY(rc == KERNEL_AGAIN) ? fdslots_sync_and_wait(s, timeout_ns, sigmask) : rc;
}

#endif
