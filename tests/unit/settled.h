/* SPDX-License-Identifier: ISC
 *
 * Waits of a buffer whose choice has settled.
 */
#ifndef TESTS_SETTLED_H
#define TESTS_SETTLED_H

#include "keep_prices.h"
#include "kernel.h"
#include "wait/choice.h"

enum { MANY = 256 };

/* Put idle eventfds into so many slots. */
void fill_slots(struct fdslots *s, int *fds, uint32_t count);

/* Make a buffer of so many slots, with idle eventfds that the set knows. */
struct fdslots *known_slots(int *fds, uint32_t count);

/* Destroy it, and close the files. */
void close_slots(struct fdslots *known, const int *fds, uint32_t count);

/* Set the events of this many slots to others than they have. */
void toggle(struct fdslots *many, uint32_t count);

/* Make a wait that finds this many slots ready. Returns whether it went without a choice, and did
 * not end the plan. */
bool is_steady_with(struct fdslots *many, int64_t timeout_ns, int ready);

/* The same for a wait that does not block and finds nothing. */
bool is_steady(struct fdslots *many);

#endif
