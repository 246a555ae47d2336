/* SPDX-License-Identifier: ISC
 *
 * The entry points: what they refuse, and which backend they call.
 */
#include "backend.h"
#include "ready.h"
#include "sys.h"
#include "timeout.h"

#include <errno.h>

/* Whether a slot in [0, nfds) has one of the flags that only epoll knows. */
static bool any_has(const struct fdslots *s, uint32_t nfds, uint32_t flags)
{
    if (s->epoll_only == 0)
        return false;
    for (uint32_t i = 0; i < nfds && i < s->touched; i++)
        if ((s->slots[i].flags & flags) != 0)
            return true;
    return false;
}

/* Whether poll(2) would miss the meaning of a slot in [0, nfds). */
static bool needs_epoll(const struct fdslots *s, uint32_t nfds)
{
    return any_has(s, nfds, SLOT_EDGE | SLOT_EXCLUSIVE);
}

/* Empty slots at the end need not be looked at. */
static uint32_t clip(const struct fdslots *s, uint32_t nfds)
{
    const uint32_t end = fdslots_slot_end(s);
    return nfds < end ? nfds : end;
}

int fdslots_poll(struct fdslots *s, uint32_t nfds, int timeout_ms)
{
    if (s == NULL)
        return -EINVAL;
    if (needs_epoll(s, nfds))
        return -ENOTSUP;
    fdslots_wait_begin(s);
    if (nfds > s->capacity)
        return -EINVAL;
    s->stats.waits++;
    return fdslots_backend_poll(s, clip(s, nfds), timeout_ms);
}

int fdslots_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                  const sigset_t *sigmask)
{
    if (s == NULL)
        return -EINVAL;
    if (needs_epoll(s, nfds) || (sigmask != NULL && !fdslots_sys_takes_mask()))
        return -ENOTSUP;
    fdslots_wait_begin(s);
    if (nfds > s->capacity || !fdslots_timespec_valid(timeout))
        return -EINVAL;
    s->stats.waits++;
    return fdslots_backend_ppoll(s, clip(s, nfds), timeout, sigmask);
}

int fdslots_epoll_allowed(const struct fdslots *s)
{
    if (s == NULL)
        return -EINVAL;
    if ((s->flags & FDSLOTS_NO_EPOLL) != 0)
        return -ENOTSUP;
    return !HAVE_DECL_EPOLLEXCLUSIVE && any_has(s, s->touched, SLOT_EXCLUSIVE) ? -ENOTSUP : 0;
}

int fdslots_epoll_wait(struct fdslots *s, int timeout_ms)
{
    int rc = fdslots_epoll_allowed(s);
    if (rc < 0)
        return rc;
    fdslots_wait_begin(s);
    s->stats.waits++;
    return fdslots_backend_epoll(s, fdslots_ns_from_ms(timeout_ms), NULL);
}

int fdslots_epoll_pwait(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask)
{
    int rc = fdslots_epoll_allowed(s);
    if (rc < 0)
        return rc;
    fdslots_wait_begin(s);
    if (!fdslots_timespec_valid(timeout))
        return -EINVAL;
    s->stats.waits++;
    return fdslots_backend_epoll(s, fdslots_ns_from_timespec(timeout), sigmask);
}

int fdslots_set_max_ready(struct fdslots *s, uint32_t n)
{
    if (s == NULL || n == 0)
        return -EINVAL;
    s->epoll.max_ready = n < s->epoll.most ? n : s->epoll.most;
    return 0;
}

/* Before the kernel is told outside a wait, too, lest a replaced fd be taken in unseen. */
static void check(struct fdslots *s)
{
    if ((s->flags & FDSLOTS_CHECK) != 0)
        fdslots_epoll_check(s);
}

int fdslots_epoll_fd(struct fdslots *s)
{
    int rc = fdslots_epoll_allowed(s);
    if (rc < 0)
        return rc;
    check(s);
    return fdslots_epoll_outer(s);
}

int fdslots_rebuild(struct fdslots *s)
{
    int rc = fdslots_epoll_allowed(s);
    if (rc < 0)
        return rc;
    check(s);
    rc = fdslots_epoll_renew(s);
    return rc < 0 ? rc : fdslots_epoll_sync(s);
}
