/* SPDX-License-Identifier: ISC
 *
 * A simulated machine, with a clock, and a program that waits on it by the choice alone: all
 * figures are exact.
 */
#ifndef TESTS_PLAYER_H
#define TESTS_PLAYER_H

#include "wait/choice.h"

#include <stdbool.h>
#include <stdint.h>

struct machine {
    struct prices prices; /* the true ones */
    unsigned percent;     /* of the samples are spoilt: */
    double spoilt;        /* so many times too long */
    uint64_t random;
};

/* What each wait of a program finds. */
struct program {
    uint32_t slots, ready, toggled, polled;
    bool back; /* what a wait has toggled, the next one toggles back */
    bool blocks;
    uint32_t sleeps; /* in ns, at most, before something is ready */
};

struct player {
    struct choice c;
    struct machine m;
    bool in_step;     /* all slots are registered */
    uint32_t lagging; /* of these, slots whose last change the set has not been told */
    double ns;        /* that all waits have taken, sleep apart */
    uint64_t waits[WAYS];
    uint64_t timed; /* of these */
};

/* A machine whose prices are those that the library starts with; change p->m for another. */
void player_start(struct player *p);

/* A wait, and the steady ones after it. Returns the way. */
enum way player_wait(struct player *p, const struct program *program);

/* So many waits, or some more where the last ones are steady. */
void player_play(struct player *p, const struct program *program, uint64_t waits);
uint64_t player_waits(const struct player *p);

/* What the next wait of the program has before it. */
struct outlook player_outlook(const struct player *p, const struct program *program);

/* Return what a wait costs on this machine by one way for good. */
double player_price(const struct player *p, const struct program *program, enum way way);

#endif
