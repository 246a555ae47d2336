/* SPDX-License-Identifier: ISC
 *
 * The contract of the kernel's set of watched files, which is a second way of waiting beside
 * poll(2). A build links one implementation: epoll, or none. Another one (kqueue, event ports)
 * would be added to this folder and would change nothing elsewhere.
 *
 * The set is a copy of the slots and may lag behind them. The slots that changed are noted in
 * s->fresh and s->noted, and fdslots_kernel_sync() tells the set about them. If the set cannot
 * watch the file of a slot, or would not report what poll(2) reports, the slot is in s->polled: it
 * is polled beside the set, and the set says nothing about it. So no slot makes a wait fail.
 *
 * None of these functions changes what a slot waits for.
 */
#ifndef FDSLOTS_KERNEL_H
#define FDSLOTS_KERNEL_H

#include "../core/slots.h"

#include <errno.h>
#include <limits.h>

/* The flags that every buffer has: FDSLOTS_NO_EPOLL if this build has no implementation. */
extern const uint32_t fdslots_kernel_flags;

/* Whether the kernel offers this feature now: FDSLOTS_HAS_EPOLL or FDSLOTS_HAS_EPOLL_NS. Opens a
 * set, waits on it and closes it: usually three system calls. */
bool fdslots_kernel_has(unsigned feature);

/* Lay out the data that this part keeps for a buffer with s->capacity slots. If at->base is NULL,
 * this only measures; otherwise it copies what the buffer already has elsewhere. It opens no fd.
 * The functions below need a buffer that was laid out. */
void fdslots_kernel_lay_out(struct fdslots *s, struct layout *at);

/* Delete what the set still holds for the slots from `end` up, which are empty and about to be
 * removed. A child first leaves the set that it has inherited, as fdslots_kernel_inherit() does. */
void fdslots_kernel_cut(struct fdslots *s, uint32_t end);

/* Make the set agree with the slots. If there is no set, it is made first; if s->set_misleads is
 * true, it is made anew, and s->set_misleads is false then. While s->set_ready is true and no slot
 * has changed, there is nothing to do. Returns 0, and no change is noted then; or an error if the
 * set cannot be made, and changes may still be noted then. */
int fdslots_kernel_sync(struct fdslots *s);

/* Do what must come before each wait, whatever its way. There is nothing to do unless s->refused or
 * s->exclusive_changed is set or the buffer has FDSLOTS_CHECK, for which this must also come before
 * a sync outside a wait.
 *
 * Notes again the slots that the kernel refused for a reason that may have passed: after 1 wait,
 * then after 2 more, after 4 more and so on, up to 1024. For FDSLOTS_CHECK, marks the slots as lost
 * whose fds refer to other files now. Withdraws exclusive registrations that no slot wants any
 * more, because they take wakes that others wait for. */
void fdslots_kernel_prepare(struct fdslots *s);

/* The two halves of fdslots_kernel_wait(): the system call, which returns -1 and sets errno if it
 * fails, and what follows it. `rc` is what the call returned, and `errno_before` the errno from
 * before the call. */
int fdslots_kernel_call(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);
int fdslots_kernel_take(struct fdslots *s, int rc, int errno_before, int64_t timeout_ns,
                        const sigset_t *sigmask);

#define KERNEL_AGAIN INT_MIN

/* Wait on the set once, and add what is ready to the ready set, up to s->max_ready slots in all;
 * then end the wait as fdslots_ready_finish() does. The set must agree with the slots. Returns how
 * many slots are in the ready set, or an error, or KERNEL_AGAIN if the wait added no slot because
 * the set reported ghosts. The caller must then sync, and wait again for the time that is left.
 *
 * It is inline because a processor forgets in a system call where functions return to. On many,
 * each return after the call costs 20 cycles more than usual. So the call is the last thing that
 * its function does, and returns right to here. */
static inline int fdslots_kernel_wait(struct fdslots *s, int64_t timeout_ns,
                                      const sigset_t *sigmask)
{
    const int before = errno;
    const int rc = fdslots_kernel_call(s, timeout_ns, sigmask);
    if (rc == 0 && sigmask == NULL)
        return (int)s->ready_count;
    return fdslots_kernel_take(s, rc, before, timeout_ns, sigmask);
}

/* Return the fd of the set, so that poll(2) can wait on it beside other files. Stores at *room an
 * array of s->capacity + 1 pollfds for that call. The array may be used until the next call of a
 * function declared here. */
int fdslots_kernel_beside(struct fdslots *s, struct pollfd **room);

/* Whether a slot that changed is certainly again as the set holds it. The answer is no if that
 * takes more than a look at the slot and its run: if the slot is empty, was set anew or was
 * reported as one-shot, has FDSLOTS_EDGE, shares its run, or is polled. */
bool fdslots_kernel_agrees(const struct fdslots *s, uint32_t index);

/* Take the fd of a slot out of the set at once, because it is about to be closed. The other slots
 * with this fd are noted, so that the next sync looks at them again. With FDSLOTS_CHECK they are
 * marked as lost, after a look for other mistakes. Returns 0; or -EBADF if the fd must not be
 * closed, because the slot is lost, or because the fd is one of the set's own. */
int fdslots_kernel_drop(struct fdslots *s, uint32_t index);

/* Sync, and return an fd that reads ready while the set does, or an error. The fd stays the same
 * when the set is made anew. */
int fdslots_kernel_outer_fd(struct fdslots *s);

/* To be called in a child of fork(2) before it changes a slot. Leaves the inherited set to the
 * parent, because a change to it would affect the parent. Closes the child's fd only if it provably
 * still refers to that set. Notes all used slots, because a new set must be told of them. Does
 * nothing in the process that made the set. */
void fdslots_kernel_inherit(struct fdslots *s);

/* Close the set, or leave an inherited one as fdslots_kernel_inherit() does. */
void fdslots_kernel_close(struct fdslots *s);

#endif
