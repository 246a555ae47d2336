/* SPDX-License-Identifier: ISC
 *
 * The changes since the last wait. The choice of a way needs to know how much work it would be to
 * tell the set about them. Pricing every change would cost more than the best choice saves, so a
 * few stand for all.
 */
#ifndef FDSLOTS_CHANGES_H
#define FDSLOTS_CHANGES_H

#include "choice.h"

#define CHANGES_LOOKED_AT 4 /* and one of 64 */

/* Set o->fresh, and update o->lag, which on entry covers only the earlier changes. A slot that is
 * looked at and found to be as the set knows it no longer counts as changed. At least one slot must
 * have changed. */
void fdslots_changes_look(struct fdslots *s, struct outlook *o);

#endif
