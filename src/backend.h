/* SPDX-License-Identifier: ISC
 *
 * The mechanisms, one file each. A backend takes a buffer whose ready set is empty, makes the
 * system call, and fills revents and the ready set; it returns the number of ready slots or a
 * negative errno value.
 */
#ifndef FDSLOTS_BACKEND_H
#define FDSLOTS_BACKEND_H

#include "slots.h"

/* Of slots [0, nfds), none of them above fdslots_slot_end(). */
int fdslots_backend_poll(struct fdslots *s, uint32_t nfds, int timeout_ms);
int fdslots_backend_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                          const sigset_t *sigmask);
/* The ready set, where poll(2) has said that `count` of these slots are ready; returns count. */
int fdslots_poll_take(struct fdslots *s, uint32_t nfds, uint32_t count);

/* Whether epoll can be had for this buffer, and for what its slots ask: 0 or an error. */
int fdslots_epoll_allowed(const struct fdslots *s);

/* epoll, in backend_epoll.c and epoll_set.c, or in epoll_none.c where it is compiled out. */
bool fdslots_epoll_built(void);
int fdslots_backend_epoll(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);
/* The ready set, where the kernel has reported so many events at once; if all of them are ghosts',
 * the wait goes on. Returns what a wait returns. */
int fdslots_epoll_take(struct fdslots *s, uint32_t count, int64_t timeout_ns,
                       const sigset_t *sigmask);
void fdslots_epoll_lay_out(struct epoll_set *set, struct layout *at, uint32_t nslots);
/* Make the kernel's set agree with the slots. */
int fdslots_epoll_sync(struct fdslots *s);
/* Have the kernel look again at a slot whose edge nobody has seen, or not all. */
void fdslots_epoll_look_again(struct fdslots *s, uint32_t index);
/* Tell the kernel of these fresh changes: all there are in a set that was in step, if it still is
 * ours. */
int fdslots_epoll_tell(struct fdslots *s, const uint32_t *slots, uint32_t count);
/* What telling the kernel of this changed slot will cost, as cost.h counts. */
uint32_t fdslots_epoll_price(const struct fdslots *s, uint32_t index);
/* Find the slots whose fd was closed or replaced since the last sync (FDSLOTS_CHECK), then sync. */
void fdslots_epoll_check(struct fdslots *s);
/* Make the kernel's set anew, empty; the next sync fills it. */
int fdslots_epoll_renew(struct fdslots *s);
/* The same, and the fd of the outer set. */
int fdslots_epoll_outer(struct fdslots *s);
/* Deregister the fd of a slot, which is about to be closed. */
void fdslots_epoll_forget(struct fdslots *s, uint32_t index);
/* Whether this fd is the set, or the outer one. */
bool fdslots_epoll_owns(const struct fdslots *s, int fd);
void fdslots_epoll_close(struct fdslots *s);
bool fdslots_epoll_works(void);
bool fdslots_epoll_has_ns(void);

/* fdslots_init() in memory that is large enough and aligned. */
int fdslots_init_at(void *mem, uint32_t nslots, uint32_t flags, struct fdslots **out);

/* In waker.c. */
void fdslots_waker_close(struct fdslots *s);
/* Forget the waker if this is its fd, which somebody else has closed. */
void fdslots_waker_lost(struct fdslots *s, int fd);
/* Close the waker if this is its fd; returns whether it was. */
bool fdslots_waker_closed(struct fdslots *s, int fd);
/* Before each wait: a child gets a waker of its own. */
void fdslots_waker_keep(struct fdslots *s);

#endif
