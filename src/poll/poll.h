/* SPDX-License-Identifier: ISC
 *
 * poll(2) and ppoll(2).
 */
#ifndef FDSLOTS_POLL_H
#define FDSLOTS_POLL_H

#include "../core/slots.h"

/* Call poll(2), or ppoll(2) for what poll(2) cannot express. Returns what they return, or -ENOTSUP
 * if there is a mask but no ppoll(2), unless something is ready at once or the wait need not block.
 */
int fdslots_poll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                      const sigset_t *sigmask);

/* Wait on the slots [0, nfds), and fill the ready set, which must be empty. nfds is at most
 * fdslots_slot_end(). Returns the number of ready slots or an error. */
int fdslots_poll_slots(struct fdslots *s, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask);

/* Leave out what poll(2) has reported to a wait that was cancelled before it took the answer. The
 * ready set must be empty. */
void fdslots_poll_leave_out_all(struct fdslots *s);

/* Whether the file of a slot may report an event only once. Calls fstat(2), unless the flags of the
 * slot tell. */
bool fdslots_poll_says_once(struct fdslots *s, uint32_t index);

/* Call ppoll(2). If there is none, a call with a mask returns -ENOTSUP, unless something is ready
 * at once or the wait need not block. */
int fdslots_ppoll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask);
bool fdslots_ppoll_built(void); /* whether the build has ppoll(2) */
bool fdslots_ppoll_works(void); /* whether the kernel has it: makes one system call */

#endif
