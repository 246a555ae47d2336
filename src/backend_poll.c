/* SPDX-License-Identifier: ISC
 *
 * poll(2) and ppoll(2). The slots are their argument as they stand.
 *
 * The kernel writes revents for every slot it is given, also when the time runs out or a signal
 * comes, but not when it answers EINVAL, and never for the slots above: those are 0 already, since
 * each wait starts with an empty ready set.
 */
#include "backend.h"
#include "ready.h"
#include "sys.h"

#include <limits.h>

/* The ready set out of rc, the answer for slots [0, nfds). */
static int collect(struct fdslots *s, uint32_t nfds, int rc)
{
    if (rc <= 0)
        return rc;
    uint32_t count = 0;
    for (uint32_t i = 0; i < nfds && count < (uint32_t)rc; i++)
        if (s->pollfds[i].revents != 0)
            s->ready[count++] = i;
    s->ready_count = count;
    fdslots_ready_fire(s);
    return rc;
}

/* Empty slots at the end need not be looked at. */
static uint32_t clip(struct fdslots *s, uint32_t nfds)
{
    const uint32_t end = fdslots_slot_end(s);
    return nfds < end ? nfds : end;
}

/* What has the number of a lost fd now is none of the slot's: while poll(2) looks, the slot holds a
 * number that no fd can have (fs.nr_open is below it), and reads POLLNVAL. */
static void veil_lost(struct fdslots *s)
{
    if ((s->flags & FDSLOTS_CHECK) == 0)
        return;
    FOR_EACH_IN(&s->epoll.refused, i)
    {
        if (fdslots_slot_lost(s, i))
            s->pollfds[i].fd = INT_MAX;
    }
}

static void unveil_lost(struct fdslots *s)
{
    if ((s->flags & FDSLOTS_CHECK) == 0)
        return;
    FOR_EACH_IN(&s->epoll.refused, i)
    {
        if (s->pollfds[i].fd == INT_MAX)
            s->pollfds[i].fd = s->slots[i].registered_fd;
    }
}

int fdslots_backend_poll(struct fdslots *s, uint32_t nfds, int timeout_ms)
{
    nfds = clip(s, nfds);
    s->stats.poll_calls++;
    veil_lost(s);
    int rc = sys_poll(s->pollfds, nfds, timeout_ms);
    unveil_lost(s);
    return collect(s, nfds, rc);
}

int fdslots_backend_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                          const sigset_t *sigmask)
{
    nfds = clip(s, nfds);
    s->stats.poll_calls++;
    veil_lost(s);
    int rc = fdslots_sys_ppoll(s->pollfds, nfds, timeout, sigmask);
    unveil_lost(s);
    return collect(s, nfds, rc);
}
