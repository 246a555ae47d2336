/* SPDX-License-Identifier: ISC
 *
 * The ready set, as the backends fill it.
 */
#ifndef FDSLOTS_READY_H
#define FDSLOTS_READY_H

#include "backend.h"

static inline void fdslots_ready_reset(struct fdslots *s)
{
    for (uint32_t i = 0; i < s->ready_count; i++)
        s->pollfds[s->ready[i]].revents = 0;
    s->ready_count = 0;
    s->ready_epoch++;
}

/* Every wait begins here: what the last one reported is over. */
static inline void fdslots_wait_begin(struct fdslots *s)
{
    fdslots_ready_reset(s);
    if (s->has_waker)
        fdslots_waker_keep(s);
}

/* Pause the one-shot slots among the ready ones; the last step of every wait. */
void fdslots_ready_fire(struct fdslots *s);

#endif
