/* SPDX-License-Identifier: ISC
 *
 * Fds of perf events. poll(2) reports every event only once, to whoever asks first. The event is a
 * change of a thread's name, which happens only here.
 */
#include "odd.h"
#include "fds_kinds.h"

#include <linux/perf_event.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool odd_perf_of(struct odd *o, pid_t thread)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
                                   .size = sizeof attr,
                                   .config = PERF_COUNT_SW_DUMMY,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1,
                                   .comm = 1,
                                   .watermark = 1,
                                   .wakeup_watermark = 1};
    o->fd = (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
    /* One page that describes the ring, and one for the ring. */
    return o->fd >= 0 && odd_map(o, 2 * (size_t)sysconf(_SC_PAGESIZE), 0) != NULL;
}

bool odd_perf(struct odd *o)
{
    return odd_perf_of(o, 0);
}

void odd_perf_fire(struct odd *o)
{
    char name[16];
    (void)o;
    MUST(prctl(PR_GET_NAME, name));
    MUST(prctl(PR_SET_NAME, name));
}
