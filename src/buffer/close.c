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
    if ((s->flags & FDSLOTS_CHECK) != 0) {
        /* Look for mistakes now, because the fd must not be closed if it is another file, and all
         * slots that hold it must be known. */
        fdslots_check_process(s);
        fdslots_kernel_check(s, index);
    }
    const int fd = fdslots_slot_fd(s, index);
    const bool lost = (s->slots[index].flags & SLOT_LOST) != 0;
    const bool waker = fdslots_waker_is_in(s, index);
    if (waker)
        fdslots_waker_forget(s);
    /* The number of a lost slot is another file now, which must not be closed. */
    int rc = lost ? -EBADF : fdslots_kernel_drop(s, index);
    fdslots_invalidate_index(s, index);
    if (rc < 0)
        return rc;
    rc = sys_close(fd);
    return waker ? 0 : rc; /* the waker is gone, whoever has closed it */
}
