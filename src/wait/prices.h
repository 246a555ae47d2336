/* SPDX-License-Identifier: ISC
 *
 * What a wait costs: a sum, over the things that it does, of how often it does them times what one
 * of each costs on this machine, for the files of this buffer. A TCP socket costs poll(2) three
 * times what an eventfd costs, and one of thousands, out of cache, eight times: so the prices are
 * learnt.
 *
 * A wait that was timed corrects the prices of what it did, each by as much as it made of the sum.
 * One that took about its price moves them a little, so that they are a mean. An interrupt or
 * another process often makes a wait much dearer, and nothing makes it much cheaper. So prices fall
 * far at once, and rise far only after four waits in a row that are dear for the same thing, and by
 * what three of them agree on: interrupts are seldom equally long. A wait that sleeps is dear, too,
 * but seldom as dear as the next: of waits that may have slept, twelve of sixteen must agree. A
 * price of which nothing is known yet falls with the others: the machine may be a faster one.
 */
#ifndef FDSLOTS_PRICES_H
#define FDSLOTS_PRICES_H

#include <stdbool.h>
#include <stdint.h>

/* Where the prices start, in tenths of a nanosecond: as measured on Linux 6.18 (x86-64) with
 * eventfds in cache. bench/measure.c measures them anew. */
#ifndef COST_POLL_CALL
#define COST_POLL_CALL 2500 /* poll(2) on no slots */
#endif
#ifndef COST_POLL_SLOT
#define COST_POLL_SLOT 300 /* and for each slot in use */
#endif
/* More where it may block: for each slot before the first ready one. */
#ifndef COST_POLL_QUEUE
#define COST_POLL_QUEUE 1350
#endif
#ifndef COST_POLL_HOLE
#define COST_POLL_HOLE 17 /* for each empty or paused slot between */
#endif
#ifndef COST_EPOLL_CALL
#define COST_EPOLL_CALL 1520 /* epoll_wait(2) with nothing ready */
#endif
#ifndef COST_EPOLL_REPORT
#define COST_EPOLL_REPORT 1410 /* more where something is */
#endif
#ifndef COST_EPOLL_READY
#define COST_EPOLL_READY 910 /* and for each ready slot */
#endif
#ifndef COST_EPOLL_MOD
#define COST_EPOLL_MOD 3050 /* epoll_ctl(2) */
#endif
#ifndef COST_EPOLL_ADD
#define COST_EPOLL_ADD 6700 /* the same for DEL */
#endif
#ifndef COST_CHANGE
#define COST_CHANGE 80 /* looking at a changed slot, whether or not the kernel must hear of it */
#endif

enum way { BY_POLL, BY_SET, WAYS };

/* What a wait does; first what it does by poll, then what it does by the set. */
enum part {
    POLL_CALL,
    POLL_SLOT,
    POLL_QUEUED,
    POLL_HOLE,
    SET_CALL,
    SET_REPORT,
    SET_READY,
    SET_BESIDE, /* poll(2) on the polled slots and the set */
    SET_POLLED, /* and each of these */
    SET_LOOK,
    SET_MODIFY,
    SET_ADD,
    PARTS
};

/* How often. */
struct work {
    double of[PARTS];
};

/* Waits of which this part is the dearest, and which took much longer than their price, in a row.
 */
struct rise {
    double least; /* how many times their price, at least */
    uint32_t waits;
    uint32_t agreed; /* of these, such as took about as long as the least */
};

struct prices {
    double of[PARTS]; /* in ns */
    struct rise rise[PARTS];
    uint32_t known; /* bits of the parts that a timed wait had */
    bool surprised; /* the last wait took so much longer that the next one should be timed, too */
};

/* Whether the time of a wait may be that of a sleep. */
enum doubt {
    NO_DOUBT,   /* it could not block */
    SOME_DOUBT, /* it found many slots ready, which the first event alone seldom brings about */
    MUCH_DOUBT
};

void fdslots_prices_start(struct prices *p);

/* Return what this work should cost by one way, in ns. Part of its callers, where most of the work
 * is known to be 0 or 1. */
static inline double fdslots_prices_sum(const struct prices *p, const struct work *work,
                                        enum way way)
{
    const double *n = work->of;
    const double *price = p->of;
    if (way == BY_POLL)
        return n[POLL_CALL] * price[POLL_CALL] + n[POLL_SLOT] * price[POLL_SLOT] +
               n[POLL_QUEUED] * price[POLL_QUEUED] + n[POLL_HOLE] * price[POLL_HOLE];
    return n[SET_CALL] * price[SET_CALL] + n[SET_REPORT] * price[SET_REPORT] +
           n[SET_READY] * price[SET_READY] + n[SET_BESIDE] * price[SET_BESIDE] +
           n[SET_POLLED] * price[SET_POLLED] + n[SET_LOOK] * price[SET_LOOK] +
           n[SET_MODIFY] * price[SET_MODIFY] + n[SET_ADD] * price[SET_ADD];
}

/* A wait did this work in so many ns. The weight is the part by which prices that are nearly right
 * move towards it. Return whether prices have risen far. */
bool fdslots_prices_learn(struct prices *p, const struct work *work, enum way way, double ns,
                          double weight, enum doubt doubt);

#endif
