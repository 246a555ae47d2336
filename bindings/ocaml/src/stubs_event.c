/* SPDX-License-Identifier: ISC
 *
 * The platform's values for the events.
 */
#include "stubs.h"

#include <caml/alloc.h>

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* missing on some systems, where waiting for it has no effect */
#endif

/* The order is that in fdslots_event.ml. */
value fdslots_ml_event(value v_nth)
{
    static const uint32_t events[] = {
        POLLIN,     POLLPRI,      POLLOUT,         POLLRDHUP,         POLLERR,
        POLLHUP,    POLLNVAL,     POLLRDNORM,      POLLRDBAND,        POLLWRNORM,
        POLLWRBAND, FDSLOTS_EDGE, FDSLOTS_ONESHOT, FDSLOTS_EXCLUSIVE, FDSLOTS_POLLED,
    };
    return Val_long(events[Long_val(v_nth)]);
}

value fdslots_ml_format_events(value v_events)
{
    char text[256]; /* the names of all events take about half of this */
    fdslots_format_events(text, sizeof text, to_u32(v_events));
    return caml_copy_string(text);
}
