/* SPDX-License-Identifier: ISC
 *
 * Telling the kernel's set about one run. If the set already holds what it should, nothing is done.
 * Otherwise one call of epoll_ctl(2) does it, or two where one is not allowed.
 * registration.h shows the states of a run.
 *
 * The kernel behaves as follows, which forces what is done here:
 *
 * - A registration belongs to an open file under an fd number. After the number was closed and
 *   reused, MOD fails with ENOENT; if nothing was closed, ADD fails with EEXIST. So an equal number
 *   proves nothing after fdslots_set_index(), and one MOD finds out (SLOT_CONFIRM, RUN_CONFIRM).
 * - ADD and MOD look at the file, and some files hand out an event once, to the first call that
 *   looks. So fstat(2) is asked before the first ADD whether the set may have the file.
 * - A file that outlives its fd, through a dup or in a child, stays in the set, where no call can
 *   reach it: a ghost. There may be one after DEL or MOD has failed. A wait recognises the reports
 *   of a ghost by their generation. An exclusive ghost takes wakes that belong to others, so the
 *   set is made anew at once.
 * - A registration with no events still reports ERR and HUP, so only DEL silences a paused slot.
 * - The event bits are those of poll(2), as configure verifies, so they are passed on as they are.
 * - An EXCLUSIVE registration cannot be modified, so it is deleted and added anew.
 */
#include "epoll.h"

/* ---- what the set should hold ---- */

/* Return what the set should hold if this slot were the only one of its run, or 0 while the slot is
 * hidden. */
static inline uint32_t own_events(const struct fdslots *s, uint32_t index)
{
    const uint32_t flags = s->slots[index].flags;
    uint32_t events = REGISTERED | (s->slots[index].events & REGISTERED_EVENTS);
    if (LIKELY((flags & (SLOT_USER | SLOT_HIDDEN)) == 0))
        return events;
    if ((flags & SLOT_HIDDEN) != 0)
        return 0;
    if ((flags & SLOT_EDGE) != 0)
        events |= REGISTERED_EDGE;
    if ((flags & SLOT_EXCLUSIVE) != 0)
        events |= REGISTERED_EXCLUSIVE;
    if ((flags & SLOT_POLLED) != 0)
        events |= WANTS_POLL;
    return events;
}

/* Return what the set should hold for a one-shot slot that shares its run with no other, if it
 * wants these events, or 0 while it is hidden. */
SELDOM static uint32_t oneshot_events(const struct registration *leads, uint32_t events)
{
    if (events == 0)
        return leads->events == DISARMED ? DISARMED : 0;
    return (leads->flags & RUN_DISARMS) != 0 ? events | REGISTERED_ONESHOT : events;
}

/* Return what the set should hold for a run of several slots. */
SELDOM static uint32_t shared_events(const struct fdslots *s, const struct runs *runs,
                                     uint32_t leader)
{
    const uint32_t user = REGISTERED_EDGE | REGISTERED_EXCLUSIVE;
    uint32_t any = 0;
    uint32_t all = user;
    uint32_t asks = 0;
    FOR_EACH_IN_RUN(runs, leader, i)
    {
        const uint32_t own = own_events(s, i);
        any |= own;
        all &= own != 0 ? own : user;
        asks |= (s->slots[i].flags & SLOT_POLLED) != 0 ? WANTS_POLL : 0;
    }
    /* If one slot wants level reports, all get them. A hidden slot with FDSLOTS_POLLED still has
     * the others polled. */
    return (any & ~user) | (any & all) | (any != 0 ? asks : 0);
}

/* Return what the set should hold for the run of this leader. */
static inline uint32_t events_of(const struct fdslots *s, const struct runs *runs, uint32_t leader)
{
    const struct registration *leads = &runs->of[leader];
    if (UNLIKELY(leads->next != INDEX_NONE))
        return shared_events(s, runs, leader);
    const uint32_t events = own_events(s, leader);
    const bool oneshot = (s->slots[leader].flags & SLOT_ONESHOT) != 0;
    return UNLIKELY(oneshot) ? oneshot_events(leads, events) : events;
}

bool fdslots_kernel_agrees(const struct fdslots *s, uint32_t index)
{
    const struct runs *runs = &s->kernel->runs;
    const struct registration *run = &runs->of[index];
    return index < runs->extent &&
           (run->flags & (RUN_LEADER | RUN_POLLED | RUN_CONFIRM | RUN_REDO)) == RUN_LEADER &&
           run->next == INDEX_NONE && run->fd == fdslots_slot_held_fd(s, index) &&
           (s->slots[index].flags & (SLOT_EDGE | SLOT_FIRED | SLOT_CONFIRM | SLOT_REARM)) == 0 &&
           run->events == events_of(s, runs, index);
}

/* ---- what it is told ---- */

/* Return the flags of epoll(7) for a registration. */
static inline uint32_t epoll_flags(uint32_t registered)
{
    const uint32_t any = REGISTERED_EDGE | REGISTERED_EXCLUSIVE | REGISTERED_ONESHOT;
    if (LIKELY((registered & any) == 0))
        return 0;
    return ((registered & REGISTERED_EDGE) != 0 ? EPOLLET : 0) |
           ((registered & REGISTERED_EXCLUSIVE) != 0 ? EPOLLEXCLUSIVE : 0) |
           ((registered & REGISTERED_ONESHOT) != 0 ? EPOLLONESHOT : 0);
}

INLINE int ctl(struct fdslots *s, int op, uint32_t leader, uint32_t registered)
{
    struct kernel *k = s->kernel;
    const struct event_name name = {leader, s->slots[leader].generation};
    const uint32_t events = (registered & REGISTERED_EVENTS) | epoll_flags(registered);
    return fdslots_epoll_ctl(s, op, k->runs.of[leader].fd, events, fdslots_epoll_data(k, name));
}

void fdslots_epoll_deregister(struct fdslots *s, struct registration *leads)
{
    const bool exclusive = (leads->events & REGISTERED_EXCLUSIVE) != 0;
    if (leads->events == 0)
        return;
    leads->events = 0;
    s->kernel->registered--;
    s->exclusives -= exclusive;
    s->kernel->full = false;
    if (fdslots_epoll_ctl(s, EPOLL_CTL_DEL, leads->fd, 0, 0) == 0)
        return;
    s->ghosts_possible = true;
    if (exclusive)
        fdslots_epoll_wear_out(s);
}

void fdslots_epoll_show_polled(struct fdslots *s, uint32_t index)
{
    if (s->pollfds[index].fd >= 0)
        fdslots_index_set_add(&s->polled, index);
    else
        fdslots_index_set_remove(&s->polled, index);
}

/* Have a run polled. The reason is RUN_ASKED, RUN_REFUSED, or 0 if it is the kind of the file. */
SELDOM static void reject(struct fdslots *s, uint32_t leader, uint32_t reason)
{
    struct kernel *k = s->kernel;
    struct registration *leads = &k->runs.of[leader];
    if ((s->flags & FDSLOTS_CHECK) != 0)
        fdslots_file_kind(leads->fd, &leads->mark);
    leads->flags |= (uint16_t)(RUN_POLLED | reason);
    s->refused += (reason & RUN_REFUSED) != 0;
    FOR_EACH_IN_RUN(&k->runs, leader, i)
    {
        fdslots_epoll_show_polled(s, i);
    }
}

SELDOM static void stop_polling(struct fdslots *s, uint32_t leader)
{
    struct kernel *k = s->kernel;
    struct registration *leads = &k->runs.of[leader];
    s->refused -= (leads->flags & RUN_REFUSED) != 0;
    leads->flags &= (uint16_t) ~(RUN_POLLED | RUN_ASKED | RUN_REFUSED);
    leads->turn = leader;
    FOR_EACH_IN_RUN(&k->runs, leader, i)
    {
        fdslots_index_set_remove(&s->polled, i);
    }
}

static void forget_kind(struct registration *leads)
{
    leads->flags &= (uint16_t) ~(RUN_WATCHABLE | RUN_ANONYMOUS);
}

/* Whether the set may have the file of this run. Asks fstat(2), unless that is known already. */
static bool is_watchable(struct registration *leads)
{
    if ((leads->flags & RUN_WATCHABLE) != 0)
        return true;
    uint32_t mark;
    const enum file_kind kind = fdslots_file_kind(leads->fd, &mark);
    if (kind == KIND_ANONYMOUS)
        leads->flags |= RUN_ANONYMOUS;
    if (kind == KIND_ANONYMOUS || kind == KIND_WATCHABLE)
        leads->flags |= RUN_WATCHABLE;
    return (leads->flags & RUN_WATCHABLE) != 0;
}

/* Whether the run must be polled because of what its slots ask for. This is FDSLOTS_POLLED, or
 * POLLRDNORM without POLLIN if the file may be an epoll set, because an epoll set wakes its waiters
 * only for POLLIN. */
static bool asks_for_poll(const struct registration *leads, uint32_t wanted)
{
    return (wanted & WANTS_POLL) != 0 ||
           ((leads->flags & RUN_ANONYMOUS) != 0 && (wanted & (POLLIN | POLLRDNORM)) == POLLRDNORM);
}

/* Have a run polled that ADD has refused. EPERM and EBADF are final: epoll does not support the
 * file, or the fd is closed. The other reasons may pass. */
static void refuse(struct fdslots *s, uint32_t leader, int rc)
{
    struct kernel *k = s->kernel;
    const bool passes = rc != -EPERM && rc != -EBADF;
    /* Ghosts take up watches and memory, so a new set may help. It is made once polling what was
     * refused has cost as much as that, and as offering that again. */
    k->full = rc == -ENOSPC || rc == -ENOMEM;
    if (k->full && s->ghosts_possible && k->rent >= k->registered + s->refused)
        fdslots_epoll_wear_out(s);
    reject(s, leader, passes ? RUN_REFUSED : 0);
}

/* Register the file of a run, or have the run polled. As far as is known, the kernel's set does not
 * hold the file. */
SELDOM static void register_run(struct fdslots *s, uint32_t leader, uint32_t wanted)
{
    struct kernel *k = s->kernel;
    struct registration *leads = &k->runs.of[leader];
    if ((wanted & WANTS_POLL) == 0 && !is_watchable(leads)) {
        reject(s, leader, 0);
        return;
    }
    if (asks_for_poll(leads, wanted)) {
        reject(s, leader, RUN_ASKED);
        return;
    }
    int rc = k->full ? -ENOSPC : ctl(s, EPOLL_CTL_ADD, leader, wanted);
    if (rc == -EEXIST) {
        /* dup2(2) has put a file back under this number that is still registered under it. */
        fdslots_epoll_ctl(s, EPOLL_CTL_DEL, leads->fd, 0, 0);
        rc = ctl(s, EPOLL_CTL_ADD, leader, wanted);
    }
    if (rc < 0) {
        refuse(s, leader, rc);
        return;
    }
    leads->events = (uint16_t)wanted;
    k->registered++;
    s->exclusives += (wanted & REGISTERED_EXCLUSIVE) != 0;
    FOR_EACH_IN_RUN(&k->runs, leader, i)
    {
        if (UNLIKELY((s->slots[i].flags & SLOT_HOLDS) != 0))
            fdslots_slot_release(s, i); /* because the set reports what is ready from now on */
    }
}

/* Modify a registration. If MOD fails, the registered file is no longer open under this number, so
 * the file that is there now is registered. */
static void modify_run(struct fdslots *s, uint32_t leader, uint32_t wanted)
{
    struct kernel *k = s->kernel;
    struct registration *leads = &k->runs.of[leader];
    if (LIKELY(ctl(s, EPOLL_CTL_MOD, leader, wanted) == 0)) {
        leads->events = (uint16_t)wanted;
        return;
    }
    leads->events = 0;
    forget_kind(leads);
    k->registered--;
    s->ghosts_possible = true;
    register_run(s, leader, wanted);
}

/* Change a registration that is not as it should be. MOD does this, unless the registration is or
 * becomes exclusive or the run must be polled; then DEL comes first. */
static void update_registered(struct fdslots *s, uint32_t leader, uint32_t wanted)
{
    struct registration *leads = &s->kernel->runs.of[leader];
    const bool polled = asks_for_poll(leads, wanted);
    if (!polled && LIKELY(((leads->events | wanted) & REGISTERED_EXCLUSIVE) == 0)) {
        modify_run(s, leader, wanted);
        return;
    }
    fdslots_epoll_deregister(s, leads);
    if ((leads->flags & RUN_CONFIRM) != 0)
        forget_kind(leads);
    register_run(s, leader, wanted);
}

/* Whether a polled run stays polled. If a slot was set anew, it does not, because the file may be
 * another one. If the kernel has refused the run, it is offered again with each change. If slots
 * ask for poll(2), the run is polled until none does. */
static bool stays_polled(const struct registration *leads, uint32_t wanted)
{
    if ((leads->flags & (RUN_CONFIRM | RUN_REFUSED)) != 0)
        return false;
    return (leads->flags & RUN_ASKED) == 0 || asks_for_poll(leads, wanted);
}

static void update_run(struct fdslots *s, uint32_t leader)
{
    struct kernel *k = s->kernel;
    struct registration *leads = &k->runs.of[leader];
    const uint32_t wanted = events_of(s, &k->runs, leader);
    if ((leads->flags & RUN_POLLED) != 0 && !stays_polled(leads, wanted))
        stop_polling(s, leader);
    if (wanted == 0)
        fdslots_epoll_deregister(s, leads);
    if ((leads->flags & RUN_CONFIRM) != 0 && leads->events == 0)
        forget_kind(leads);
    if ((leads->flags & RUN_POLLED) == 0 && wanted != 0) {
        if (leads->events == 0)
            register_run(s, leader, wanted);
        else if (leads->events != wanted || (leads->flags & (RUN_CONFIRM | RUN_REDO)) != 0)
            update_registered(s, leader, wanted);
    }
    leads->flags &= (uint16_t) ~(RUN_CONFIRM | RUN_REDO | RUN_DUE);
    if (UNLIKELY((s->slots[leader].flags & SLOT_FIRED) != 0))
        leads->flags |= RUN_DISARMS;
}

int fdslots_epoll_update_runs(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    const struct registration *const runs = k->runs.of;
    const uint32_t *const end = k->scratch.indices + k->listed;
    k->full = false;
    for (const uint32_t *leader = k->scratch.indices; leader < end; leader++)
        if ((runs[*leader].flags & RUN_DUE) != 0) /* else the run has another leader by now */
            update_run(s, *leader);
    if (s->refused == 0)
        k->rent = 0;
    return LIKELY(s->set_ready) ? 0 : fdslots_kernel_sync(s);
}

void fdslots_epoll_drop_run(struct fdslots *s, uint32_t leader)
{
    struct registration *leads = &s->kernel->runs.of[leader];
    if ((leads->flags & RUN_POLLED) != 0)
        stop_polling(s, leader);
    else
        fdslots_epoll_deregister(s, leads);
}
