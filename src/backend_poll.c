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
static uint32_t clip(const struct fdslots *s, uint32_t nfds)
{
    return nfds < s->end ? nfds : s->end;
}

int fdslots_backend_poll(struct fdslots *s, uint32_t nfds, int timeout_ms)
{
    nfds = clip(s, nfds);
    s->stats.poll_calls++;
    return collect(s, nfds, sys_poll(s->pollfds, nfds, timeout_ms));
}

int fdslots_backend_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                          const sigset_t *sigmask)
{
    nfds = clip(s, nfds);
    s->stats.poll_calls++;
    return collect(s, nfds, fdslots_sys_ppoll(s->pollfds, nfds, timeout, sigmask));
}
