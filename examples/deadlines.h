/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The fdslots authors
 *
 * Deadlines of many things, to find the first one. Copy this file and deadlines.c into your own
 * program; they need nothing else.
 *
 * A thing is a number, such as that of a connection or a slot, and has at most one deadline. The
 * caller provides the memory, with one entry for each number, filled with zeros:
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
    /* Rank in the heap of the number with this entry, from 1, or 0 if it has no deadline. */
    uint32_t rank;
    uint32_t number; /* number at this place in the heap, from 0 */
};

struct deadlines {
    struct deadline *entries;
    uint32_t count; /* how many deadlines are set */
};

/* Give a number a deadline, which replaces its old one: O(log count). */
void deadlines_set(struct deadlines *d, uint32_t number, int64_t at);

/* Remove the deadline of a number, if it has one: O(log count). */
void deadlines_remove(struct deadlines *d, uint32_t number);

/* Return the first deadline, and store the number that it belongs to. If there is none, return
 * INT64_MAX, which equals FDSLOTS_FOREVER, and store 0: O(1). */
int64_t deadlines_first(const struct deadlines *d, uint32_t *number);

#endif
