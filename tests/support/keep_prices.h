/* SPDX-License-Identifier: ISC
 *
 * For tests that foresee what fdslots_wait() does, or that count its system calls.
 */
#ifndef TESTS_KEEP_PRICES_H
#define TESTS_KEEP_PRICES_H

#include <fdslots.h>

/* Make the buffer keep its initial prices, whatever the machine does. */
void keep_prices(struct fdslots *s);

/* Make a choice before the next wait. Where prices are kept, a plan may be for all waits to come.
 */
void end_plans(struct fdslots *s);

#endif
