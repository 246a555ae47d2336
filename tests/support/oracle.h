/* SPDX-License-Identifier: ISC
 *
 * The judge: a plain poll(2) on the same fds and events.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "entry.h"

#include <poll.h>

/* Wait with timeout 0 and compare all that the buffer says with what poll(2) says about want[0..n).
 *
 * want[i].fd < 0: slot i is empty or paused, nothing may be reported for it. Slots from n on must
 * be empty. Gives the number of ready slots. */
int oracle_check(const struct entry *e, struct fdslots *s, struct pollfd *want, uint32_t n);

/* Compare the same, after a wait that has just returned rc; poll(2) has filled in want. */
void oracle_compare(const struct entry *e, struct fdslots *s, int rc, const struct pollfd *want,
                    uint32_t n);

/* Put want[0..n) into the slots. */
void oracle_fill(struct fdslots *s, const struct pollfd *want, uint32_t n);

#endif
