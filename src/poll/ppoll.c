/* SPDX-License-Identifier: ISC
 *
 * ppoll(2), and what can be had without: where the build or the kernel has none, and where a filter
 * of system calls refuses it. Its timeout goes by poll(2), in whole milliseconds. Its mask cannot
 * be had by a call that may block: setting it around poll(2) would leave a moment in which a signal
 * is lost. Nothing is remembered: a filter belongs to a thread.
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

/* Only a timeout beyond INT_MAX ms, 24 days, does not go at once. */
static int poll_for_long(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns)
{
    int64_t left = timeout_ns;
    const int64_t deadline = fdslots_deadline(left);
    if (deadline < 0)
        return (int)deadline;
    for (;;) {
        const int ms = fdslots_ms_from_ns(left);
        const int rc = sys_poll(fds, nfds, ms);
        if (rc != 0 || ms != INT_MAX)
            return rc;
        left = fdslots_time_left(deadline);
        if (left < 0)
            return (int)left;
    }
}

static int poll_for(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns)
{
    const int ms = fdslots_ms_from_ns(timeout_ns);
    return ms != INT_MAX ? sys_poll(fds, nfds, ms) : poll_for_long(fds, nfds, timeout_ns);
}

int fdslots_ppoll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask)
{
    const struct timespec timeout = fdslots_timespec_from_ns(timeout_ns);
    const bool forever = timeout_ns == TIMEOUT_FOREVER;
    const int rc = sys_ppoll(fds, nfds, forever ? NULL : &timeout, sigmask);
    if (LIKELY(!sys_is_refused(rc)))
        return rc;
    return sigmask != NULL ? poll_with_mask(fds, nfds, timeout_ns, sigmask)
                           : poll_for(fds, nfds, timeout_ns);
}

bool fdslots_ppoll_built(void)
{
    return SYS_HAS_PPOLL;
}

bool fdslots_ppoll_works(void)
{
    const struct timespec at_once = {0, 0};
    return !sys_is_refused(sys_ppoll(NULL, 0, &at_once, NULL));
}
