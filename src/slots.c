/* SPDX-License-Identifier: ISC
 *
 * Setting and reading slots: memory only, no system call, no backend.
 */
#include "backend.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

#define EVENTS_POLL                                                                                \
    (POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND |  \
     EVENTS_ALWAYS)
/* What the kernel takes beside EPOLLEXCLUSIVE; it answers EINVAL to anything else. */
#define EVENTS_EXCLUSIVE (POLLIN | POLLOUT | EVENTS_ALWAYS | FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE)

static bool events_valid(uint32_t events)
{
    if ((events & ~((uint32_t)EVENTS_POLL | EVENTS_USER)) != 0)
        return false;
    return (events & FDSLOTS_EXCLUSIVE) == 0 || (events & ~(uint32_t)EVENTS_EXCLUSIVE) == 0;
}

/* Give values to the slots up to `index`, and to all that share a word of the sets with it, the
 * first time any of them is used. */
SELDOM static void touch(struct fdslots *s, uint32_t index)
{
    const uint32_t end = (index | 63) < s->capacity ? (index | 63) + 1 : s->capacity;
    for (uint32_t i = s->touched; i < end; i++)
        s->pollfds[i] = (struct pollfd){.fd = -1};
    memset(s->slots + s->touched, 0, (end - s->touched) * sizeof *s->slots);
    s->touched = end;
    fdslots_index_sets_extend(&s->sets, end);
}

/* Replace the flags of a slot, and keep count of those that waits must know of. */
static void set_flags(struct fdslots *s, struct slot *slot, uint32_t flags)
{
    uint32_t before = slot->flags;
    slot->flags = (uint8_t)flags;
    if (((before ^ flags) & SLOT_USER) == 0)
        return;
    const uint32_t epoll_only = SLOT_EDGE | SLOT_EXCLUSIVE;
    s->epoll_only += (uint32_t)((flags & epoll_only) != 0) - ((before & epoll_only) != 0);
    s->oneshots += (uint32_t)((flags & SLOT_ONESHOT) != 0) - ((before & SLOT_ONESHOT) != 0);
}

static void write_pollfd(struct fdslots *s, uint32_t index, struct pollfd pollfd)
{
    s->visible += (uint32_t)(pollfd.fd >= 0) - (s->pollfds[index].fd >= 0);
    s->pollfds[index] = pollfd;
}

/* Whether the kernel sees the slot is written into its fd. */
static void show_fd(struct fdslots *s, uint32_t index, int fd)
{
    struct pollfd pollfd = s->pollfds[index];
    pollfd.fd = (s->slots[index].flags & SLOT_HIDDEN) != 0 ? ~fd : fd;
    write_pollfd(s, index, pollfd);
}

/* A used slot, seen by the kernel, without any of these flags of the caller: nearly every one. The
 * calls that change one often take a short way for it, and see to the rest elsewhere. */
static inline bool is_plain(const struct fdslots *s, uint32_t index, uint32_t but)
{
    return s != NULL && index < s->touched && s->pollfds[index].fd >= 0 &&
           (s->slots[index].flags & but) == 0;
}

SELDOM static void vacate(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_used(s, index))
        return;
    struct slot *slot = &s->slots[index];
    write_pollfd(s, index, (struct pollfd){.fd = -1});
    slot->generation++;
    if ((slot->flags & (SLOT_USER | SLOT_HIDDEN)) != 0)
        set_flags(s, slot, 0);
    fdslots_slot_note_change(s, index);
    fdslots_index_set_remove(&s->sets, SET_USED, index);
}

static void occupy(struct fdslots *s, uint32_t index)
{
    if (index >= s->touched)
        touch(s, index);
    fdslots_index_set_add(&s->sets, SET_USED, index);
}

SELDOM static int set_any(struct fdslots *s, uint32_t index, int fd, uint32_t events)
{
    if (!fdslots_slot_exists(s, index) || !events_valid(events))
        return -EINVAL;
    if (fd < 0) {
        vacate(s, index);
        return 0;
    }
    if (!fdslots_slot_used(s, index))
        occupy(s, index);
    struct slot *slot = &s->slots[index];
    write_pollfd(s, index, (struct pollfd){.fd = fd, .events = (short)(uint16_t)events});
    slot->generation++;
    set_flags(s, slot, SLOT_CONFIRM | events >> EVENTS_USER_SHIFT);
    fdslots_slot_note_change(s, index);
    return 0;
}

/* A used slot that changed is the first of its word in one of the sets. */
SELDOM static int note_first(struct fdslots *s, uint32_t index)
{
    fdslots_index_set_add_above(&s->sets, SET_FRESH, index >> 6);
    fdslots_index_set_add_above(&s->sets, SET_USED, index >> 6);
    return 0;
}

/* The slot was empty. */
SELDOM static int note_used(struct fdslots *s, uint32_t index, uint64_t *words)
{
    const uint64_t bit = UINT64_C(1) << (index & 63);
    const uint64_t used = words[SET_USED];
    const uint64_t fresh = words[SET_FRESH];
    words[SET_USED] = used | bit;
    words[SET_FRESH] = fresh | bit;
    s->visible++;
    return used != 0 && fresh != 0 ? 0 : note_first(s, index);
}

int fdslots_set_index(struct fdslots *s, uint32_t index, int fd, uint32_t events)
{
    if (s == NULL || index >= s->touched || fd < 0 || (events & ~(uint32_t)EVENTS_POLL) != 0 ||
        (s->slots[index].flags & (SLOT_USER | SLOT_HIDDEN)) != 0)
        return set_any(s, index, fd, events);
    const bool was_empty = s->pollfds[index].fd < 0;
    s->pollfds[index] = (struct pollfd){.fd = fd, .events = (short)(uint16_t)events};
    s->slots[index].generation++;
    /* The same number may be another file by now: only the kernel can tell. */
    s->slots[index].flags |= SLOT_CONFIRM;
    uint64_t *words = fdslots_index_set_word(&s->sets, 0, 0, index);
    if (was_empty)
        return note_used(s, index, words);
    const uint64_t fresh = words[SET_FRESH];
    words[SET_FRESH] = fresh | UINT64_C(1) << (index & 63);
    return fresh != 0 ? 0 : note_first(s, index);
}

/* End the pause of a one-shot slot that was reported. In level mode a fd that is still ready shows
 * by itself; under FDSLOTS_EDGE the kernel must look again, as EPOLL_CTL_MOD makes it. */
static void arm(struct fdslots *s, uint32_t index)
{
    struct slot *slot = &s->slots[index];
    if ((slot->flags & (SLOT_FIRED | SLOT_EDGE)) == (SLOT_FIRED | SLOT_EDGE))
        fdslots_epoll_look_again(s, index);
    slot->flags &= (uint8_t)~SLOT_FIRED;
}

static void write_events(struct pollfd *pollfd, uint32_t events)
{
    pollfd->events = (short)(uint16_t)events;
    pollfd->revents &= (short)(uint16_t)(events | EVENTS_ALWAYS);
}

/* An edge that is dropped here before anyone has seen it would never come again unless the kernel
 * looks anew; nor would one that only now is wanted, where others with the fd have had it. */
static void keep_edges(struct fdslots *s, uint32_t index, uint32_t events)
{
    const struct slot *slot = &s->slots[index];
    const struct pollfd *pollfd = &s->pollfds[index];
    const bool shared = slot->role == ROLE_LEADER || slot->role == ROLE_FOLLOWER;
    const uint32_t dropped = (uint16_t)pollfd->revents & ~events;
    const uint32_t wanted = (uint16_t)events & ~(uint32_t)(uint16_t)pollfd->events;
    if ((slot->flags & SLOT_EDGE) != 0 && (dropped != 0 || (shared && wanted != 0)))
        fdslots_epoll_look_again(s, index);
}

SELDOM static int set_events_any(struct fdslots *s, uint32_t index, uint32_t events)
{
    if (!fdslots_slot_exists(s, index) || !events_valid(events))
        return -EINVAL;
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    struct slot *slot = &s->slots[index];
    int fd = fdslots_slot_fd(s, index);
    keep_edges(s, index, events);
    write_events(&s->pollfds[index], events);
    arm(s, index);
    set_flags(s, slot, (slot->flags & ~SLOT_USER) | events >> EVENTS_USER_SHIFT);
    show_fd(s, index, fd);
    fdslots_slot_note_change(s, index);
    return 0;
}

int fdslots_set_events(struct fdslots *s, uint32_t index, uint32_t events)
{
    if (!is_plain(s, index, SLOT_USER) || (events & ~(uint32_t)EVENTS_POLL) != 0)
        return set_events_any(s, index, events);
    write_events(&s->pollfds[index], events);
    fdslots_slot_note_change(s, index);
    return 0;
}

SELDOM static int invalidate_any(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    vacate(s, index);
    return 0;
}

int fdslots_invalidate_index(struct fdslots *s, uint32_t index)
{
    /* The short way leaves the upper levels of both sets as they are. */
    const uint64_t bit = UINT64_C(1) << (index & 63);
    if (!is_plain(s, index, SLOT_USER))
        return invalidate_any(s, index);
    uint64_t *words = fdslots_index_set_word(&s->sets, 0, 0, index);
    if (words[SET_USED] == bit || words[SET_FRESH] == 0)
        return invalidate_any(s, index);
    s->pollfds[index] = (struct pollfd){.fd = -1};
    s->slots[index].generation++;
    s->visible--;
    words[SET_USED] ^= bit;
    words[SET_FRESH] |= bit;
    return 0;
}

int fdslots_close_index(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    int fd = fdslots_slot_fd(s, index);
    if (fdslots_slot_lost(s, index) || fdslots_epoll_owns(s, fd)) {
        vacate(s, index);
        fdslots_waker_lost(s, fd);
        return -EBADF; /* what has the number now is none of the slot's */
    }
    fdslots_epoll_forget(s, index);
    vacate(s, index);
    return fdslots_waker_closed(s, fd) ? 0 : sys_close(fd);
}

INLINE int pause_used(struct fdslots *s, uint32_t index)
{
    const bool seen = s->pollfds[index].fd >= 0;
    s->pollfds[index].revents = 0;
    s->slots[index].flags |= SLOT_PAUSED;
    if (seen)
        fdslots_slot_hide(s, index);
    return 0;
}

SELDOM static int pause_any(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    keep_edges(s, index, 0);
    return pause_used(s, index);
}

int fdslots_pause_index(struct fdslots *s, uint32_t index)
{
    return is_plain(s, index, SLOT_EDGE) ? pause_used(s, index) : pause_any(s, index);
}

INLINE int unhide(struct fdslots *s, uint32_t index)
{
    s->pollfds[index].fd = ~s->pollfds[index].fd;
    s->slots[index].flags &= (uint8_t)~SLOT_HIDDEN;
    s->visible++;
    fdslots_slot_note_change(s, index);
    return 0;
}

SELDOM static int resume_any(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    if ((s->slots[index].flags & SLOT_HIDDEN) == 0)
        return 0;
    arm(s, index);
    return unhide(s, index);
}

int fdslots_resume_index(struct fdslots *s, uint32_t index)
{
    if (s == NULL || index >= s->touched || (s->slots[index].flags & SLOT_HIDDEN) == 0 ||
        (s->slots[index].flags & SLOT_EDGE) != 0)
        return resume_any(s, index);
    return unhide(s, index);
}

int fdslots_get_fd(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    return fdslots_slot_used(s, index) ? fdslots_slot_fd(s, index) : -ENOENT;
}

int fdslots_get_events(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (index >= s->touched)
        return 0;
    uint32_t user = s->slots[index].flags & SLOT_USER;
    return (int)((uint16_t)s->pollfds[index].events | user << EVENTS_USER_SHIFT);
}

int fdslots_get_revents(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    return index < s->touched ? (uint16_t)s->pollfds[index].revents : 0;
}

int64_t fdslots_get_generation(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    return index < s->touched ? s->slots[index].generation : 0;
}

int64_t fdslots_next_used(const struct fdslots *s, uint32_t from)
{
    if (s == NULL)
        return -EINVAL;
    uint32_t index = fdslots_index_set_next(&s->sets, SET_USED, from);
    return index != INDEX_NONE ? (int64_t)index : -ENOENT;
}
