/* SPDX-License-Identifier: ISC */
#include "keep_prices.h"
#include "wait/choice.h"

/* With a clock so dear no wait is worth to be timed. */
void keep_prices(struct fdslots *s)
{
    s->choice->clock = 1e18;
}
