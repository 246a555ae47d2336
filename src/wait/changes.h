/* SPDX-License-Identifier: ISC
 *
 * What changed since the last wait, as the choice of a way needs to know it: what telling the set
 * of it would cost. Pricing every change would cost more than the best choice saves: the first few
 * stand for all.
 */
#ifndef FDSLOTS_CHANGES_H
#define FDSLOTS_CHANGES_H

#include "choice.h"

#define CHANGES_LOOKED_AT 4

/* Set o->fresh, and bring o->lag, which is of what had changed before, up to date. Of the slots
 * that are looked at, those that are again as the set knows them are changed no longer. At least
 * one has changed. */
void fdslots_changes_look(struct fdslots *s, struct outlook *o);

#endif
