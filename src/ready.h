/* SPDX-License-Identifier: ISC
 *
 * The ready set, as the backends fill it.
 */
#ifndef FDSLOTS_READY_H
#define FDSLOTS_READY_H

#include "backend.h"

static inline void fdslots_ready_reset(struct fdslots *s)
{
    s->ready_epoch++;
    if (s->ready_count == 0)
        return;
    struct pollfd *const pollfds = s->pollfds;
    const uint32_t *const end = s->ready + s->ready_count;
#pragma GCC unroll 16
    for (const uint32_t *ready = s->ready; ready < end; ready++)
        pollfds[*ready].revents = 0;
    s->ready_count = 0;
}

/* Every wait begins here: what the last one reported is over. */
static inline void fdslots_wait_begin(struct fdslots *s)
{
    fdslots_ready_reset(s);
    if (s->has_waker)
        fdslots_waker_keep(s);
    if ((s->flags & FDSLOTS_CHECK) != 0)
        fdslots_epoll_check(s);
}

void fdslots_ready_pause_oneshots(struct fdslots *s);

/* Pause the one-shot slots among the ready ones; the last step of every wait. */
static inline void fdslots_ready_fire(struct fdslots *s)
{
    if (s->oneshots > 0)
        fdslots_ready_pause_oneshots(s);
}

#endif
