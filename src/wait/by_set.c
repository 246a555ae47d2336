/* SPDX-License-Identifier: ISC */
#include "ways.h"

#include "../os/timeout.h"

int fdslots_wait_in_turns(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    bool beside = false;
    int64_t left = timeout_ns;
    const int64_t deadline = left > 0 ? fdslots_deadline(left) : 0;
    if (deadline < 0)
        return (int)deadline;
    for (;;) {
        int rc = fdslots_kernel_sync(s);
        if (rc < 0)
            return rc;
        const bool both = (s->polled.root | s->held.root) != 0;
        s->stats.polled += both && !beside;
        beside = beside || both;
        rc = both ? fdslots_wait_by_both(s, left, sigmask) : fdslots_kernel_wait(s, left, sigmask);
        if (rc != 0 && rc != KERNEL_AGAIN)
            return rc;
        if (left > 0)
            left = fdslots_time_left(deadline);
        if (left < 0)
            return (int)left;
        if (rc == 0 && left == 0)
            return 0; /* else wait on: the kernel may have been given only a part of the time */
    }
}
