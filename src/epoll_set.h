/* SPDX-License-Identifier: ISC
 *
 * Between the two files of the epoll backend.
 */
#ifndef FDSLOTS_EPOLL_SET_H
#define FDSLOTS_EPOLL_SET_H

#include "slots.h"

/* What poll(2) reports for every file that epoll refuses with EPERM: it has no poll method, and
 * counts as always ready. */
#define EVENTS_FILE (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

/* What a refused slot reports at once. */
static inline uint32_t fdslots_refused_revents(const struct fdslots *s, uint32_t index)
{
    if ((s->slots[index].flags & SLOT_CLOSED) != 0)
        return POLLNVAL;
    return (uint16_t)s->pollfds[index].events & EVENTS_FILE;
}

#endif
