/* SPDX-License-Identifier: ISC
 *
 * Setting slots. Only memory is changed: each change is noted, and a later wait tells the kernel.
 */
#include "slots.h"

#include <errno.h>

#define EVENTS_POLL                                                                                \
    (POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND |  \
     EVENTS_ALWAYS)
/* What the kernel accepts beside EPOLLEXCLUSIVE, and FDSLOTS_POLLED, which it never sees. It
 * refuses anything else with EINVAL. */
#define EVENTS_EXCLUSIVE                                                                           \
    (POLLIN | POLLOUT | EVENTS_ALWAYS | FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE | FDSLOTS_POLLED)

_Static_assert(FDSLOTS_EDGE >> EVENTS_USER_SHIFT == SLOT_EDGE &&
                   FDSLOTS_ONESHOT >> EVENTS_USER_SHIFT == SLOT_ONESHOT &&
                   FDSLOTS_EXCLUSIVE >> EVENTS_USER_SHIFT == SLOT_EXCLUSIVE &&
                   FDSLOTS_POLLED >> EVENTS_USER_SHIFT == SLOT_POLLED,
               "the flags of the caller become those of a slot by a shift");

static bool events_valid(uint32_t events)
{
    if ((events & ~((uint32_t)EVENTS_POLL | EVENTS_USER)) != 0)
        return false;
    return (events & FDSLOTS_EXCLUSIVE) == 0 || (events & ~(uint32_t)EVENTS_EXCLUSIVE) == 0;
}

/* ---- what every change goes through ---- */

/* Have the sets of slots cover those below `end`, which are in play then. */
static void cover(struct fdslots *s, uint32_t end)
{
    struct index_set *const sets[] = {&s->used, &s->held, &s->polled};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        fdslots_index_set_resize(sets[i], end);
    fdslots_index_set_resize(&s->roomy, fdslots_index_set_words(end));
    s->touched = end;
}

/* Give the slots up to `index` their first values, and the rest of those that share a word of the
 * sets with it. This is done when one of them is first used. */
SELDOM static void touch(struct fdslots *s, uint32_t index)
{
    const struct slot untouched = {.generation = s->first_generation};
    const uint32_t first = s->touched;
    const uint32_t end = (index | 63) < s->capacity ? (index | 63) + 1 : s->capacity;
#pragma GCC unroll 8
    for (struct pollfd *pollfd = s->pollfds + first; pollfd < s->pollfds + end; pollfd++)
        *pollfd = (struct pollfd){.fd = -1};
#pragma GCC unroll 8
    for (struct slot *slot = s->slots + first; slot < s->slots + end; slot++)
        *slot = untouched;
    cover(s, end);
    for (uint32_t word = first / 64; word < s->roomy.size; word++)
        fdslots_index_set_add(&s->roomy, word);
}

#define FULL (~UINT64_C(0)) /* a word of s->used in which no slot is empty */

/* Replace the flags of a slot, and update the counts that waits rely on. */
static void replace_flags(struct fdslots *s, uint32_t index, uint32_t flags)
{
    struct slot *slot = &s->slots[index];
    const uint32_t before = slot->flags;
    const uint32_t epoll_only = SLOT_EDGE | SLOT_EXCLUSIVE;
    slot->flags = (uint16_t)(flags | (before & SLOT_LISTED));
    s->epoll_only += (uint32_t)((flags & epoll_only) != 0) - ((before & epoll_only) != 0);
    s->oneshots += (uint32_t)((flags & SLOT_ONESHOT) != 0) - ((before & SLOT_ONESHOT) != 0);
    s->exclusive_changed |= s->exclusives > 0 && (before & SLOT_EXCLUSIVE) != 0;
    if ((before & ~flags & SLOT_HOLDS) != 0)
        fdslots_slot_release(s, index);
}

/* Whether a slot has values, and neither it nor these events have flags that something else depends
 * on. If so, the events are valid. All other cases are rare, and are dealt with out of line. */
static inline bool is_plain(const struct fdslots *s, uint32_t index, uint32_t events)
{
    return LIKELY((events & ~(uint32_t)EVENTS_POLL) == 0) && LIKELY(index < s->touched) &&
           LIKELY((s->slots[index].flags & (SLOT_USER | SLOT_HOLDS)) == 0);
}

/* Generations begin anew. The kernel's set may hold ghosts with those that come now, so it must be
 * made anew, too. */
static inline void begin_generations(struct fdslots *s)
{
    s->set_misleads = true;
    s->set_ready = false;
}

/* Give a slot another owner. */
static inline void write_owner(struct fdslots *s, uint32_t index, struct pollfd pollfd)
{
    struct slot *slot = &s->slots[index];
    const bool was_visible = s->pollfds[index].fd >= 0;
    if (was_visible != (pollfd.fd >= 0))
        s->visible += was_visible ? -1u : 1u;
    s->pollfds[index] = pollfd;
    slot->events = (uint16_t)pollfd.events;
    if (UNLIKELY(++slot->generation == 0))
        begin_generations(s);
}

/* Update the levels above a word of s->used that has become empty or full, or no longer is. This
 * returns 0, so that a setter can end with the call. Otherwise it would save registers for the
 * call, also where there is none. */
SELDOM static int note_above(struct fdslots *s, uint32_t index)
{
    const uint32_t word = index >> 6;
    const uint64_t used = s->used.level[0][word];
    (used != 0 ? fdslots_index_set_add_above : fdslots_index_set_remove_above)(&s->used, word);
    (used != FULL ? fdslots_index_set_add : fdslots_index_set_remove)(&s->roomy, word);
    return 0;
}

/* Note a change of a slot. Returns 0. */
static inline int note(struct fdslots *s, uint32_t index)
{
    fdslots_list_add(s, &s->fresh, index);
    return 0;
}

/* Note that a slot is used. Returns 0. */
static inline int note_used(struct fdslots *s, uint32_t index)
{
    const uint64_t bit = UINT64_C(1) << (index & 63);
    uint64_t *used = &s->used.level[0][index >> 6];
    const bool first = *used == 0 || *used == ~bit;
    *used |= bit;
    return UNLIKELY(first) ? note_above(s, index) : 0;
}

/* Note that a slot is empty. Returns 0. */
static inline int note_empty(struct fdslots *s, uint32_t index)
{
    const uint64_t bit = UINT64_C(1) << (index & 63);
    uint64_t *used = &s->used.level[0][index >> 6];
    const bool first = *used == FULL;
    *used &= ~bit;
    return UNLIKELY(first || *used == 0) ? note_above(s, index) : 0;
}

void fdslots_list_move(struct fdslots *s, struct slot_list *from, struct slot_list *to)
{
    const uint32_t flag = fdslots_list_flag(s, from);
    while (from->count > 0) {
        const uint32_t index = from->of[--from->count];
        s->slots[index].flags &= (uint16_t)~flag;
        fdslots_list_add(s, to, index);
    }
}

/* ---- set and empty ---- */

/* Give a slot another owner with these flags of the caller, or empty it if fd is -1. Returns 0. */
INLINE int put(struct fdslots *s, uint32_t index, int fd, uint32_t events, uint32_t user)
{
    const bool was_visible = s->pollfds[index].fd >= 0;
    const uint32_t listed = s->slots[index].flags & SLOT_LISTED;
    write_owner(s, index, (struct pollfd){.fd = fd, .events = (short)(uint16_t)events});
    /* The same number may be another file by now, and only the kernel can tell. */
    const uint32_t flags = fd < 0 ? 0 : user | SLOT_CONFIRM;
    s->slots[index].flags = (uint16_t)(listed | SLOT_FRESH | flags);
    if ((listed & SLOT_FRESH) == 0)
        s->fresh.of[s->fresh.count++] = index;
    if (fd < 0)
        return note_empty(s, index);
    return was_visible ? 0 : note_used(s, index);
}

/* The same for a special slot, and for the first owner of a slot. */
SELDOM static int put_special(struct fdslots *s, uint32_t index, int fd, uint32_t events)
{
    const uint32_t user = events >> EVENTS_USER_SHIFT;
    if (index >= s->touched)
        touch(s, index);
    replace_flags(s, index, user);
    return put(s, index, fd, events, user);
}

/* Set a slot that is not plain, or empty it. */
SELDOM static int set_other(struct fdslots *s, uint32_t index, int fd, uint32_t events)
{
    if (!events_valid(events))
        return -EINVAL;
    return fd >= 0 ? put_special(s, index, fd, events) : fdslots_invalidate_index(s, index);
}

int fdslots_set_index(struct fdslots *s, uint32_t index, int fd, uint32_t events)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    return is_plain(s, index, events) && LIKELY(fd >= 0) ? put(s, index, fd, events, 0)
                                                         : set_other(s, index, fd, events);
}

int fdslots_invalidate_index(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (is_plain(s, index, 0) && s->pollfds[index].fd >= 0)
        return put(s, index, -1, 0, 0);
    return fdslots_slot_used(s, index) ? put_special(s, index, -1, 0) : 0;
}

void fdslots_slot_replace_fd(struct fdslots *s, uint32_t index, int fd)
{
    const bool hidden = (s->slots[index].flags & SLOT_HIDDEN) != 0;
    replace_flags(s, index, (s->slots[index].flags & ~(SLOT_LOST | SLOT_HOLDS)) | SLOT_CONFIRM);
    write_owner(s, index,
                (struct pollfd){.fd = hidden ? ~fd : fd, .events = (short)s->slots[index].events});
    note(s, index);
}

void fdslots_slot_hold(struct fdslots *s, uint32_t index, uint32_t revents)
{
    struct slot *slot = &s->slots[index];
    if ((slot->flags & SLOT_LOST) != 0)
        return; /* these revents are another file's */
    const bool holds = (slot->flags & SLOT_HOLDS) != 0;
    const bool closed = (revents & POLLNVAL) != 0; /* so what was seen before is over */
    s->held_revents[index] =
        (uint16_t)(holds && !closed ? s->held_revents[index] | revents : revents);
    slot->flags |= SLOT_HOLDS;
    if (s->pollfds[index].fd >= 0)
        fdslots_index_set_add(&s->held, index); /* a hidden slot is added when it is shown */
}

void fdslots_slot_release(struct fdslots *s, uint32_t index)
{
    if ((s->slots[index].flags & SLOT_LOST) != 0)
        return;
    s->slots[index].flags &= (uint16_t)~SLOT_HOLDS;
    fdslots_index_set_remove(&s->held, index);
}

void fdslots_slot_lose(struct fdslots *s, uint32_t index)
{
    struct slot *slot = &s->slots[index];
    fdslots_slot_release(s, index);
    fdslots_slot_hold(s, index, POLLNVAL);
    slot->flags |= SLOT_LOST;
    s->pollfds[index].revents = 0;
    s->exclusive_changed |= s->exclusives > 0 && (slot->flags & SLOT_EXCLUSIVE) != 0;
    note(s, index);
    s->stats.lost++;
}

/* A later owner of a slot from `end` up must get a generation that no earlier one had. If these
 * slots were to wrap around one after another, the set would be made anew for each; so they begin
 * anew all at once. */
static void keep_generations(struct fdslots *s, uint32_t end)
{
    for (uint32_t i = end; i < s->touched; i++)
        if (s->slots[i].generation > s->first_generation)
            s->first_generation = s->slots[i].generation;
    if (s->first_generation > INT32_MAX) {
        s->first_generation = 0;
        begin_generations(s);
    }
}

/* Remove all indices from `end` up from a list. Returns how many are left. */
static uint32_t keep_below(uint32_t *list, uint32_t count, uint32_t end)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (list[i] < end)
            list[kept++] = list[i];
    return kept;
}

void fdslots_slots_cut(struct fdslots *s, uint32_t end)
{
    keep_generations(s, end);
    cover(s, end);
    s->ready_count = keep_below(s->ready, s->ready_count, end);
    s->fresh.count = keep_below(s->fresh.of, s->fresh.count, end);
    s->noted.count = keep_below(s->noted.of, s->noted.count, end);
}

/* ---- events, and pauses ---- */

/* Note a slot that holds an event or is exclusive, and was hidden or shown. A hidden slot is not in
 * s->held. Returns 0. */
SELDOM static int note_flipped(struct fdslots *s, uint32_t index)
{
    const uint32_t flags = s->slots[index].flags;
    const bool hidden = (flags & SLOT_HIDDEN) != 0;
    if ((flags & SLOT_HOLDS) != 0)
        (hidden ? fdslots_index_set_remove : fdslots_index_set_add)(&s->held, index);
    s->exclusive_changed |= hidden && s->exclusives > 0 && (flags & SLOT_EXCLUSIVE) != 0;
    return note(s, index);
}

/* Replace the reasons for hiding a slot. The kernel sees the slot while there is none. Returns 0.
 */
INLINE int replace_reasons(struct fdslots *s, uint32_t index, uint32_t reasons)
{
    struct slot *slot = &s->slots[index];
    const uint32_t before = slot->flags;
    slot->flags = (uint16_t)((before & ~SLOT_HIDDEN) | reasons);
    if ((reasons != 0) == ((before & SLOT_HIDDEN) != 0))
        return 0;
    s->pollfds[index].fd = ~s->pollfds[index].fd;
    s->visible += reasons != 0 ? -1u : 1u;
    return LIKELY((before & (SLOT_HOLDS | SLOT_EXCLUSIVE)) == 0) ? note(s, index)
                                                                 : note_flipped(s, index);
}

void fdslots_slot_fire(struct fdslots *s, uint32_t index, bool fired)
{
    replace_reasons(s, index, (s->slots[index].flags & SLOT_PAUSED) | (fired ? SLOT_FIRED : 0));
}

static inline int write_events(struct fdslots *s, uint32_t index, uint32_t events)
{
    struct pollfd *pollfd = &s->pollfds[index];
    pollfd->events = (short)(uint16_t)events;
    pollfd->revents &= (short)(uint16_t)(events | EVENTS_ALWAYS);
    s->slots[index].events = (uint16_t)events;
    return note(s, index);
}

/* Set the events of a slot that is not plain. Any call that sets those of an edge slot looks for
 * the edge again, as EPOLL_CTL_MOD does. */
SELDOM static int set_other_events(struct fdslots *s, uint32_t index, uint32_t events)
{
    if (!events_valid(events))
        return -EINVAL;
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    const uint32_t before = s->slots[index].flags;
    const uint32_t user = events >> EVENTS_USER_SHIFT;
    const uint32_t rearm = ((before | user) & SLOT_EDGE) != 0 ? SLOT_REARM : 0;
    replace_reasons(s, index, before & SLOT_PAUSED);
    replace_flags(s, index, (s->slots[index].flags & ~SLOT_USER) | user | rearm);
    return write_events(s, index, events);
}

int fdslots_set_events(struct fdslots *s, uint32_t index, uint32_t events)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (!is_plain(s, index, events))
        return set_other_events(s, index, events);
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    /* Loops often set all events before each wait. Those that stay the same are no change. */
    return s->slots[index].events == events ? 0 : write_events(s, index, events);
}

int fdslots_pause_index(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    struct slot *slot = &s->slots[index];
    /* The edge that is dropped here may be one that the caller has not seen. */
    if ((slot->flags & SLOT_EDGE) != 0 && s->pollfds[index].revents != 0)
        slot->flags |= SLOT_REARM;
    s->pollfds[index].revents = 0;
    return replace_reasons(s, index, (slot->flags & SLOT_HIDDEN) | SLOT_PAUSED);
}

int fdslots_resume_index(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    struct slot *slot = &s->slots[index];
    /* In level mode an fd that is still ready is reported again anyway. An edge is not, because it
     * has been reported. */
    if ((slot->flags & SLOT_EDGE) != 0 && (slot->flags & SLOT_FIRED) != 0)
        slot->flags |= SLOT_REARM;
    return replace_reasons(s, index, 0);
}
