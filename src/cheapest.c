/* SPDX-License-Identifier: ISC
 *
 * fdslots_wait: what the choice in cost.c needs to know, and what is done where the chosen
 * mechanism is refused.
 */
#include "backend.h"
#include "ready.h"
#include "sample.h"
#include "short_wait.h"
#include "timeout.h"

#include <errno.h>

/* ---- what is known ---- */

#define FEW 4

/* How many slots poll(2) looked at before it met a ready one: it queues itself on each of them. */
static struct cost_result found(const struct fdslots *s)
{
    struct cost_result r = {.ready = s->ready_count, .queued = s->visible};
    /* epoll reports in an order of its own; the first few will do. */
    for (uint32_t i = 0; i < r.ready && i < FEW; i++)
        if (s->ready[i] < r.queued)
            r.queued = s->ready[i];
    return r;
}

/* ---- the mechanisms, by their cheapest variant ---- */

/* poll(2) is cheaper than ppoll(2): for all times that it can express. */
INLINE int by_poll(struct fdslots *s, uint32_t end, int64_t timeout_ns, const sigset_t *sigmask)
{
    if (sigmask == NULL && timeout_ns == 0)
        return fdslots_short_poll(s, end, 0);
    int ms = fdslots_ms_from_ns(timeout_ns);
    if (sigmask == NULL && (ms < 0 || ms * NS_PER_MS == timeout_ns))
        return fdslots_short_poll(s, end, ms);
    const struct timespec timeout = fdslots_timespec_from_ns(timeout_ns);
    return fdslots_backend_ppoll(s, end, ms < 0 ? NULL : &timeout, sigmask);
}

INLINE int by(enum cost_choice choice, struct fdslots *s, int64_t timeout_ns,
              const sigset_t *sigmask)
{
    return choice == COST_POLL ? by_poll(s, fdslots_slot_end(s), timeout_ns, sigmask)
                               : fdslots_short_epoll(s, timeout_ns, sigmask);
}

/* ---- the wait ---- */

static enum cost_choice other_than(enum cost_choice choice)
{
    return choice == COST_POLL ? COST_EPOLL : COST_POLL;
}

static bool is_refusal(int rc)
{
    return rc < 0 && rc != -EINTR;
}

#define LONGEST_DETOUR 1023u

/* A mechanism was refused: poll, where there are more slots than RLIMIT_NOFILE, or no memory, or a
 * mask and no ppoll(2); epoll, where there are no fds, no memory, no watches left, a filter of
 * system calls, a circle of sets. The other one may be able to. It is then used for a while without
 * asking, a longer one each time, and what these waits cost teaches nothing. */
SELDOM static int fall_back(struct fdslots *s, enum cost_choice choice, int refusal,
                            int64_t timeout_ns, const sigset_t *sigmask)
{
    struct detour *detour = &s->detour;
    int rc = by(other_than(choice), s, timeout_ns, sigmask);
    if (is_refusal(rc))
        return refusal;
    s->stats.fallbacks++;
    s->cost.steady = false;
    detour->avoided = choice;
    detour->length = detour->length < LONGEST_DETOUR ? detour->length * 2 + 1 : LONGEST_DETOUR;
    detour->left = detour->length;
    return rc;
}

/* A mechanism that was avoided works again. */
static void arrive(struct fdslots *s, enum cost_choice choice)
{
    if (choice == s->detour.avoided)
        s->detour.length = 0;
}

SELDOM static int wait_around(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    enum cost_choice choice = other_than(s->detour.avoided);
    s->detour.left--;
    int rc = by(choice, s, timeout_ns, sigmask);
    return is_refusal(rc) ? fall_back(s, choice, rc, timeout_ns, sigmask) : rc;
}

static struct cost_wait know(struct fdslots *s, int64_t timeout_ns)
{
    return (struct cost_wait){
        .slots = s->visible, .holes = fdslots_slot_end(s) - s->visible, .blocks = timeout_ns > 0};
}

/* A wait that was taken to be as the one before, but for changes of this price, found something
 * else, or was refused. */
SELDOM static int learn_anew(struct fdslots *s, int rc, uint32_t price, int64_t timeout_ns,
                             const sigset_t *sigmask)
{
    enum cost_choice choice = s->cost.choice;
    if (is_refusal(rc))
        return fall_back(s, choice, rc, timeout_ns, sigmask);
    arrive(s, choice);
    struct cost_wait w = know(s, timeout_ns);
    w.fresh = price;
    w.added = choice == COST_EPOLL ? price : 0;
    fdslots_cost_choose(&s->cost, &w);
    fdslots_cost_learn(&s->cost, &w, choice, found(s));
    return rc;
}

/* Whether a wait that was taken to be as the one before was. */
static bool is_as_expected(const struct fdslots *s, int rc, int64_t timeout_ns)
{
    const struct cost_result *last = &s->cost.last;
    /* Where the first ready slot stands matters to a wait that blocks only. */
    return rc == (int)last->ready && (timeout_ns <= 0 || found(s).queued == last->queued);
}

/* As the wait before: most waits. */
INLINE int wait_again(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    int rc = by(s->cost.choice, s, timeout_ns, sigmask);
    if (!is_as_expected(s, rc, timeout_ns))
        return learn_anew(s, rc, 0, timeout_ns, sigmask);
    fdslots_cost_repeat(&s->cost);
    return rc;
}

/* As the wait before, though changes of this price came between. */
INLINE int wait_despite(struct fdslots *s, uint32_t price, int64_t timeout_ns,
                        const sigset_t *sigmask)
{
    s->cost.steady = false;
    int rc = by(s->cost.choice, s, timeout_ns, sigmask);
    if (!is_as_expected(s, rc, timeout_ns))
        return learn_anew(s, rc, price, timeout_ns, sigmask);
    arrive(s, s->cost.choice);
    return rc;
}

static uint64_t enough_for_poll(const struct fdslots *s, int64_t timeout_ns)
{
    return fdslots_cost_enough_for_poll(&s->cost, s->visible, s->touched - s->visible,
                                        timeout_ns > 0);
}

/* Changes of which it is certain that they leave the choice as it was: few, by epoll; by poll, such
 * as had changed before, and of which these are dear enough. */
static bool is_trifle(const struct fdslots *s, const struct sample *sample, uint64_t enough)
{
    if (sample->price == 0)
        return false;
    if (s->cost.choice == COST_EPOLL)
        return sample->whole && (s->sets.root[SET_CHANGED] | s->sets.root[SET_REFUSED]) == 0 &&
               fdslots_cost_stays_epoll(&s->cost, s->visible, sample->price);
    return sample->added == 0 && sample->price >= enough &&
           (sample->whole || fdslots_index_set_within(&s->sets, SET_FRESH, SET_CHANGED));
}

/* What changed is told, or noted, first. */
static int wait_with(struct fdslots *s, const struct sample *sample, int64_t timeout_ns,
                     const sigset_t *sigmask)
{
    int rc = 0;
    if (s->cost.choice == COST_POLL)
        fdslots_sample_note(s, sample);
    else
        rc = fdslots_epoll_tell(s, sample->slots, sample->count);
    if (rc < 0)
        return learn_anew(s, rc, sample->price, timeout_ns, sigmask);
    return wait_despite(s, sample->price, timeout_ns, sigmask);
}

/* Another entry point may have told the kernel of the backlog; a fork or a rebuild may have made it
 * forget. */
static void check_backlog(struct fdslots *s)
{
    if (fdslots_index_set_empty(&s->sets, SET_CHANGED))
        s->cost.backlog = s->cost.excess = 0;
    else if (s->cost.backlog == 0)
        s->cost.backlog = (uint64_t)s->visible * COST_EPOLL_ADD;
}

SELDOM static int wait_anew(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    if (s->detour.left > 0)
        return wait_around(s, timeout_ns, sigmask);
    const uint64_t enough = enough_for_poll(s, timeout_ns);
    /* Where poll is cheaper even if the changes cost nothing, they may stay fresh. */
    if (!fdslots_index_set_empty(&s->sets, SET_FRESH) && enough == 0)
        return wait_despite(s, 0, timeout_ns, sigmask);
    struct sample sample;
    fdslots_sample_take(s, &sample, enough);
    if (sample.price == 0 && sample.whole && fdslots_cost_is_steady(&s->cost, timeout_ns > 0))
        return wait_again(s, timeout_ns, sigmask);
    if (is_trifle(s, &sample, enough))
        return wait_with(s, &sample, timeout_ns, sigmask);
    struct cost_wait w = know(s, timeout_ns);
    check_backlog(s);
    fdslots_sample_price(s, &sample, &w);
    enum cost_choice choice = fdslots_cost_choose(&s->cost, &w);
    if (choice == COST_POLL)
        fdslots_sample_note(s, &sample);
    int rc = choice == COST_POLL ? by_poll(s, w.slots + w.holes, timeout_ns, sigmask)
                                 : fdslots_short_epoll(s, timeout_ns, sigmask);
    if (is_refusal(rc))
        return fall_back(s, choice, rc, timeout_ns, sigmask);
    arrive(s, choice);
    fdslots_cost_learn(&s->cost, &w, choice, found(s));
    return rc;
}

/* Flags, or slots that only epoll understands, may leave no choice. */
SELDOM static int wait_bound(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    const bool no_epoll = (s->flags & FDSLOTS_NO_EPOLL) != 0;
    const bool no_poll = s->epoll_only > 0;
    const int refusal = no_poll ? fdslots_epoll_allowed(s) : 0;
    if (refusal < 0)
        return refusal;
    if (no_epoll && sigmask != NULL && !fdslots_sys_takes_mask())
        return -ENOTSUP;
    fdslots_wait_begin(s);
    s->stats.waits++;
    if (no_epoll)
        return by_poll(s, fdslots_slot_end(s), timeout_ns, sigmask);
    if (no_poll)
        return fdslots_backend_epoll(s, timeout_ns, sigmask);
    return wait_anew(s, timeout_ns, sigmask);
}

int fdslots_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    if (s == NULL)
        return -EINVAL;
    if (timeout_ns < 0)
        timeout_ns = 0;
    if ((s->flags | s->epoll_only) != 0)
        return wait_bound(s, timeout_ns, sigmask);
    fdslots_wait_begin(s);
    s->stats.waits++;
    if (fdslots_cost_is_steady(&s->cost, timeout_ns > 0) &&
        fdslots_index_set_empty(&s->sets, SET_FRESH))
        return wait_again(s, timeout_ns, sigmask);
    return wait_anew(s, timeout_ns, sigmask);
}
