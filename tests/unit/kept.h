/* SPDX-License-Identifier: ISC
 *
 * A fixture: the pair, of which `idle` is in slot 0, and in slot 1 an fd that the tests lose.
 * Another fd keeps its file, so that the file outlives the slot's fd.
 */
#ifndef TESTS_KEPT_H
#define TESTS_KEPT_H

#include "kernel/epoll.h"
#include "pair.h"

#define KEPT_SLOTS 4

extern int lost; /* in slot 1 */
extern int kept; /* the same file */

void kept_setup(uint32_t flags);
void kept_teardown(void);

#endif
