/* SPDX-License-Identifier: ISC
 *
 * The entry points: the arguments that they refuse, and the way of waiting that each takes.
 */
#include "ways.h"

#include "../poll/poll.h"

void fdslots_wait_prepare(struct fdslots *s)
{
    if (s->asking)
        fdslots_poll_leave_out_all(s);
    fdslots_kernel_prepare(s);
}

/* Whether a slot in [0, nfds) has one of these flags, which only the set supports. */
static bool any_has(const struct fdslots *s, uint32_t nfds, uint32_t flags)
{
    if (LIKELY(s->epoll_only == 0))
        return false;
    FOR_EACH_BELOW(&s->used, i, nfds)
    {
        if ((s->slots[i].flags & flags) != 0)
            return true;
    }
    return false;
}

/* Return 0 if poll(2) can serve the slots [0, nfds) with this mask, or an error. */
static int poll_allowed(const struct fdslots *s, uint32_t nfds, const sigset_t *sigmask)
{
    const bool misses = any_has(s, nfds, SLOT_EDGE | SLOT_EXCLUSIVE);
    return misses || (sigmask != NULL && !SYS_HAS_PPOLL) ? -ENOTSUP : 0;
}

/* timeout_ns is below 0 if the caller's timeout is bad. Empty slots at the end of the range need
 * not be looked at. */
static int poll_range(struct fdslots *s, uint32_t nfds, int64_t timeout_ns, const sigset_t *sigmask)
{
    if (s == NULL || nfds > s->capacity || timeout_ns < 0)
        return -EINVAL;
    const int rc = poll_allowed(s, nfds, sigmask);
    if (rc < 0)
        return rc;
    fdslots_wait_begin(s);
    return fdslots_poll_slots(s, fdslots_slot_end_of(s, nfds), timeout_ns, sigmask);
}

int fdslots_poll(struct fdslots *s, uint32_t nfds, int timeout_ms)
{
    return poll_range(s, nfds, fdslots_ns_from_ms(timeout_ms), NULL);
}

int fdslots_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                  const sigset_t *sigmask)
{
    return poll_range(s, nfds, fdslots_ns_from_timespec(timeout), sigmask);
}

int fdslots_set_allowed(const struct fdslots *s)
{
    if (s == NULL)
        return -EINVAL;
    if ((s->flags & FDSLOTS_NO_EPOLL) != 0)
        return -ENOTSUP;
    return !HAVE_DECL_EPOLLEXCLUSIVE && any_has(s, s->touched, SLOT_EXCLUSIVE) ? -ENOTSUP : 0;
}

static int wait_all(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    int rc = fdslots_set_allowed(s);
    if (rc == 0 && timeout_ns < 0)
        rc = -EINVAL;
    if (rc < 0)
        return rc;
    fdslots_wait_begin(s);
    return fdslots_wait_by_set(s, timeout_ns, sigmask);
}

int fdslots_epoll_wait(struct fdslots *s, int timeout_ms)
{
    return wait_all(s, fdslots_ns_from_ms(timeout_ms), NULL);
}

int fdslots_epoll_pwait(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask)
{
    return wait_all(s, fdslots_ns_from_timespec(timeout), sigmask);
}

int fdslots_set_max_ready(struct fdslots *s, uint32_t n)
{
    if (s == NULL || n == 0)
        return -EINVAL;
    s->max_ready = n;
    return 0;
}

/* Prepare for telling the set outside a wait. FDSLOTS_CHECK looks now, too, because a replaced fd
 * would be registered unnoticed. */
static int prepare_set(struct fdslots *s)
{
    int rc = fdslots_set_allowed(s);
    if (rc < 0)
        return rc;
    fdslots_check_process(s);
    if ((s->flags & FDSLOTS_CHECK) != 0)
        fdslots_kernel_prepare(s);
    return 0;
}

int fdslots_epoll_fd(struct fdslots *s)
{
    int rc = prepare_set(s);
    return rc < 0 ? rc : fdslots_kernel_outer_fd(s);
}

int fdslots_rebuild(struct fdslots *s)
{
    int rc = prepare_set(s);
    if (rc < 0)
        return rc;
    const bool misled = s->set_misleads;
    s->set_misleads = true;
    s->set_ready = false;
    rc = fdslots_kernel_sync(s);
    if (rc < 0)
        s->set_misleads = misled; /* the old set stays in use */
    return rc;
}
