/* SPDX-License-Identifier: ISC
 *
 * The oracle: a plain poll(2) with the same fds and events.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "entry.h"

#include <poll.h>

/* Wait with timeout 0, and compare everything that the buffer reports with what poll(2) says about
 * want[0..n).
 *
 * A slot i whose want[i].fd is negative is empty or paused, and nothing may be reported for it.
 * Slots from n on must be empty. Returns the number of ready slots. */
int oracle_check(const struct entry *e, struct fdslots *s, struct pollfd *want, uint32_t n);

/* Do the same comparison after a wait that has just returned rc. poll(2) has filled in want. */
void oracle_compare(const struct entry *e, struct fdslots *s, int rc, const struct pollfd *want,
                    uint32_t n);

/* Set the slots to want[0..n). */
void oracle_fill(struct fdslots *s, const struct pollfd *want, uint32_t n);

#endif
