/* SPDX-License-Identifier: ISC
 *
 * ppoll(2), and what can be had without: where the build or the kernel has none, and where a filter
 * of system calls refuses it. Its timeout goes by poll(2), in whole milliseconds. Its mask cannot
 * be had by a call that may block: setting it around poll(2) would leave a moment in which a signal
 * is lost.
 */
#include "poll.h"

#include "../os/sys.h"
#include "../os/timeout.h"

#include <limits.h>
#include <stdatomic.h>

/* Known once, known for the process. */
static atomic_bool missing;

static int poll_with_mask(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                          const sigset_t *sigmask)
{
    int rc = sys_poll(fds, nfds, 0);
    if (rc != 0)
        return rc;
    return timeout_ns == 0 ? sys_let_signals_in(sigmask) : -ENOTSUP;
}

static int poll_for(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns)
{
    int64_t left = timeout_ns;
    const int64_t deadline = fdslots_deadline(left);
    if (deadline < 0)
        return (int)deadline;
    for (;;) {
        const int ms = fdslots_ms_from_ns(left);
        const int rc = sys_poll(fds, nfds, ms);
        /* Only a timeout beyond INT_MAX ms, 24 days, has anything left here. */
        if (rc != 0 || ms != INT_MAX)
            return rc;
        left = fdslots_time_left(deadline);
        if (left < 0)
            return (int)left;
    }
}

int fdslots_ppoll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask)
{
    if (LIKELY(!atomic_load_explicit(&missing, memory_order_relaxed))) {
        const struct timespec timeout = fdslots_timespec_from_ns(timeout_ns);
        const bool forever = timeout_ns == TIMEOUT_FOREVER;
        const int rc = sys_ppoll(fds, nfds, forever ? NULL : &timeout, sigmask);
        if (!sys_is_refused(rc))
            return rc;
        atomic_store_explicit(&missing, true, memory_order_relaxed);
    }
    return sigmask != NULL ? poll_with_mask(fds, nfds, timeout_ns, sigmask)
                           : poll_for(fds, nfds, timeout_ns);
}

bool fdslots_ppoll_missing(void)
{
    return !SYS_HAS_PPOLL || atomic_load_explicit(&missing, memory_order_relaxed);
}

bool fdslots_ppoll_works(void)
{
    const struct timespec at_once = {0, 0};
    return !sys_is_refused(sys_ppoll(NULL, 0, &at_once, NULL));
}
