/* SPDX-License-Identifier: ISC
 *
 * Closing the fd of a slot.
 */
#include "../kernel/kernel.h"
#include "../os/sys.h"
#include "../waker/waker.h"

int fdslots_close_index(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (!fdslots_slot_used(s, index))
        return -ENOENT;
    if ((s->flags & FDSLOTS_CHECK) != 0)
        fdslots_check_process(s); /* because the set may be made now */
    const int fd = fdslots_slot_fd(s, index);
    const bool waker = fdslots_waker_is_in(s, index);
    if (waker)
        fdslots_waker_forget(s);
    int rc = fdslots_kernel_drop(s, index);
    fdslots_invalidate_index(s, index);
    if (rc < 0)
        return rc;
    rc = sys_close(fd);
    return waker ? 0 : rc; /* the waker is gone, whoever has closed it */
}
