/* SPDX-License-Identifier: ISC
 *
 * A simulated machine with a clock, and a program that waits on it, guided by the choice alone. All
 * figures are exact.
 */
#ifndef TESTS_PLAYER_H
#define TESTS_PLAYER_H

#include "wait/choice.h"

#include <stdbool.h>
#include <stdint.h>

struct machine {
    struct prices prices; /* the true ones */
    unsigned percent;     /* share of the samples that are spoilt */
    double spoilt;        /* factor by which a spoilt sample is too long */
    uint64_t random;
    double cold; /* how much dearer poll is, as a share of its price, after the set was told much */
};

/* What every wait of a program finds. */
struct program {
    uint32_t slots, ready, toggled, polled;
    bool back; /* what a wait has toggled, the next one toggles back */
    bool blocks;
    uint32_t sleeps; /* the longest sleep before a slot is ready, in ns */
};

struct player {
    struct choice c;
    struct machine m;
    bool in_step;      /* all slots are registered */
    uint32_t lagging;  /* number of slots whose last change the set has not been told */
    double cold;       /* how much dearer poll is now; less with each wait by poll */
    struct outlook o;  /* what the last choice saw */
    struct flush told; /* what the set was told in the steady waits since */
    double ns;         /* time that all waits have taken, without sleep */
    uint64_t waits[WAYS];
    uint64_t timed; /* number of waits that were timed */
};

/* Start on a machine whose true prices are those that the library starts with. Change p->m to
 * simulate another machine. */
void player_start(struct player *p);

/* Make one wait and the steady waits after it. Returns the way that it took. */
enum way player_wait(struct player *p, const struct program *program);

/* Make this many waits, or some more if the last ones are steady. */
void player_play(struct player *p, const struct program *program, uint64_t waits);
uint64_t player_waits(const struct player *p);

/* Let two programs take turns, a wait each. */
void player_play_in_turn(struct player *p, const struct program *one, const struct program *other,
                         int pairs);

/* Return what the choice sees before the next wait of the program. */
struct outlook player_outlook(const struct player *p, const struct program *program);

/* Return the price of a wait on this machine if it always takes this way. */
double player_price(const struct player *p, const struct program *program, enum way way);

/* Begin to count waits, and the time that they take, anew. */
void player_count_anew(struct player *p);

/* Return what the counted waits would have taken if all of them had gone the better way. */
double player_best(const struct player *p, const struct program *program);

/* Check that the next 5,000 waits take no more than `most` times as long as if all of them went the
 * better way, apart from one flush. */
void player_expect(struct player *p, const struct program *program, double most, const char *when);

#endif
