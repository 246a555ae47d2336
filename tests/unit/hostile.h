/* SPDX-License-Identifier: ISC
 *
 * A table of every public function: the pools of good and bad values for its parameters, and the
 * results that the header allows. symbols.test compares the table with the header.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <fdslots.h>

#include <stdbool.h>

#define HOSTILE_SLOTS  8u
#define HOSTILE_PARAMS 5
#define HOSTILE_ERRORS 9

/* The values of one parameter. Pointers are numbers here, which the call in the table turns into
 * pointers. */
struct hostile_pool {
    const intmax_t *values; /* the first is good */
    int count;
    bool (*bad)(intmax_t value); /* for these the result is -EINVAL; NULL if no value is bad */
};

enum hostile_effect {
    READS,   /* changes nothing, whatever it returns */
    CHANGES, /* changes nothing if it refuses */
    WAITS,   /* changes revents and the ready set, but nothing if it refuses an argument */
    MOVES,   /* the buffer is gone if the call succeeds, else nothing has changed */
    ENDS     /* the buffer is gone */
};

#define NO_BUFFER 1 /* a value that no function returns for a NULL buffer */

struct hostile_call {
    const char *name;
    intmax_t (*call)(struct fdslots *s, const intmax_t *v);
    intmax_t null_gives; /* the result for a NULL buffer, whatever the other arguments are */
    enum hostile_effect effect;
    const struct hostile_pool *params[HOSTILE_PARAMS];
    /* The one valid result, if it is not simply -EINVAL for bad values and another result for
     * good ones. */
    bool (*gives)(const intmax_t *v, intmax_t *result);
    int errors[HOSTILE_ERRORS]; /* the other errors that the header names */
};

extern const struct hostile_call hostile_calls[];
extern const int hostile_call_count;

/* The fd that replaces 0 in the pool of fds. */
extern int hostile_fd;

#endif
