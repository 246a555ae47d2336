/* SPDX-License-Identifier: ISC
 *
 * The entry points of fdslots behind one signature. They all use the same slots, so another way to
 * wait is just another row.
 */
#include "echo.h"

#include <limits.h>
#include <string.h>

/* Convert a timeout, rounding up so that no wait ends early. -1 means no timeout. */
static int milliseconds(const struct timespec *timeout)
{
    if (timeout == NULL)
        return -1;
    if (timeout->tv_sec >= INT_MAX / 1000)
        return INT_MAX;
    return (int)timeout->tv_sec * 1000 + (int)((timeout->tv_nsec + 999999) / 1000000);
}

static int wait_poll(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask)
{
    (void)sigmask;
    return fdslots_poll(s, fdslots_capacity(s), milliseconds(timeout));
}

static int wait_ppoll(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask)
{
    return fdslots_ppoll(s, fdslots_capacity(s), timeout, sigmask);
}

static int wait_epoll_wait(struct fdslots *s, const struct timespec *timeout,
                           const sigset_t *sigmask)
{
    (void)sigmask;
    return fdslots_epoll_wait(s, milliseconds(timeout));
}

static int wait_cheapest(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask)
{
    int64_t ns = FDSLOTS_FOREVER;
    if (timeout != NULL)
        ns = (int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec;
    return fdslots_wait(s, ns, sigmask);
}

const struct waiter waiters[] = {
    {"poll", 0, false, false, wait_poll},
    {"ppoll", FDSLOTS_HAS_PPOLL, true, false, wait_ppoll},
    {"epoll_wait", FDSLOTS_HAS_EPOLL, false, true, wait_epoll_wait},
    {"epoll_pwait", FDSLOTS_HAS_EPOLL, true, true, fdslots_epoll_pwait},
    {"wait", FDSLOTS_HAS_PPOLL, true, true, wait_cheapest},
    {NULL, 0, false, false, NULL},
};

const struct waiter *waiter_find(const char *name)
{
    for (const struct waiter *waiter = waiters; waiter->name != NULL; waiter++)
        if (strcmp(waiter->name, name) == 0)
            return waiter;
    return NULL;
}

bool waiter_works(const struct waiter *waiter, bool exclusive)
{
    if (exclusive && (!waiter->by_epoll || fdslots_has(FDSLOTS_HAS_EPOLL) != 1))
        return false;
    return waiter->feature == 0 || fdslots_has(waiter->feature) == 1;
}
