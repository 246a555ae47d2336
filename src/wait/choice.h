/* SPDX-License-Identifier: ISC
 *
 * Which way is the cheapest for the next wait. This part only calculates; it uses neither the
 * kernel nor the clock.
 *
 * Price. A wait by poll(2) looks at every slot. A wait by the set looks at the ready slots and at
 * those that are polled beside it, but the set must first be told what changed. prices.h says what
 * each of these costs. How many slots are ready, and what it takes to tell the set about a change,
 * is expected to be what it was in the last waits: a mean, in which earlier ones count less and
 * less. How many slots have changed is known. A new set must be told of every file.
 *
 * Choose. Without changes, the choice is simply the cheaper way. While the set lags behind, a flush
 * is worth its price only if enough waits follow, and their number is unknown. So this rents before
 * it buys (the ski-rental problem): it polls until polling has cost more than the set would have by
 * as much as the flush costs, and then flushes. Changes often come in bursts, and a set that is
 * left for one of them must be told of it anyway, a little later. So a set in step is left only
 * when the changes have made it dearer than polling by as much as it last cost to leave it: that
 * flush, without what polling had saved until then. One account serves for both, because the set
 * either lags behind or is in step.
 *
 * Wait. Each choice also plans how many waits may go the same way after it: see steady.c.
 *
 * Learn. Now and then a wait is timed. After the first of these, this is so seldom that it costs
 * less than a thousandth of what the waits cost, or a fiftieth while they take so long that they
 * may have slept. The way that is not taken may have become cheaper, so it is tried now and then. A
 * two-hundredth of what the waits cost is put aside for that. A trial begins when this pays for the
 * expected extra cost of the trial. The actual extra cost is then deducted. A trial takes two
 * waits, and goes on while they take less and less, because a cold cache becomes warm only after
 * some. More is put aside, for one trial, if the way was never taken, or if its prices have just
 * risen far: other programs may have slowed the waits that raised them.
 *
 * This gives three bounds on chosen waits, by what is known at each. First, before a flush, polling
 * costs more than the set by at most the price of that flush and of one wait, not counting trials,
 * because the account is closed when it reaches the price of the flush, and a single wait cannot
 * take it further beyond. Second, before it is left, the set costs more than polling by at most
 * what it last cost to leave it, and polling is taken for the wait that would exceed this. Third,
 * all trials of a way cost at most a two-hundredth of all waits, not counting the first trial, one
 * after each rise, and the last one, because no trial begins before the earlier ones are paid for.
 * One trial takes at most twenty times as long as its first two waits, not counting its last one,
 * because each wait with which it goes on takes at most 0.95 times as long as the one before. No
 * account grows beyond what closes it, but for what polling has saved, and a double holds what that
 * may be in any time that a machine runs.
 *
 * Planned waits are in no bound. Each counts as much as it was expected to cost when it was
 * planned, and what the set was told in them is spent, too. A run of them ends when a wait is to be
 * timed.
 */
#ifndef FDSLOTS_CHOICE_H
#define FDSLOTS_CHOICE_H

#include "../core/slots.h"
#include "prices.h"

/* What a wait found. */
struct outcome {
    double ready;
    double queued; /* slots before the first ready one; all slots if none was ready */
};

/* The work of telling the set about changes. */
struct flush {
    double looks; /* at slots that changed */
    double slots; /* of these, slots that were not again as the set held them */
    double modifies;
    double adds;     /* of files, and deletions */
    double closes;   /* deletions by fdslots_close_index(), before the wait */
    bool of_new_set; /* a new set was told of every file, which says nothing about changes */
};

/* What is known before a wait. */
struct outlook {
    uint32_t slots;   /* slots that poll(2) would look at */
    uint32_t holes;   /* slots that it would step over */
    uint32_t polled;  /* slots that are polled beside the set */
    uint32_t fresh;   /* slots that changed since a wait last looked at what has changed */
    uint32_t lag;     /* slots that changed since the set was told */
    double differing; /* share of these that are not again as the set holds them */
    bool blocks;      /* the timeout is not 0 */
    bool behind;      /* the set has not been told of earlier changes */
    bool anew;        /* a new set must be told of every file */
    double poll;      /* estimated price of polling */
    double set;       /* estimated price of the set, without telling it changes */
    double change;    /* estimated price of telling it one change, if it is in step */
    double flush;     /* estimated price of telling it all that it was not told */
};

/* What is known after it. */
struct finding {
    struct outcome outcome;
    struct flush flushed; /* what the set was told */
    double ns;            /* time that the wait took; 0 if it was not timed */
};

/* A plan for waits that need no choice: see steady.c. */
struct steady {
    enum way way;     /* that they go */
    uint32_t waits;   /* how many they are */
    uint32_t ran;     /* how many of them have run since they were last accounted for */
    double each;      /* price of one, without telling the set changes */
    double saves;     /* what it costs less than by the other way */
    uint32_t fewest;  /* slots that must have changed before each, if poll only pays then */
    uint32_t allowed; /* slots that may have changed before each */
    uint32_t calls;   /* of epoll_ctl(2) that the set may take for each; an add counts as two */
    uint64_t slots;   /* that poll(2) may look at */
    uint64_t end;     /* of these slots: there may be holes between them */
    int64_t least;    /* ready slots that they may find: with fewer, the set is cheaper */
    int64_t most;     /* with more, poll(2) is */
    uint64_t ready;   /* that those that ran have found in all */
};

/* What was learnt from earlier waits. */
struct choice {
    struct prices prices;
    struct outcome expected; /* of the next wait: a mean of the last ones */
    struct flush told;       /* what it takes to tell the set of a slot that differs: a mean */
    double differing;        /* share of the changes between two waits that were not undone */
    double excess;       /* what polling with a backlog, or the set without, cost above the other */
    double saved;        /* what polling has cost less than the set since that was last taken */
    double regret;       /* what it last cost to leave the set */
    double budget[WAYS]; /* for trials of each way, put aside while the other one is taken */
    double untimed;      /* what the waits have cost since one was timed */
    double clock;        /* price of reading the clock; 0 until it is measured */
    uint32_t timed;      /* number of timed waits; no more than WARM are counted */
    uint32_t turn;       /* multiple of the golden ratio: its high bit alternates irregularly */
    bool taken[WAYS];    /* the way was taken at least once */
    bool risen[WAYS];    /* the prices of the way rose far when it was last timed */
    uint32_t trial;      /* waits that are left of a trial */
    double trial_ns;     /* time that the last wait of the trial took; 0 if it is unknown */
    enum way way;        /* of the last wait that was chosen */
    struct steady at_once;  /* the plan for waits that do not block */
    struct steady blocking; /* the plan for waits that may block */

    /* fdslots_wait() avoids a way that was refused, and in the first wait the set. */
    enum way avoided;
    uint32_t avoid_left; /* waits until it is tried again */
};

#define TRIAL 2 /* waits at least; the first may have to tell the set */
/* What is put aside for trials of the other way: a two-hundredth of what waits cost; a tenth if its
 * prices rose far when it was last timed; half if it was never taken. */
#define TRY_AGAIN 200
#define TRY_RISEN 10
#define TRY_FIRST 2
/* A wait is timed when those since the last timed one have cost this many times the clock. */
#define TIMING       4000
#define TIMING_WARM  25  /* until WARM waits were timed */
#define TIMING_DOUBT 100 /* while they may sleep: many are needed, and sleeps cost far more */
#define WARM         16

void fdslots_choice_lay_out(struct fdslots *s, struct layout *at);

/* Start with nothing learnt. */
void fdslots_choice_start(struct choice *c);

static inline enum way fdslots_other_way(enum way way)
{
    return way == BY_POLL ? BY_SET : BY_POLL;
}

/* Account for waits by this way that cost this much. */
void fdslots_choice_spend(struct choice *c, enum way way, double price);

/* Account for waits by this way that cost so much less than by the other way. */
void fdslots_choice_save(struct choice *c, enum way way, double saved);

/* Set the prices of a wait with this outcome. */
void fdslots_choice_estimate(const struct choice *c, struct outlook *o, struct outcome outcome);

/* Let what so many waits found in all count in what is expected of the next one. */
void fdslots_choice_expect(struct choice *c, struct outcome outcome, double waits);

/* Let what the set was told count in what it is expected to take to tell it of a slot. */
void fdslots_choice_expect_changes(struct choice *c, struct flush flushed);

/* Let the share of the changes between two waits that were not undone count in what is expected. */
void fdslots_choice_expect_differing(struct choice *c, double share);

/* Return the price of telling the set this much. A deletion by fdslots_close_index() is not timed,
 * and takes about as long as modifying a registration. */
static inline double fdslots_choice_price(const struct choice *c, struct flush flush)
{
    const double *price = c->prices.of;
    return flush.looks * price[SET_LOOK] + flush.modifies * price[SET_MODIFY] +
           flush.adds * price[SET_ADD] + flush.closes * price[SET_MODIFY];
}

/* Choose the way of a wait that is expected to find what the last ones found. */
enum way fdslots_choice_make(struct choice *c, struct outlook *o);

/* Whether that wait is to be timed. This is so now and then, and in every trial. If the answer is
 * yes, the caller must time the wait. */
bool fdslots_choice_times(struct choice *c);

/* Return how much waits may cost before one must be timed. */
double fdslots_choice_until_due(const struct choice *c);

/* Learn from a wait that went this way. */
void fdslots_choice_learn(struct choice *c, struct outlook *o, enum way way,
                          const struct finding *finding);

/* ---- waits that need no choice (steady.c) ---- */

/* Return the plan for waits that may block, or the one for others. */
static inline struct steady *fdslots_steady_of(struct choice *c, bool blocks)
{
    return blocks ? &c->blocking : &c->at_once;
}

/* Plan the waits that follow a chosen one from which everything has been learnt. */
void fdslots_steady_plan(struct choice *c, struct outlook *o, enum way way);

/* A planned wait found fewer or more ready slots than the plan is for. Account for the waits that
 * have run, in which the set was told this much, and end the plan if so many ready slots are now
 * expected of the next one. */
void fdslots_steady_judge(struct choice *c, struct steady *plan, struct flush flushed);

/* End a plan, after accounting for its waits in the same way. */
void fdslots_steady_end(struct choice *c, struct steady *plan, struct flush flushed);

#endif
