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

/* Of the registration that this slot leads. */
INLINE int ctl(struct fdslots *s, int op, uint32_t leader, uint32_t events)
{
    const struct slot *slot = &s->slots[leader];
    const struct event_name name = {leader, slot->generation};
    uint64_t data;
    memcpy(&data, &name, sizeof data);
    s->stats.epoll_ctl_calls++;
    return sys_epoll_ctl(s->epoll.fd, op, slot->registered_fd, events, data);
}

INLINE int ctl_delete(struct fdslots *s, int fd)
{
    s->stats.epoll_ctl_calls++;
    return sys_epoll_ctl(s->epoll.fd, EPOLL_CTL_DEL, fd, 0, 0);
}

/* ---- one registration ---- */

static void dismiss(struct fdslots *s, uint32_t leader, enum slot_role role)
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

/* Where the kernel does not take the file of this run, its slots are answered without it. */
SELDOM static int refuse(struct fdslots *s, uint32_t leader, int rc)
{
    if (rc == -EPERM)
        dismiss(s, leader, ROLE_FILE);
    else if (rc == -EBADF || s->slots[leader].registered_fd == s->epoll.fd)
        /* A closed number on which the library has opened its set is closed still to the caller. */
        dismiss(s, leader, ROLE_CLOSED);
    else
        return rc;
    return 0;
}

static void admit(struct fdslots *s, uint32_t index)
{
    s->epoll.files -= s->slots[index].role == ROLE_FILE;
    s->slots[index].role = ROLE_NONE;
    fdslots_index_set_remove(&s->sets, SET_REFUSED, index);
}

static bool asks_for_rdnorm_alone(uint32_t registered)
{
    return (registered & (EPOLLIN | EPOLLRDNORM)) == EPOLLRDNORM;
}

/* What the kernel is told for a run. An epoll set in a slot wakes those who wait on it with EPOLLIN
 * alone, although it reads as EPOLLRDNORM too: who asks for that alone would not be woken. */
INLINE int kernel_events(int fd, uint32_t registered, uint32_t *events)
{
    int rc = 0;
    *events = registered & REGISTERED_EVENTS;
    if (asks_for_rdnorm_alone(registered))
        rc = fdslots_epoll_is_set(fd);
    if (rc > 0)
        *events |= EPOLLIN;
    if ((registered & REGISTERED_EDGE) != 0)
        *events |= EPOLLET;
    if ((registered & REGISTERED_EXCLUSIVE) != 0)
        *events |= EPOLLEXCLUSIVE;
    return rc;
}

/* A file that was registered under this number came back to it (dup2), a ghost no more; or it is
 * exclusive, and cannot be modified. */
SELDOM static int replace(struct fdslots *s, uint32_t leader, uint32_t events)
{
    const int fd = s->slots[leader].registered_fd;
    int rc = ctl_delete(s, fd);
    if (rc < 0)
        s->epoll.ghosts_possible = true;
    if (rc < 0 && rc != -ENOENT && rc != -EBADF)
        return rc; /* it is there still, and ADD would say EEXIST */
    return ctl(s, EPOLL_CTL_ADD, leader, events);
}

/* Without knowing what the kernel holds under this number, replacing is what always works. */
INLINE int add(struct fdslots *s, uint32_t leader, uint32_t events)
{
    int rc = ctl(s, EPOLL_CTL_ADD, leader, events);
    return rc == -EEXIST ? replace(s, leader, events) : rc;
}

/* MOD has failed: what was registered under this number may no longer be open there. Where it is
 * exclusive, and has come back to its number, MOD says EINVAL. */
SELDOM static int modify_otherwise(struct fdslots *s, uint32_t leader, uint32_t events, int rc)
{
    const bool may_be_open = rc == -ENOENT || rc == -EINVAL;
    if (!may_be_open && rc != -EBADF && rc != -EPERM)
        return rc; /* the registration stands as before */
    s->slots[leader].registered_events = 0;
    s->epoll.ghosts_possible = true;
    return may_be_open ? add(s, leader, events) : rc;
}

/* Register, whatever the kernel holds under this fd. */
INLINE int tell(struct fdslots *s, uint32_t leader, uint32_t registered)
{
    struct slot *slot = &s->slots[leader];
    uint32_t events;
    int rc = kernel_events(slot->registered_fd, registered, &events);
    if (rc < 0)
        return rc;
    if (slot->registered_events == 0)
        return add(s, leader, events);
    if (((slot->registered_events | registered) & REGISTERED_EXCLUSIVE) != 0) {
        slot->registered_events = 0;
        return replace(s, leader, events);
    }
    rc = ctl(s, EPOLL_CTL_MOD, leader, events);
    return rc < 0 ? modify_otherwise(s, leader, events, rc) : rc;
}

INLINE int settle(struct fdslots *s, uint32_t leader)
{
    struct slot *slot = &s->slots[leader];
    uint32_t registered = fdslots_registration_events(s, leader);
    /* The events of a leader are cut to what each slot wants; one that is alone gets all. */
    if (asks_for_rdnorm_alone(registered))
        slot->role = ROLE_LEADER;
    if ((slot->flags & SLOT_CONFIRM) == 0 && slot->registered_events == registered)
        return 0;
    /* The kernel's own answer to a circle that closes over the outer set is ELOOP. */
    if (slot->registered_fd == s->epoll.outer_fd)
        return -EINVAL;
    int rc = tell(s, leader, registered);
    if (rc < 0)
        return refuse(s, leader, rc);
    slot->registered_events = (uint16_t)registered;
    slot->flags &= (uint8_t)~SLOT_CONFIRM;
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

/* The slots that changed, where the next wait's events will be: there are none between waits, and
 * one has room for three numbers. Leaders are added that did not change themselves: one at most for
 * each that leaves or joins. */
struct changes {
    uint32_t *slots;
    uint32_t count;
};

static struct changes no_changes(const struct fdslots *s)
{
    return (struct changes){.slots = (void *)s->epoll.events};
}

static void add_leader(struct fdslots *s, struct changes *changes, uint32_t leader)
{
    if (fdslots_index_set_has(&s->sets, SET_CHANGED, leader))
        return;
    fdslots_index_set_add(&s->sets, SET_CHANGED, leader);
    changes->slots[changes->count++] = leader;
}

static bool all_stay(const struct fdslots *s, const struct changes *changes)
{
    for (uint32_t i = 0; i < changes->count; i++)
        if (!fdslots_registration_stays(s, changes->slots[i]))
            return false;
    return true;
}

INLINE void delete_registered(struct fdslots *s, int fd, bool registered)
{
    if (registered && ctl_delete(s, fd) < 0)
        s->epoll.ghosts_possible = true;
}

/* A slot that is alone on its fd leaves at once. Returns whether it is marked, to leave a run. */
INLINE bool leave_or_mark(struct fdslots *s, uint32_t index)
{
    struct slot *slot = &s->slots[index];
    if (!fdslots_registration_has(slot)) {
        if (slot->role != ROLE_NONE && !stays_refused(s, index))
            admit(s, index);
        return false;
    }
    if (slot->registered_fd == fdslots_slot_wanted_fd(s, index))
        return false;
    if (slot->role != ROLE_ALONE) {
        slot->flags |= SLOT_LEAVING;
        return true;
    }
    delete_registered(s, slot->registered_fd, slot->registered_events != 0);
    fdslots_registration_dissolve(s, index, ROLE_NONE);
    return false;
}

/* Take all that are marked out of the run of this fd. */
SELDOM static void leave_run(struct fdslots *s, struct changes *changes, int fd)
{
    uint32_t leader = fdslots_registration_find(s, fd);
    bool registered = s->slots[leader].registered_events != 0;
    leader = fdslots_registration_sweep(s, fd, ROLE_NONE);
    if (leader != INDEX_NONE)
        add_leader(s, changes, leader);
    else
        delete_registered(s, fd, registered);
}

INLINE void leave_changed(struct fdslots *s, struct changes *changes)
{
    const uint32_t count = changes->count;
    bool marked = false;
    for (uint32_t i = 0; i < count; i++)
        marked |= leave_or_mark(s, changes->slots[i]);
    for (uint32_t i = 0; marked && i < count; i++) {
        const struct slot *slot = &s->slots[changes->slots[i]];
        if ((slot->flags & SLOT_LEAVING) != 0)
            leave_run(s, changes, slot->registered_fd);
    }
}

static void join(struct fdslots *s, struct changes *changes, uint32_t index, int fd)
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
    add_leader(s, changes, leader);
}

static void show_refused(struct fdslots *s, uint32_t index, bool visible)
{
    if (visible && fdslots_refused_revents(s, index) != 0)
        fdslots_index_set_add(&s->sets, SET_REFUSED, index);
    else
        fdslots_index_set_remove(&s->sets, SET_REFUSED, index);
}

static void join_changed(struct fdslots *s, struct changes *changes)
{
    const uint32_t count = changes->count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t index = changes->slots[i];
        const int fd = fdslots_slot_wanted_fd(s, index);
        if (s->slots[index].role == ROLE_FILE || s->slots[index].role == ROLE_LOST)
            show_refused(s, index, fd >= 0);
        else if (fd >= 0)
            join(s, changes, index, fd);
    }
}

static void unnote(struct fdslots *s, uint32_t index)
{
    const uint64_t *words = fdslots_index_set_word(&s->sets, 0, 0, index);
    const uint64_t bit = UINT64_C(1) << (index & 63);
    if ((words[SET_FRESH] & bit) != 0)
        fdslots_index_set_remove(&s->sets, SET_FRESH, index);
    if ((words[SET_CHANGED] & bit) != 0)
        fdslots_index_set_remove(&s->sets, SET_CHANGED, index);
}

/* On an error the rest stays noted, for the next wait. */
INLINE int settle_changed(struct fdslots *s, const struct changes *changes)
{
    for (uint32_t i = 0; i < changes->count; i++) {
        const uint32_t index = changes->slots[i];
        if (fdslots_registration_leads(&s->slots[index])) {
            int rc = settle(s, index);
            if (rc < 0)
                return rc;
        }
        unnote(s, index);
    }
    return 0;
}

/* Deletions come first, so that an fd can move from one slot to another. */
INLINE int tell_all(struct fdslots *s, struct changes *changes)
{
    if (!all_stay(s, changes)) {
        fdslots_registration_reserve(s);
        leave_changed(s, changes);
        join_changed(s, changes);
    }
    return settle_changed(s, changes);
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
    struct changes changes = no_changes(s);
    fdslots_index_set_move(&s->sets, SET_FRESH, SET_CHANGED);
    ask_closed_again(s);
    FOR_EACH_IN(&s->sets, SET_CHANGED, i)
    changes.slots[changes.count++] = i;
    return tell_all(s, &changes);
}

/* Ghosts take watches and memory; a new set is without them. */
SELDOM static int try_without_ghosts(struct fdslots *s, int rc)
{
    if ((rc != -ENOSPC && rc != -ENOMEM) || !s->epoll.ghosts_possible)
        return rc;
    rc = fdslots_epoll_renew(s);
    return rc < 0 ? rc : sync_set(s);
}

int fdslots_epoll_sync(struct fdslots *s)
{
    int rc = fdslots_epoll_ours(&s->epoll) ? 0 : fdslots_epoll_renew(s);
    if (rc == 0)
        rc = sync_set(s);
    return rc < 0 ? try_without_ghosts(s, rc) : rc;
}

/* Without looking for them in the sets: that takes longer than one of them does. */
int fdslots_epoll_tell(struct fdslots *s, const uint32_t *slots, uint32_t count)
{
    struct changes changes = no_changes(s);
    if (!fdslots_epoll_ours(&s->epoll))
        return 0;
    for (uint32_t i = 0; i < count; i++)
        changes.slots[changes.count++] = slots[i];
    int rc = tell_all(s, &changes);
    return rc < 0 ? try_without_ghosts(s, rc) : rc;
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
    delete_registered(s, fd, s->slots[leader].registered_events != 0);
    /* As fresh as if the caller had changed them: the next choice must know what they will cost. */
    for (uint32_t i = leader; i != INDEX_NONE; i = fdslots_registration_next(s, i))
        fdslots_index_set_add(&s->sets, SET_FRESH, i);
    fdslots_registration_dissolve(s, leader, ROLE_NONE);
}
