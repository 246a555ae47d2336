/* SPDX-License-Identifier: ISC
 *
 * poll(2) and ppoll(2).
 */
#ifndef FDSLOTS_POLL_H
#define FDSLOTS_POLL_H

#include "../core/slots.h"

/* Call poll(2), or ppoll(2) for what poll cannot express. Returns what they return, or -ENOTSUP: a
 * mask where there is no ppoll(2) and nothing is ready at once. */
int fdslots_poll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                      const sigset_t *sigmask);

/* Wait on the slots [0, nfds), none of them above fdslots_slot_end(), and fill the ready set, which
 * is empty. Returns the number of ready slots or an error. */
int fdslots_poll_slots(struct fdslots *s, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask);

/* Whether the file of a slot may not say again what it has said. Costs one fstat(2) for each owner.
 */
bool fdslots_poll_says_once(struct fdslots *s, uint32_t index);

/* Call ppoll(2). Where there is none, a mask is -ENOTSUP unless the wait need not block. */
int fdslots_ppoll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask);
bool fdslots_ppoll_built(void); /* into the library */
bool fdslots_ppoll_works(void); /* asks the kernel */

#endif
