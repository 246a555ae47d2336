/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_CHECK: whether each fd is still the file that was registered.
 *
 * No call says so of all fds at once: poll(2) knows closed ones, but takes another file under the
 * same number for the old one. EPOLL_CTL_ADD tells them apart, one by one: EEXIST is said of the
 * very file that is registered under this number, and leaves all as it was, also for edges and
 * exclusive registrations, which MOD would stir or refuse.
 */
#include "backend.h"
#include "epoll_set.h"
#include "registration.h"
#include "sys_epoll.h"

/* Whether the kernel was told of this slot: a sync that failed may not have come to it. */
static bool is_told(const struct fdslots *s, uint32_t index)
{
    const struct slot *slot = &s->slots[index];
    if (slot->role == ROLE_FOLLOWER)
        index = fdslots_registration_find(s, slot->registered_fd);
    else if (slot->role != ROLE_FILE && !fdslots_registration_leads(slot))
        return false;
    return !fdslots_index_set_has(&s->sets, SET_CHANGED, index);
}

/* Whether the caller says that this slot's fd is the file it was when the kernel was told. */
static bool claims(const struct fdslots *s, uint32_t index)
{
    const struct slot *slot = &s->slots[index];
    return slot->registered_fd == fdslots_slot_wanted_fd(s, index) &&
           (slot->flags & SLOT_CONFIRM) == 0 && is_told(s, index);
}

static int ctl(struct fdslots *s, int op, int fd)
{
    s->stats.epoll_ctl_calls++;
    return sys_epoll_ctl(s->epoll.fd, op, fd, 0, 0);
}

static bool is_gone(struct fdslots *s, const struct slot *slot)
{
    int rc = ctl(s, EPOLL_CTL_ADD, slot->registered_fd);
    if (rc == 0)
        ctl(s, EPOLL_CTL_DEL, slot->registered_fd);
    if (rc == -EINTR)
        return false; /* a supervisor of system calls did not say */
    return rc != (slot->role == ROLE_FILE ? -EPERM : -EEXIST);
}

/* Mark the slots that lost their files; they leave together below. Where it is the set that
 * somebody else has closed, every fd reads as gone, and none is. */
static void mark_lost(struct fdslots *s)
{
    bool set_is_there = false;
    FOR_EACH_IN(&s->sets, SET_USED, i)
    {
        struct slot *slot = &s->slots[i];
        if (!claims(s, i) || !is_gone(s, slot))
            continue;
        set_is_there = set_is_there || fdslots_epoll_is_set(s->epoll.fd) > 0;
        if (!set_is_there)
            return;
        slot->flags |= SLOT_LEAVING;
    }
}

/* The sync that follows shows them. */
static void note_lost(struct fdslots *s)
{
    FOR_EACH_IN(&s->sets, SET_USED, i)
    {
        struct slot *slot = &s->slots[i];
        if ((slot->flags & SLOT_LEAVING) == 0)
            continue;
        s->stats.lost++;
        s->epoll.ghosts_possible = true;
        fdslots_index_set_add(&s->sets, SET_CHANGED, i);
        if (slot->role != ROLE_FILE)
            continue;
        s->epoll.files--;
        slot->role = ROLE_LOST;
        slot->flags &= (uint8_t)~SLOT_LEAVING;
    }
}

static void leave_runs(struct fdslots *s)
{
    FOR_EACH_IN(&s->sets, SET_CHANGED, i)
    {
        if ((s->slots[i].flags & SLOT_LEAVING) == 0)
            continue;
        uint32_t leader = fdslots_registration_sweep(s, s->slots[i].registered_fd, ROLE_LOST);
        if (leader != INDEX_NONE)
            fdslots_index_set_add(&s->sets, SET_CHANGED, leader);
    }
}

void fdslots_epoll_check(struct fdslots *s)
{
    if (fdslots_epoll_ours(&s->epoll)) {
        mark_lost(s);
        note_lost(s);
        leave_runs(s);
    }
    /* What this wait does not register, the next one cannot verify. An error is the business of the
     * waits that need the set. */
    fdslots_epoll_sync(s);
}
