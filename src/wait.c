/* SPDX-License-Identifier: ISC
 *
 * The entry points: what they refuse, and which backend they call.
 */
#include "backend.h"
#include "ready.h"
#include "timeout.h"

#include <errno.h>

/* Whether poll(2) would miss the meaning of a slot in [0, nfds). */
static bool needs_epoll(const struct fdslots *s, uint32_t nfds)
{
    if (s->epoll_only == 0)
        return false;
    for (uint32_t i = 0; i < nfds && i < s->end; i++)
        if ((s->slots[i].flags & (SLOT_EDGE | SLOT_EXCLUSIVE)) != 0)
            return true;
    return false;
}

int fdslots_poll(struct fdslots *s, uint32_t nfds, int timeout_ms)
{
    if (s == NULL)
        return -EINVAL;
    if (needs_epoll(s, nfds))
        return -ENOTSUP;
    fdslots_ready_reset(s);
    if (nfds > s->capacity)
        return -EINVAL;
    return fdslots_backend_poll(s, nfds, timeout_ms);
}

int fdslots_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                  const sigset_t *sigmask)
{
    if (s == NULL)
        return -EINVAL;
    if (needs_epoll(s, nfds))
        return -ENOTSUP;
    fdslots_ready_reset(s);
    if (nfds > s->capacity || !fdslots_timespec_valid(timeout))
        return -EINVAL;
    return fdslots_backend_ppoll(s, nfds, timeout, sigmask);
}
