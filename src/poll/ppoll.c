/* SPDX-License-Identifier: ISC
 *
 * ppoll(2) of the system.
 */
#include "poll.h"

#include "../os/sys.h"
#include "../os/timeout.h"

int fdslots_ppoll_call(struct pollfd *fds, uint32_t nfds, int64_t timeout_ns,
                       const sigset_t *sigmask)
{
    const struct timespec timeout = fdslots_timespec_from_ns(timeout_ns);
    int saved = errno;
    return sys_result(ppoll(fds, nfds, timeout_ns != TIMEOUT_FOREVER ? &timeout : NULL, sigmask),
                      saved);
}

bool fdslots_ppoll_built(void)
{
    return true;
}

bool fdslots_ppoll_works(void)
{
    return fdslots_ppoll_call(NULL, 0, 0, NULL) == 0;
}
