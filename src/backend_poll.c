/* SPDX-License-Identifier: ISC
 *
 * poll(2) and ppoll(2). The slots are their argument as they stand.
 *
 * The kernel writes revents for every slot it is given, also when the time runs out or a signal
 * comes, but not when it answers EINVAL, and never for the slots above: those are 0 already, since
 * each wait starts with an empty ready set.
 */
#include "backend.h"
#include "ready.h"
#include "sys.h"

#include <limits.h>

int fdslots_poll_take(struct fdslots *s, uint32_t nfds, uint32_t count)
{
    const struct pollfd *const pollfds = s->pollfds;
    uint32_t *ready = s->ready;
    uint32_t *const end = ready + count;
    for (uint32_t i = 0; i < nfds && ready < end; i++) {
        if (pollfds[i].revents != 0)
            *ready++ = i;
        else
            while (i + 4 < nfds && (pollfds[i + 1].revents | pollfds[i + 2].revents |
                                    pollfds[i + 3].revents | pollfds[i + 4].revents) == 0)
                i += 4;
    }
    s->ready_count = (uint32_t)(ready - s->ready);
    fdslots_ready_fire(s);
    return (int)count;
}

/* Whether the slot's number stands for a file that is none of the caller's: FDSLOTS_CHECK found its
 * own to be gone, or the number was closed when the library opened its set, and got it. */
static bool is_foreign(const struct fdslots *s, uint32_t index)
{
    const int fd = fdslots_slot_wanted_fd(s, index);
    return fd >= 0 && (fdslots_slot_lost(s, index) ||
                       (s->slots[index].role == ROLE_CLOSED && fd == s->epoll.fd));
}

/* While poll(2) looks, such a slot holds a number that no fd can have (fs.nr_open is below it), and
 * reads POLLNVAL; it is marked by ~registered_fd. Only refused slots can be of the kind. */
SELDOM static void veil(struct fdslots *s)
{
    FOR_EACH_IN(&s->sets, SET_REFUSED, i)
    {
        if (is_foreign(s, i)) {
            s->pollfds[i].fd = INT_MAX;
            s->slots[i].registered_fd = ~s->slots[i].registered_fd;
        }
    }
}

SELDOM static void unveil(struct fdslots *s)
{
    FOR_EACH_IN(&s->sets, SET_REFUSED, i)
    {
        struct slot *slot = &s->slots[i];
        if (slot->registered_fd >= 0)
            continue;
        slot->registered_fd = ~slot->registered_fd;
        s->pollfds[i].fd = slot->role == ROLE_LOST ? slot->registered_fd : s->epoll.fd;
    }
}

int fdslots_backend_poll(struct fdslots *s, uint32_t nfds, int timeout_ms)
{
    s->stats.poll_calls++;
    if (!fdslots_index_set_empty(&s->sets, SET_REFUSED))
        veil(s);
    int rc = sys_poll(s->pollfds, nfds, timeout_ms);
    if (!fdslots_index_set_empty(&s->sets, SET_REFUSED))
        unveil(s);
    return rc <= 0 ? rc : fdslots_poll_take(s, nfds, (uint32_t)rc);
}

int fdslots_backend_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                          const sigset_t *sigmask)
{
    s->stats.poll_calls++;
    if (!fdslots_index_set_empty(&s->sets, SET_REFUSED))
        veil(s);
    int rc = fdslots_sys_ppoll(s->pollfds, nfds, timeout, sigmask);
    if (!fdslots_index_set_empty(&s->sets, SET_REFUSED))
        unveil(s);
    return rc <= 0 ? rc : fdslots_poll_take(s, nfds, (uint32_t)rc);
}
