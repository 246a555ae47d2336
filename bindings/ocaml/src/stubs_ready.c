/* SPDX-License-Identifier: ISC
 *
 * Access to the ready set by position. An iteration is a loop in OCaml, so that the function it
 * calls may raise, perform effects, and change the buffer.
 */
#include "stubs.h"

/* Returns the index at a position of the ready set, -ENOENT if the slot was changed since the wait,
 * or -1 past the end. */
value fdslots_ml_ready_at(value v, value v_place)
{
    const struct fdslots *slots = slots_of(v);
    uint32_t count, place = to_u32(v_place);
    const uint32_t *ready = fdslots_ready(slots, &count);
    if (!slots)
        return to_value(v, -EINVAL);
    if (place >= count)
        return Val_int(-1);
    return Val_long(fdslots_get_revents(slots, ready[place]) > 0 ? (intnat)ready[place] : -ENOENT);
}

/* Returns the index of the next ready slot, or -1 after the last. */
value fdslots_ml_next_ready(value v)
{
    struct buffer *b = Buffer_val(v);
    value index;
    while ((index = fdslots_ml_ready_at(v, Val_long(b->cursor))) == Val_int(-ENOENT))
        b->cursor++;
    if (Long_val(index) >= 0)
        b->cursor++;
    return index;
}

value fdslots_ml_round(value v)
{
    return Val_long(Buffer_val(v)->round);
}

value fdslots_ml_clear_ready(value v)
{
    struct fdslots *slots = slots_of(v);
    if (!slots)
        return to_value(v, -EINVAL);
    fdslots_clear_ready(slots);
    return Val_int(0);
}
