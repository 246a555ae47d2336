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

#endif
