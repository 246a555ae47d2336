/* SPDX-License-Identifier: ISC
 *
 * ppoll(2) of the system.
 */
#include "sys.h"

int fdslots_sys_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                      const sigset_t *sigmask)
{
    int saved = errno;
    return sys_result(ppoll(fds, nfds, timeout, sigmask), saved);
}

int fdslots_sys_has_ppoll(void)
{
    const struct timespec at_once = {0, 0};
    return fdslots_sys_ppoll(NULL, 0, &at_once, NULL) == 0;
}

int fdslots_sys_takes_mask(void)
{
    return 1;
}
