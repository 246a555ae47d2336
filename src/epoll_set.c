/* SPDX-License-Identifier: ISC
 *
 * Making the kernel's epoll set agree with the slots, with the fewest epoll_ctl calls.
 *
 * Changes are only noted when a slot is set, and made good here, before a wait: what was changed
 * and changed back costs nothing, and an fd set ten times is told once. What the kernel forces:
 *
 * - A registration belongs to an open file under an fd number. After the number was closed and
 *   reused, MOD says ENOENT; when nothing was closed, ADD says EEXIST. So equal numbers prove
 *   nothing after set_index, and one MOD asks (SLOT_CONFIRM).
 * - The set takes an fd once: slots with the same fd share a registration (registration.h).
 * - A file that outlives its fd, by a dup or in a child, stays in the set, out of reach: a ghost.
 *   Where DEL or MOD failed there may be one; the wait recognises its reports by generation.
 * - Events 0 still reports ERR and HUP: only DEL silences a paused slot.
 * - EPERM means that the file has no poll method; EBADF, that the fd is not open.
 * - Its event bits are those of poll (configure looks), so they are handed over as they are.
 * - An EXCLUSIVE registration cannot be modified.
 * - The set is shared with a forked child: whoever finds itself in a child leaves it alone.
 */
#include "epoll_set.h"
#include "backend.h"
#include "registration.h"
#include "sys_epoll.h"

#include <limits.h>

/* The kernel's EP_MAX_EVENTS. */
#define MAX_EVENTS ((uint32_t)(INT_MAX / sizeof(struct epoll_event)))

bool fdslots_epoll_built(void)
{
    return true;
}

void fdslots_epoll_lay_out(struct epoll_set *set, struct layout *at, uint32_t nslots)
{
    set->events = fdslots_layout_take(at, nslots, sizeof(struct epoll_event));
    set->most = set->max_ready = nslots < MAX_EVENTS ? nslots : MAX_EVENTS;
    set->buckets = fdslots_layout_take(at, nslots, sizeof(uint32_t));
}

static int ctl(struct fdslots *s, int op, int fd, uint32_t events, uint64_t data)
{
    s->stats.epoll_ctl_calls++;
    return sys_epoll_ctl(s->epoll.fd, op, fd, events, data);
}

/* ---- the set as a whole ---- */

/* Whether fd is an epoll set, of which `other`, an epoll fd, is no member. The kernel answers
 * ENOENT to its removal; where fd is another file or none, EINVAL or EBADF. Nothing is changed. */
static bool is_epoll_set(int fd, int other)
{
    return sys_epoll_ctl(fd, EPOLL_CTL_DEL, other, 0, 0) == -ENOENT;
}

/* Close an epoll fd that came with fork(2), unless the caller has closed it (as daemons do with all
 * they inherit) and the number is something else by now. */
static void close_inherited(int fd, int probe)
{
    if (fd >= 0 && probe >= 0 && is_epoll_set(fd, probe))
        sys_close(fd);
}

static void forget_all(struct fdslots *s)
{
    fdslots_registration_clear(s);
    uint32_t i;
    while ((i = fdslots_index_set_next(&s->epoll.refused, 0)) != INDEX_NONE)
        fdslots_index_set_remove(&s->epoll.refused, i);
    for (i = fdslots_index_set_next(&s->used, 0); i != INDEX_NONE;
         i = fdslots_index_set_next(&s->used, i + 1))
        fdslots_index_set_add(&s->changed, i);
    s->epoll.ghosts_possible = false;
}

/* Close both sets; `probe` is any epoll fd, for those of a parent. */
static void close_sets(struct epoll_set *set, int probe)
{
    if (!fdslots_process_is(set->process)) {
        close_inherited(set->fd, probe);
        close_inherited(set->outer_fd, probe);
        set->outer_fd = -1;
    } else if (set->fd >= 0) {
        /* Taken out of the outer set by name: a child may keep the file open. */
        if (set->outer_fd >= 0)
            sys_epoll_ctl(set->outer_fd, EPOLL_CTL_DEL, set->fd, 0, 0);
        sys_close(set->fd);
    }
    set->fd = -1;
}

int fdslots_epoll_renew(struct fdslots *s)
{
    struct epoll_set *set = &s->epoll;
    int saved = errno;
    uint32_t process = fdslots_process_enter();
    errno = saved;
    int fresh = sys_epoll_create();
    if (fresh < 0)
        return fresh;
    if (set->fd >= 0) {
        forget_all(s);
        s->stats.rebuilds++;
    }
    close_sets(set, fresh);
    int rc = 0;
    if (set->outer_fd >= 0)
        rc = sys_epoll_ctl(set->outer_fd, EPOLL_CTL_ADD, fresh, EPOLLIN, 0);
    if (rc < 0) {
        sys_close(fresh);
        return rc;
    }
    set->fd = fresh;
    set->process = process;
    return 0;
}

void fdslots_epoll_close(struct fdslots *s)
{
    struct epoll_set *set = &s->epoll;
    if (set->fd < 0 && set->outer_fd < 0)
        return;
    int probe = fdslots_process_is(set->process) ? -1 : sys_epoll_create();
    close_sets(set, probe);
    if (set->outer_fd >= 0)
        sys_close(set->outer_fd);
    if (probe >= 0)
        sys_close(probe);
}

int fdslots_epoll_outer(struct fdslots *s)
{
    struct epoll_set *set = &s->epoll;
    int rc = fdslots_epoll_sync(s);
    if (rc < 0 || set->outer_fd >= 0)
        return rc < 0 ? rc : set->outer_fd;
    int outer = sys_epoll_create();
    if (outer < 0)
        return outer;
    rc = sys_epoll_ctl(outer, EPOLL_CTL_ADD, set->fd, EPOLLIN, 0);
    if (rc < 0) {
        sys_close(outer);
        return rc;
    }
    return set->outer_fd = outer;
}

bool fdslots_epoll_works(void)
{
    int fd = sys_epoll_create();
    if (fd >= 0)
        sys_close(fd);
    return fd >= 0;
}

/* ---- one registration ---- */

/* The kernel does not take the file of this run: its slots are answered without it. */
static void refuse(struct fdslots *s, uint32_t leader, enum slot_role role)
{
    while (leader != INDEX_NONE) {
        uint32_t index = leader;
        leader = fdslots_registration_leave(s, index);
        s->slots[index].flags &= (uint8_t)~SLOT_CONFIRM;
        s->slots[index].role = (uint8_t)role;
        if (fdslots_refused_revents(s, index) != 0)
            fdslots_index_set_add(&s->epoll.refused, index);
    }
}

/* What the kernel is told for a run. An epoll set in a slot wakes those who wait on it with EPOLLIN
 * alone, although it reads as EPOLLRDNORM too: who asks for that alone would not be woken. */
static uint32_t kernel_events(const struct fdslots *s, int fd, uint32_t registered)
{
    uint32_t events = registered & REGISTERED_EVENTS;
    if ((events & (EPOLLIN | EPOLLRDNORM)) == EPOLLRDNORM && is_epoll_set(fd, s->epoll.fd))
        events |= EPOLLIN;
    if ((registered & REGISTERED_EDGE) != 0)
        events |= EPOLLET;
    if ((registered & REGISTERED_EXCLUSIVE) != 0)
        events |= EPOLLEXCLUSIVE;
    return events;
}

static int replace(struct fdslots *s, int fd, uint32_t events, uint64_t data)
{
    if (ctl(s, EPOLL_CTL_DEL, fd, 0, 0) < 0)
        s->epoll.ghosts_possible = true;
    return ctl(s, EPOLL_CTL_ADD, fd, events, data);
}

/* Register, whatever the kernel holds under this fd. */
static int tell(struct fdslots *s, uint32_t leader, uint32_t registered)
{
    struct slot *slot = &s->slots[leader];
    int fd = slot->registered_fd;
    uint32_t events = kernel_events(s, fd, registered);
    uint64_t data = leader | (uint64_t)slot->generation << 32;
    int rc;
    if ((slot->flags & SLOT_IN_KERNEL) != 0) {
        slot->flags &= (uint8_t)~SLOT_IN_KERNEL;
        if (((slot->registered_events | registered) & REGISTERED_EXCLUSIVE) != 0)
            return replace(s, fd, events, data);
        rc = ctl(s, EPOLL_CTL_MOD, fd, events, data);
        if (rc == 0)
            return 0;
        s->epoll.ghosts_possible = true;
        if (rc != -ENOENT)
            return rc;
    }
    rc = ctl(s, EPOLL_CTL_ADD, fd, events, data);
    /* A file that was registered under this number came back to it (dup2): a ghost no more. Without
     * knowing how it was registered, replacing is what always works. */
    return rc == -EEXIST ? replace(s, fd, events, data) : rc;
}

static int settle(struct fdslots *s, uint32_t leader)
{
    struct slot *slot = &s->slots[leader];
    uint32_t registered = fdslots_registration_events(s, leader);
    if ((slot->flags & (SLOT_IN_KERNEL | SLOT_CONFIRM)) == SLOT_IN_KERNEL &&
        slot->registered_events == registered)
        return 0;
    /* The kernel's own answer to a circle that closes over the outer set is ELOOP. */
    if (slot->registered_fd == s->epoll.outer_fd)
        return -EINVAL;
    int rc = tell(s, leader, registered);
    switch (rc) {
    case 0:
        slot->registered_events = (uint16_t)registered;
        slot->flags = (uint8_t)((slot->flags | SLOT_IN_KERNEL) & ~SLOT_CONFIRM);
        break;
    case -EPERM:
        refuse(s, leader, ROLE_FILE);
        break;
    case -EBADF:
        refuse(s, leader, ROLE_CLOSED);
        break;
    default:
        return rc;
    }
    return 0;
}

/* ---- the difference ---- */

#define FOR_EACH_IN(set, i)                                                                        \
    for (uint32_t i = fdslots_index_set_next(set, 0); i != INDEX_NONE;                             \
         i = fdslots_index_set_next(set, i + 1))

/* Deletions come first, so that an fd can move from one slot to another. */
static void leave_changed(struct fdslots *s)
{
    FOR_EACH_IN(&s->changed, i)
    {
        struct slot *slot = &s->slots[i];
        bool same_fd = slot->registered_fd == fdslots_slot_wanted_fd(s, i);
        bool file_stays = slot->role == ROLE_FILE && same_fd && (slot->flags & SLOT_CONFIRM) == 0;
        if (slot->role == ROLE_CLOSED || (slot->role == ROLE_FILE && !file_stays)) {
            slot->role = ROLE_NONE;
            fdslots_index_set_remove(&s->epoll.refused, i);
        }
        if (!fdslots_registration_has(slot) || same_fd)
            continue;
        bool in_kernel = (slot->flags & SLOT_IN_KERNEL) != 0;
        uint32_t leader = fdslots_registration_leave(s, i);
        if (leader != INDEX_NONE)
            fdslots_index_set_add(&s->changed, leader);
        else if (in_kernel && ctl(s, EPOLL_CTL_DEL, slot->registered_fd, 0, 0) < 0)
            s->epoll.ghosts_possible = true;
    }
}

static void join(struct fdslots *s, uint32_t index, int fd)
{
    struct slot *slot = &s->slots[index];
    uint32_t leader = index;
    if (!fdslots_registration_has(slot))
        leader = fdslots_registration_join(s, index, fd);
    else if (slot->role == ROLE_FOLLOWER)
        leader = fdslots_registration_find(s, fd);
    if (leader == index)
        return;
    s->slots[leader].flags |= slot->flags & SLOT_CONFIRM;
    slot->flags &= (uint8_t)~SLOT_CONFIRM;
    fdslots_index_set_add(&s->changed, leader);
}

static void join_changed(struct fdslots *s)
{
    FOR_EACH_IN(&s->changed, i)
    {
        int fd = fdslots_slot_wanted_fd(s, i);
        if (fd < 0)
            continue;
        if (s->slots[i].role != ROLE_FILE)
            join(s, i, fd);
        else if (fdslots_refused_revents(s, i) != 0)
            fdslots_index_set_add(&s->epoll.refused, i);
        else
            fdslots_index_set_remove(&s->epoll.refused, i);
    }
}

/* On an error the rest stays noted, for the next wait. */
static int settle_changed(struct fdslots *s)
{
    FOR_EACH_IN(&s->changed, i)
    {
        if (fdslots_registration_leads(&s->slots[i])) {
            int rc = settle(s, i);
            if (rc < 0)
                return rc;
        }
        fdslots_index_set_remove(&s->changed, i);
    }
    return 0;
}

/* A number that was closed may be a file again: ask each time. */
static void ask_closed_again(struct fdslots *s)
{
    FOR_EACH_IN(&s->epoll.refused, i)
    {
        if (s->slots[i].role == ROLE_CLOSED)
            fdslots_index_set_add(&s->changed, i);
    }
}

uint32_t fdslots_epoll_price(const struct fdslots *s, uint32_t index)
{
    const struct slot *slot = &s->slots[index];
    int fd = fdslots_slot_wanted_fd(s, index);
    if (!fdslots_registration_has(slot))
        return fd >= 0 && slot->role != ROLE_FILE ? COST_EPOLL_ADD : 0;
    if (fd != slot->registered_fd)
        return fd >= 0 ? 2 * COST_EPOLL_ADD : COST_EPOLL_ADD;
    if ((slot->flags & SLOT_CONFIRM) != 0)
        return COST_EPOLL_MOD;
    uint32_t leader = slot->role == ROLE_FOLLOWER ? fdslots_registration_find(s, fd) : index;
    bool same = fdslots_registration_events(s, leader) == s->slots[leader].registered_events;
    return same ? 0 : COST_EPOLL_MOD;
}

int fdslots_epoll_sync(struct fdslots *s)
{
    if (!fdslots_epoll_ours(&s->epoll)) {
        int rc = fdslots_epoll_renew(s);
        if (rc < 0)
            return rc;
    }
    uint32_t count = 0;
    fdslots_index_set_move(&s->fresh, &s->changed, &count, &count);
    ask_closed_again(s);
    if (fdslots_index_set_empty(&s->changed))
        return 0;
    fdslots_registration_reserve(s);
    leave_changed(s);
    join_changed(s);
    return settle_changed(s);
}

void fdslots_epoll_forget(struct fdslots *s, int fd)
{
    if (!fdslots_epoll_ours(&s->epoll))
        return;
    uint32_t leader = fdslots_registration_find(s, fd);
    if (leader == INDEX_NONE)
        return;
    if ((s->slots[leader].flags & SLOT_IN_KERNEL) != 0)
        ctl(s, EPOLL_CTL_DEL, fd, 0, 0);
    while (leader != INDEX_NONE) {
        uint32_t index = leader;
        leader = fdslots_registration_leave(s, index);
        fdslots_index_set_add(&s->changed, index);
    }
}
