/* SPDX-License-Identifier: ISC
 *
 * Set and get slots. Nothing here allocates.
 */
#include "stubs.h"

value fdslots_ml_set_index(value v, value v_index, value v_fd, value v_events)
{
    return Val_int(fdslots_set_index(slots_of(v), to_u32(v_index), to_int(v_fd), to_u32(v_events)));
}

value fdslots_ml_set_events(value v, value v_index, value v_events)
{
    return Val_int(fdslots_set_events(slots_of(v), to_u32(v_index), to_u32(v_events)));
}

value fdslots_ml_invalidate_index(value v, value v_index)
{
    return Val_int(fdslots_invalidate_index(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_close_index(value v, value v_index)
{
    return Val_int(fdslots_close_index(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_pause_index(value v, value v_index)
{
    return Val_int(fdslots_pause_index(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_resume_index(value v, value v_index)
{
    return Val_int(fdslots_resume_index(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_is_paused(value v, value v_index)
{
    return Val_int(fdslots_is_paused(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_get_fd(value v, value v_index)
{
    return Val_int(fdslots_get_fd(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_get_events(value v, value v_index)
{
    return Val_int(fdslots_get_events(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_get_revents(value v, value v_index)
{
    return Val_int(fdslots_get_revents(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_get_generation(value v, value v_index)
{
    return Val_long(fdslots_get_generation(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_next_used(value v, value v_from)
{
    return Val_long(fdslots_next_used(slots_of(v), to_u32(v_from)));
}

value fdslots_ml_next_free(value v, value v_from)
{
    return Val_long(fdslots_next_free(slots_of(v), to_u32(v_from)));
}
