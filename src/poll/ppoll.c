/* SPDX-License-Identifier: ISC
 *
 * ppoll(2), or poll(2) in its place if the build or the kernel lacks it, or if a filter of system
 * calls refuses it. The timeout is then rounded up to whole milliseconds. A call that may block
 * cannot have a mask then: setting the mask around poll(2) would leave a moment in which a signal
 * is lost. No refusal is remembered, because a filter belongs to a thread.
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

/* The longest timeout of one call of poll(2): 24 days. */
#define LONGEST (INT_MAX * NS_PER_MS)

static int poll_for(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns)
{
    for (; timeout_ns > LONGEST && timeout_ns != TIMEOUT_FOREVER; timeout_ns -= LONGEST) {
        const int rc = sys_poll(fds, nfds, INT_MAX);
        if (rc != 0)
            return rc;
    }
    return sys_poll(fds, nfds, fdslots_ms_from_ns(timeout_ns));
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

bool fdslots_ppoll_works(void)
{
    const struct timespec at_once = {0, 0};
    return !sys_is_refused(sys_ppoll(NULL, 0, &at_once, NULL));
}
