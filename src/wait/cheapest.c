/* SPDX-License-Identifier: ISC
 *
 * fdslots_wait() and fdslots_wait_until(): they go the way that choice.h expects to be the
 * cheapest, or the other one if that way is refused.
 */
#include "choice.h"
#include "ways.h"

#include "../poll/poll.h"

#define AVOIDANCE 32 /* waits */

/* ---- what is known ---- */

#define FEW 4

/* Return how many slots poll(2) looks at before the first ready one. They cost more, because
 * poll(2) queues itself on each of them. Holes between them count as well. */
static inline uint32_t count_queued(const struct fdslots *s)
{
    uint32_t queued = s->visible;
    /* The set reports in an order of its own. Looking at the first few is good enough. */
    for (uint32_t i = 0; i < s->ready_count && i < FEW; i++)
        queued = s->ready[i] < queued ? s->ready[i] : queued;
    return queued;
}

/* ---- the ways ---- */

INLINE int go(struct fdslots *s, enum way way, int64_t timeout_ns, const sigset_t *sigmask)
{
    return way == BY_POLL ? fdslots_poll_slots(s, fdslots_slot_end(s), timeout_ns, sigmask)
                          : fdslots_wait_by_set(s, timeout_ns, sigmask);
}

static bool is_refusal(int rc)
{
    return rc < 0 && rc != -EINTR;
}

/* A way was refused. Polling is refused if there are more slots than RLIMIT_NOFILE, if there is no
 * memory, or if a mask is given and there is no ppoll(2). The set is refused if there are no fds,
 * no memory, or a filter of system calls. The other way may still work. If it does, the next waits
 * take it without a choice, and nothing is learnt from their cost. */
SELDOM static int fall_back(struct fdslots *s, enum way way, int refusal, int64_t timeout_ns,
                            const sigset_t *sigmask)
{
    struct choice *c = s->choice;
    const int64_t left = way == BY_SET ? s->time_left : timeout_ns;
    int rc = go(s, fdslots_other_way(way), left, sigmask);
    if (is_refusal(rc))
        return refusal;
    s->stats.fallbacks++;
    c->at_once.waits = c->blocking.waits = c->trial = 0;
    c->avoided = way;
    c->avoid_left = AVOIDANCE;
    return rc;
}

SELDOM static int wait_avoiding(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    const enum way way = fdslots_other_way(s->choice->avoided);
    s->choice->avoid_left--;
    int rc = go(s, way, timeout_ns, sigmask);
    return is_refusal(rc) ? fall_back(s, way, rc, timeout_ns, sigmask) : rc;
}

/* ---- the wait ---- */

/* Correct the backlog by the number of slots that the set was not told about. Another entry point
 * may have told it, and a fork or a rebuild may have made it forget. Besides, the backlog is an
 * estimate, because only some of the changes are looked at. The more slots there are, the more
 * seldom they are counted, unless it is known that there are others now. */
static void check_backlog(struct fdslots *s)
{
    struct choice *c = s->choice;
    if (fdslots_index_set_empty(&s->noted)) {
        c->excess = c->backlog.looks > 0 ? 0 : c->excess;
        c->backlog = (struct flush){0};
        return;
    }
    if (c->backlog.looks > 0 && c->count_in > 0 && c->rebuilds == s->stats.rebuilds) {
        c->count_in--;
        return;
    }
    const uint32_t count = fdslots_index_set_count(&s->noted);
    if (c->backlog.looks == 0) /* the set must be told about these slots again */
        c->backlog = (struct flush){.looks = count, .adds = count};
    fdslots_choice_scale(&c->backlog, count / c->backlog.looks);
    c->count_in = count / 2;
    c->rebuilds = s->stats.rebuilds;
}

static enum way choose(struct fdslots *s, struct outlook *o)
{
    struct choice *c = s->choice;
    fdslots_steady_end(c, fdslots_steady_of(c, o->blocks));
    fdslots_choice_estimate(c, o, c->expected);
    check_backlog(s);
    o->lag = c->backlog;
    if (s->fresh_count > 0)
        fdslots_changes_look(s, o);
    const enum way way = fdslots_choice_make(c, o);
    if (way == BY_POLL)
        fdslots_slots_note_all(s);
    return way;
}

/* Return how many ns have passed since `start`, or 0 if that is not known. */
static double time_since(const struct choice *c, int64_t start, int64_t end)
{
    const double ns = (double)(end - start) - c->clock;
    if (start <= 0 || end <= start)
        return 0; /* the clock could not be read, or has stood still */
    return ns > 1 ? ns : 1;
}

/* Return what the set was told since the last call of this function. */
static struct flush count_flushed(struct fdslots *s)
{
    const struct flush flushed = {
        .looks = s->flushed_looks, .modifies = s->flushed_modifies, .adds = s->flushed_adds};
    s->flushed_looks = s->flushed_slots = s->flushed_modifies = s->flushed_adds = 0;
    return flushed;
}

APART static int wait_anew(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    struct choice *c = s->choice;
    struct outlook o = {.slots = s->visible,
                        .holes = fdslots_slot_end(s) - s->visible,
                        .polled = fdslots_index_set_count(&s->polled),
                        .blocks = timeout_ns > 0};
    if (UNLIKELY(c->clock == 0))
        c->clock = (double)fdslots_clock_price();
    const enum way way = choose(s, &o);
    count_flushed(s);
    const int64_t start = fdslots_choice_times(c) ? fdslots_now() : 0;
    int rc = go(s, way, timeout_ns, sigmask);
    const int64_t end = UNLIKELY(start > 0) ? fdslots_now() : 0;
    if (is_refusal(rc))
        return fall_back(s, way, rc, timeout_ns, sigmask);
    o.polled = fdslots_index_set_count(&s->polled); /* by now */
    /* The position of the first ready slot matters only to a wait that may block. */
    const double queued = o.blocks ? count_queued(s) : c->expected.queued;
    struct finding finding = {
        .outcome = {.ready = s->ready_count, .queued = queued},
        .flushed = count_flushed(s),
        .ns = rc >= 0 ? time_since(c, start, end) : 0, /* a signal ended it early */
    };
    fdslots_choice_learn(c, &o, way, &finding);
    fdslots_steady_plan(c, &o, way);
    if (UNLIKELY(end > 0))
        fdslots_choice_learn_choosing(c, time_since(c, end, fdslots_now()));
    return rc;
}

/* Deal with the changes before a planned wait, if the plan is for such changes. Returns whether it
 * is. A plan by the set also ends if what the set was told before the last wait was too much. By
 * poll, the changes are noted, so that only later ones count in the next wait. */
APART static bool changed_as_planned(struct fdslots *s, struct steady *plan)
{
    if (plan->way == BY_SET) {
        const uint32_t differed = s->flushed_slots;
        return fdslots_steady_allows(s->choice, plan, count_flushed(s), differed) &&
               fdslots_kernel_sync(s, plan->allowed) == 0;
    }
    if (plan->fewest == 0)
        return true;
    if (s->fresh_count < plan->fewest)
        return false;
    s->choice->count_in = 0;
    fdslots_slots_note_all(s);
    return true;
}

/* Whether the planned way is still what it was. A child has no set, and a buffer may have grown
 * although no change is noted, because another entry point has told the set. */
static inline bool way_is_same(const struct fdslots *s, const struct steady *plan)
{
    if (plan->way == BY_SET)
        return s->set_ready;
    return s->visible <= plan->slots && fdslots_slot_end(s) <= plan->end;
}

static inline bool is_planned(struct fdslots *s, struct steady *plan)
{
    if (plan->ran >= plan->waits || !way_is_same(s, plan))
        return false;
    return s->fresh_count == 0 ? plan->fewest == 0 : changed_as_planned(s, plan);
}

static inline int wait_as_planned(struct fdslots *s, struct steady *plan, int64_t timeout_ns,
                                  const sigset_t *sigmask)
{
    int rc = go(s, plan->way, timeout_ns, sigmask);
    if (UNLIKELY(is_refusal(rc)))
        return fall_back(s, plan->way, rc, timeout_ns, sigmask);
    plan->ran++;
    plan->ready += s->ready_count;
    if (UNLIKELY(rc < plan->least || rc > plan->most))
        fdslots_steady_judge(s->choice, plan);
    return rc;
}

/* Wait where there may be no choice, because of a flag, of slots that only the set can serve, or of
 * a refusal. */
SELDOM static int wait_bound(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    const bool no_set = (s->flags & FDSLOTS_NO_EPOLL) != 0;
    const bool no_poll = s->epoll_only > 0;
    const int refusal = no_poll ? fdslots_set_allowed(s) : 0;
    if (refusal < 0)
        return refusal;
    if (no_set && sigmask != NULL && !SYS_HAS_PPOLL)
        return -ENOTSUP;
    fdslots_wait_begin(s);
    if (no_set || no_poll)
        return go(s, no_set ? BY_POLL : BY_SET, timeout_ns, sigmask);
    if (s->choice->avoid_left > 0)
        return wait_avoiding(s, timeout_ns, sigmask);
    return wait_anew(s, timeout_ns, sigmask);
}

int fdslots_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    if (s == NULL)
        return -EINVAL;
    if (timeout_ns < 0)
        timeout_ns = TIMEOUT_FOREVER;
    if (UNLIKELY((s->flags | s->epoll_only | s->choice->avoid_left) != 0))
        return wait_bound(s, timeout_ns, sigmask);
    fdslots_wait_begin(s);
    struct steady *plan = fdslots_steady_of(s->choice, timeout_ns > 0);
    if (is_planned(s, plan))
        return wait_as_planned(s, plan, timeout_ns, sigmask);
    return wait_anew(s, timeout_ns, sigmask);
}

int fdslots_wait_until(struct fdslots *s, int64_t deadline_ns, const sigset_t *sigmask)
{
    const int64_t left = s != NULL ? fdslots_time_left(deadline_ns) : -EINVAL;
    if (left >= 0)
        return fdslots_wait(s, left, sigmask);
    fdslots_clear_ready(s); /* as in every wait that fails; here the clock could not be read */
    return (int)left;
}
