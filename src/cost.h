/* SPDX-License-Identifier: ISC
 *
 * Which mechanism is cheapest for the next wait: arithmetic alone, no kernel and no clock.
 *
 * poll(2) looks at every slot, each time, and needs no preparation. epoll looks at the ready slots
 * only, once the kernel's set agrees with the slots: the flush, which is worth its price only over
 * the waits to come. Nobody knows those, so this rents before it buys (the ski-rental problem): it
 * polls until polling has cost as much more as the flush would, then flushes. While the set is in
 * step it takes what is cheaper for the wait at hand.
 *
 * A caller who changes its ways just when that is worst cannot make it dear: the totals of both
 * mechanisms are kept, as if each alone had been used, and where what was paid exceeds twice the
 * lesser, that one is followed. So the sum never exceeds twice the better of always-poll and
 * always-epoll by more than one flush and one wait.
 */
#ifndef FDSLOTS_COST_H
#define FDSLOTS_COST_H

#include <stdbool.h>
#include <stdint.h>

/* Tenths of a nanosecond, as measured on Linux 6.18 (x86-64). `make bench-measure` measures them
 * anew (bench/measure.c); give what it prints to configure as CPPFLAGS. */
#ifndef COST_POLL_CALL
#define COST_POLL_CALL 2500 /* poll(2) on no slots */
#endif
/* And for each slot in use: 260 for an eventfd, 280 for a pipe, 460 for a Unix socket, 550 for a
 * TCP socket. Of which kind a slot is, nobody says. */
#ifndef COST_POLL_SLOT
#define COST_POLL_SLOT 300
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

/* What a wait found. */
struct cost_result {
    uint32_t ready;
    uint32_t queued; /* slots before the first ready one; all where none was */
};

/* What is known before a wait. */
struct cost_wait {
    uint32_t slots; /* that poll(2) would look at */
    uint32_t holes; /* that it would step over */
    bool blocks;    /* the timeout is not 0 */
    uint64_t fresh; /* price of telling the kernel what changed since the last wait */
    uint64_t added; /* the part of it that had not changed before: the others are in the backlog */
    uint64_t poll;  /* set by an estimate: what each mechanism should cost, without a flush */
    uint64_t epoll;
};

/* Set w->poll and w->epoll for a wait that finds this. */
void fdslots_cost_estimate(struct cost_wait *w, struct cost_result found);

enum cost_choice { COST_POLL, COST_EPOLL };

/* What earlier waits taught. */
struct cost {
    struct cost_result last;
    uint64_t backlog; /* price of telling the kernel what changed before the last wait */
    uint64_t excess;  /* what polling has cost above epoll while there was a backlog */
    uint64_t paid;    /* in all */
    uint64_t all_poll;
    uint64_t all_epoll; /* had only one mechanism been used */

    /* A wait that changed nothing and found what the one before it did: as long as they go on like
     * that the choice is the same, and their costs are added up later. */
    bool steady;
    bool blocks;
    enum cost_choice choice;
    uint64_t poll;
    uint64_t epoll;
    uint64_t repeats;
};

/* Whether the choice for the next wait, if nothing changed since the last one, is c->choice. */
static inline bool fdslots_cost_is_steady(const struct cost *c, bool blocks)
{
    return c->steady && c->blocks == blocks;
}

/* A steady wait found what was expected; otherwise choose and learn as if it were not steady. */
static inline void fdslots_cost_repeat(struct cost *c)
{
    c->repeats++;
}

/* Whether epoll remains the cheaper one for a wait that is expected to find what the last one did,
 * whatever holes there are, and though changes of this price must be told first. What is spent so
 * is never more than the better mechanism would cost: it needs no account. */
static inline bool fdslots_cost_stays_epoll(const struct cost *c, uint32_t slots, uint64_t fresh)
{
    return c->choice == COST_EPOLL && c->backlog == 0 &&
           c->epoll + fresh <= COST_POLL_CALL + (uint64_t)slots * COST_POLL_SLOT;
}

/* From which price on changes make poll remain the cheaper one for such a wait, with at most so
 * many holes, where all that changed had changed before. UINT64_MAX where poll was not the choice.
 */
static inline uint64_t fdslots_cost_enough_for_poll(const struct cost *c, uint32_t slots,
                                                    uint32_t holes, bool blocks)
{
    uint64_t slot = COST_POLL_SLOT + (blocks ? COST_POLL_QUEUE : 0);
    uint64_t poll = COST_POLL_CALL + slots * slot + (uint64_t)holes * COST_POLL_HOLE;
    if (c->choice != COST_POLL || c->excess > 0)
        return UINT64_MAX;
    return poll > c->epoll ? poll - c->epoll : 0;
}

/* A slot of the backlog is again as the kernel knows it. */
static inline void fdslots_cost_come_back(struct cost *c)
{
    const uint64_t price = COST_CHANGE + COST_EPOLL_MOD;
    c->backlog -= c->backlog < price ? c->backlog : price;
}

/* Choose for a wait that is expected to find what the last one did. */
enum cost_choice fdslots_cost_choose(struct cost *c, struct cost_wait *w);

/* A wait was carried out as chosen, and found this. */
void fdslots_cost_learn(struct cost *c, struct cost_wait *w, enum cost_choice choice,
                        struct cost_result found);

#endif
