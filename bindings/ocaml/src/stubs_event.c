/* SPDX-License-Identifier: ISC
 *
 * What the platform calls its events.
 */
#include "stubs.h"

#include <caml/alloc.h>

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* not everywhere: waiting for it is then waiting for nothing */
#endif

/* In the order in which fdslots_event.ml asks for them. */
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
    char text[256]; /* all events there are take about half */
    fdslots_format_events(text, sizeof text, to_u32(v_events));
    return caml_copy_string(text);
}
