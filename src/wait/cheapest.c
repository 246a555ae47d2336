/* SPDX-License-Identifier: ISC
 *
 * fdslots_wait() and fdslots_wait_until(): they go the way that choice.h expects to be the
 * cheapest, or the other one if that way is refused.
 */
#include "choice.h"
#include "ways.h"

#include "../poll/poll.h"

#define AVOIDANCE 32 /* waits */
#define SAVINGS   8  /* waits whose savings may be spent on changes */

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
    const struct flush flushed = {.looks = (double)s->flushed_looks,
                                  .slots = (double)s->flushed_slots,
                                  .modifies = (double)s->flushed_modifies,
                                  .adds = (double)s->flushed_adds,
                                  .closes = (double)s->flushed_closes,
                                  .of_new_set = s->flushed_new_set};
    s->flushed_looks = s->flushed_slots = 0;
    s->flushed_modifies = s->flushed_adds = s->flushed_closes = 0;
    s->flushed_new_set = false;
    return flushed;
}

#define LOOKED_AT 4 /* and one more for every 64 that changed, up to twice as many */

/* Return the share of the slots in this list that are not again as the set holds them, judged by a
 * few of them. Which ones has no pattern, because neighbours often change alike, and so do slots at
 * regular distances. */
static double share_that_differs(const struct fdslots *s, const struct slot_list *list)
{
    const uint32_t count = list->count;
    const uint32_t more = count / 64 < LOOKED_AT ? count / 64 : LOOKED_AT;
    const uint32_t looks = count > LOOKED_AT ? LOOKED_AT + more : count;
    uint32_t irregular = (uint32_t)s->stats.waits;
    uint32_t differing = 0;
    for (uint32_t k = 0; k < looks; k++) {
        irregular = irregular * UINT32_C(0x9e3779b9) + 1;
        const uint32_t at = looks < count ? (uint32_t)((uint64_t)irregular * count >> 32) : k;
        differing += !fdslots_kernel_agrees(s, list->of[at]);
    }
    return looks > 0 ? (double)differing / looks : 0;
}

/* Look at what is known before a wait. While the set is behind, what has changed joins what it was
 * not told of before. */
static struct outlook look_out(struct fdslots *s, bool blocks)
{
    struct outlook o = {.slots = s->visible,
                        .holes = fdslots_slot_end(s) - s->visible,
                        .polled = fdslots_index_set_count(&s->polled),
                        .fresh = s->fresh.count,
                        .blocks = blocks,
                        .behind = s->noted.count > 0};
    o.anew = o.behind && !s->set_ready;
    if (o.behind)
        fdslots_list_move(s, &s->fresh, &s->noted);
    const struct slot_list *untold = o.behind ? &s->noted : &s->fresh;
    o.lag = untold->count;
    o.differing = share_that_differs(s, untold);
    return o;
}

APART static int wait_anew(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    struct choice *c = s->choice;
    struct outlook o = look_out(s, timeout_ns > 0);
    if (UNLIKELY(c->clock == 0))
        c->clock = (double)fdslots_clock_price();
    const struct flush before = count_flushed(s);
    fdslots_steady_end(c, fdslots_steady_of(c, o.blocks), before);
    const enum way way = fdslots_choice_make(c, &o);
    if (way == BY_POLL)
        fdslots_list_move(s, &s->fresh, &s->noted);
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
    if (before.looks == 0) /* no planned waits have accounted for it */
        finding.flushed.closes = before.closes;
    fdslots_choice_learn(c, &o, way, &finding);
    fdslots_steady_plan(c, &o, way);
    return rc;
}

/* Whether the planned way is still what it was. The set may have been left, or lost in a child, and
 * all that it must be told again is noted then. A buffer may have grown although no change is
 * noted, because another entry point has told the set. */
static inline bool way_is_same(const struct fdslots *s, const struct steady *plan)
{
    if (plan->way == BY_SET)
        return s->noted.count == 0;
    return s->visible <= plan->slots && fdslots_slot_end(s) <= plan->end;
}

/* Return how many calls of epoll_ctl(2) may have been made since the last choice. Only the savings
 * of a few waits pay for them. Otherwise, a burst of changes after a long run could cost all that
 * the run has saved. */
static inline uint64_t calls_allowed(const struct steady *plan)
{
    return (uint64_t)plan->calls * (plan->ran < SAVINGS ? plan->ran + 1 : SAVINGS);
}

/* Whether the plan is for as many changes as there are, and the waits before have not told the set
 * too much. */
static inline bool changes_fit(const struct fdslots *s, const struct steady *plan)
{
    return s->fresh.count >= plan->fewest && s->fresh.count <= plan->allowed &&
           s->flushed_modifies + 2 * (s->flushed_adds + s->flushed_closes) <= calls_allowed(plan);
}

static inline bool is_planned(const struct fdslots *s, const struct steady *plan)
{
    return plan->ran < plan->waits && way_is_same(s, plan) &&
           (s->fresh.count == 0 ? plan->fewest == 0 : changes_fit(s, plan));
}

static inline int wait_as_planned(struct fdslots *s, struct steady *plan, int64_t timeout_ns,
                                  const sigset_t *sigmask)
{
    if (plan->fewest > 0) /* only later changes count in the next wait */
        fdslots_list_move(s, &s->fresh, &s->noted);
    int rc = go(s, plan->way, timeout_ns, sigmask);
    if (UNLIKELY(is_refusal(rc)))
        return fall_back(s, plan->way, rc, timeout_ns, sigmask);
    plan->ran++;
    plan->ready += s->ready_count;
    if (UNLIKELY(rc < plan->least || rc > plan->most))
        fdslots_steady_judge(s->choice, plan, count_flushed(s));
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
