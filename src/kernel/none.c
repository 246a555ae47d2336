/* SPDX-License-Identifier: ISC
 *
 * The implementation for systems that have no set. Every buffer is FDSLOTS_NO_EPOLL then: these
 * functions have nothing to do, and those that return -ENOTSUP are never called.
 */
#include "kernel.h"

#include <errno.h>

/* NOLINTBEGIN(misc-unused-parameters) */
#pragma GCC diagnostic ignored "-Wunused-parameter"

const uint32_t fdslots_kernel_flags = FDSLOTS_NO_EPOLL;

bool fdslots_kernel_has(unsigned feature)
{
    return false;
}

void fdslots_kernel_lay_out(struct fdslots *s, struct layout *at)
{
}

void fdslots_kernel_cut(struct fdslots *s, uint32_t end)
{
}

int fdslots_kernel_sync(struct fdslots *s)
{
    return -ENOTSUP;
}

void fdslots_kernel_prepare(struct fdslots *s)
{
}

int fdslots_kernel_call(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    return -1;
}

int fdslots_kernel_take(struct fdslots *s, int rc, int errno_before, int64_t timeout_ns,
                        const sigset_t *sigmask)
{
    return -ENOTSUP;
}

int fdslots_kernel_beside(struct fdslots *s, struct pollfd **room)
{
    return -ENOTSUP;
}

bool fdslots_kernel_agrees(const struct fdslots *s, uint32_t index)
{
    return false;
}

int fdslots_kernel_drop(struct fdslots *s, uint32_t index)
{
    return 0;
}

int fdslots_kernel_outer_fd(struct fdslots *s)
{
    return -ENOTSUP;
}

void fdslots_kernel_inherit(struct fdslots *s)
{
}

void fdslots_kernel_close(struct fdslots *s)
{
}
/* NOLINTEND(misc-unused-parameters) */
