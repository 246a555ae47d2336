/* SPDX-License-Identifier: ISC
 *
 * Which way is the cheapest for the next wait: arithmetic alone, no kernel and no clock.
 *
 * Price. A wait by poll(2) looks at every slot. A wait by the set looks at the ready slots, and at
 * those that are polled beside it, but must be told first what changed. What each of these costs is
 * in prices.h; how many there are is known, or expected to be as in the last wait.
 *
 * Choose. While the set is in step, that is all: the cheaper way, changes included. While it lags
 * behind, telling it is worth its price only over the waits to come, which nobody knows. So this
 * rents before it buys (the ski-rental problem): it polls until polling has cost as much more as
 * the set and the flush would, and then flushes.
 *
 * Learn. Now and then a wait is timed, so seldom that reading the clock costs some thousandth of
 * what the waits cost. The way that is not taken may have become cheaper, so it is tried now and
 * then. A hundredth of what the waits cost is put aside for that. A trial begins when this pays for
 * what the trial should cost more than other waits; what it did cost more is taken off. More is put
 * aside, for one trial, where the way was never taken, and where its prices have just risen: other
 * programs may have slowed the waits that said so.
 *
 * By the prices known at each wait, then: what polling costs above the set, before a flush, is at
 * most the price of that flush and of one wait, for the account is closed when it reaches the
 * flush, and one wait is the most that it can jump beyond; and all trials of a way cost at most a
 * hundredth of all waits, but for the first one, one after each rise, and the last one, for none
 * begins before the earlier ones are paid for. No account grows beyond what closes it.
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

/* What telling the set of changes takes. */
struct telling {
    double looks;
    double modifies;
    double adds; /* of files, or deletions */
};

/* What is known before a wait. */
struct outlook {
    uint32_t slots;       /* that poll(2) would look at */
    uint32_t holes;       /* that it would step over */
    uint32_t polled;      /* slots that are polled beside the set */
    bool blocks;          /* the timeout is not 0 */
    struct telling fresh; /* of what changed since the last wait, where the set knew the rest */
    struct telling lag;   /* of all that it does not know */
    double poll;          /* set by an estimate: the price of each way, changes apart */
    double set;
};

/* What is known after it. */
struct finding {
    struct outcome outcome;
    uint32_t polled;     /* slots that are polled beside the set by now */
    struct telling told; /* to the set */
    double ns;           /* that it took, 0 where it was not timed */
};

/* What earlier waits taught. */
struct choice {
    struct prices prices;
    struct outcome last;
    struct telling backlog; /* of what the set had not been told after the last wait */
    double excess;          /* what polling has cost above the set while there was a backlog */
    double budget[WAYS];    /* for trials of each way, put aside while the other one is taken */
    double untimed;         /* what the waits have cost since one was timed */
    double clock;           /* price of timing one; 0 before it was measured */
    uint32_t timed;         /* waits; no more than WARM are counted */
    bool taken[WAYS];       /* ever */
    bool risen[WAYS];       /* prices have, far, since the last trial */
    uint32_t trial;         /* waits that are left of a trial */
    enum way way;           /* of the last wait */

    /* While no more slots change than before the last wait, and each wait finds what it found, so
     * many waits go the same way unasked. */
    uint32_t steady;
    uint32_t ran;     /* so many have */
    uint32_t changes; /* slots that may change; ANY_CHANGES where they make no difference */
    double each;      /* price of one */
    bool blocks;      /* it might block */

    /* fdslots_wait() goes around a way that was refused. */
    enum way avoided;
    uint32_t avoid_left;   /* waits until it is tried again */
    uint32_t avoid_length; /* how many they were at first */
};

#define ANY_CHANGES UINT32_MAX
#define TRIAL       2 /* waits: the first one may have to tell the set, or meets a cold cache */
#define TRY_AGAIN                                                                                  \
    100                /* a hundredth of what waits cost is put aside for trials of the other way  \
                        */
#define TRY_RISEN   10 /* more, where its prices have risen far since it was tried */
#define TRY_FIRST   2  /* or where it was never taken */
#define TIMING      1000 /* a wait is timed when the waits since have cost so many times the clock */
#define TIMING_WARM 25   /* while few were: */
#define WARM        16

void fdslots_choice_lay_out(struct fdslots *s, struct layout *at);

static inline enum way fdslots_other_way(enum way way)
{
    return way == BY_POLL ? BY_SET : BY_POLL;
}

/* Account for the steady waits that have been. */
void fdslots_choice_settle(struct choice *c);

/* Set o->poll and o->set for a wait that finds this. */
void fdslots_choice_estimate(const struct choice *c, struct outlook *o, struct outcome outcome);

/* Return what telling the set of this costs. */
double fdslots_choice_price(const struct choice *c, struct telling telling);

/* Whether the way may depend on what telling the set of what changed costs. */
bool fdslots_choice_asks(const struct choice *c, const struct outlook *o);

/* Choose for a wait that is expected to find what the last one did. */
enum way fdslots_choice_make(struct choice *c, const struct outlook *o);

/* Whether that wait is to be timed: now and then, and in a trial. The answer counts as done. */
bool fdslots_choice_times(struct choice *c);

/* A wait went this way. */
void fdslots_choice_learn(struct choice *c, struct outlook *o, enum way way,
                          const struct finding *found);

static inline void fdslots_choice_scale(struct telling *telling, double times)
{
    telling->looks *= times;
    telling->modifies *= times;
    telling->adds *= times;
}

#endif
