/* SPDX-License-Identifier: ISC */
#include "choice.h"

void fdslots_choice_lay_out(struct fdslots *s, struct layout *at)
{
    s->choice = fdslots_layout_take(at, 1, sizeof *s->choice);
    if (s->choice != NULL)
        *s->choice = (struct choice){.way = BY_POLL};
}

void fdslots_choice_estimate(struct outlook *o, struct outcome outcome)
{
    const uint64_t queue = o->blocks ? COST_POLL_QUEUE : 0;
    o->poll = COST_POLL_CALL + (uint64_t)o->slots * COST_POLL_SLOT +
              (uint64_t)o->holes * COST_POLL_HOLE + outcome.queued * queue;
    o->set = COST_EPOLL_CALL;
    if (outcome.ready > 0)
        o->set += COST_EPOLL_REPORT + (uint64_t)outcome.ready * COST_EPOLL_READY;
    if (o->polled > 0)
        o->set += COST_POLL_CALL + (o->polled + UINT64_C(1)) * (COST_POLL_SLOT + queue);
}

/* Move an account of what one way has cost above the other by this wait; never below 0, since what
 * was once saved does not make a later loss smaller. */
static void account(uint64_t *balance, uint64_t cost, uint64_t other)
{
    if (cost >= other)
        *balance += cost - other;
    else
        *balance -= *balance < other - cost ? *balance : other - cost;
}

enum way fdslots_choice_make(struct choice *c, const struct outlook *o)
{
    if (c->backlog == 0)
        return o->set < o->poll && o->set + o->fresh <= o->poll ? BY_SET : BY_POLL;
    account(&c->excess, o->poll, o->set + o->fresh);
    return c->excess < c->backlog ? BY_POLL : BY_SET;
}

void fdslots_choice_learn(struct choice *c, struct outlook *o, enum way way, struct outcome outcome,
                          uint32_t polled)
{
    if (way == BY_POLL)
        c->backlog += o->added;
    else
        c->backlog = c->excess = 0;
    if (outcome.ready != c->last.ready || outcome.queued != c->last.queued || polled != o->polled) {
        o->polled = polled;
        fdslots_choice_estimate(o, outcome);
    }
    c->last = outcome;
    c->way = way;
    c->blocks = o->blocks;
    c->steady =
        o->fresh == 0 && (way == BY_POLL ? o->poll <= o->set && c->excess == 0 : o->set < o->poll);
}
