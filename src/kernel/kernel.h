/* SPDX-License-Identifier: ISC
 *
 * The kernel's set of watched files: what a system must offer to be a second way of waiting beside
 * poll(2). One implementation is linked: epoll, or none. Another (kqueue, event ports) would stand
 * in this folder and change nothing elsewhere.
 *
 * The set is a copy of the slots, and may lag behind them. The slots note which of them changed
 * (s->fresh, s->noted); fdslots_kernel_sync() makes the difference good. A slot whose file the set
 * cannot watch, or not as poll(2) answers, is polled beside it: it is in s->polled, and the set
 * says nothing about it. So no slot makes a wait fail.
 *
 * None of these functions changes what a slot waits for.
 */
#ifndef FDSLOTS_KERNEL_H
#define FDSLOTS_KERNEL_H

#include "../core/slots.h"

#include <limits.h>

/* Whether there is an implementation in this build. */
bool fdslots_kernel_built(void);

/* Whether the kernel has it now: FDSLOTS_HAS_EPOLL, FDSLOTS_HAS_EPOLL_NS. Costs three system calls
 * at most. */
bool fdslots_kernel_has(unsigned feature);

/* Lay out what this part keeps of a buffer, and its arrays for s->capacity slots; they open
 * nothing. Where at->base is NULL they only measure. What it has elsewhere already goes over. The
 * functions below take a buffer that went through both. */
void fdslots_kernel_lay_out(struct fdslots *s, struct layout *at);
void fdslots_kernel_lay_out_arrays(struct fdslots *s, struct layout *at);

/* Slots from `end` up are empty and about to go: what the set still holds for them is deleted. This
 * process must not have inherited the set. */
void fdslots_kernel_cut(struct fdslots *s, uint32_t end);

/* Make the set agree with the slots; make it first, where there is none. Afterwards s->fresh and
 * s->noted are empty. Returns 0, or an error where the set cannot be made: then they are not. While
 * s->set_ready and nothing changed, there is nothing to do. */
int fdslots_kernel_sync(struct fdslots *s);

/* Note the slots again that the kernel has refused for a reason that may have passed. To be called
 * before each wait while s->refused is not 0. It does something after one wait, and then after
 * twice as many each time. */
void fdslots_kernel_retry(struct fdslots *s);

/* Wait on the set once, and add what is ready to the ready set, up to s->max_ready slots in all;
 * then end the wait as fdslots_ready_finish() does. The set must agree with the slots. Returns how
 * many slots are in the ready set; or an error; or KERNEL_AGAIN, where there are none, since what
 * the set reported were ghosts: sync, and wait for the time that is left. */
#define KERNEL_AGAIN INT_MIN
int fdslots_kernel_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);

/* Return the fd of the set, for poll(2) to wait on it beside other files, and store at *room where
 * the s->capacity + 1 pollfds for that call may stand, until the next call of a function here. */
int fdslots_kernel_beside(struct fdslots *s, struct pollfd **room);

/* What telling the set of a changed slot takes. */
enum kernel_change {
    CHANGE_NONE,    /* the set knows it so already */
    CHANGE_MODIFY,  /* a registration has other events, or must be confirmed */
    CHANGE_ADD,     /* the set gets a file more */
    CHANGE_DROP,    /* one less */
    CHANGE_REPLACE, /* both */
};
enum kernel_change fdslots_kernel_change(const struct fdslots *s, uint32_t index);

/* Take the fd of a slot, which is about to be closed, out of the set at once, and let the other
 * slots that hold it be looked at again. Under FDSLOTS_CHECK those are lost; this process must not
 * have inherited the set then. */
void fdslots_kernel_drop(struct fdslots *s, uint32_t index);

/* FDSLOTS_CHECK: mark the slots whose fd is no longer the file that it was at the last sync as
 * lost; then sync. */
void fdslots_kernel_check(struct fdslots *s);

/* Make the set anew from the slots. Returns as fdslots_kernel_sync(). */
int fdslots_kernel_rebuild(struct fdslots *s);

/* Return an fd that reads ready while the set does, and that stays the same when the set is made
 * anew; or an error. The set must agree with the slots. */
int fdslots_kernel_outer_fd(struct fdslots *s);

/* Whether this fd is one of the set's own. */
bool fdslots_kernel_owns(const struct fdslots *s, int fd);

/* In a child of fork(2), before it changes a slot: leave the inherited set to the parent, to whom
 * it belongs, without a change to it. Its fd is closed where it provably is the set still. */
void fdslots_kernel_inherit(struct fdslots *s);

/* Close the set; an inherited one as above. */
void fdslots_kernel_close(struct fdslots *s);

#endif
