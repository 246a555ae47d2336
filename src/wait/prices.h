/* SPDX-License-Identifier: ISC
 *
 * What a wait costs. For each thing that a wait does, the price of doing it once, on this machine
 * and for the files of this buffer, is multiplied by how often it is done; the cost is the sum.
 * Prices are learnt because they differ: a TCP socket costs poll(2) twice as much as an
 * eventfd, and one of thousands, out of cache, six times as much.
 *
 * A timed wait corrects the prices of what it did, each in proportion to its share of the sum. A
 * wait that took about its price moves them a little, so that they approach a mean. An interrupt or
 * another process often makes a wait much dearer, but nothing makes it much cheaper. So prices fall
 * far at once. They rise far only after four timed waits with the same dearest part were dear, and
 * only by as much as three of the four agree on, because interrupts seldom take equally long. A
 * wait that sleeps is dear, too, but sleeps seldom take equally long either: of the waits that may
 * have slept, twelve of sixteen must agree. A price of which nothing is known yet falls with the
 * others, because the machine may be a faster one.
 */
#ifndef FDSLOTS_PRICES_H
#define FDSLOTS_PRICES_H

#include <stdbool.h>
#include <stdint.h>

/* The prices at the start, in tenths of a nanosecond, as measured on Linux 6.18 (x86-64) with
 * eventfds in cache. bench/measure.c measures them anew. */
#ifndef COST_POLL_CALL
#define COST_POLL_CALL 2500 /* poll(2) on no slots */
#endif
#ifndef COST_POLL_SLOT
#define COST_POLL_SLOT 300 /* in addition, for each slot in use */
#endif
/* In addition, for each slot before the first ready one, if the call may block. */
#ifndef COST_POLL_QUEUE
#define COST_POLL_QUEUE 1350
#endif
#ifndef COST_POLL_HOLE
#define COST_POLL_HOLE 17 /* in addition, for each empty or paused slot between them */
#endif
#ifndef COST_EPOLL_CALL
#define COST_EPOLL_CALL 1520 /* epoll_wait(2) with nothing ready */
#endif
#ifndef COST_EPOLL_REPORT
#define COST_EPOLL_REPORT 1410 /* in addition, if anything is ready */
#endif
#ifndef COST_EPOLL_READY
#define COST_EPOLL_READY 910 /* in addition, for each ready slot */
#endif
#ifndef COST_EPOLL_MOD
#define COST_EPOLL_MOD 3050 /* epoll_ctl(2) with EPOLL_CTL_MOD */
#endif
#ifndef COST_EPOLL_ADD
#define COST_EPOLL_ADD 6700 /* epoll_ctl(2) with EPOLL_CTL_ADD or DEL */
#endif
#ifndef COST_CHANGE
#define COST_CHANGE 80 /* looking at a changed slot, whether or not the kernel must be told */
#endif

enum way { BY_POLL, BY_SET, WAYS };

/* What a wait does: first the parts of a wait by poll, then those of a wait by the set. */
enum part {
    POLL_CALL,
    POLL_SLOT,
    POLL_QUEUED,
    POLL_HOLE,
    SET_CALL,
    SET_REPORT,
    SET_READY,
    SET_BESIDE, /* poll(2) on the polled slots and the set */
    SET_POLLED, /* each fd in that poll(2) */
    SET_LOOK,
    SET_MODIFY,
    SET_ADD,
    PARTS
};

/* How often a wait does each of these. */
struct work {
    double of[PARTS];
};

/* Waits that took much longer than their price, and whose dearest part was the same, since one took
 * about its price. */
struct rise {
    uint32_t waits;
    uint32_t agreed; /* how many of them took about equally long, and none much less */
    double ratio;    /* what the first of these took, as a multiple of the price */
};

struct prices {
    double of[PARTS]; /* in ns */
    struct rise rise[PARTS];
    uint32_t measured; /* a bit for each part that a timed wait has contained */
    bool surprised;    /* the last timed wait took so long that the next one should be timed, too */
    bool in_doubt;     /* it took as long, but may have slept */
};

void fdslots_prices_start(struct prices *p);

/* Return what this work should cost by one way, in ns. It is inline because the callers know most
 * of the work to be 0 or 1. */
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

#define WEIGHT 0.25 /* of what was measured last in what is learnt */

/* Learn from a wait that did this work in `ns` nanoseconds. Returns whether prices have risen far.
 */
bool fdslots_prices_learn(struct prices *p, const struct work *work, enum way way, double ns,
                          bool may_sleep);

#endif
