/* SPDX-License-Identifier: ISC
 *
 * For tests that foresee what fdslots_wait() does, or count what it asks of the system.
 */
#ifndef TESTS_KEEP_PRICES_H
#define TESTS_KEEP_PRICES_H

#include <fdslots.h>

/* Have it keep the prices with which it starts, whatever the machine does. */
void keep_prices(struct fdslots *s);

#endif
