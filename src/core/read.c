/* SPDX-License-Identifier: ISC
 *
 * Reading slots, and finding used and empty ones.
 */
#include "slots.h"

#include <errno.h>

int fdslots_is_paused(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    return index < s->touched && (s->slots[index].flags & SLOT_HIDDEN) != 0;
}

int fdslots_get_fd(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    return fdslots_slot_used(s, index) ? fdslots_slot_fd(s, index) : -ENOENT;
}

int fdslots_get_events(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (index >= s->touched)
        return 0;
    const struct slot *slot = &s->slots[index];
    return (int)(slot->events | (slot->flags & SLOT_USER) << EVENTS_USER_SHIFT);
}

int fdslots_get_revents(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    const bool reported = index < s->touched && !s->asking; /* else no wait has taken them */
    return reported ? (uint16_t)s->pollfds[index].revents : 0;
}

int64_t fdslots_get_generation(const struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    return index < s->touched ? s->slots[index].generation : s->first_generation;
}

int64_t fdslots_next_used(const struct fdslots *s, uint32_t from)
{
    if (s == NULL)
        return -EINVAL;
    uint32_t index = fdslots_index_set_next(&s->used, from);
    return index != INDEX_NONE ? (int64_t)index : -ENOENT;
}

/* Return the lowest index >= from that is not used, perhaps one beyond the capacity. */
static uint32_t next_free(const struct fdslots *s, uint32_t from)
{
    if (from >= s->touched)
        return from; /* no slot was used there yet */
    uint32_t word = from >> 6;
    uint64_t rest = ~s->used.level[0][word] & ~UINT64_C(0) << (from & 63);
    if (rest == 0) {
        word = fdslots_index_set_next(&s->roomy, word + 1);
        if (word == INDEX_NONE)
            return s->touched;
        rest = ~s->used.level[0][word];
    }
    return word << 6 | (uint32_t)__builtin_ctzll(rest);
}

int64_t fdslots_next_free(const struct fdslots *s, uint32_t from)
{
    if (s == NULL)
        return -EINVAL;
    const uint32_t index = next_free(s, from);
    return index < s->capacity ? (int64_t)index : -ENOSPC;
}

uint32_t fdslots_capacity(const struct fdslots *s)
{
    return s != NULL ? s->capacity : 0;
}
