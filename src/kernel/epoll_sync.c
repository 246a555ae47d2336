/* SPDX-License-Identifier: ISC
 *
 * Making the kernel's epoll set agree with the slots, with the fewest epoll_ctl calls.
 *
 * A change of a slot goes through these states:
 *
 *     fresh  --fdslots_wait() chose to poll-->  noted      the set has not been told
 *       |                                         |
 *       +----------------+------------------------+
 *                        v
 *                a sync: slots leave runs, then slots join runs, then the set is told of each run
 *                whose registration differs (epoll_run.c)
 *
 * Slots that have not changed are noted, too, if the set must be told of them: all of them if it is
 * made anew, and those that it has refused for a reason that may pass.
 *
 * So a change that was undone costs no call, and an fd that was set ten times is told once. If a
 * look at a slot shows that it is again as the set holds it, the sync goes no further with it.
 */
#include "epoll.h"

/* ---- the changes of a sync ---- */

/* Drop the fresh slots that are again as the kernel's set holds them. */
static void drop_undone(struct fdslots *s)
{
    uint32_t *const fresh = s->fresh.of;
    const uint32_t count = s->fresh.count;
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t index = fresh[i];
        if (fdslots_kernel_agrees(s, index))
            s->slots[index].flags &= (uint16_t)~SLOT_FRESH;
        else
            fresh[left++] = index;
    }
    s->flushed_looks += count;
    s->flushed_slots += left;
    s->fresh.count = left;
}

/* A sync lists the runs that are due: at most one for each slot that leaves a run, and one for each
 * that joins one. The list uses the memory for the events of a wait, because there are none between
 * waits. */
_Static_assert(sizeof(struct epoll_event) >= 2 * sizeof(uint32_t), "room for the runs");

/* List the run of this leader, if there is one, unless it is listed already. */
static inline void make_due(struct kernel *k, uint32_t leader)
{
    if (leader == INDEX_NONE || (k->runs.of[leader].flags & RUN_DUE) != 0)
        return;
    k->runs.of[leader].flags |= RUN_DUE;
    k->scratch.indices[k->listed++] = leader;
}

/* Take a slot out of its run. Returns the leader that the run has now, or INDEX_NONE. */
SELDOM static uint32_t leave_run(struct fdslots *s, uint32_t index)
{
    struct kernel *k = s->kernel;
    const struct registration *leaves = &k->runs.of[index];
    if ((leaves->flags & RUN_LEADER) != 0 && leaves->next == INDEX_NONE)
        fdslots_epoll_drop_run(s, index);
    fdslots_index_set_remove(&s->polled, index);
    return fdslots_run_leave(&k->runs, index);
}

/* Return the leader of a slot. If the slot is in no run yet, it joins the run of this fd first. */
SELDOM static uint32_t find_leader(struct runs *runs, uint32_t index, int fd)
{
    return runs->of[index].fd < 0 ? fdslots_run_join(runs, index, fd)
                                  : fdslots_run_leader(runs, index);
}

/* Put a changed slot into the run of its fd, and note in the leader what changed. */
INLINE void join_run(struct fdslots *s, uint32_t index, int fd)
{
    struct slot *slot = &s->slots[index];
    struct runs *runs = &s->kernel->runs;
    const bool leads_one = LIKELY((runs->of[index].flags & RUN_LEADER) != 0);
    const uint32_t leader = leads_one ? index : find_leader(runs, index, fd);
    struct registration *leads = &runs->of[leader];
    if (UNLIKELY((leads->flags & RUN_POLLED) != 0))
        fdslots_epoll_show_polled(s, index);
    make_due(s->kernel, leader);
    if ((slot->flags & SLOT_CONFIRM) != 0)
        leads->flags |= RUN_CONFIRM;
    slot->flags &= (uint16_t)~SLOT_CONFIRM;
    if (LIKELY((slot->flags & (SLOT_EDGE | SLOT_REARM)) == 0))
        return;
    if ((slot->flags & SLOT_HIDDEN) != 0) {
        /* Other slots with this fd get the edges that come while this one is hidden, so this one
         * must look again when it is shown. */
        slot->flags |= SLOT_REARM;
        return;
    }
    if ((slot->flags & SLOT_REARM) != 0)
        leads->flags |= RUN_REDO;
    slot->flags &= (uint16_t)~SLOT_REARM;
}

/* Whether a hidden slot needs DEL, because it is alone in its run and the kernel has not disarmed
 * the registration. */
static inline bool is_to_be_silenced(const struct slot *slot, const struct registration *run)
{
    return (slot->flags & SLOT_HIDDEN) != 0 && fdslots_run_is_alone(run) &&
           (run->events != DISARMED || (slot->flags & SLOT_CONFIRM) != 0);
}

/* Bring the runs up to date. Deletions come first, so that an fd can move from one slot to another,
 * and one file can take the watch that another one frees. */
INLINE void update_members(struct fdslots *s)
{
    struct registration *const runs = s->kernel->runs.of;
    const uint32_t *const fresh = s->fresh.of;
    const uint32_t count = s->fresh.count;
    for (uint32_t c = 0; c < count; c++) {
        const uint32_t index = fresh[c];
        if (runs[index].fd >= 0 && runs[index].fd != fdslots_slot_held_fd(s, index))
            make_due(s->kernel, leave_run(s, index));
        else if (is_to_be_silenced(&s->slots[index], &runs[index]))
            fdslots_epoll_deregister(s, &runs[index]);
    }
    for (uint32_t c = 0; c < count; c++) {
        const uint32_t index = fresh[c];
        const int fd = fdslots_slot_held_fd(s, index);
        s->slots[index].flags &= (uint16_t)~SLOT_FRESH;
        if (fd >= 0)
            join_run(s, index, fd);
    }
}

/* The last step makes system calls, so it is a call from which nothing returns to here: kernel.h
 * says why. */
INLINE int apply_changes(struct fdslots *s)
{
    s->kernel->listed = 0;
    update_members(s);
    s->fresh.count = 0;
    return fdslots_epoll_update_runs(s);
}

/* ---- the sync ---- */

/* Whether the reports of ghosts have cost as much as a new set would. That must be told of each
 * file, and about as many slots are looked at for it as the last time. */
static bool ghosts_are_dear(const struct kernel *k)
{
    return k->ghost_reports > 0 && k->ghost_reports >= k->registered &&
           k->ghost_reports >= k->looked_at / SLOTS_A_REPORT;
}

static bool needs_new_set(const struct fdslots *s)
{
    const struct kernel *k = s->kernel;
    return k->fd < 0 || k->outworn || s->set_misleads || ghosts_are_dear(k);
}

/* Make the set anew. If another set is refused, by a limit or a filter of system calls, an outworn
 * one stays in use, because the reports of its ghosts are recognised. A set that misleads does not
 * stay in use. Nor does one that had to be made anew twice in a wait, because its ghosts might
 * never let the wait end; but first, all that is ready must have been reported. */
static int renew_or_keep(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    const uint64_t wait = s->stats.waits + 1; /* 0 stands for none */
    const int rc = fdslots_epoll_open(s);
    if (rc == 0 || k->fd < 0 || s->set_misleads || (k->kept_in == wait && !k->goes_round))
        return rc;
    k->kept_in = wait;
    k->outworn = k->outworn && !sys_is_refused(rc) && rc != -EMFILE; /* other reasons may pass */
    k->ghost_reports = 0;
    return 0;
}

/* Have a set that can be used. Returns 0 or an error. */
SELDOM static int make_ready(struct fdslots *s)
{
    const int rc = needs_new_set(s) ? renew_or_keep(s) : 0;
    if (rc < 0)
        return rc;
    s->exclusive_changed = s->kernel->outworn; /* so that each wait tries again */
    s->set_ready = true;
    return 0;
}

int fdslots_kernel_sync(struct fdslots *s)
{
    const int rc = LIKELY(s->set_ready && !s->exclusive_changed) ? 0 : make_ready(s);
    if (rc < 0)
        return rc;
    if (UNLIKELY(s->kernel->runs.extent != s->touched))
        fdslots_runs_extend(&s->kernel->runs, s->touched, s->capacity);
    if (s->noted.count > 0)
        fdslots_list_move(s, &s->noted, &s->fresh);
    drop_undone(s);
    return s->fresh.count > 0 ? apply_changes(s) : 0;
}

/* ---- before a wait ---- */

#define LONGEST_PAUSE 1024u /* waits; a power of two */

/* Note again the slots that the kernel refused for a reason that may have passed. */
static void retry(struct fdslots *s)
{
    struct kernel *k = s->kernel;
    const uint32_t next = ++k->rent + 1; /* the pauses end where this is a power of two */
    if ((next & (next - 1)) != 0 && next % LONGEST_PAUSE != 0)
        return;
    FOR_EACH_IN(&s->polled, i)
    {
        const uint32_t leader = fdslots_run_leader(&k->runs, i);
        if ((k->runs.of[leader].flags & RUN_REFUSED) == 0)
            continue;
        fdslots_index_set_remove(&s->polled, i); /* until the kernel refuses it again */
        fdslots_list_add(s, &s->noted, i);
    }
}

void fdslots_kernel_prepare(struct fdslots *s)
{
    if (s->refused > 0)
        retry(s);
    if ((s->flags & FDSLOTS_CHECK) != 0)
        fdslots_epoll_check(s, INDEX_NONE);
    else if (s->exclusive_changed)
        fdslots_kernel_sync(s);
}

/* ---- fds that are closed, and slots that go ---- */

/* Mark the other slots with this fd as lost, if no set could be made and no run is known. */
SELDOM static void lose_sharers(struct fdslots *s, uint32_t index, int fd)
{
    FOR_EACH_IN(&s->used, i)
    {
        if (i != index && fdslots_slot_held_fd(s, i) == fd)
            fdslots_slot_lose(s, i);
    }
}

/* Take the run of this leader, whose fd is about to be closed, out of the set. If `checks`, all its
 * slots but this one are lost. */
static void drop_closed(struct fdslots *s, uint32_t leader, uint32_t index, bool checks)
{
    struct kernel *k = s->kernel;
    const int fd = k->runs.of[leader].fd;
    fdslots_epoll_drop_run(s, leader);
    k->runs.of[leader].flags |= RUN_CONFIRM;
    for (uint32_t i = leader, next; i != INDEX_NONE; i = next) {
        next = k->runs.of[i].next;
        fdslots_list_add(s, &s->fresh, i);
        if (fdslots_slot_held_fd(s, i) != fd) {
            leave_run(s, i); /* now, so that it is not met again if the number is closed again */
            continue;
        }
        /* The file is closed, so its kind and what it has reported are over. */
        s->slots[i].flags &= (uint16_t)~SLOT_FILE;
        fdslots_slot_release(s, i);
        if (checks && i != index)
            fdslots_slot_lose(s, i);
    }
}

int fdslots_kernel_drop(struct fdslots *s, uint32_t index)
{
    struct kernel *k = s->kernel;
    const bool checks = (s->flags & FDSLOTS_CHECK) != 0;
    const int fd = fdslots_slot_fd(s, index);
    fdslots_kernel_inherit(s);
    if (checks) /* all slots with this fd must be known, and it may be another file by now */
        fdslots_epoll_check(s, index);
    if ((s->slots[index].flags & SLOT_LOST) != 0 || fd == k->fd || fd == k->outer_fd)
        return -EBADF;
    const uint32_t leader = fdslots_run_find(&k->runs, fd);
    const uint64_t adds = s->flushed_adds;
    if (leader != INDEX_NONE)
        drop_closed(s, leader, index, checks);
    else if (checks)
        lose_sharers(s, index, fd);
    s->flushed_closes += s->flushed_adds - adds;
    s->flushed_adds = adds;
    return 0;
}

void fdslots_kernel_cut(struct fdslots *s, uint32_t end)
{
    struct runs *runs = &s->kernel->runs;
    fdslots_kernel_inherit(s); /* the waker stays as it is until a wait */
    for (uint32_t i = end; i < runs->extent; i++) {
        if (runs->of[i].fd < 0)
            continue;
        const uint32_t leader = leave_run(s, i);
        if (leader != INDEX_NONE)
            fdslots_list_add(s, &s->fresh, leader);
    }
    if (runs->extent > end)
        runs->extent = end;
}
