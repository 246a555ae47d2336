/* SPDX-License-Identifier: ISC
 *
 * fdslots_wait: what the choice in cost.c needs to know, and what is done where the chosen
 * mechanism is refused.
 */
#include "backend.h"
#include "ready.h"
#include "timeout.h"

#include <errno.h>
#include <limits.h>

#define NS_PER_MS INT64_C(1000000)

/* ---- what is known ---- */

#define SAMPLE 4 /* pricing every change would cost more than the best choice saves */

/* The mean price of the fresh changes. */
static uint64_t sample_price(const struct fdslots *s)
{
    uint64_t sum = 0;
    uint32_t count = 0;
    uint32_t i = 0;
    while (count < SAMPLE && (i = fdslots_index_set_next(&s->fresh, i)) != INDEX_NONE) {
        sum += fdslots_epoll_price(s, i++) + COST_CHANGE;
        count++;
    }
    return sum / count;
}

static struct cost_wait know(struct fdslots *s, int64_t timeout_ns)
{
    struct cost_wait w = {
        .slots = s->visible, .holes = s->end - s->visible, .blocks = timeout_ns > 0};
    /* Another entry point may have told the kernel; a fork or a rebuild, made it forget. */
    if (fdslots_index_set_empty(&s->changed))
        s->cost.backlog = 0;
    else if (s->cost.backlog == 0)
        s->cost.backlog = (uint64_t)s->visible * COST_EPOLL_ADD;
    if (!fdslots_index_set_empty(&s->fresh)) {
        uint64_t price = sample_price(s);
        uint32_t moved = 0;
        uint32_t added = 0;
        fdslots_index_set_move(&s->fresh, &s->changed, &moved, &added);
        w.fresh = moved * price;
        w.added = added * price;
    }
    return w;
}

/* How many slots poll(2) looked at before it met a ready one: it queues itself on each of them. */
static struct cost_result found(const struct fdslots *s)
{
    struct cost_result r = {.ready = s->ready_count, .queued = s->visible};
    /* epoll reports in an order of its own; the first few will do. */
    for (uint32_t i = 0; i < r.ready && i < SAMPLE; i++)
        if (s->ready[i] < r.queued)
            r.queued = s->ready[i];
    return r;
}

/* ---- the mechanisms, by their cheapest variant ---- */

/* poll(2) is cheaper than ppoll(2): for all times that it can express. */
static int by_poll(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    int ms = fdslots_ms_from_ns(timeout_ns);
    if (sigmask == NULL && (ms < 0 || ms * NS_PER_MS == timeout_ns))
        return fdslots_backend_poll(s, s->capacity, ms);
    const struct timespec timeout = fdslots_timespec_from_ns(timeout_ns);
    return fdslots_backend_ppoll(s, s->capacity, ms < 0 ? NULL : &timeout, sigmask);
}

static int by(enum cost_choice choice, struct fdslots *s, int64_t timeout_ns,
              const sigset_t *sigmask)
{
    return choice == COST_POLL ? by_poll(s, timeout_ns, sigmask)
                               : fdslots_backend_epoll(s, timeout_ns, sigmask);
}

/* ---- the wait ---- */

/* A wait that the other mechanism may be able to do. poll: more slots than RLIMIT_NOFILE, no
 * memory, no mask. epoll: no fds, no memory, the watch limit, a filter of system calls, a circle of
 * sets. */
static bool refused(int rc)
{
    return rc < 0 && rc != -EINTR;
}

static int wait_by_choice(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    struct cost_wait w = know(s, timeout_ns);
    enum cost_choice choice = fdslots_cost_choose(&s->cost, &w);
    int rc = by(choice, s, timeout_ns, sigmask);
    if (refused(rc)) {
        enum cost_choice other = choice == COST_POLL ? COST_EPOLL : COST_POLL;
        int other_rc = by(other, s, timeout_ns, sigmask);
        if (refused(other_rc))
            return rc;
        s->stats.fallbacks++;
        s->cost.excess = 0; /* so that what was refused is tried again, but not every time */
        rc = other_rc;
        choice = other;
    }
    fdslots_cost_learn(&s->cost, &w, choice, found(s));
    return rc;
}

int fdslots_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    if (s == NULL)
        return -EINVAL;
    if (timeout_ns < 0)
        timeout_ns = 0;
    const bool no_epoll = (s->flags & FDSLOTS_NO_EPOLL) != 0;
    if (no_epoll && s->epoll_only > 0)
        return -ENOTSUP;
    fdslots_wait_begin(s);
    s->stats.waits++;
    if (no_epoll)
        return by_poll(s, timeout_ns, sigmask);
    if (s->epoll_only > 0)
        return fdslots_backend_epoll(s, timeout_ns, sigmask);
    return wait_by_choice(s, timeout_ns, sigmask);
}
