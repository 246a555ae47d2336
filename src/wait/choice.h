/* SPDX-License-Identifier: ISC
 *
 * Which way is the cheapest for the next wait: arithmetic alone, no kernel and no clock.
 *
 * poll(2) looks at every slot, each time, and needs no preparation. The set looks at the ready
 * slots only, and at those that are polled beside it, once it agrees with the slots: the flush,
 * which is worth its price only over the waits to come. Nobody knows those, so this rents before it
 * buys (the ski-rental problem): it polls until polling has cost as much more as the flush would,
 * and then flushes. While the set is in step it takes what is cheaper for the wait at hand, changes
 * included.
 *
 * So what polling costs above the set, before a flush, is at most the price of that flush and of
 * one wait. No sum here grows beyond that.
 */
#ifndef FDSLOTS_CHOICE_H
#define FDSLOTS_CHOICE_H

#include "../core/slots.h"
#include "prices.h"

/* What a wait found. */
struct outcome {
    uint32_t ready;
    uint32_t queued; /* slots before the first ready one; all where none was */
};

/* What is known before a wait. */
struct outlook {
    uint32_t slots;  /* that poll(2) would look at */
    uint32_t holes;  /* that it would step over */
    uint32_t polled; /* slots that are polled beside the set */
    bool blocks;     /* the timeout is not 0 */
    uint64_t fresh;  /* price of telling the set what changed since the last wait */
    uint64_t added;  /* the part of it that had not changed before: the rest is in the backlog */
    uint64_t poll;   /* set by an estimate: what each way should cost, changes apart */
    uint64_t set;
};

enum way { BY_POLL, BY_SET };

/* What earlier waits taught. */
struct choice {
    struct outcome last;
    uint64_t backlog; /* price of telling the set what changed before the last wait */
    uint64_t excess;  /* what polling has cost above the set while there was a backlog */
    enum way way;     /* of the last wait */
    bool steady;      /* another wait like it, without a change, would go the same way */
    bool blocks;      /* it might block */

    /* fdslots_wait() goes around a way that was refused. */
    enum way avoided;
    uint32_t avoid_left;   /* waits until it is tried again */
    uint32_t avoid_length; /* how many they were at first */
};

void fdslots_choice_lay_out(struct fdslots *s, struct layout *at);

/* Set o->poll and o->set for a wait that finds this. */
void fdslots_choice_estimate(struct outlook *o, struct outcome outcome);

/* Choose for a wait that is expected to find what the last one did. */
enum way fdslots_choice_make(struct choice *c, const struct outlook *o);

/* A wait went this way, and found this; so many slots are polled beside the set by now. */
void fdslots_choice_learn(struct choice *c, struct outlook *o, enum way way, struct outcome outcome,
                          uint32_t polled);

/* A slot of the backlog is again as the set knows it. */
static inline void fdslots_choice_come_back(struct choice *c)
{
    const uint64_t price = COST_CHANGE + COST_EPOLL_MOD;
    c->backlog -= c->backlog < price ? c->backlog : price;
}

#endif
