/* SPDX-License-Identifier: ISC
 *
 * A fixture: an empty buffer, a file that is ready, and one that is not.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "kernel.h"

extern struct fdslots *s;
extern int ready;
extern int idle;

void pair_setup(uint32_t nslots, uint32_t flags);
void pair_teardown(void);

#endif
