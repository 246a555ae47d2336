/* SPDX-License-Identifier: ISC
 *
 * In the place of epoll, where there is none.
 */
#include "backend.h"

#include <errno.h>

bool fdslots_epoll_built(void)
{
    return false;
}

int fdslots_backend_epoll(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    (void)s, (void)timeout_ns, (void)sigmask;
    return -ENOTSUP;
}

void fdslots_epoll_lay_out(struct epoll_set *set, struct layout *at, uint32_t nslots)
{
    (void)at;
    set->most = set->max_ready = nslots;
}

int fdslots_epoll_sync(struct fdslots *s)
{
    (void)s;
    return -ENOTSUP;
}

void fdslots_epoll_look_again(struct fdslots *s, uint32_t index)
{
    (void)s, (void)index;
}

void fdslots_epoll_check(struct fdslots *s)
{
    (void)s;
}

int fdslots_epoll_renew(struct fdslots *s)
{
    (void)s;
    return -ENOTSUP;
}

int fdslots_epoll_outer(struct fdslots *s)
{
    (void)s;
    return -ENOTSUP;
}

void fdslots_epoll_forget(struct fdslots *s, uint32_t index)
{
    (void)s, (void)index;
}

bool fdslots_epoll_owns(const struct fdslots *s, int fd)
{
    (void)s, (void)fd;
    return false;
}

void fdslots_epoll_close(struct fdslots *s)
{
    (void)s;
}

bool fdslots_epoll_works(void)
{
    return false;
}

bool fdslots_epoll_has_ns(void)
{
    return false;
}

uint32_t fdslots_epoll_price(const struct fdslots *s, uint32_t index)
{
    (void)s, (void)index;
    return 0;
}

int fdslots_epoll_tell(struct fdslots *s, const uint32_t *slots, uint32_t count)
{
    (void)s, (void)slots, (void)count;
    return -ENOTSUP;
}

int fdslots_epoll_take(struct fdslots *s, uint32_t count, int64_t timeout_ns,
                       const sigset_t *sigmask)
{
    (void)s, (void)count, (void)timeout_ns, (void)sigmask;
    return -ENOTSUP;
}
