/* SPDX-License-Identifier: ISC
 *
 * The ready set, as the ways to wait fill it.
 */
#ifndef FDSLOTS_READY_H
#define FDSLOTS_READY_H

#include "slots.h"

/* Report a slot that is not in the ready set. */
static inline void fdslots_ready_add(struct fdslots *s, uint32_t index, uint32_t revents)
{
    s->pollfds[index].revents = (short)(uint16_t)revents;
    s->ready[s->ready_count++] = index;
}

void fdslots_ready_forget(struct fdslots *s);

/* Empty the ready set: what the last wait reported is over. */
static inline void fdslots_ready_reset(struct fdslots *s)
{
    s->ready_epoch++;
    if (s->ready_count > 0)
        fdslots_ready_forget(s);
}

/* End the iterations of a buffer that is destroyed or moved, because they must not look at it any
 * more. */
void fdslots_iterations_end(const struct fdslots *s);

void fdslots_ready_pause_oneshots(struct fdslots *s);

/* End a wait: pause the one-shot slots among the ready ones. Returns how many slots are ready. */
static inline int fdslots_ready_finish(struct fdslots *s)
{
    if (UNLIKELY(s->oneshots > 0))
        fdslots_ready_pause_oneshots(s);
    return (int)s->ready_count;
}

#endif
