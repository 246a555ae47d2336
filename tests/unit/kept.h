/* SPDX-License-Identifier: ISC
 *
 * A fixture based on pair.h. Slot 0 holds `idle`. Slot 1 holds an fd that the tests lose; another
 * fd keeps its file open, so the file outlives the slot's fd.
 */
#ifndef TESTS_KEPT_H
#define TESTS_KEPT_H

#include "kernel/epoll.h"
#include "pair.h"

#define KEPT_SLOTS 4

extern int lost; /* the fd in slot 1 */
extern int kept; /* another fd of the same file */

void kept_setup(uint32_t flags);
void kept_teardown(void);

/* Lose the fd, in one of so many ways. */
#define KEPT_WAYS 9
void kept_lose(int way);

/* Have the number refer to another file, which is ready. */
void kept_replace(void);

/* Return how many slots FDSLOTS_CHECK has found lost. */
uint64_t kept_losses(void);

/* Check that only slot 1 is ready, with POLLNVAL, even if the wait could block, and that it is
 * counted once. */
void kept_shows_loss(const struct entry *e);

#endif
