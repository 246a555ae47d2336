/* SPDX-License-Identifier: ISC
 *
 * Every public function as one table: what it takes, from which pools of good and bad values, and
 * what the header lets it answer. symbols.test holds the table against the header.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <fdslots.h>

#include <stdbool.h>

#define HOSTILE_SLOTS  8u
#define HOSTILE_PARAMS 5
#define HOSTILE_ERRORS 9

/* Values of one parameter; pointers are numbers that the call in the table turns into pointers. */
struct hostile_pool {
    const intmax_t *values; /* the first is good */
    int count;
    bool (*bad)(intmax_t value); /* -EINVAL; NULL where none is */
};

enum hostile_effect {
    READS,   /* changes nothing, whatever it returns */
    CHANGES, /* changes nothing where it refuses */
    WAITS,   /* changes the revents and the ready set, but nothing where it refuses an argument */
    MOVES,   /* the buffer is gone where it does not refuse, else nothing has changed */
    ENDS     /* the buffer is gone */
};

#define NO_BUFFER 1 /* no function gives that to a NULL buffer */

struct hostile_call {
    const char *name;
    intmax_t (*call)(struct fdslots *s, const intmax_t *v);
    intmax_t null_gives; /* to a NULL buffer, whatever else is wrong */
    enum hostile_effect effect;
    const struct hostile_pool *params[HOSTILE_PARAMS];
    /* What it must give, if that is not -EINVAL to bad values and another result to good ones. */
    bool (*gives)(const intmax_t *v, intmax_t *result);
    int errors[HOSTILE_ERRORS]; /* the others that the header names */
};

extern const struct hostile_call hostile_calls[];
extern const int hostile_call_count;

/* The fd that stands for 0 in the pool of fds. */
extern int hostile_fd;

#endif
