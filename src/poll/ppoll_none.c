/* SPDX-License-Identifier: ISC
 *
 * For a system without ppoll(2): its timeout by poll(2). Its mask cannot be had by a call that may
 * block: setting it around poll(2) would leave a moment in which a signal is lost.
 */
#include "poll.h"

#include "../os/sys.h"
#include "../os/timeout.h"

#include <limits.h>

static int poll_with_mask(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                          const sigset_t *sigmask)
{
    int rc = sys_poll(fds, nfds, 0);
    if (rc != 0)
        return rc;
    return timeout_ns == 0 ? sys_let_signals_in(sigmask) : -ENOTSUP;
}

int fdslots_ppoll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask)
{
    if (sigmask != NULL)
        return poll_with_mask(fds, nfds, timeout_ns, sigmask);
    int64_t left = timeout_ns;
    int64_t deadline = fdslots_deadline(left);
    if (deadline < 0)
        return (int)deadline;
    for (;;) {
        int ms = fdslots_ms_from_ns(left);
        int rc = sys_poll(fds, nfds, ms);
        /* Only a timeout beyond INT_MAX ms, 24 days, has anything left here. */
        if (rc != 0 || ms != INT_MAX)
            return rc;
        left = fdslots_time_left(deadline);
        if (left < 0)
            return (int)left;
    }
}

bool fdslots_ppoll_built(void)
{
    return false;
}

bool fdslots_ppoll_works(void)
{
    return false;
}
