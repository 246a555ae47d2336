/* SPDX-License-Identifier: ISC
 *
 * fdslots - wait on file descriptors through slots addressed by index
 *
 * A buffer is an array of slots that the caller owns. A slot holds an fd, the events wanted and
 * the events seen. poll, ppoll, epoll_wait and epoll_pwait are entry points over the same slots:
 *
 *     struct fdslots *s;
 *     int rc = fdslots_create(64, 0, &s);
 *     if (rc < 0)
 *         return rc;
 *     fdslots_set_index(s, 7, sock, POLLIN);          // no system call
 *     int n = fdslots_wait(s, FDSLOTS_FOREVER, NULL); // one system call
 *     if (n > 0 && (fdslots_get_revents(s, 7) & POLLIN))
 *         read_from(fdslots_get_fd(s, 7));
 *     fdslots_close_index(s, 7);
 *     fdslots_destroy(s);
 *
 * Contents: Memory - Slots - Waiting - Ready set - Wake, embed, look
 *
 * What holds for every call
 *
 *   Results     >= 0 on success, a negative errno value on failure. errno is left as it was.
 *               If a filter of system calls, a broken kernel, or a caller who closed an fd of the
 *               library makes a call fail in a way not named here, that error is returned.
 *   index       counts slots from 0. An index that is not below the capacity is -EINVAL.
 *   s           A NULL buffer is -EINVAL, or NULL or 0 if the result cannot hold an error.
 *   Bad input   changes nothing, not even the ready set. Nothing here aborts, and only
 *               fdslots_dump() prints.
 *   Cost        No system call, no allocation, O(1), unless the call says otherwise. Opening an
 *               fd takes two calls more if its number would be 0, 1 or 2, and two if it would be
 *               that of a slot; the first in a process also takes two calls of madvise(2) and
 *               perhaps one of futex(2), so that forks are noticed.
 *   Safety      One thread at a time for each buffer; different buffers share nothing. Only
 *               fdslots_wake() may be called from another thread or from a signal handler.
 *   Callbacks   The function that fdslots_iter_ready() calls may make any call.
 *   Fork        A child may make any call with its copy of a buffer. The library notices that it is
 *               in a child, and leaves the parent's epoll set and waker alone.
 *   Cancelling  A thread may be cancelled (pthread_cancel) in any call that may block or close. All
 *               slots are then as before the call or as after it, and the library loses no fd.
 *
 * The one rule: tell the buffer before the fd in a slot closes, by fdslots_invalidate_index() or
 * fdslots_close_index(). For a caller who keeps this rule, every entry point reports the ready
 * slots and the exact revents that poll(2) would report at that instant, for every kind of file. If
 * epoll refuses a file, or answers differently for it, the slot is polled beside the epoll set.
 * fdslots(7) says which files these are, and names the few for which only FDSLOTS_POLLED gives
 * exact answers.
 */
#ifndef FDSLOTS_H
#define FDSLOTS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/select.h> /* sigset_t, which <signal.h> keeps back under a strict -std=c99 */

#ifdef __cplusplus
extern "C" {
#endif

struct timespec; /* <time.h> */
struct fdslots;

/* ---- Memory ---------------------------------------------------------------------------------
 *
 * A buffer lives in the caller's memory (fdslots_init) or in memory of its own (fdslots_create).
 * After these two, only fdslots_resize() allocates. Slots 64 and more above the highest index ever
 * set have never been written to, so they cost no resident memory. If the kernel gives huge pages
 * to all memory, this holds only for large buffers that fdslots_create() made, and for memory of
 * the caller's after madvise(2) with MADV_NOHUGEPAGE.
 */

/* Flags of fdslots_init() and fdslots_create(). */
#define FDSLOTS_NO_EPOLL 0x1u /* poll only: the buffer opens no fd, unless it gets a waker */
/* For debugging: every wait first verifies that the caller kept the one rule. A slot whose fd was
 * closed, or closed and opened again as another file, shows POLLNVAL until it is set again or
 * emptied, and is counted as `lost` in the stats; fdslots_close_index() does not close such an fd
 * (-EBADF). After fdslots_close_index() of one slot, the other slots that hold the same fd are lost
 * in the same way. Paused slots are not looked at. On a polled slot, only a closed number and a
 * file of another type or device are noticed. Nothing is found while the kernel refuses an epoll
 * set or has no fd left, nor in a child's first wait. Cost, in every wait: one epoll_ctl(2) and one
 * fstat(2) for each slot that is used and not paused, and the cost of an epoll wait.
 *
 * FDSLOTS_CHECK=1 in the environment sets this flag for every buffer of a program, except those
 * with FDSLOTS_NO_EPOLL, unless the program is set-user-ID or the like. The environment is read
 * once, by the first call that makes a buffer. */
#define FDSLOTS_CHECK 0x2u

/* Return the number of bytes that fdslots_init() needs for nslots slots.
 *
 * Returns 0 if nslots is 0 or too large (above INT_MAX, or the size would not fit in a ptrdiff_t).
 * The number may differ in another build of the library, so ask for it at run time. */
size_t fdslots_size(uint32_t nslots);

/* Lay a buffer of nslots empty slots in the caller's memory.
 *
 * mem      at least fdslots_size(nslots) bytes, aligned to 8; their contents are ignored. The
 *          memory must stay in place until fdslots_destroy(), or until fdslots_move() or
 *          fdslots_resize() has moved the buffer elsewhere; then it may be freed. A forked child
 *          must get a copy of it, so it must not be shared memory (MAP_SHARED)
 * size     bytes at mem
 * flags    0, FDSLOTS_NO_EPOLL or FDSLOTS_CHECK
 * out      where the buffer is stored; not written on failure
 *
 * Returns 0, or -EINVAL: mem or out is NULL, mem is misaligned, size is too small, nslots is 0 or
 * too large, or a flag is unknown; -ENOTSUP: FDSLOTS_CHECK in a library built without epoll, or
 * together with FDSLOTS_NO_EPOLL.
 * Opens nothing and allocates nothing. */
int fdslots_init(void *mem, size_t size, uint32_t nslots, uint32_t flags, struct fdslots **out);

/* Make a buffer of nslots empty slots in memory of its own.
 *
 * Returns 0, or -EINVAL or -ENOTSUP as in fdslots_init(), or -ENOMEM.
 * Cost: two mallocs; for 2 MiB or more, one madvise(2), so that the kernel gives the slots no huge
 * pages.
 */
int fdslots_create(uint32_t nslots, uint32_t flags, struct fdslots **out);

/* Change the capacity of a buffer, which is then in memory of its own.
 *
 * s            points to the buffer. One that fdslots_create() or an earlier resize made keeps its
 *              address: *s is not written, copies of the pointer stay valid, and other threads may
 *              call fdslots_wake() meanwhile. One in the caller's memory moves to memory of its
 *              own as by fdslots_move(), and *s changes
 * nslots       above the highest used index
 *
 * Everything stays as it is: indices, generations, pauses, revents, the ready set, the waker, the
 * stats, and the kernel's set with its registrations. The arrays that fdslots_view() and
 * fdslots_ready() returned are no longer valid, and an iteration by fdslots_iter_ready() ends.
 *
 * Returns 0, or -EINVAL: s or *s is NULL, nslots is 0 or too large, or a used slot would not fit;
 * -ENOMEM. After an error everything is as before.
 * Cost: one malloc and one free, or two mallocs if the buffer was in the caller's memory; O(slots
 * that were ever used). No system call, except one epoll_ctl(2) for each slot that is cut off and
 * was emptied since the kernel's set was last told, and the madvise(2) of fdslots_create(). */
int fdslots_resize(struct fdslots **s, uint32_t nslots);

/* Move a buffer to other memory of the caller's, with this capacity.
 *
 * mem, size    as in fdslots_init(); must not overlap the memory in which the buffer lies
 * nslots       above the highest used index
 * out          where the buffer is stored; its old address is no longer valid. Not written on
 *              failure
 *
 * Everything stays as in fdslots_resize(). The old memory is the caller's again; if it was the
 * library's, it is freed. No other thread or signal handler may be inside fdslots_wake() during the
 * move, and each must have the new address before its next wake. A wake before the move counts.
 *
 * Returns 0, or -EINVAL: an argument as in fdslots_init(), s is NULL, a used slot would not fit, or
 * the old memory and the new overlap.
 * Cost: as for fdslots_resize(), without a malloc. */
int fdslots_move(struct fdslots *s, void *mem, size_t size, uint32_t nslots, struct fdslots **out);

/* End a buffer, whichever call made it; s may be NULL.
 *
 * Closes the fds that the library opened, never the caller's. Memory given to fdslots_init() is the
 * caller's again.
 * Cost: one close(2) for each fd that the library opened, one epoll_ctl(2) after fdslots_epoll_fd()
 * and one for each FDSLOTS_EXCLUSIVE fd that is registered, two frees after fdslots_create(). A
 * child that has not waited makes a few calls more, to find out which inherited fds it may close;
 * for one of them the kernel lists all fds that are registered. */
void fdslots_destroy(struct fdslots *s);

/* Return the number of slots; 0 for NULL. */
uint32_t fdslots_capacity(const struct fdslots *s);

/* ---- Slots ----------------------------------------------------------------------------------
 *
 * events are the platform's POLL* bits:
 *     POLLIN POLLPRI POLLOUT POLLRDHUP POLLRDNORM POLLRDBAND POLLWRNORM POLLWRBAND
 *     POLLERR POLLHUP POLLNVAL    always reported, and accepted
 * and any of the bits below. Any other bit is -EINVAL.
 *
 * Setting a slot writes memory and notes the change; the next wait tells the kernel.
 * The first use of an index above all earlier ones clears the slots between, once: about 17 bytes
 * of memory each, which are resident from then on, and 22 to 25 more in the first wait by epoll.
 * Indices near each other cost least.
 */
/* Report new events only (EPOLLET); epoll entry points only. On a polled slot, and if a slot
 * without this flag holds the same fd, events are reported as long as the fd is ready. */
#define FDSLOTS_EDGE    0x10000u
#define FDSLOTS_ONESHOT 0x20000u /* once reported, pause the slot; in every entry point */
/* Wake one of the epoll sets that wait on this file, not all (EPOLLEXCLUSIVE); epoll entry points
 * only. It goes with POLLIN, POLLOUT, the events that are always reported, FDSLOTS_EDGE and
 * FDSLOTS_POLLED; with any other event, or FDSLOTS_ONESHOT, it is -EINVAL. A polled slot is woken
 * as if the flag were not set; and while any slot is polled, so are those that are not. After
 * fdslots_invalidate_index() and close(2), this buffer still takes wakes of the file that others
 * wait for, until its next wait; fdslots_close_index() leaves the file at once. */
#define FDSLOTS_EXCLUSIVE 0x40000u
/* Poll this slot beside the epoll set, whatever its file is. This is for files for which epoll
 * answers differently and which fstat(2) does not tell from others (fdslots(7) names them). All
 * slots that hold the same fd are polled, too. The poll entry points poll every slot anyway. */
#define FDSLOTS_POLLED 0x80000u

/* Put fd and events into a slot.
 *
 * The slot gets a new owner: its revents read 0, its generation changes, a pause ends. This is safe
 * whatever happened to that fd number before: it may be another file now. fd < 0 empties the slot.
 *
 * Returns 0, or -EINVAL: index, or events. */
int fdslots_set_index(struct fdslots *s, uint32_t index, int fd, uint32_t events);

/* Change what a slot waits for; its fd is still the same open file.
 *
 * Changes that cancel out before a wait cost that wait nothing. This arms a FDSLOTS_ONESHOT slot
 * again, even if the events are equal; a slot paused by fdslots_pause_index() stays paused. On a
 * FDSLOTS_EDGE slot, the next wait looks for the edge again, even if the events are equal, as
 * EPOLL_CTL_MOD does. Of the revents already reported, those that are no longer wanted are dropped;
 * POLLERR, POLLHUP and POLLNVAL stay.
 *
 * Returns 0, or -EINVAL: index, or events; -ENOENT: the slot is empty. */
int fdslots_set_events(struct fdslots *s, uint32_t index, uint32_t events);

/* Empty a slot; emptying an empty one is no error.
 *
 * Returns 0, or -EINVAL: index. */
int fdslots_invalidate_index(struct fdslots *s, uint32_t index);

/* Deregister the fd of a slot at once, close it, and empty the slot.
 *
 * This way of closing leaves nothing behind, even if a dup or a child keeps the file open. Do not
 * use it for standard input, output and error, because the next file that is opened would get the
 * number. Other slots that hold the fd keep the number, and read POLLNVAL while nothing is open
 * under it; under FDSLOTS_CHECK, they read POLLNVAL until they are set again or emptied.
 *
 * Returns 0, or -EINVAL: index; -ENOENT: the slot is empty; or the error of close(2), with the slot
 * emptied nevertheless (-EINTR is not returned: the fd is closed). Also -EBADF if the number is
 * that of the buffer's epoll set, which is not closed. Cost: one close(2), and one epoll_ctl(2) if
 * the fd was registered; O(slots with this fd). Under FDSLOTS_CHECK the slots that have changed and
 * this one are first checked, and the kernel is told of the changes: some three calls for each. */
int fdslots_close_index(struct fdslots *s, uint32_t index);

/* Keep a slot but report nothing for it, not even POLLERR and POLLHUP.
 *
 * Its fd and events stay readable; its revents read 0. Pausing and resuming between two waits costs
 * these nothing, with one exception: if the pause drops reported revents of a FDSLOTS_EDGE slot,
 * the edge is looked for again.
 *
 * Returns 0, or -EINVAL: index; -ENOENT: the slot is empty. */
int fdslots_pause_index(struct fdslots *s, uint32_t index);

/* Report a paused slot again, no matter whether fdslots_pause_index() or FDSLOTS_ONESHOT paused it.
 *
 * Returns 0, even for a slot that is not paused; or -EINVAL: index; -ENOENT: the slot is empty. */
int fdslots_resume_index(struct fdslots *s, uint32_t index);

/* Return 1 for a slot that reports nothing, because fdslots_pause_index() paused it, or because it
 * has FDSLOTS_ONESHOT and was reported; 0 for any other, empty or not; or -EINVAL: index. */
int fdslots_is_paused(const struct fdslots *s, uint32_t index);

/* Return the fd of a slot, paused or not; -ENOENT for an empty slot, or -EINVAL: index. */
int fdslots_get_fd(const struct fdslots *s, uint32_t index);

/* Return the events as they were set, flags included; 0 for an empty slot, or -EINVAL: index. */
int fdslots_get_events(const struct fdslots *s, uint32_t index);

/* Return the events that the last wait reported, as poll(2) does; 0 for a slot that was not ready,
 * or that was set, emptied or paused since; or -EINVAL: index. */
int fdslots_get_revents(const struct fdslots *s, uint32_t index);

/* Return a number >= 0 that changes each time the slot gets another owner, by set, invalidate or
 * close; or -EINVAL: index.
 *
 * Store it with a request. An equal number at completion means that the slot is still yours. */
int64_t fdslots_get_generation(const struct fdslots *s, uint32_t index);

/* Return the lowest index >= from whose slot is not empty; -ENOENT if there is none, as for a
 * `from` at or above the capacity; or -EINVAL: s is NULL.
 *
 *     int64_t i = 0;
 *     for (; (i = fdslots_next_used(s, (uint32_t)i)) >= 0; i++)
 *
 * Cost: O(log64 nslots), however many empty slots are passed over. */
int64_t fdslots_next_used(const struct fdslots *s, uint32_t from);

/* Return the lowest index >= from whose slot is empty; -ENOSPC if there is none, as for a `from` at
 * or above the capacity; or -EINVAL: s is NULL.
 *
 * This replaces a list of free slots. Searching from 0 keeps the used slots together at the low
 * end.
 *
 * Cost: O(log64 nslots), however many used slots are passed over. */
int64_t fdslots_next_free(const struct fdslots *s, uint32_t from);

/* ---- Waiting --------------------------------------------------------------------------------
 *
 * Every wait returns the number of ready slots, or 0 if the time ran out. A timeout never ends
 * early, and may end late by the kernel's timer slack; time that the entry point cannot express is
 * rounded up. Slots that are not ready read revents 0 after every wait. -EINTR is returned, never
 * retried; ready slots win over a signal. It means that a signal handler ran. In a wait by epoll
 * beside which no slot is polled, it may also mean that the process was stopped and continued, that
 * a debugger was attached, that the process was frozen, or that a completion of io_uring belongs to
 * the thread, because these end epoll_wait(2), though not poll(2). A wait that fails
 * leaves the ready set empty and the fds and events of all slots as they were. One that refuses its
 * arguments (-EINVAL), or returns -ENOTSUP, changes nothing, unless the call says otherwise.
 *
 * sigmask      the signals blocked during the call, atomically; NULL leaves the mask as it is, an
 *              empty set blocks none. Even with a timeout of 0, a pending signal that the mask
 *              does not block is delivered, and the wait returns -EINTR unless a slot is ready.
 */

#define FDSLOTS_FOREVER INT64_MAX /* a timeout_ns or deadline_ns that never comes */

/* Wait on the slots [0, nfds) by poll(2).
 *
 * timeout_ms   milliseconds; 0 does not block, negative blocks until something happens
 *
 * Returns the number of ready slots, or -EINVAL: nfds is above the capacity; or, from the kernel
 * and with an empty ready set, there are more slots up to the highest used one in the range than
 * RLIMIT_NOFILE allows; -ENOTSUP: a FDSLOTS_EDGE or FDSLOTS_EXCLUSIVE slot is in the range; -EINTR
 * or -ENOMEM from poll(2).
 * Cost: one system call, O(highest used index); empty slots above it never reach the kernel. */
int fdslots_poll(struct fdslots *s, uint32_t nfds, int timeout_ms);

/* Wait on the slots [0, nfds) by ppoll(2).
 *
 * timeout      relative; NULL blocks until something happens
 *
 * Results and cost as in fdslots_poll(); also -EINVAL: tv_sec is negative, or tv_nsec is not in
 * [0, 999999999]; -ENOTSUP: a sigmask, in a library built without ppoll(2); or, with an empty ready
 * set, a sigmask if the system refuses ppoll(2), no slot is ready and the wait would block. */
int fdslots_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                  const sigset_t *sigmask);

/* Wait on all slots by epoll_wait(2).
 *
 * timeout_ms   as in fdslots_poll()
 *
 * No slot makes the wait fail. An fd that cannot be registered (a regular file, a closed fd, one
 * for which no watch or no memory is left, a circle of epoll fds) is polled. If the reason may
 * pass, it is offered to the kernel again later.
 *
 * Returns the number of ready slots, or -ENOTSUP: there is no epoll here, or the buffer has
 * FDSLOTS_NO_EPOLL, or there is a FDSLOTS_EXCLUSIVE slot and epoll does not know EPOLLEXCLUSIVE;
 * -EINTR; -EMFILE, -ENFILE, -ENOMEM: the epoll set could not be made, or a wait would go on for
 * ever, because a file has outlived its fd and no other set can be made; -EINVAL: polled slots and
 * set are more than RLIMIT_NOFILE allows; -EBADF, or -EINVAL if its number is another file: the
 * caller has closed the buffer's own set, which fdslots_rebuild() replaces.
 * After an error the slots are still right, and the next wait tries again.
 * Cost: one system call, one epoll_ctl(2) for each slot whose registration differs from the
 * kernel's, and one fstat(2) for each fd that is registered for the first time or under which
 * another file may be open; O(ready + changed + polled). While slots are polled: one poll(2), and
 * one more system call if another slot is ready. A ready or changed fd that is in several slots
 * counts once for each of them. */
int fdslots_epoll_wait(struct fdslots *s, int timeout_ms);

/* Wait on all slots by epoll_pwait2(2), or by epoll_pwait(2) if that is missing.
 *
 * timeout      relative; NULL blocks until something happens. Rounded up to milliseconds if the
 *              kernel lacks epoll_pwait2
 *
 * Results and cost as in fdslots_epoll_wait(); also -EINVAL: a timeout as in fdslots_ppoll();
 * -ENOTSUP: a sigmask, if there is no ppoll(2), slots are polled, none is ready and the wait would
 * block. This last error leaves the ready set empty.
 *
 * One system call more if a sigmask is given, the timeout is 0 and no slot is ready, because epoll,
 * unlike ppoll, does not look for signals then. */
int fdslots_epoll_pwait(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask);

/* Wait on all slots by the mechanism that is cheapest for this very wait.
 *
 * timeout_ns   nanoseconds; 0 does not block, negative or FDSLOTS_FOREVER blocks until something
 *              happens. For a deadline use fdslots_wait_until(), because "deadline - now" is
 *              negative once the deadline has passed
 *
 * If one mechanism is refused, the wait uses the other. Any wait may open the epoll set, whose fd
 * is kept until fdslots_destroy(). Returns what the mechanism returns; an error only if neither
 * works. Cost: that of the chosen mechanism. If nothing changed since the epoll set was last told,
 * and no slot is polled beside it, this is one system call, or two if a sigmask is given, the
 * timeout is 0 and no slot is ready. A trial of the epoll set tells it of the changes first. */
int fdslots_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);

/* Wait as fdslots_wait() does, until a moment on CLOCK_MONOTONIC.
 *
 * deadline_ns  nanoseconds since the clock's zero. A deadline that has passed does not block;
 *              FDSLOTS_FOREVER never comes. A wait that is started again after -EINTR ends when the
 *              first would have ended
 *
 * Results and cost as in fdslots_wait(); also an error of clock_gettime(2), because a filter of
 * system calls may make it fail. */
int fdslots_wait_until(struct fdslots *s, int64_t deadline_ns, const sigset_t *sigmask);

/* Set the largest number of slots that one wait may report, by any entry point; at first, all.
 *
 * n            1 or more; above the capacity means all
 *
 * The other ready slots are reported in the next waits; none starves. Only an edge on an fd that is
 * in several slots is reported to all of them at once. If poll(2) has reported a slot for which
 * there is no room, and its file may not report the event again (files of procfs and sysfs, and
 * slots with FDSLOTS_POLLED), the revents are kept and reported later, even if they no longer hold
 * then, but not to another owner of the slot. For sockets, pipes, character devices and anonymous
 * inodes, the next wait asks the kernel again. A wait that uses the epoll set also keeps what a
 * socket, a pipe or an anonymous inode reports while it is polled beside the set: because the set
 * refused it, another slot with the same fd has FDSLOTS_POLLED, or POLLRDNORM is wanted without
 * POLLIN. What a ghost reports counts, too, so a wait may report fewer than n slots.
 *
 * Returns 0, or -EINVAL: n is 0. Cost, in a wait after poll(2) has reported slots for which there
 * was no room, or in that wait: one fstat(2) for each owner of such a slot, once. */
int fdslots_set_max_ready(struct fdslots *s, uint32_t n);

/* ---- Ready set ------------------------------------------------------------------------------
 *
 * What the last wait found; valid until the next wait on this buffer. A resize or a move keeps it,
 * but the arrays that fdslots_ready() and fdslots_view() returned are no longer valid.
 */

/* Return the indices of the ready slots, in no particular order, and store their number at *count
 * (count may be NULL).
 *
 * A slot that was changed since the wait stays listed; its revents may read 0. Returns NULL and
 * stores 0 if s is NULL. */
const uint32_t *fdslots_ready(const struct fdslots *s, uint32_t *count);

/* Call fn for each ready slot, until it returns non-zero; that value is then returned.
 *
 * fn may call anything: slots that have no revents left are skipped, and nothing reported for one
 * fd reaches another. A wait, fdslots_clear_ready(), fdslots_resize(), fdslots_move() and
 * fdslots_destroy() of this buffer inside fn end the iteration, which then returns what fn returns;
 * so may the end of more than 4,096 other buffers inside such functions of theirs.
 * revents is what the slot had when fn was called; fdslots_get_revents() is 0 after fn has emptied,
 * closed or paused the slot, or given it another fd. fn need not return: it may be left by
 * longjmp(3), or its thread may end.
 *
 * Returns what fn returned last; 0 if no slot is ready; or -EINVAL: fn is NULL.
 * Cost: O(ready). */
int fdslots_iter_ready(struct fdslots *s,
                       int (*fn)(void *arg, uint32_t index, int fd, uint32_t revents), void *arg);

/* Empty the ready set; all revents read 0. Cost: O(ready). */
void fdslots_clear_ready(struct fdslots *s);

/* Return the slots themselves, read-only, for loops and bindings that want to read them without a
 * call.
 *
 * The array is meant for the slots in the ready set. Elsewhere, an fd < 0 means that the slot is
 * empty or paused; a paused fd 0 reads as an empty slot does (-1). A one-shot slot is already
 * paused when its revents are first seen. A slot above the highest index ever set holds no value
 * yet and must not be read. The address stays the same until a resize or a move. Returns NULL if s
 * is NULL. */
const struct pollfd *fdslots_view(const struct fdslots *s);

/* ---- Wake, embed, look ----------------------------------------------------------------------*/

/* Open the waker of this buffer in an empty slot: an eventfd, or a pipe if the system has no
 * eventfd or a filter of system calls refuses it.
 *
 * The slot is an ordinary one with POLLIN. Wakes make it ready, and fdslots_waker_drain() makes it
 * unready. The waker ends when fdslots_close_index() closes that slot, or with the buffer; no wake
 * may be in progress then. A forked child gets a waker of its own at its first wait, if the slot is
 * as it was in the parent; otherwise it has none. While no fd is left for it, the slot is paused
 * and shows an fd that no file has, wakes are kept, and each wait tries again.
 *
 * Returns 0, or -EINVAL: index; -EEXIST: there is a waker already; -EBUSY: the slot is used;
 * -EMFILE, -ENFILE, -ENOMEM.
 * Cost: one system call; with a pipe, two, or six without pipe2(2); O(used). */
int fdslots_waker_open(struct fdslots *s, uint32_t index);

/* Make the waker's slot ready, from any thread or signal handler; a wake before the wait counts.
 *
 * It may come during any other call, even fdslots_resize() of a buffer that fdslots_create() made,
 * but not during fdslots_move(), fdslots_destroy() or the close of the waker's slot.
 *
 * Returns 0, even if many wakes are waiting already; or -ENOENT: there is no waker; or the error of
 * write(2) if the caller has closed the waker's fd. A child that has set or emptied the waker's
 * slot also gets 0 until its first wait; such a wake is for the waker that it opens next.
 * Cost: one write(2). Safety: any thread, async-signal-safe. */
int fdslots_wake(const struct fdslots *s);

/* Take back all wakes so far. Call it before looking for the work that the wakes announce.
 *
 * Returns 0, or -ENOENT: there is no waker; or the error of read(2) if the caller has closed the
 * waker's fd.
 * Cost: one read(2); with a pipe, one for every 512 wakes. */
int fdslots_waker_drain(struct fdslots *s);

/* Return an fd that reads ready (POLLIN) while a registered slot is ready, to nest the buffer in
 * another loop.
 *
 * Tells the kernel the changes so far; call it again after changing slots. The fd stays the same
 * until fdslots_destroy(), but a forked child gets another. It belongs to the library. When it is
 * ready, call fdslots_epoll_wait() with timeout 0; fdslots_wait() may poll, and then leaves the
 * kernel's set as it is. Polled slots do not make this fd ready.
 *
 * Returns the fd, or an error of fdslots_epoll_wait(); -ELOOP: a slot holds an epoll fd that is
 * nested too deeply to be nested once more; -EINVAL: a slot holds an fd that is in 500 nested sets;
 * -ENOSPC: no watch is left (fs.epoll.max_user_watches).
 * Cost: that of telling the changes; the first time also one fd and two system calls, or two fds
 * and three calls if no set was made before. */
int fdslots_epoll_fd(struct fdslots *s);

/* Rebuild the kernel's set from the slots.
 *
 * A caller who keeps the rule never needs this. FDSLOTS_EDGE slots that are ready now are reported
 * again.
 *
 * Returns 0, or an error of fdslots_epoll_wait().
 * Cost: one epoll_ctl(2) for each fd in use that is not polled, one more for each that is
 * registered with FDSLOTS_EXCLUSIVE, and three system calls, or five if fdslots_epoll_fd() was
 * called. */
int fdslots_rebuild(struct fdslots *s);

/* What a buffer has done since it was made. New members are added at the end. */
struct fdslots_stats {
    uint64_t waits;           /* calls of any entry point that reached the kernel */
    uint64_t poll_calls;      /* poll(2), ppoll(2) */
    uint64_t epoll_calls;     /* epoll_wait(2), epoll_pwait(2), epoll_pwait2(2) */
    uint64_t epoll_ctl_calls; /* epoll_ctl(2) */
    uint64_t ghosts_dropped;  /* reports of files that are no longer in any slot */
    uint64_t rebuilds;        /* kernel sets rebuilt, after a ghost, a fork, or on request */
    uint64_t fallbacks;       /* fdslots_wait() was refused a mechanism and used the other */
    uint64_t lost;   /* FDSLOTS_CHECK: slots whose fd was closed behind the buffer's back */
    uint64_t polled; /* waits that asked poll(2) about slots beside the set */
};

/* Copy the counters.
 *
 * size         sizeof(struct fdslots_stats) as the caller was compiled; members that the library
 *              does not know are filled with 0
 *
 * Returns 0, or -EINVAL: out is NULL, or size is 0. */
int fdslots_get_stats(const struct fdslots *s, struct fdslots_stats *out, size_t size);

/* Print the used slots as a table that a person can read.
 *
 * Returns 0, or -EINVAL: stream is NULL; -EIO: the stream reports an error.
 * Cost: O(used). */
int fdslots_dump(const struct fdslots *s, FILE *stream);

/* Write events as text, "IN|OUT|HUP", into buf of size bytes; "0" for none, unknown bits in hex.
 *
 * Returns the length of the whole text, as snprintf(3) does: if it is size or more, the text was
 * truncated; or -EINVAL: buf is NULL and size is not 0. */
int fdslots_format_events(char *buf, size_t size, uint32_t events);

/* Return the version of the library at run time, "MAJOR.MINOR.PATCH". */
const char *fdslots_version(void);

/* Features that fdslots_has() can be asked about. */
#define FDSLOTS_HAS_PPOLL    1u /* ppoll(2): a sigmask in fdslots_ppoll() */
#define FDSLOTS_HAS_EPOLL    2u /* epoll(7) */
#define FDSLOTS_HAS_EPOLL_NS 3u /* epoll_pwait2(2): nanoseconds in fdslots_epoll_pwait() */

/* Tell whether a feature works in this process now: 1 or 0, or -EINVAL: no such feature.
 *
 * While the process can open no other fd, the answer about epoll is 0.
 *
 * Cost: asks the kernel, with one or three system calls. */
int fdslots_has(unsigned feature);

#ifdef __cplusplus
}
#endif

#endif
