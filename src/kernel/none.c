/* SPDX-License-Identifier: ISC
 *
 * The implementation for systems that have no set. Every buffer is FDSLOTS_NO_EPOLL then: these
 * functions have nothing to do, and those that return -ENOTSUP are never called.
 */
#include "kernel.h"

#include <errno.h>

bool fdslots_kernel_built(void)
{
    return false;
}

bool fdslots_kernel_has(unsigned feature)
{
    (void)feature;
    return false;
}

void fdslots_kernel_lay_out(struct fdslots *s, struct layout *at)
{
    (void)s, (void)at;
}

void fdslots_kernel_lay_out_arrays(struct fdslots *s, struct layout *at)
{
    (void)s, (void)at;
}

void fdslots_kernel_cut(struct fdslots *s, uint32_t end)
{
    (void)s, (void)end;
}

int fdslots_kernel_sync(struct fdslots *s)
{
    (void)s;
    return -ENOTSUP;
}

void fdslots_kernel_retry(struct fdslots *s)
{
    (void)s;
}

int fdslots_kernel_call(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    (void)s, (void)timeout_ns, (void)sigmask;
    return -1;
}

int fdslots_kernel_take(struct fdslots *s, int rc, int errno_before, int64_t timeout_ns,
                        const sigset_t *sigmask)
{
    (void)s, (void)rc, (void)errno_before, (void)timeout_ns, (void)sigmask;
    return -ENOTSUP;
}

int fdslots_kernel_beside(struct fdslots *s, struct pollfd **room)
{
    (void)s, (void)room;
    return -ENOTSUP;
}

enum kernel_change fdslots_kernel_change(const struct fdslots *s, uint32_t index,
                                         struct sharers *sharers)
{
    (void)s, (void)index;
    *sharers = (struct sharers){1, 1};
    return CHANGE_NONE;
}

void fdslots_kernel_drop(struct fdslots *s, uint32_t index)
{
    (void)s, (void)index;
}

void fdslots_kernel_check(struct fdslots *s)
{
    (void)s;
}

void fdslots_kernel_check_changes(struct fdslots *s, uint32_t index)
{
    (void)s, (void)index;
}

int fdslots_kernel_rebuild(struct fdslots *s)
{
    (void)s;
    return -ENOTSUP;
}

int fdslots_kernel_outer_fd(struct fdslots *s)
{
    (void)s;
    return -ENOTSUP;
}

bool fdslots_kernel_owns(const struct fdslots *s, int fd)
{
    (void)s, (void)fd;
    return false;
}

void fdslots_kernel_inherit(struct fdslots *s)
{
    (void)s;
}

void fdslots_kernel_close(struct fdslots *s)
{
    (void)s;
}
