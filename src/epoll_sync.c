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
 */
#include "backend.h"
#include "epoll_set.h"
#include "registration.h"
#include "sys_epoll.h"

#include <string.h>

static int ctl(struct fdslots *s, int op, int fd, uint32_t events, struct event_name name)
{
    uint64_t data;
    memcpy(&data, &name, sizeof data);
    s->stats.epoll_ctl_calls++;
    return sys_epoll_ctl(s->epoll.fd, op, fd, events, data);
}

static int ctl_delete(struct fdslots *s, int fd)
{
    return ctl(s, EPOLL_CTL_DEL, fd, 0, (struct event_name){0});
}

/* ---- one registration ---- */

/* The kernel does not take the file of this run: its slots are answered without it. */
static void refuse(struct fdslots *s, uint32_t leader, enum slot_role role)
{
    uint32_t next;
    for (uint32_t i = leader; i != INDEX_NONE; i = next) {
        next = fdslots_registration_next(s, i);
        s->slots[i].flags &= (uint8_t)~SLOT_CONFIRM;
        s->slots[i].role = (uint8_t)role;
        if (fdslots_refused_revents(s, i) != 0)
            fdslots_index_set_add(&s->sets, SET_REFUSED, i);
        s->epoll.files += role == ROLE_FILE;
    }
    fdslots_registration_dissolve(s, leader, role);
}

static void admit(struct fdslots *s, uint32_t index)
{
    s->epoll.files -= s->slots[index].role == ROLE_FILE;
    s->slots[index].role = ROLE_NONE;
    fdslots_index_set_remove(&s->sets, SET_REFUSED, index);
}

/* What the kernel is told for a run. An epoll set in a slot wakes those who wait on it with EPOLLIN
 * alone, although it reads as EPOLLRDNORM too: who asks for that alone would not be woken. */
static int kernel_events(int fd, uint32_t registered, uint32_t *events)
{
    int rc = 0;
    *events = registered & REGISTERED_EVENTS;
    if ((*events & (EPOLLIN | EPOLLRDNORM)) == EPOLLRDNORM)
        rc = fdslots_epoll_is_set(fd);
    if (rc > 0)
        *events |= EPOLLIN;
    if ((registered & REGISTERED_EDGE) != 0)
        *events |= EPOLLET;
    if ((registered & REGISTERED_EXCLUSIVE) != 0)
        *events |= EPOLLEXCLUSIVE;
    return rc;
}

static int replace(struct fdslots *s, int fd, uint32_t events, struct event_name name)
{
    int rc = ctl_delete(s, fd);
    if (rc < 0)
        s->epoll.ghosts_possible = true;
    if (rc < 0 && rc != -ENOENT && rc != -EBADF)
        return rc; /* it is there still, and ADD would say EEXIST */
    return ctl(s, EPOLL_CTL_ADD, fd, events, name);
}

/* Whether MOD says that what was registered under this number is no longer open there. */
static bool is_of_another_file(int rc)
{
    return rc == -ENOENT || rc == -EBADF || rc == -EPERM;
}

/* Register, whatever the kernel holds under this fd. */
static int tell(struct fdslots *s, uint32_t leader, uint32_t registered)
{
    struct slot *slot = &s->slots[leader];
    int fd = slot->registered_fd;
    const struct event_name name = {leader, slot->generation};
    uint32_t events;
    int rc = kernel_events(fd, registered, &events);
    if (rc < 0)
        return rc;
    if (slot->registered_events != 0) {
        const bool exclusive = ((slot->registered_events | registered) & REGISTERED_EXCLUSIVE) != 0;
        if (exclusive) {
            slot->registered_events = 0;
            return replace(s, fd, events, name);
        }
        rc = ctl(s, EPOLL_CTL_MOD, fd, events, name);
        if (rc != -EINVAL && !is_of_another_file(rc))
            return rc; /* where it failed, the registration stands as before */
        slot->registered_events = 0;
        s->epoll.ghosts_possible = true;
        if (rc != -ENOENT && rc != -EINVAL)
            return rc;
    }
    rc = ctl(s, EPOLL_CTL_ADD, fd, events, name);
    /* A file that was registered under this number came back to it (dup2): a ghost no more. Without
     * knowing how it was registered, replacing is what always works; where it is exclusive, MOD has
     * said EINVAL. */
    return rc == -EEXIST ? replace(s, fd, events, name) : rc;
}

static int settle(struct fdslots *s, uint32_t leader)
{
    struct slot *slot = &s->slots[leader];
    uint32_t registered = fdslots_registration_events(s, leader);
    if ((slot->flags & SLOT_CONFIRM) == 0 && slot->registered_events == registered)
        return 0;
    /* The kernel's own answer to a circle that closes over the outer set is ELOOP. */
    if (slot->registered_fd == s->epoll.outer_fd)
        return -EINVAL;
    int rc = tell(s, leader, registered);
    if (rc == 0) {
        slot->registered_events = (uint16_t)registered;
        slot->flags &= (uint8_t)~SLOT_CONFIRM;
    } else if (rc == -EPERM) {
        refuse(s, leader, ROLE_FILE);
    } else if (rc == -EBADF || slot->registered_fd == s->epoll.fd) {
        /* A closed number on which the library has opened its set is closed still to the caller. */
        refuse(s, leader, ROLE_CLOSED);
    } else {
        return rc;
    }
    return 0;
}

/* ---- the difference ---- */

/* Whether a slot that changed is answered without the kernel's set as before. */
static bool stays_refused(const struct fdslots *s, uint32_t index)
{
    const struct slot *slot = &s->slots[index];
    if (slot->role == ROLE_FILE)
        return slot->registered_fd == fdslots_slot_wanted_fd(s, index) &&
               (slot->flags & SLOT_CONFIRM) == 0;
    return fdslots_slot_lost(s, index);
}

/* Whether only events may differ: most waits that find changes find no others. */
static bool all_stay(const struct fdslots *s)
{
    FOR_EACH_IN(&s->sets, SET_CHANGED, i)
    {
        const struct slot *slot = &s->slots[i];
        if (slot->role != ROLE_ALONE || slot->registered_fd != s->pollfds[i].fd)
            return false;
    }
    return true;
}

static void delete_registered(struct fdslots *s, int fd, bool registered)
{
    if (registered && ctl_delete(s, fd) < 0)
        s->epoll.ghosts_possible = true;
}

/* A slot that is alone on its fd leaves at once. Returns whether others were marked, which leave a
 * run. */
static bool leave_alone(struct fdslots *s)
{
    bool marked = false;
    FOR_EACH_IN(&s->sets, SET_CHANGED, i)
    {
        struct slot *slot = &s->slots[i];
        const int fd = fdslots_slot_wanted_fd(s, i);
        if (!fdslots_registration_has(slot)) {
            if (slot->role != ROLE_NONE && !stays_refused(s, i))
                admit(s, i);
        } else if (slot->registered_fd != fd && slot->role == ROLE_ALONE) {
            delete_registered(s, slot->registered_fd, slot->registered_events != 0);
            fdslots_registration_dissolve(s, i, ROLE_NONE);
            if (fd < 0)
                fdslots_index_set_remove(&s->sets, SET_CHANGED, i);
        } else if (slot->registered_fd != fd) {
            slot->flags |= SLOT_LEAVING;
            marked = true;
        }
    }
    return marked;
}

/* Deletions come first, so that an fd can move from one slot to another. */
static void leave_changed(struct fdslots *s)
{
    if (!leave_alone(s))
        return;
    FOR_EACH_IN(&s->sets, SET_CHANGED, i)
    {
        if ((s->slots[i].flags & SLOT_LEAVING) == 0)
            continue;
        int fd = s->slots[i].registered_fd;
        uint32_t leader = fdslots_registration_find(s, fd);
        bool registered = s->slots[leader].registered_events != 0;
        leader = fdslots_registration_sweep(s, fd, ROLE_NONE);
        if (leader != INDEX_NONE)
            fdslots_index_set_add(&s->sets, SET_CHANGED, leader);
        else
            delete_registered(s, fd, registered);
    }
}

static void join(struct fdslots *s, uint32_t index, int fd)
{
    struct slot *slot = &s->slots[index];
    uint32_t leader = index;
    if (!fdslots_registration_has(slot)) {
        leader = fdslots_registration_join(s, index, fd);
        /* What came before it joined went to the others alone: the kernel must look anew. */
        if ((slot->flags & SLOT_EDGE) != 0)
            slot->flags |= SLOT_CONFIRM;
    } else if (slot->role == ROLE_FOLLOWER)
        leader = fdslots_registration_find(s, fd);
    if (leader == index)
        return;
    s->slots[leader].flags |= slot->flags & SLOT_CONFIRM;
    slot->flags &= (uint8_t)~SLOT_CONFIRM;
    fdslots_index_set_add(&s->sets, SET_CHANGED, leader);
}

static void show_refused(struct fdslots *s, uint32_t index, bool visible)
{
    if (visible && fdslots_refused_revents(s, index) != 0)
        fdslots_index_set_add(&s->sets, SET_REFUSED, index);
    else
        fdslots_index_set_remove(&s->sets, SET_REFUSED, index);
}

static void join_changed(struct fdslots *s)
{
    FOR_EACH_IN(&s->sets, SET_CHANGED, i)
    {
        int fd = fdslots_slot_wanted_fd(s, i);
        if (s->slots[i].role == ROLE_FILE || s->slots[i].role == ROLE_LOST)
            show_refused(s, i, fd >= 0);
        else if (fd >= 0)
            join(s, i, fd);
    }
}

/* On an error the rest stays noted, for the next wait. */
static int settle_changed(struct fdslots *s)
{
    FOR_EACH_IN(&s->sets, SET_CHANGED, i)
    {
        if (fdslots_registration_leads(&s->slots[i])) {
            int rc = settle(s, i);
            if (rc < 0)
                return rc;
        }
        fdslots_index_set_remove(&s->sets, SET_CHANGED, i);
    }
    return 0;
}

/* A number that was closed may be a file again: ask each time. */
static void ask_closed_again(struct fdslots *s)
{
    FOR_EACH_IN(&s->sets, SET_REFUSED, i)
    {
        if (s->slots[i].role == ROLE_CLOSED)
            fdslots_index_set_add(&s->sets, SET_CHANGED, i);
    }
}

void fdslots_epoll_look_again(struct fdslots *s, uint32_t index)
{
    const struct slot *slot = &s->slots[index];
    if (!fdslots_registration_has(slot))
        return; /* to be registered, or refused: either way it is looked at */
    uint32_t leader = fdslots_registration_find(s, slot->registered_fd);
    if (s->slots[leader].registered_events != 0)
        s->slots[leader].registered_events |= REGISTERED_STALE;
    fdslots_index_set_add(&s->sets, SET_FRESH, leader);
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

static int sync_set(struct fdslots *s)
{
    uint32_t count = 0;
    fdslots_index_set_move(&s->sets, SET_FRESH, SET_CHANGED, &count, &count);
    ask_closed_again(s);
    if (fdslots_index_set_empty(&s->sets, SET_CHANGED))
        return 0;
    if (!all_stay(s)) {
        fdslots_registration_reserve(s);
        leave_changed(s);
        join_changed(s);
    }
    return settle_changed(s);
}

/* Ghosts take watches and memory; a new set is without them. */
static bool ghosts_may_take_it(const struct fdslots *s, int rc)
{
    return (rc == -ENOSPC || rc == -ENOMEM) && s->epoll.ghosts_possible;
}

int fdslots_epoll_sync(struct fdslots *s)
{
    int rc = fdslots_epoll_ours(&s->epoll) ? 0 : fdslots_epoll_renew(s);
    if (rc == 0)
        rc = sync_set(s);
    if (!ghosts_may_take_it(s, rc))
        return rc;
    rc = fdslots_epoll_renew(s);
    return rc < 0 ? rc : sync_set(s);
}

/* A file that epoll refuses is in no run: other slots with the fd must be looked for, unless this
 * one is known to be watched. */
static void ask_files_again(struct fdslots *s, uint32_t index, int fd)
{
    const struct slot *slot = &s->slots[index];
    const bool known = slot->registered_fd == fd && (slot->flags & SLOT_CONFIRM) == 0;
    const uint32_t own = known && slot->role == ROLE_FILE;
    if (s->epoll.files == own || (known && fdslots_registration_has(slot)))
        return;
    FOR_EACH_IN(&s->sets, SET_USED, i)
    {
        if (s->slots[i].role == ROLE_FILE && s->slots[i].registered_fd == fd) {
            s->slots[i].flags |= SLOT_CONFIRM;
            fdslots_index_set_add(&s->sets, SET_CHANGED, i);
        }
    }
}

void fdslots_epoll_forget(struct fdslots *s, uint32_t index)
{
    if (!fdslots_epoll_ours(&s->epoll))
        return;
    int fd = fdslots_slot_fd(s, index);
    ask_files_again(s, index, fd);
    uint32_t leader = fdslots_registration_find(s, fd);
    if (leader == INDEX_NONE)
        return;
    if (s->slots[leader].registered_events != 0 && ctl_delete(s, fd) < 0)
        s->epoll.ghosts_possible = true;
    /* As fresh as if the caller had changed them: the next choice must know what they will cost. */
    for (uint32_t i = leader; i != INDEX_NONE; i = fdslots_registration_next(s, i))
        fdslots_index_set_add(&s->sets, SET_FRESH, i);
    fdslots_registration_dissolve(s, leader, ROLE_NONE);
}
