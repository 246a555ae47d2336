/* SPDX-License-Identifier: ISC
 *
 * Waits that need no choice. A choice takes some 40 ns, and in most programs a wait is much like
 * the one before it. So each choice also plans how many waits may go the same way after it, as long
 * as every wait finds what the last one found, and so few slots change that the other way cannot be
 * cheaper.
 *
 * Only the number of changed slots is known before such a wait, not what telling the set about them
 * costs. So a wait by the set allows as many as can be told, at the price of the dearest changes of
 * late, before poll(2) is cheaper. What it really costs corrects that price, and if it was too
 * much, there is a choice again. If only the changes have made poll(2) the cheaper way, there must
 * be as many again. While waits poll, the buffer may grow by a quarter.
 */
#ifndef FDSLOTS_STEADY_H
#define FDSLOTS_STEADY_H

#include "choice.h"

/* Plan the waits that follow a chosen one from which everything has been learnt. */
void fdslots_steady_plan(struct choice *c, struct outlook *o, enum way way);

/* Whether a planned wait by the set is allowed although this many slots have changed. `told` is
 * what the set was told since the last question. */
bool fdslots_steady_allows(struct choice *c, uint32_t changed, struct telling told);

/* End the plan, and account for the waits that have run. */
void fdslots_steady_end(struct choice *c);

#endif
