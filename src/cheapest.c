/* SPDX-License-Identifier: ISC
 *
 * fdslots_wait: what the choice in cost.c needs to know, and what is done where the chosen
 * mechanism is refused.
 */
#include "backend.h"
#include "ready.h"
#include "sys.h"
#include "timeout.h"

#include <errno.h>

/* ---- what is known ---- */

#define SAMPLE 4 /* pricing every change would cost more than the best choice saves */

/* What this change would cost if the set had been in step before it: the price of a registration
 * that is due anyway is in the backlog. Of a slot that was never registered nobody can tell yet
 * whether its changes will come to anything; until the first flush it counts as if they did not. */
static uint32_t fresh_price(const struct fdslots *s, uint32_t index)
{
    uint32_t price = fdslots_epoll_price(s, index);
    if (!fdslots_index_set_has(&s->sets, SET_CHANGED, index))
        return COST_CHANGE + price;
    if (s->slots[index].role == ROLE_NONE)
        return COST_CHANGE;
    return COST_CHANGE + (price < COST_EPOLL_MOD ? price : COST_EPOLL_MOD);
}

/* The mean price of the fresh changes; there is one at least. */
static uint64_t sample_price(const struct fdslots *s)
{
    uint32_t sum = 0;
    uint32_t count = 0;
    uint32_t i = 0;
    while (count < SAMPLE && (i = fdslots_index_set_next(&s->sets, SET_FRESH, i)) != INDEX_NONE) {
        sum += fresh_price(s, i++);
        count++;
    }
    return sum / count; /* NOLINT(clang-analyzer-core.DivideZero) */
}

/* Price what changed. Another entry point may have told the kernel of the backlog; a fork or a
 * rebuild may have made it forget. */
static void price_changes(struct fdslots *s, struct cost_wait *w)
{
    if (!fdslots_index_set_empty(&s->sets, SET_CHANGED) && s->cost.backlog == 0)
        s->cost.backlog = (uint64_t)s->visible * COST_EPOLL_ADD;
    if (fdslots_index_set_empty(&s->sets, SET_FRESH))
        return;
    uint64_t price = sample_price(s);
    uint32_t moved = 0;
    uint32_t added = 0;
    fdslots_index_set_move(&s->sets, SET_FRESH, SET_CHANGED, &moved, &added);
    w->fresh = moved * price;
    w->added = added * price;
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
    if (sigmask == NULL && timeout_ns == 0)
        return fdslots_backend_poll(s, s->capacity, 0);
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

SELDOM static int wait_anew(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    if (s->detour.left > 0)
        return wait_around(s, timeout_ns, sigmask);
    struct cost_wait w = know(s, timeout_ns);
    if (fdslots_index_set_empty(&s->sets, SET_FRESH) &&
        fdslots_index_set_empty(&s->sets, SET_CHANGED))
        s->cost.backlog = 0;
    else
        price_changes(s, &w);
    enum cost_choice choice = fdslots_cost_choose(&s->cost, &w);
    int rc = by(choice, s, timeout_ns, sigmask);
    if (is_refusal(rc))
        return fall_back(s, choice, rc, timeout_ns, sigmask);
    if (choice == s->detour.avoided)
        s->detour.length = 0;
    fdslots_cost_learn(&s->cost, &w, choice, found(s));
    return rc;
}

/* A wait that was taken to be as the one before found something else, or was refused. */
SELDOM static int learn_anew(struct fdslots *s, int rc, int64_t timeout_ns, const sigset_t *sigmask)
{
    enum cost_choice choice = s->cost.choice;
    if (is_refusal(rc))
        return fall_back(s, choice, rc, timeout_ns, sigmask);
    struct cost_wait w = know(s, timeout_ns);
    fdslots_cost_choose(&s->cost, &w);
    fdslots_cost_learn(&s->cost, &w, choice, found(s));
    return rc;
}

/* As the wait before: most waits. */
static int wait_again(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    const struct cost *cost = &s->cost;
    int rc = by(cost->choice, s, timeout_ns, sigmask);
    /* Where the first ready slot stands matters to a wait that blocks only. */
    if (rc != (int)cost->last.ready || (timeout_ns > 0 && found(s).queued != cost->last.queued))
        return learn_anew(s, rc, timeout_ns, sigmask);
    fdslots_cost_repeat(&s->cost);
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
        return by_poll(s, timeout_ns, sigmask);
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
