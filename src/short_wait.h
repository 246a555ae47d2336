/* SPDX-License-Identifier: ISC
 *
 * The short ways of a wait, inline: one system call, where nothing needs doing before it, nor after
 * it if nothing is ready. Each function between the caller and the system call costs some 5 ns more
 * than its instructions, as measured on AMD (Zen 4): the kernel's own returns go by a thunk there,
 * against Inception, and the processor comes out of it with none of the program's return addresses.
 */
#ifndef FDSLOTS_SHORT_WAIT_H
#define FDSLOTS_SHORT_WAIT_H

#include "epoll_set.h"
#include "backend.h"
#include "sys.h"

/* Of slots [0, nfds), none of them above fdslots_slot_end(). */
INLINE int fdslots_short_poll(struct fdslots *s, uint32_t nfds, int timeout_ms)
{
    if (!fdslots_index_set_empty(&s->sets, SET_REFUSED))
        return fdslots_backend_poll(s, nfds, timeout_ms);
    s->stats.poll_calls++;
    int rc = sys_poll(s->pollfds, nfds, timeout_ms);
    return rc <= 0 ? rc : fdslots_poll_take(s, nfds, (uint32_t)rc);
}

#ifdef HAVE_EPOLL

#include "sys_epoll.h"

/* Without a timeout, or forever. */
static inline bool fdslots_epoll_is_short(const struct fdslots *s, int64_t timeout_ns,
                                          const sigset_t *sigmask)
{
    return fdslots_epoll_in_step(s) && s->epoll.max_ready == s->epoll.most &&
           (timeout_ns == FDSLOTS_FOREVER || (timeout_ns == 0 && sigmask == NULL));
}

INLINE int fdslots_short_epoll(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    const struct epoll_set *set = &s->epoll;
    if (!fdslots_epoll_is_short(s, timeout_ns, sigmask))
        return fdslots_backend_epoll(s, timeout_ns, sigmask);
    s->stats.epoll_calls++;
    int rc =
        sys_epoll_pwait(set->fd, set->events, (int)set->most, timeout_ns == 0 ? 0 : -1, sigmask);
    return rc <= 0 ? rc : fdslots_epoll_take(s, (uint32_t)rc, timeout_ns, sigmask);
}

#else

INLINE int fdslots_short_epoll(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    return fdslots_backend_epoll(s, timeout_ns, sigmask);
}

#endif

#endif
