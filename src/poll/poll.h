/* SPDX-License-Identifier: ISC
 *
 * poll(2) and ppoll(2).
 */
#ifndef FDSLOTS_POLL_H
#define FDSLOTS_POLL_H

#include "../core/ready.h"
#include "../os/sys.h"
#include "../os/timeout.h"

/* Call ppoll(2). If there is none, a call with a mask returns -ENOTSUP, unless something is ready
 * at once or the wait need not block. */
int fdslots_ppoll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask);
bool fdslots_ppoll_works(void); /* whether the kernel has it: makes one system call */

/* Call poll(2), or ppoll(2) for what poll(2) cannot express. Returns what they return, or -ENOTSUP
 * if there is a mask but no ppoll(2), unless something is ready at once or the wait need not block.
 *
 * poll(2) is cheaper than ppoll(2), so it is used for all times that it can express, unless a
 * filter of system calls refuses it. */
static inline int fdslots_poll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                                    const sigset_t *sigmask)
{
    if (LIKELY(sigmask == NULL)) {
        const int ms = timeout_ns == 0 ? 0 : fdslots_ms_from_ns(timeout_ns);
        if (ms < 0 || ms * NS_PER_MS == timeout_ns) {
            const int rc = sys_poll(fds, nfds, ms);
            if (LIKELY(rc >= 0) || !sys_is_refused(rc))
                return rc;
        }
    }
    return fdslots_ppoll_call(fds, nfds, timeout_ns, sigmask);
}

/* Call it for the slots [0, nfds). The thread may be cancelled here, even after the kernel has
 * written its answer. */
static inline int fdslots_poll_ask(struct fdslots *s, uint32_t nfds, int64_t timeout_ns,
                                   const sigset_t *sigmask)
{
    s->asking = true;
    const int rc = fdslots_poll_call(s->pollfds, nfds, timeout_ns, sigmask);
    s->asking = false;
    return rc;
}

/* End a wait in which poll(2) has returned `rc`. */
int fdslots_poll_take(struct fdslots *s, uint32_t nfds, int rc);

/* Whether a slot below nfds is ready whatever poll(2) says now, because it holds an event. Slots
 * that hold what will be reported again if it is still so release it. */
bool fdslots_poll_holds(struct fdslots *s, uint32_t nfds);

/* Make a wait in which some slots are ready whatever poll(2) says now. Like all ready slots, they
 * take precedence over a signal. ppoll(2) would let one in if it saw nothing ready itself, so it is
 * not given a mask. */
int fdslots_poll_at_once(struct fdslots *s, uint32_t nfds);

/* Wait on the slots [0, nfds), and fill the ready set, which must be empty. nfds is at most
 * fdslots_slot_end(). Returns the number of ready slots or an error. It is inline for the reason
 * that fdslots_kernel_wait() names: few functions return after the system call. */
static inline int fdslots_poll_slots(struct fdslots *s, uint32_t nfds, int64_t timeout_ns,
                                     const sigset_t *sigmask)
{
    s->stats.poll_calls++;
    if (UNLIKELY(!fdslots_index_set_empty(&s->held)) && fdslots_poll_holds(s, nfds))
        return fdslots_poll_at_once(s, nfds);
    return fdslots_poll_take(s, nfds, fdslots_poll_ask(s, nfds, timeout_ns, sigmask));
}

/* Leave out what poll(2) has reported to a wait that was cancelled before it took the answer. The
 * ready set must be empty. */
void fdslots_poll_leave_out_all(struct fdslots *s);

/* Whether the file of a slot may report an event only once. Calls fstat(2), unless the flags of the
 * slot tell. */
bool fdslots_poll_says_once(struct fdslots *s, uint32_t index);

#endif
