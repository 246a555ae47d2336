/* SPDX-License-Identifier: ISC */
#include "cost.h"

void fdslots_cost_estimate(struct cost_wait *w, struct cost_result found)
{
    w->poll =
        COST_POLL_CALL + (uint64_t)w->slots * COST_POLL_SLOT + (uint64_t)w->holes * COST_POLL_HOLE;
    if (w->blocks)
        w->poll += (uint64_t)found.queued * COST_POLL_QUEUE;
    w->epoll = COST_EPOLL_CALL;
    if (found.ready > 0)
        w->epoll += COST_EPOLL_REPORT + (uint64_t)found.ready * COST_EPOLL_READY;
}

/* Move an account of what one mechanism has cost above the other by this wait; never below 0, since
 * what was once saved does not make a later loss smaller. */
static void account(uint64_t *balance, uint64_t cost, uint64_t other)
{
    if (cost >= other)
        *balance += cost - other;
    else
        *balance -= *balance < other - cost ? *balance : other - cost;
}

/* The kernel's set agrees but for what is fresh, which only epoll must pay for: take what is
 * cheaper now. */
static enum cost_choice choose_in_step(const struct cost_wait *w)
{
    return w->epoll < w->poll && w->epoll + w->fresh <= w->poll ? COST_EPOLL : COST_POLL;
}

/* What changed before is not known to the kernel. */
static enum cost_choice choose_behind(struct cost *c, const struct cost_wait *w)
{
    account(&c->excess, w->poll, w->epoll + w->fresh);
    return c->excess < c->backlog ? COST_POLL : COST_EPOLL;
}

static void add_repeats(struct cost *c)
{
    c->all_poll += c->repeats * c->poll;
    c->all_epoll += c->repeats * c->epoll;
    c->paid += c->repeats * (c->choice == COST_POLL ? c->poll : c->epoll);
    c->repeats = 0;
}

enum cost_choice fdslots_cost_choose(struct cost *c, struct cost_wait *w)
{
    if (c->repeats > 0)
        add_repeats(c);
    fdslots_cost_estimate(w, c->last);
    uint64_t least = c->all_poll < c->all_epoll ? c->all_poll : c->all_epoll;
    if (c->paid > 2 * least)
        return c->all_poll <= c->all_epoll ? COST_POLL : COST_EPOLL;
    return c->backlog == 0 ? choose_in_step(w) : choose_behind(c, w);
}

/* Whether another wait like this one would be chosen alike, and leave nothing to account for. */
static bool repeats_itself(const struct cost *c, const struct cost_wait *w, enum cost_choice choice)
{
    if (w->fresh > 0)
        return false;
    return choice == COST_POLL ? w->poll <= w->epoll && c->excess == 0 : w->epoll < w->poll;
}

void fdslots_cost_learn(struct cost *c, struct cost_wait *w, enum cost_choice choice,
                        struct cost_result found)
{
    bool expected = found.ready == c->last.ready && found.queued == c->last.queued;
    if (!expected)
        fdslots_cost_estimate(w, found);
    c->last = found;
    c->all_poll += w->poll;
    c->all_epoll += w->epoll + w->fresh;
    if (choice == COST_POLL) {
        c->paid += w->poll;
        c->backlog += w->added;
    } else {
        c->paid += w->epoll + w->added + c->backlog;
        if (c->backlog > 0)
            c->backlog = c->excess = 0;
    }
    c->steady = expected && repeats_itself(c, w, choice);
    c->blocks = w->blocks;
    c->choice = choice;
    c->poll = w->poll;
    c->epoll = w->epoll;
}
