/* SPDX-License-Identifier: ISC
 *
 * Setting and reading slots. Nothing here allocates.
 */
#include "stubs.h"

value fdslots_ml_set_index(value v, value v_index, value v_fd, value v_events)
{
    return to_value(
        v, fdslots_set_index(slots_of(v), to_u32(v_index), to_int(v_fd), to_u32(v_events)));
}

value fdslots_ml_set_events(value v, value v_index, value v_events)
{
    return to_value(v, fdslots_set_events(slots_of(v), to_u32(v_index), to_u32(v_events)));
}

value fdslots_ml_invalidate_index(value v, value v_index)
{
    return to_value(v, fdslots_invalidate_index(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_close_index(value v, value v_index)
{
    return to_value(v, fdslots_close_index(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_pause_index(value v, value v_index)
{
    return to_value(v, fdslots_pause_index(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_resume_index(value v, value v_index)
{
    return to_value(v, fdslots_resume_index(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_is_paused(value v, value v_index)
{
    return to_value(v, fdslots_is_paused(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_get_fd(value v, value v_index)
{
    return to_value(v, fdslots_get_fd(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_get_events(value v, value v_index)
{
    return to_value(v, fdslots_get_events(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_get_revents(value v, value v_index)
{
    return to_value(v, fdslots_get_revents(slots_of(v), to_u32(v_index)));
}

value fdslots_ml_get_generation(value v, value v_index)
{
    return to_value(v, fdslots_get_generation(slots_of(v), to_u32(v_index)));
}

static value to_index(value v, int64_t rc)
{
    return to_value(v, rc == -ENOENT || rc == -ENOSPC ? -1 : rc);
}

/* Both return -1 if there is no such slot. */
value fdslots_ml_next_used(value v, value v_from)
{
    return to_index(v, fdslots_next_used(slots_of(v), to_u32(v_from)));
}

value fdslots_ml_next_free(value v, value v_from)
{
    return to_index(v, fdslots_next_free(slots_of(v), to_u32(v_from)));
}
