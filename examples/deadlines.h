/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The fdslots authors
 *
 * Deadlines of many things, to find the one that comes first. To be copied into a program of your
 * own, with deadlines.c: the two need nothing else.
 *
 * A thing is a number, such as that of a connection or a slot, and has one deadline or none. The
 * memory is the caller's, an entry for each number, and filled with 0 at first:
 *
 *     static struct deadline entries[1000];
 *     struct deadlines d = {.entries = entries};
 *     deadlines_set(&d, 7, now + 1000000000);
 *     n = fdslots_wait_until(s, deadlines_first(&d, &number), NULL);
 */
#ifndef DEADLINES_H
#define DEADLINES_H

#include <stdint.h>

struct deadline {
    int64_t at;
    uint32_t rank;   /* where the number with this entry is in the heap, from 1; 0: nowhere */
    uint32_t number; /* which number is in the heap where this entry is, from 0 */
};

struct deadlines {
    struct deadline *entries;
    uint32_t count; /* of the deadlines that are set */
};

/* Give a number a deadline, in place of the one that it has: O(log count). */
void deadlines_set(struct deadlines *d, uint32_t number, int64_t at);

/* Take the deadline from a number, if it has one: O(log count). */
void deadlines_remove(struct deadlines *d, uint32_t number);

/* Return the deadline that comes first, and store whose it is. Where there is none, return
 * INT64_MAX, which is FDSLOTS_FOREVER, and store nothing: O(1). */
int64_t deadlines_first(const struct deadlines *d, uint32_t *number);

#endif
