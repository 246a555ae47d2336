/* SPDX-License-Identifier: ISC
 *
 * Between the two files of the epoll backend.
 */
#ifndef FDSLOTS_EPOLL_SET_H
#define FDSLOTS_EPOLL_SET_H

#include "process.h"
#include "slots.h"

/* What a registration has for data: whose it is. */
struct event_name {
    uint32_t index;
    uint32_t generation;
};

/* Whether there is a set, and it was made by this process. */
static inline bool fdslots_epoll_ours(const struct epoll_set *set)
{
    return set->fd >= 0 && fdslots_process_is(set->process);
}

/* Whether the kernel's set agrees with the slots, and no closed fd is to be asked for again. */
static inline bool fdslots_epoll_in_step(const struct fdslots *s)
{
    return (s->sets.root[SET_FRESH] | s->sets.root[SET_CHANGED] | s->sets.root[SET_REFUSED]) == 0 &&
           fdslots_epoll_ours(&s->epoll);
}

/* Whether fd is an epoll set: 1 or 0, or an error. The kernel answers ENOENT to the removal of a
 * fresh set from it; where fd is another file or none, EINVAL or EBADF. */
int fdslots_epoll_is_set(int fd);

/* What poll(2) reports for every file that epoll refuses with EPERM: it has no poll method, and
 * counts as always ready. */
#define EVENTS_FILE (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

/* What a refused slot reports at once. */
static inline uint32_t fdslots_refused_revents(const struct fdslots *s, uint32_t index)
{
    const uint8_t role = s->slots[index].role;
    if (role == ROLE_CLOSED || role == ROLE_LOST)
        return POLLNVAL;
    return (uint16_t)s->pollfds[index].events & EVENTS_FILE;
}

#endif
