/* SPDX-License-Identifier: ISC
 *
 * A fixture: a buffer with two slots in use, and an fd outside it that keeps the file of the second
 * one, so that the file outlives the slot's fd.
 */
#ifndef TESTS_KEPT_H
#define TESTS_KEPT_H

#include "kernel.h"
#include "kernel/epoll.h"

#define KEPT_SLOTS 4

extern struct fdslots *s;
extern int idle; /* in slot 0 */
extern int lost; /* in slot 1: the fd that the tests lose */
extern int kept; /* the same file */

void kept_setup(uint32_t flags);
void kept_teardown(void);

#endif
