/* SPDX-License-Identifier: ISC
 *
 * poll(2) on the slots, whose pollfds are its argument without any preparation.
 *
 * The kernel writes revents for every slot that it is given, even when the time runs out or a
 * signal comes, but not when it fails with EINVAL. It never writes those of the slots above. In
 * both cases they are 0 already, because each wait starts with an empty ready set.
 */
#include "poll.h"

#include "../os/file_kind.h"

#include <stdatomic.h>

/* ---- filling the ready set from the answer ---- */

/* Add a slot to a list if it is ready. Returns the end of the list. There is no branch, because no
 * processor could foresee which slots are ready. If the slot is not ready, the element after the
 * end is written nevertheless; there is room, because no slot comes twice. */
static inline uint32_t *add_if_ready(uint32_t *list, const struct pollfd *pollfds, uint32_t index)
{
    *list = index;
    return list + (pollfds[index].revents != 0);
}

/* Report all ready slots. poll(2) has said that there are `count` of them, so the search ends soon
 * after the last one. */
static void take_all(struct fdslots *s, uint32_t nfds, uint32_t count)
{
    const struct pollfd *const pollfds = s->pollfds;
    uint32_t *ready = s->ready;
    uint32_t *const end = ready + count;
    uint32_t i = 0;
    for (; i + 4 <= nfds && ready < end; i += 4) {
        if ((pollfds[i].revents | pollfds[i + 1].revents | pollfds[i + 2].revents |
             pollfds[i + 3].revents) == 0)
            continue;
#pragma GCC unroll 4
        for (uint32_t k = i; k < i + 4; k++)
            ready = add_if_ready(ready, pollfds, k);
    }
    for (; i < nfds && ready < end; i++)
        ready = add_if_ready(ready, pollfds, i);
    s->ready_count = (uint32_t)(ready - s->ready);
}

/* Return what the file of this fd does with an event: a value of SLOT_FILE, or 0 if the fd is
 * closed, because the number may become any file. */
static uint32_t ask_file(int fd)
{
    uint32_t mark;
    switch (fdslots_file_kind(fd, &mark)) {
    case KIND_CLOSED:
        return 0;
    case KIND_WATCHABLE:
    case KIND_ANONYMOUS:
        return SLOT_KEEPS;
    case KIND_DEVICE:
        return SLOT_DEVICE;
    default:
        return SLOT_ONCE;
    }
}

bool fdslots_poll_says_once(struct fdslots *s, uint32_t index)
{
    struct slot *slot = &s->slots[index];
    if ((slot->flags & SLOT_POLLED) != 0)
        return true;
    if ((slot->flags & SLOT_FILE) == 0)
        slot->flags |= (uint16_t)ask_file(s->pollfds[index].fd);
    return (slot->flags & SLOT_FILE) == SLOT_ONCE;
}

/* Do not report a ready slot in this wait. If its file may report the event only once, the slot
 * holds it. A closed number has no file that could be asked, and is reported in every wait. */
static void leave_out(struct fdslots *s, uint32_t index)
{
    const uint32_t revents = (uint16_t)s->pollfds[index].revents;
    s->pollfds[index].revents = 0;
    if ((revents & POLLNVAL) == 0 && fdslots_poll_says_once(s, index))
        fdslots_slot_hold(s, index, revents);
}

void fdslots_poll_leave_out_all(struct fdslots *s)
{
    for (uint32_t i = 0; i < s->touched; i++)
        if (s->pollfds[i].revents != 0)
            leave_out(s, i);
    s->asking = false;
}

/* Report the ready slots in [from, to) as long as there is room. Returns the first slot that is
 * left out, or INDEX_NONE. */
static uint32_t take_range(struct fdslots *s, uint32_t from, uint32_t to)
{
    uint32_t first = INDEX_NONE;
    for (uint32_t i = from; i < to; i++) {
        if (s->pollfds[i].revents == 0)
            continue;
        if (s->ready_count < s->max_ready) {
            s->ready[s->ready_count++] = i;
            continue;
        }
        leave_out(s, i);
        if (first == INDEX_NONE)
            first = i;
    }
    return first;
}

/* Return the slot to begin with in a wait that does not reach the slot whose turn it is. It is
 * another of the `count` ready slots each time, so that no slot is left out for ever, whatever
 * lengths the waits have. The factor is 2^32 divided by the golden ratio, because its multiples are
 * spread evenly, whatever the number of waits. */
static uint32_t elsewhere(const struct fdslots *s, uint32_t nfds, uint32_t count)
{
    const uint32_t spread = (uint32_t)s->ready_epoch * UINT32_C(0x9e3779b9);
    uint32_t left = (uint32_t)((uint64_t)spread * count >> 32);
    uint32_t i = 0;
    while (i + 1 < nfds && (s->pollfds[i].revents == 0 || left-- > 0))
        i++;
    return i;
}

/* Report as many ready slots as a wait may, beginning with the slot whose turn it is. If this wait
 * does not reach that slot, the slot keeps its turn until a longer wait comes. Only a wait on all
 * slots begins again with the lowest one. */
SELDOM static void take_in_turn(struct fdslots *s, uint32_t nfds, uint32_t count)
{
    const bool longest = nfds == fdslots_slot_end(s);
    const bool reached = s->turn < nfds;
    const uint32_t turn = reached ? s->turn : longest ? 0 : elsewhere(s, nfds, count);
    const uint32_t above = take_range(s, turn, nfds);
    const uint32_t below = take_range(s, 0, turn);
    if (reached || longest)
        s->turn = above != INDEX_NONE ? above : longest ? below : nfds;
}

/* Fill the ready set, and end the wait. Returns how many slots are ready. */
static inline int take_ready(struct fdslots *s, uint32_t nfds, uint32_t count)
{
    if (LIKELY(count <= s->max_ready))
        take_all(s, nfds, count);
    else
        take_in_turn(s, nfds, count);
    return fdslots_ready_finish(s);
}

/* ---- what is ready whatever poll(2) says ---- */

/* Whether poll(2) or the set will report again what a slot holds, if it is still so: that its
 * number is closed, or an event of a file that keeps its events. This is not relied on if the slot
 * is polled although the set may have the file: another slot with this fd asked for it, or the set
 * refused it. */
static bool comes_again(struct fdslots *s, uint32_t index)
{
    if ((s->slots[index].flags & SLOT_LOST) != 0)
        return false;
    if ((s->held_revents[index] & POLLNVAL) != 0)
        return true;
    return !fdslots_poll_says_once(s, index) &&
           ((s->slots[index].flags & SLOT_FILE) == SLOT_DEVICE ||
            !fdslots_index_set_has(&s->polled, index));
}

bool fdslots_poll_holds(struct fdslots *s, uint32_t nfds)
{
    bool holds = false;
    FOR_EACH_BELOW(&s->held, i, nfds)
    {
        if (comes_again(s, i))
            fdslots_slot_release(s, i);
        else
            holds |= fdslots_slot_held_events(s, i) != 0;
    }
    return holds;
}

/* Report the events that slots hold, because poll(2) may not report them again. Returns how many
 * more slots are ready. */
static uint32_t show_held(struct fdslots *s, uint32_t nfds)
{
    uint32_t more = 0;
    FOR_EACH_BELOW(&s->held, i, nfds)
    {
        if (fdslots_slot_held_events(s, i) == 0)
            continue;
        const uint32_t seen = (uint16_t)s->pollfds[i].revents;
        more += seen == 0;
        fdslots_slot_hold(s, i, seen);
        s->pollfds[i].revents = (short)(uint16_t)fdslots_slot_held_events(s, i);
        fdslots_slot_release(s, i);
    }
    return more;
}

/* ---- the end of the wait ---- */

/* Whether poll(2) was seen in this process to add nothing to the events of a slot to which it could
 * have added POLLERR and POLLHUP. It never does then. gVisor's poll(2) adds them to all pollfds. */
static atomic_bool events_are_safe;

/* Write back the events as the caller has set them. */
SELDOM static void restore_events(struct fdslots *s, uint32_t nfds, bool completed)
{
    bool left_alone = false, wrote = false;
    for (uint32_t i = 0; i < nfds; i++) {
        struct pollfd *pollfd = &s->pollfds[i];
        const short events = (short)s->slots[i].events;
        wrote |= pollfd->events != events;
        left_alone |= pollfd->fd >= 0 && (~events & (POLLERR | POLLHUP)) != 0;
        pollfd->events = events;
    }
    if (completed && left_alone && !wrote)
        atomic_store_explicit(&events_are_safe, true, memory_order_relaxed);
}

static inline void keep_events(struct fdslots *s, uint32_t nfds, int rc)
{
    if (UNLIKELY(!atomic_load_explicit(&events_are_safe, memory_order_relaxed)))
        restore_events(s, nfds, rc >= 0);
}

int fdslots_poll_take(struct fdslots *s, uint32_t nfds, int rc)
{
    keep_events(s, nfds, rc);
    return rc > 0 ? take_ready(s, nfds, (uint32_t)rc) : rc;
}

int fdslots_poll_at_once(struct fdslots *s, uint32_t nfds)
{
    int rc = fdslots_poll_ask(s, nfds, 0, NULL);
    keep_events(s, nfds, rc);
    if (rc < 0 && rc != -EINTR)
        return rc;
    const uint32_t count = rc > 0 ? (uint32_t)rc : 0;
    return take_ready(s, nfds, count + show_held(s, nfds));
}
