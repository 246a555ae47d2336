/* SPDX-License-Identifier: ISC
 *
 * The wait by epoll: make the kernel's set agree, ask it, and share its answer out to the slots.
 */
#include "backend.h"
#include "epoll_set.h"
#include "ready.h"
#include "registration.h"
#include "sys_epoll.h"
#include "timeout.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/select.h>

/* ---- the system call ---- */

/* ENOSYS on kernels before 5.11, EPERM from the filters of old containers: known once, known for
 * the process. */
static atomic_bool pwait2_missing;

static bool says_missing(int rc)
{
    return rc == -ENOSYS || rc == -EPERM;
}

bool fdslots_epoll_has_ns(void)
{
    struct epoll_event event;
    const struct timespec at_once = {0, 0};
    return !says_missing(sys_epoll_pwait2(-1, &event, 1, &at_once, NULL));
}

/* epoll_pwait2 is the dearest and is left for times that the others cannot express. */
SELDOM static int call_ns(struct fdslots *s, int most, int64_t ns, const sigset_t *sigmask)
{
    struct epoll_set *set = &s->epoll;
    int ms = fdslots_ms_from_ns(ns);
    if (ms * NS_PER_MS != ns && !atomic_load_explicit(&pwait2_missing, memory_order_relaxed)) {
        const struct timespec timeout = fdslots_timespec_from_ns(ns);
        int rc = sys_epoll_pwait2(set->fd, set->events, most, &timeout, sigmask);
        if (!says_missing(rc))
            return rc;
        atomic_store_explicit(&pwait2_missing, true, memory_order_relaxed);
    }
    return sys_epoll_pwait(set->fd, set->events, most, ms, sigmask);
}

/* One wait of the kernel. */
static inline int call(struct fdslots *s, uint32_t max, int64_t ns, const sigset_t *sigmask)
{
    struct epoll_set *set = &s->epoll;
    int most = (int)max;
    s->stats.epoll_calls++;
    if (ns != 0 && ns != FDSLOTS_FOREVER)
        return call_ns(s, most, ns, sigmask);
    return sys_epoll_pwait(set->fd, set->events, most, ns == 0 ? 0 : -1, sigmask);
}

/* ---- the report ---- */

/* Field by field: two loads take less than taking one apart. */
static inline struct event_name name_of(const struct epoll_event *event)
{
    const unsigned char *data = (const unsigned char *)&event->data;
    struct event_name name;
    memcpy(&name.index, data + offsetof(struct event_name, index), sizeof name.index);
    memcpy(&name.generation, data + offsetof(struct event_name, generation),
           sizeof name.generation);
    return name;
}

static void report(struct fdslots *s, uint32_t index, uint32_t revents)
{
    s->pollfds[index].revents = (short)(uint16_t)revents;
    s->ready[s->ready_count++] = index;
}

/* What of the events of a run concerns this slot, unless it is reported already. */
static uint32_t own_part(const struct fdslots *s, uint32_t index, uint32_t events)
{
    const struct pollfd *pollfd = &s->pollfds[index];
    return pollfd->revents == 0 ? events & ((uint16_t)pollfd->events | EVENTS_ALWAYS) : 0;
}

static void share_out(struct fdslots *s, uint32_t leader, uint32_t events)
{
    for (uint32_t i = leader; i != INDEX_NONE; i = fdslots_registration_next(s, i)) {
        uint32_t revents = own_part(s, i, events);
        if (revents != 0)
            report(s, i, revents);
    }
}

/* Report one slot of a run that had no turn yet in this round; false where all had. */
static bool serve_next(struct fdslots *s, uint32_t leader, uint32_t events)
{
    for (uint32_t i = leader; i != INDEX_NONE; i = fdslots_registration_next(s, i)) {
        uint32_t revents = own_part(s, i, events);
        if (revents == 0 || (s->slots[i].flags & SLOT_SERVED) != 0)
            continue;
        report(s, i, revents);
        s->slots[i].flags |= SLOT_SERVED;
        return true;
    }
    return false;
}

/* The same; after a round, the next one begins. False where nothing is left to report. */
static bool serve_one(struct fdslots *s, uint32_t leader, uint32_t events)
{
    if (serve_next(s, leader, events))
        return true;
    for (uint32_t i = leader; i != INDEX_NONE; i = fdslots_registration_next(s, i))
        s->slots[i].flags &= (uint8_t)~SLOT_SERVED;
    return serve_next(s, leader, events);
}

/* What there is to know while events are taken beside the events. */
struct taking {
    uint32_t spare;  /* slots that may be reported beyond one for each event */
    uint32_t ghosts; /* events so far of files that no slot has any more */
};

/* An event that is not for one slot alone.
 *
 * Where set_max_ready() cuts, each event is worth one slot, so that those of the kernel fit, and
 * its turns are ours. But an edge comes once: all slots are told. */
SELDOM static void take_other(struct fdslots *s, const struct epoll_event *event,
                              struct taking *taking)
{
    const struct event_name name = name_of(event);
    const uint32_t leader = name.index;
    const struct slot *slot = &s->slots[leader];
    if (slot->role != ROLE_LEADER || slot->generation != name.generation) {
        taking->ghosts++;
        return;
    }
    bool edge = (slot->registered_events & REGISTERED_EDGE) != 0;
    if (s->epoll.max_ready == s->epoll.most || edge) {
        share_out(s, leader, event->events);
        return;
    }
    bool served = serve_one(s, leader, event->events);
    for (; served && taking->spare > 0; taking->spare--)
        served = serve_one(s, leader, event->events);
}

/* Returns how many of the `count` events were ghosts'. A slot that is reported already has another
 * file in the set under its name, left there by a caller who did not tell of a close: that is a
 * ghost, too. */
static uint32_t take_events(struct fdslots *s, uint32_t count, uint32_t spare)
{
    const struct slot *const slots = s->slots;
    struct pollfd *const pollfds = s->pollfds;
    const struct epoll_event *const end = s->epoll.events + count;
    uint32_t *ready = s->ready + s->ready_count;
    struct taking taking = {.spare = spare};
    const uint32_t touched = s->touched;
    for (const struct epoll_event *e = s->epoll.events; e < end; e++) {
        const struct event_name name = name_of(e);
        if (name.index >= touched) {
            taking.ghosts++; /* of another's set: the caller has closed the library's */
            continue;
        }
        const struct slot *slot = &slots[name.index];
        struct pollfd *const pollfd = &pollfds[name.index];
        if (LIKELY(slot->role == ROLE_ALONE && slot->generation == name.generation &&
                   pollfd->revents == 0)) {
            pollfd->revents = (short)(uint16_t)e->events; /* others were not asked for */
            *ready++ = name.index;
            continue;
        }
        s->ready_count = (uint32_t)(ready - s->ready);
        take_other(s, e, &taking);
        ready = s->ready + s->ready_count;
    }
    s->ready_count = (uint32_t)(ready - s->ready);
    return taking.ghosts;
}

/* Report the refused slots, in turn, until `most` are ready. */
static void take_refused(struct fdslots *s, uint32_t most)
{
    struct epoll_set *set = &s->epoll;
    uint32_t first = fdslots_index_set_next(&s->sets, SET_REFUSED, set->refused_cursor);
    if (first == INDEX_NONE)
        first = fdslots_index_set_next(&s->sets, SET_REFUSED, 0);
    uint32_t i = first;
    while (i != INDEX_NONE && s->ready_count < most) {
        report(s, i, fdslots_refused_revents(s, i));
        i = fdslots_index_set_next(&s->sets, SET_REFUSED, i + 1);
        if (i == INDEX_NONE)
            i = fdslots_index_set_next(&s->sets, SET_REFUSED, 0);
        if (i == first)
            break;
    }
    set->refused_cursor = i != INDEX_NONE ? i : 0;
}

/* ---- the wait ---- */

/* Ask the kernel once, and report. Returns the ghosts seen, or an error. Where set_max_ready()
 * cuts, the refused slots and the kernel's come first in turn. */
static int64_t ask(struct fdslots *s, int64_t ns, const sigset_t *sigmask)
{
    struct epoll_set *set = &s->epoll;
    const bool refused = !fdslots_index_set_empty(&s->sets, SET_REFUSED);
    const uint32_t most = set->max_ready;
    if (refused) {
        set->refused_first = most < set->most && !set->refused_first;
        if (set->refused_first)
            take_refused(s, most);
        if (s->ready_count == most)
            return 0;
        ns = 0;
    }
    const uint32_t room = most - s->ready_count;
    int rc = call(s, room, ns, sigmask);
    /* Ready slots win over a signal; but without its set nobody can tell which fds are closed. */
    if (rc < 0 && (!refused || rc != -EINTR)) {
        fdslots_ready_reset(s);
        return rc;
    }
    uint32_t ghosts = rc > 0 ? take_events(s, (uint32_t)rc, room - (uint32_t)rc) : 0;
    if (refused && !set->refused_first)
        take_refused(s, most);
    return ghosts;
}

/* With a timeout of 0, epoll_pwait never looks for signals; pselect(2) does. */
static int let_signals_in(const sigset_t *sigmask)
{
    const struct timespec at_once = {0, 0};
    int saved = errno;
    return sys_result(pselect(0, NULL, NULL, NULL, &at_once, sigmask), saved);
}

/* Ghosts were seen: only a new set is without them. Where they may have kept others out of the
 * events, nothing counts as reported: the new set will report all that is ready, edges too. */
SELDOM static int lay_ghosts(struct fdslots *s, uint32_t ghosts)
{
    const struct epoll_set *set = &s->epoll;
    const bool crowded = set->max_ready == set->most && s->ready_count + ghosts >= set->most;
    s->stats.ghosts_dropped += ghosts;
    int rc = fdslots_epoll_renew(s);
    if (rc == 0)
        rc = fdslots_epoll_sync(s);
    if (rc == 0 && crowded)
        fdslots_ready_reset(s);
    return rc;
}

/* A wait that may have to ask more than once: it goes on when all it saw was ghosts, and when the
 * kernel could not be given all of its time at once. */
SELDOM static int wait_on(struct fdslots *s, int64_t left, const sigset_t *sigmask)
{
    bool may_go_on = left > 0 && left != FDSLOTS_FOREVER;
    int64_t deadline = may_go_on ? fdslots_deadline(left) : 0;
    if (deadline < 0)
        return (int)deadline;
    for (;;) {
        int64_t ghosts = ask(s, left, sigmask);
        if (ghosts < 0)
            return (int)ghosts;
        int rc = ghosts > 0 ? lay_ghosts(s, (uint32_t)ghosts) : 0;
        if (s->ready_count > 0)
            break;
        if (rc < 0)
            return rc;
        if (may_go_on)
            left = fdslots_time_left(deadline);
        if (left < 0)
            return (int)left;
        if (ghosts == 0 && (!may_go_on || left == 0))
            break;
    }
    if (s->ready_count == 0 && left == 0 && sigmask != NULL) {
        int rc = let_signals_in(sigmask);
        if (rc < 0)
            return rc;
    }
    fdslots_ready_fire(s);
    return (int)s->ready_count;
}

/* Whether one system call is enough whatever it answers, ghosts apart, and need not be told of
 * anything but the time, where no slot is refused. */
static bool is_simple(const struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    const struct epoll_set *set = &s->epoll;
    if (set->max_ready < set->most)
        return false;
    if (timeout_ns == 0)
        return sigmask == NULL;
    return timeout_ns == FDSLOTS_FOREVER ||
           (!set->ghosts_possible && timeout_ns <= INT_MAX * NS_PER_MS);
}

int fdslots_epoll_take(struct fdslots *s, uint32_t count, int64_t timeout_ns,
                       const sigset_t *sigmask)
{
    uint32_t ghosts = take_events(s, count, 0);
    if (ghosts > 0) {
        int rc = lay_ghosts(s, ghosts);
        if (s->ready_count == 0)
            return rc < 0 ? rc : wait_on(s, timeout_ns, sigmask);
    }
    fdslots_ready_fire(s);
    return (int)s->ready_count;
}

int fdslots_backend_epoll(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    if (!fdslots_epoll_in_step(s)) {
        int rc = fdslots_epoll_sync(s);
        if (rc < 0)
            return rc;
        if (!fdslots_index_set_empty(&s->sets, SET_REFUSED))
            return wait_on(s, timeout_ns, sigmask);
    }
    if (!is_simple(s, timeout_ns, sigmask))
        return wait_on(s, timeout_ns, sigmask);
    int rc = call(s, s->epoll.most, timeout_ns, sigmask);
    return rc <= 0 ? rc : fdslots_epoll_take(s, (uint32_t)rc, timeout_ns, sigmask);
}
