/* SPDX-License-Identifier: ISC
 *
 * Waking, embedding and inspecting.
 */
#include "stubs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <caml/alloc.h>
#include <caml/memory.h>
#include <caml/unixsupport.h>

value fdslots_ml_waker_open(value v, value v_index)
{
    return to_value(v, fdslots_waker_open(slots_of(v), to_u32(v_index)));
}

/* The only call that is allowed while another thread waits. */
value fdslots_ml_wake(value v)
{
    return Val_int(fdslots_wake(Buffer_val(v)->slots));
}

value fdslots_ml_waker_drain(value v)
{
    return to_value(v, fdslots_waker_drain(slots_of(v)));
}

value fdslots_ml_epoll_fd(value v)
{
    return to_value(v, fdslots_epoll_fd(slots_of(v)));
}

value fdslots_ml_rebuild(value v)
{
    return to_value(v, fdslots_rebuild(slots_of(v)));
}

/* Returns a record of type Fdslots.stats. */
value fdslots_ml_stats(value v)
{
    struct fdslots_stats stats;
    int64_t rc = result_of(v, fdslots_get_stats(slots_of(v), &stats, sizeof stats));
    if (rc < 0)
        unix_error((int)-rc, "stats", Nothing);
    const uint64_t counters[] = {stats.waits,           stats.poll_calls,     stats.epoll_calls,
                                 stats.epoll_ctl_calls, stats.ghosts_dropped, stats.rebuilds,
                                 stats.fallbacks,       stats.lost,           stats.polled};
    size_t n = sizeof counters / sizeof counters[0];
    value record = caml_alloc_tuple(n);
    for (size_t i = 0; i < n; i++)
        Store_field(record, i, Val_long((intnat)counters[i]));
    return record;
}

value fdslots_ml_dump(value v)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    int64_t rc = stream ? result_of(v, fdslots_dump(slots_of(v), stream)) : -ENOMEM;
    if (stream && fclose(stream) != 0 && rc == 0)
        rc = -ENOMEM;
    value result = rc < 0 ? Val_unit : caml_copy_string(text);
    free(text);
    if (rc < 0)
        unix_error((int)-rc, "dump", Nothing);
    return result;
}

value fdslots_ml_version(value v_unit)
{
    (void)v_unit;
    return caml_copy_string(fdslots_version());
}

/* The constructors of Fdslots.feature are in the order of the FDSLOTS_HAS_* numbers. */
value fdslots_ml_has(value v_feature)
{
    return Val_bool(fdslots_has(to_u32(v_feature) + 1) > 0);
}

/* Returns the value of sysconf(3), or -1 for no limit. */
value fdslots_ml_open_max(value v_unit)
{
    (void)v_unit;
    return Val_long(sysconf(_SC_OPEN_MAX));
}
