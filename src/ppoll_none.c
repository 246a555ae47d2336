/* SPDX-License-Identifier: ISC
 *
 * For a system without ppoll(2): its timeout by poll(2). Its mask cannot be had: setting it around
 * poll(2) would leave a moment in which a signal is lost.
 */
#include "sys.h"
#include "timeout.h"

#include <limits.h>

int fdslots_sys_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                      const sigset_t *sigmask)
{
    if (sigmask != NULL)
        return -ENOTSUP;
    int64_t left = fdslots_ns_from_timespec(timeout);
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

int fdslots_sys_has_ppoll(void)
{
    return 0;
}

int fdslots_sys_takes_mask(void)
{
    return 0;
}
