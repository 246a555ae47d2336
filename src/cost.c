/* SPDX-License-Identifier: ISC */
#include "cost.h"

uint64_t fdslots_cost_poll(const struct cost_wait *w, struct cost_result found)
{
    uint64_t cost =
        COST_POLL_CALL + (uint64_t)w->slots * COST_POLL_SLOT + (uint64_t)w->holes * COST_POLL_HOLE;
    return w->blocks ? cost + (uint64_t)found.queued * COST_POLL_QUEUE : cost;
}

uint64_t fdslots_cost_epoll(struct cost_result found)
{
    if (found.ready == 0)
        return COST_EPOLL_CALL;
    return COST_EPOLL_CALL + COST_EPOLL_REPORT + (uint64_t)found.ready * COST_EPOLL_READY;
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

/* The kernel's set agrees but for what is fresh. */
static enum cost_choice choose_in_step(struct cost *c, uint64_t poll, uint64_t epoll,
                                       uint64_t fresh)
{
    if (poll <= epoll)
        return COST_POLL;
    account(&c->regret, epoll + fresh, poll);
    return epoll + fresh <= poll || c->regret <= fresh ? COST_EPOLL : COST_POLL;
}

/* What changed before is not known to the kernel. */
static enum cost_choice choose_behind(struct cost *c, uint64_t poll, uint64_t epoll, uint64_t fresh)
{
    account(&c->excess, poll, epoll + fresh);
    return c->excess < c->backlog ? COST_POLL : COST_EPOLL;
}

enum cost_choice fdslots_cost_choose(struct cost *c, const struct cost_wait *w)
{
    uint64_t least = c->all_poll < c->all_epoll ? c->all_poll : c->all_epoll;
    if (c->paid > 2 * least)
        return c->all_poll <= c->all_epoll ? COST_POLL : COST_EPOLL;
    uint64_t poll = fdslots_cost_poll(w, c->last);
    uint64_t epoll = fdslots_cost_epoll(c->last);
    return c->backlog == 0 ? choose_in_step(c, poll, epoll, w->fresh)
                           : choose_behind(c, poll, epoll, w->fresh);
}

void fdslots_cost_learn(struct cost *c, const struct cost_wait *w, enum cost_choice choice,
                        struct cost_result found)
{
    uint64_t poll = fdslots_cost_poll(w, found);
    uint64_t epoll = fdslots_cost_epoll(found) + w->fresh;
    c->last = found;
    c->all_poll += poll;
    c->all_epoll += epoll;
    if (choice == COST_POLL) {
        c->paid += poll;
        c->backlog += w->added;
        return;
    }
    c->paid += epoll - w->fresh + w->added + c->backlog;
    if (c->backlog > 0)
        c->backlog = c->excess = c->regret = 0;
}
