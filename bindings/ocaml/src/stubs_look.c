/* SPDX-License-Identifier: ISC
 *
 * Wake, embed, look; and what the platform calls its events.
 */
#include "stubs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <caml/alloc.h>
#include <caml/memory.h>
#include <caml/unixsupport.h>

value fdslots_ml_waker_open(value v, value v_index)
{
    return Val_int(fdslots_waker_open(slots_of(v), to_u32(v_index)));
}

/* The one call that may come while another thread waits. */
value fdslots_ml_wake(value v)
{
    return Val_int(fdslots_wake(Buffer_val(v)->slots));
}

value fdslots_ml_waker_drain(value v)
{
    return Val_int(fdslots_waker_drain(slots_of(v)));
}

value fdslots_ml_epoll_fd(value v)
{
    return Val_int(fdslots_epoll_fd(slots_of(v)));
}

value fdslots_ml_rebuild(value v)
{
    return Val_int(fdslots_rebuild(slots_of(v)));
}

/* Returns a record of Fdslots.stats; of zeros where there is no buffer to ask. */
value fdslots_ml_get_stats(value v)
{
    struct fdslots_stats stats = {0};
    fdslots_get_stats(slots_of(v), &stats, sizeof stats);
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
    int rc = stream ? fdslots_dump(slots_of(v), stream) : -ENOMEM;
    if (stream && fclose(stream) != 0 && rc == 0)
        rc = -ENOMEM;
    value result = rc < 0 ? Val_unit : caml_copy_string(text);
    free(text);
    if (rc < 0)
        unix_error(-rc, "dump", Nothing);
    return result;
}

value fdslots_ml_format_events(value v_events)
{
    char text[256]; /* all events there are take about half */
    fdslots_format_events(text, sizeof text, to_u32(v_events));
    return caml_copy_string(text);
}

value fdslots_ml_version(value v_unit)
{
    (void)v_unit;
    return caml_copy_string(fdslots_version());
}

value fdslots_ml_has(value v_feature)
{
    return Val_bool(fdslots_has(to_u32(v_feature)) > 0);
}

/* Returns what sysconf(3) says, or -1 for no limit. */
value fdslots_ml_open_max(value v_unit)
{
    (void)v_unit;
    return Val_long(sysconf(_SC_OPEN_MAX));
}

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* not everywhere: waiting for it is then waiting for nothing */
#endif

/* In the order in which fdslots_event.ml names them. */
value fdslots_ml_event(value v_nth)
{
    static const uint32_t events[] = {
        POLLIN,     POLLPRI,      POLLOUT,         POLLRDHUP,         POLLERR,
        POLLHUP,    POLLNVAL,     POLLRDNORM,      POLLRDBAND,        POLLWRNORM,
        POLLWRBAND, FDSLOTS_EDGE, FDSLOTS_ONESHOT, FDSLOTS_EXCLUSIVE, FDSLOTS_POLLED,
    };
    return Val_long(events[Long_val(v_nth)]);
}
