/* SPDX-License-Identifier: ISC */
#include "ready.h"

#include <errno.h>
#include <stdatomic.h>

void fdslots_ready_forget(struct fdslots *s)
{
    struct pollfd *const pollfds = s->pollfds;
    const uint32_t *const end = s->ready + s->ready_count;
#pragma GCC unroll 16
    for (const uint32_t *ready = s->ready; ready < end; ready++)
        pollfds[*ready].revents = 0;
    s->ready_count = 0;
}

void fdslots_ready_pause_oneshots(struct fdslots *s)
{
    for (uint32_t i = 0; i < s->ready_count; i++) {
        const uint32_t index = s->ready[i];
        if ((s->slots[index].flags & SLOT_ONESHOT) != 0)
            fdslots_slot_fire(s, index, true);
    }
}

const uint32_t *fdslots_ready(const struct fdslots *s, uint32_t *count)
{
    if (count != NULL)
        *count = s != NULL ? s->ready_count : 0;
    return s != NULL ? s->ready : NULL;
}

/* ---- iterating ---- */

/* The last buffers that ended while they were iterated, in all threads. An iteration looks for its
 * own buffer here, because nothing in a buffer can say that the buffer is gone. A buffer must not
 * point to an iteration, either, because that may be gone itself (longjmp(3), a cancelled thread).
 */
#define ENDED 4096u
static _Atomic(const struct fdslots *) ended[ENDED];
static atomic_uint ended_count;

void fdslots_iterations_end(const struct fdslots *s)
{
    if (s->iterations > 0)
        atomic_store(&ended[atomic_fetch_add(&ended_count, 1) % ENDED], s);
}

/* Whether a buffer has ended since ended_count was `since`. If too many have ended to tell, it
 * counts as ended. */
static bool has_ended(const struct fdslots *s, unsigned since)
{
    const unsigned count = atomic_load_explicit(&ended_count, memory_order_relaxed);
    for (unsigned i = since; i != count; i++)
        if (atomic_load(&ended[i % ENDED]) == s || atomic_load(&ended_count) - since > ENDED)
            return true;
    return false;
}

int fdslots_iter_ready(struct fdslots *s,
                       int (*fn)(void *arg, uint32_t index, int fd, uint32_t revents), void *arg)
{
    if (s == NULL || fn == NULL)
        return -EINVAL;
    const uint64_t epoch = s->ready_epoch;
    int rc = 0;
    s->iterations++;
    for (uint32_t i = 0; rc == 0 && s->ready_epoch == epoch && i < s->ready_count; i++) {
        const uint32_t index = s->ready[i];
        const uint32_t revents = (uint16_t)s->pollfds[index].revents;
        if (revents == 0)
            continue; /* the slot was changed since: the report is no longer its owner's */
        const unsigned ends = atomic_load_explicit(&ended_count, memory_order_relaxed);
        rc = fn(arg, index, fdslots_slot_fd(s, index), revents);
        if (has_ended(s, ends))
            return rc;
    }
    s->iterations--;
    return rc;
}

void fdslots_clear_ready(struct fdslots *s)
{
    if (s != NULL)
        fdslots_ready_reset(s);
}

const struct pollfd *fdslots_view(const struct fdslots *s)
{
    return s != NULL ? s->pollfds : NULL;
}
