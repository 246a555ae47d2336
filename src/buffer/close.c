/* SPDX-License-Identifier: ISC
 *
 * Closing the fd of a slot.
 */
#include "../kernel/kernel.h"
#include "../os/sys.h"
#include "../waker/waker.h"

/* Whether this slot's number is now a file that is not the slot's, and must not be closed: the slot
 * is lost, or the number is one of the kernel's set. */
static bool is_foreign(const struct fdslots *s, uint32_t index)
{
    return (s->slots[index].flags & SLOT_LOST) != 0 ||
           fdslots_kernel_owns(s, fdslots_slot_fd(s, index));
}

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
    const bool foreign = is_foreign(s, index);
    const bool waker = fdslots_waker_is_in(s, index);
    if (waker)
        fdslots_waker_forget(s);
    if (!foreign)
        fdslots_kernel_drop(s, index);
    fdslots_invalidate_index(s, index);
    const int rc = foreign ? -EBADF : sys_close(fd);
    return waker && !foreign ? 0 : rc; /* the waker is gone, whoever has closed it */
}
