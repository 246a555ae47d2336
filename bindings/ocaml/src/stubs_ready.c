/* SPDX-License-Identifier: ISC
 *
 * The ready set, by place: an iteration is a loop of OCaml's, so that what it calls may raise,
 * perform effects, and change the buffer.
 */
#include "stubs.h"

/* The first place at or after FROM whose slot still has revents; past the end where none has. */
static uint32_t find_ready(const struct fdslots *slots, uint32_t from, const uint32_t *ready,
                           uint32_t count)
{
    while (from < count && fdslots_get_revents(slots, ready[from]) <= 0)
        from++;
    return from;
}

/* Returns the place, or -1. */
value fdslots_ml_ready_place(value v, value v_from)
{
    struct fdslots *slots = slots_of(v);
    uint32_t count;
    const uint32_t *ready = fdslots_ready(slots, &count);
    uint32_t place = find_ready(slots, to_u32(v_from), ready, count);
    return Val_long(place < count ? (intnat)place : -1);
}

/* Returns the index at a place that fdslots_ml_ready_place() gave. */
value fdslots_ml_ready_index(value v, value v_place)
{
    return Val_long(fdslots_ready(slots_of(v), NULL)[to_u32(v_place)]);
}

value fdslots_ml_next_ready(value v)
{
    struct buffer *b = Buffer_val(v);
    struct fdslots *slots = slots_of(v);
    uint32_t count;
    const uint32_t *ready = fdslots_ready(slots, &count);
    uint32_t place = find_ready(slots, b->cursor, ready, count);
    if (place >= count)
        return Val_int(-1);
    b->cursor = place + 1;
    return Val_long(ready[place]);
}

value fdslots_ml_round(value v)
{
    return Val_long(Buffer_val(v)->round);
}

value fdslots_ml_clear_ready(value v)
{
    fdslots_clear_ready(slots_of(v));
    Buffer_val(v)->round++;
    return Val_unit;
}
