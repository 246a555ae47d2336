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
 *               Where a filter of system calls, a broken kernel, or a caller who closed an fd of
 *               the library makes a call fail in a way not named here, that error is returned.
 *   index       counts slots from 0. An index that is not below the capacity is -EINVAL.
 *   s           A NULL buffer is -EINVAL, or NULL or 0 where the result cannot hold an error.
 *   Bad input   changes nothing, the ready set included. Nothing here aborts, and only
 *               fdslots_dump() prints.
 *   Cost        No system call, no allocation, O(1), unless the call says otherwise.
 *   Safety      One thread at a time for each buffer; different buffers share nothing. Only
 *               fdslots_wake() may come from another thread or from a signal handler.
 *   Callbacks   The function that fdslots_iter_ready() calls may make any call.
 *   Fork        A child may make any call with its copy of a buffer: it finds out by itself that it
 *               is a child, and leaves to its parent what is its parent's.
 *   Cancelling  A thread may be cancelled (pthread_cancel) in any call that may block or close: all
 *               slots are as before or as after it, and the library loses no fd.
 *
 * The one rule: tell the buffer before the fd in a slot closes, by fdslots_invalidate_index() or
 * fdslots_close_index(). For a caller who keeps it, every entry point reports the ready slots and
 * the exact revents that poll(2) would report at that instant, for every kind of file: a slot whose
 * file epoll refuses, or answers otherwise, is polled beside the epoll set. fdslots(7) says which
 * files these are, and names the few that only FDSLOTS_POLLED makes exact.
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
 * set have never been written to, so they cost no resident memory. Where the kernel gives huge
 * pages to all memory, that holds for large buffers that fdslots_create() made, and for the
 * caller's memory with madvise(2), MADV_NOHUGEPAGE.
 */

/* Flags of fdslots_init() and fdslots_create(). */
#define FDSLOTS_NO_EPOLL 0x1u /* poll only: the buffer never opens an fd */
/* For debugging: every wait first verifies that the caller kept the one rule. A slot whose fd was
 * closed, or closed and opened again as another file, shows POLLNVAL until it is set again or
 * emptied, and is counted as `lost` in the stats; fdslots_close_index() does not close such an fd
 * (-EBADF). So do the other slots that hold an fd after fdslots_close_index() of one of them. Slots
 * that are paused are not looked at; of polled slots, only a file that became one of another kind
 * is seen. Nothing is found where the kernel refuses an epoll set or leaves no fd for a moment, nor
 * in a child's first wait. Cost, in every wait: one epoll_ctl(2) and one fstat(2) for each slot
 * that is used and not paused, and what epoll waits cost.
 *
 * FDSLOTS_CHECK=1 in the environment sets it for every buffer of a program that is not
 * FDSLOTS_NO_EPOLL, unless the program is set-user-ID or the like. It is read once, by the first
 * call that makes a buffer. */
#define FDSLOTS_CHECK 0x2u

/* Return the bytes that fdslots_init() needs for nslots slots.
 *
 * Returns 0 where nslots is 0 or more than can be (above INT_MAX, or the size would not fit in a
 * ptrdiff_t). The figure belongs to this build of the library: ask for it at run time. */
size_t fdslots_size(uint32_t nslots);

/* Lay a buffer of nslots empty slots in the caller's memory.
 *
 * mem      at least fdslots_size(nslots) bytes, aligned to 8; what it holds is ignored. It must
 *          stay in place until fdslots_destroy(), or until the buffer has gone elsewhere by
 *          fdslots_move() or fdslots_resize(); then it may be freed
 * size     bytes at mem
 * flags    0, FDSLOTS_NO_EPOLL or FDSLOTS_CHECK
 * out      where the buffer is stored; not written on failure
 *
 * Returns 0, or -EINVAL: mem or out is NULL, mem is misaligned, size is too small, nslots is 0 or
 * too large, an unknown flag; -ENOTSUP: FDSLOTS_CHECK without epoll, compiled out or not wanted.
 * Opens nothing and allocates nothing. */
int fdslots_init(void *mem, size_t size, uint32_t nslots, uint32_t flags, struct fdslots **out);

/* Make a buffer of nslots empty slots in memory of its own.
 *
 * Returns 0, or -EINVAL or -ENOTSUP as fdslots_init(), or -ENOMEM.
 * Cost: two mallocs; above 2 MiB, one madvise(2), so that the kernel gives the slots no huge pages.
 */
int fdslots_create(uint32_t nslots, uint32_t flags, struct fdslots **out);

/* Give a buffer in memory of its own another capacity, larger or smaller.
 *
 * s            points to the buffer. One that fdslots_create() or an earlier resize made keeps its
 *              address: copies of the pointer stay valid, and others may call fdslots_wake()
 *              meanwhile. One in the caller's memory moves to memory of its own as by
 *              fdslots_move(), and *s changes
 * nslots       above the highest used index
 *
 * All stays as it is: indices, generations, pauses, revents, the ready set, the waker, the stats,
 * and the kernel's set with what is registered there. What fdslots_view() and fdslots_ready() gave
 * is no longer valid, and an iteration by fdslots_iter_ready() ends.
 *
 * Returns 0, or -EINVAL: s or *s is NULL, nslots is 0 or too large, or a used slot would not fit;
 * -ENOMEM. After an error all is as before.
 * Cost: one malloc and one free, O(slots that were ever used). No system call, except one
 * epoll_ctl(2) for each slot that goes and was emptied since the kernel's set was last told, and
 * the madvise(2) of fdslots_create(). */
int fdslots_resize(struct fdslots **s, uint32_t nslots);

/* Have a buffer go on in other memory of the caller's, with this capacity.
 *
 * mem, size    as in fdslots_init(); not the memory, or a part of it, in which the buffer lies
 * nslots       above the highest used index
 * out          where the buffer is stored, whose old address is no longer valid; not written on
 *              failure
 *
 * All stays as by fdslots_resize(). The old memory is the caller's again; where it was the
 * library's, it is freed. Another thread or a signal handler that may call fdslots_wake() must not
 * be inside that call then, and must have the new address before its next one. A wake before the
 * move counts.
 *
 * Returns 0, or -EINVAL: an argument as in fdslots_init(), s is NULL, a used slot would not fit, or
 * the old memory and the new meet.
 * Cost: as fdslots_resize(), without a malloc. */
int fdslots_move(struct fdslots *s, void *mem, size_t size, uint32_t nslots, struct fdslots **out);

/* End a buffer of either making; s may be NULL.
 *
 * Closes what the library opened, never the caller's fds. Memory given to fdslots_init() is the
 * caller's again.
 * Cost: one close(2) for each fd the library opened, one epoll_ctl(2) after fdslots_epoll_fd() and
 * for each FDSLOTS_EXCLUSIVE fd that is registered, two frees after fdslots_create(). A child that
 * has not waited makes a few calls more, to find out which of the inherited fds it may close. */
void fdslots_destroy(struct fdslots *s);

/* Return the number of slots, nslots; 0 for NULL. */
uint32_t fdslots_capacity(const struct fdslots *s);

/* ---- Slots ----------------------------------------------------------------------------------
 *
 * events are the platform's POLL* bits:
 *     POLLIN POLLPRI POLLOUT POLLRDHUP POLLRDNORM POLLRDBAND POLLWRNORM POLLWRBAND
 *     POLLERR POLLHUP POLLNVAL    always reported, and accepted
 * and any of the bits below. Any other bit is -EINVAL.
 *
 * Setting a slot writes memory and notes the change; the kernel hears of it in the next wait.
 * The first use of an index above all earlier ones clears the slots between, once: some 18 bytes of
 * memory each, which are resident from then on. Indices near each other cost least.
 */
/* Report new events only (EPOLLET); epoll entry points only. Where a slot without it holds the same
 * fd, and on a polled slot, events are reported as long as the fd is ready. */
#define FDSLOTS_EDGE    0x10000u
#define FDSLOTS_ONESHOT 0x20000u /* once reported, pause the slot; in every entry point */
/* Wake one of the epoll sets that wait on this file, not all (EPOLLEXCLUSIVE); epoll entry points
 * only. The kernel takes it with POLLIN, POLLOUT and FDSLOTS_EDGE; beside any other event, or
 * FDSLOTS_ONESHOT, it is -EINVAL. A polled slot is woken like any other; and while any slot is
 * polled, so are those that are not. After fdslots_invalidate_index() and close(2), such a file
 * takes wakes that others wait for, until the next wait of this buffer; fdslots_close_index()
 * leaves it at once. */
#define FDSLOTS_EXCLUSIVE 0x40000u
/* Poll this slot beside the epoll set, whatever its file: for files of which epoll says something
 * else and fstat(2) does not tell (fdslots(7) names them). All slots that hold the same fd are
 * polled, too. The poll entry points do so anyway. */
#define FDSLOTS_POLLED 0x80000u

/* Put fd and events into a slot.
 *
 * The slot gets a new owner: its revents read 0, its generation changes, a pause ends. Safe
 * whatever happened to that fd number before: it may be another file now. fd < 0 empties the slot.
 *
 * Returns 0, or -EINVAL: index, or events. */
int fdslots_set_index(struct fdslots *s, uint32_t index, int fd, uint32_t events);

/* Change what a slot waits for; its fd is still the same open file.
 *
 * Changes that cancel out before a wait cost that wait nothing. Arms a FDSLOTS_ONESHOT slot again,
 * also with equal events; a slot paused by fdslots_pause_index() stays paused. An edge on a
 * FDSLOTS_EDGE slot is looked for again, even if the events are equal, as EPOLL_CTL_MOD does. Of
 * the revents already reported, those that are no longer wanted are dropped; POLLERR, POLLHUP and
 * POLLNVAL stay.
 *
 * Returns 0, or -EINVAL: index, or events; -ENOENT: the slot is empty. */
int fdslots_set_events(struct fdslots *s, uint32_t index, uint32_t events);

/* Empty a slot; emptying an empty one is no error.
 *
 * Returns 0, or -EINVAL: index. */
int fdslots_invalidate_index(struct fdslots *s, uint32_t index);

/* Deregister the fd of a slot at once, close it, and empty the slot.
 *
 * The way to close that leaves nothing behind even where a dup or a child keeps the file open. Not
 * for standard input, output and error, whose number the next file that is opened would get.
 * Other slots that hold the fd keep the number, and read POLLNVAL while nothing is open under it;
 * under FDSLOTS_CHECK, until they are set again or emptied.
 *
 * Returns 0, or -EINVAL: index; -ENOENT: the slot is empty; or the error of close(2), with the
 * slot emptied all the same (-EINTR is not returned: the fd is closed). -EBADF, too, where the
 * number is that of the buffer's epoll set, which is not closed.
 * Cost: one close(2), and one epoll_ctl(2) where the fd was registered; O(slots with this fd).
 * Under FDSLOTS_CHECK the changes so far are made known first. */
int fdslots_close_index(struct fdslots *s, uint32_t index);

/* Keep a slot but report nothing for it, POLLERR and POLLHUP included.
 *
 * Its fd and events stay readable; its revents read 0. Pausing and resuming between two waits costs
 * them nothing; but an edge that was reported and is dropped so is looked for again.
 *
 * Returns 0, or -EINVAL: index; -ENOENT: the slot is empty. */
int fdslots_pause_index(struct fdslots *s, uint32_t index);

/* Report a paused slot again, whether fdslots_pause_index() or FDSLOTS_ONESHOT paused it.
 *
 * Returns 0, even for a slot that is not paused; or -EINVAL: index; -ENOENT: the slot is empty. */
int fdslots_resume_index(struct fdslots *s, uint32_t index);

/* Return 1 for a slot that reports nothing: paused by fdslots_pause_index(), or FDSLOTS_ONESHOT and
 * reported; 0 for any other, empty or not; or -EINVAL: index. */
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
 * Keep it beside a request: at completion an equal number means that the slot is still yours. */
int64_t fdslots_get_generation(const struct fdslots *s, uint32_t index);

/* Return the lowest index >= from whose slot is not empty; -ENOENT where there is none, as from the
 * capacity up; or -EINVAL: s is NULL.
 *
 *     int64_t i = 0;
 *     for (; (i = fdslots_next_used(s, (uint32_t)i)) >= 0; i++)
 *
 * Cost: O(log64 nslots), however long the run of empty slots. */
int64_t fdslots_next_used(const struct fdslots *s, uint32_t from);

/* Return the lowest index >= from whose slot is empty; -ENOSPC where there is none, as from the
 * capacity up; or -EINVAL: s is NULL.
 *
 * In place of a list of free slots: from 0, it keeps the used slots together at the low end.
 *
 * Cost: O(log64 nslots), however long the run of used slots. */
int64_t fdslots_next_free(const struct fdslots *s, uint32_t from);

/* ---- Waiting --------------------------------------------------------------------------------
 *
 * Each wait returns the number of ready slots, 0 where the time ran out. A timeout never ends
 * early, and may end late by the kernel's timer slack; time that the entry point cannot express is
 * rounded up. Slots that are not ready read revents 0 after every wait. -EINTR is returned, never
 * retried; ready slots win over a signal. It means that a signal handler ran; or, where the wait is
 * epoll's, that the process was stopped and went on, was attached to by a debugger or frozen, as
 * epoll_wait(2) ends then though poll(2) does not. A wait that fails leaves the ready set empty and
 * every slot's fd and events as they were; one that refuses its arguments (-EINVAL), or answers
 * -ENOTSUP, changes nothing.
 *
 * sigmask      the signals blocked during the call, atomically; NULL leaves the mask as it is, an
 *              empty set blocks none. With a timeout of 0, too, a pending signal that the mask
 *              lets in is delivered, and the wait returns -EINTR unless a slot is ready.
 */

#define FDSLOTS_FOREVER INT64_MAX /* a timeout_ns or deadline_ns that never comes */

/* Wait on the slots [0, nfds) by poll(2).
 *
 * timeout_ms   milliseconds; 0 does not block, negative blocks until something happens
 *
 * Returns the number of ready slots, or -EINVAL: nfds is above the capacity; or, from the kernel
 * and with an empty ready set, the slots up to the highest used one in the range are more than
 * RLIMIT_NOFILE; -ENOTSUP: a FDSLOTS_EDGE or FDSLOTS_EXCLUSIVE slot is in the range; -EINTR,
 * -ENOMEM from poll(2).
 * Cost: one system call, O(highest used index); empty slots above it never reach the kernel. */
int fdslots_poll(struct fdslots *s, uint32_t nfds, int timeout_ms);

/* Wait on the slots [0, nfds) by ppoll(2).
 *
 * timeout      relative; NULL blocks until something happens
 *
 * Returns and costs as fdslots_poll(); also -EINVAL: tv_sec is negative, or tv_nsec is not in
 * [0, 999999999]; -ENOTSUP: a sigmask where there is no ppoll(2). */
int fdslots_ppoll(struct fdslots *s, uint32_t nfds, const struct timespec *timeout,
                  const sigset_t *sigmask);

/* Wait on all slots by epoll_wait(2).
 *
 * timeout_ms   as fdslots_poll()
 *
 * No slot makes it fail: what cannot be registered (a regular file, a closed fd, one for which
 * there is no watch or memory left, a circle of epoll fds) is polled, and tried again later where
 * the reason may pass.
 *
 * Returns the number of ready slots, or -ENOTSUP: no epoll here, or FDSLOTS_NO_EPOLL, or a
 * FDSLOTS_EXCLUSIVE slot where epoll knows no EPOLLEXCLUSIVE; -EINTR; -EMFILE, -ENFILE, -ENOMEM:
 * the epoll set could not be made, or not rebuilt after a file outlived its fd; -EINVAL: more
 * polled slots than RLIMIT_NOFILE; -EBADF: the caller has closed the buffer's own set, which
 * fdslots_rebuild() replaces.
 * After an error the slots still hold the truth, and the next wait tries again.
 * Cost: one system call, one epoll_ctl(2) for each slot whose registration differs from the
 * kernel's, and one fstat(2) for each fd that is registered first or under which another file may
 * be open; O(ready + changed + polled). While slots are polled: one poll(2), and one system call
 * more where another slot is ready. A ready or changed fd that is in several slots counts as often.
 */
int fdslots_epoll_wait(struct fdslots *s, int timeout_ms);

/* Wait on all slots by epoll_pwait2(2), or epoll_pwait(2) where that is missing.
 *
 * timeout      relative; NULL blocks until something happens. Rounded up to milliseconds where the
 *              kernel lacks epoll_pwait2.
 *
 * Returns and costs as fdslots_epoll_wait(); also -EINVAL: a timeout as in fdslots_ppoll();
 * -ENOTSUP: a sigmask, where there is no ppoll(2), slots are polled, none is ready and the
 * wait would block; this one leaves the ready set empty.
 *
 * Cost: one system call more where a sigmask is given, the timeout is 0 and no slot is ready,
 * because epoll, unlike ppoll, does not look for signals then. */
int fdslots_epoll_pwait(struct fdslots *s, const struct timespec *timeout, const sigset_t *sigmask);

/* Wait on all slots by the mechanism that is cheapest for this very wait.
 *
 * timeout_ns   nanoseconds; 0 does not block, negative or FDSLOTS_FOREVER blocks until something
 *              happens. For a deadline there is fdslots_wait_until(): "deadline - now" is negative
 *              once it is over
 *
 * Goes on with the mechanism that still works where one is refused. Any wait may open the epoll
 * set, whose fd is kept until fdslots_destroy(). Returns as the mechanisms; an error only where
 * neither can.
 * Cost: as the mechanism that is chosen; one system call where nothing changed and no slot is
 * polled beside the epoll set. */
int fdslots_wait(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask);

/* Wait as fdslots_wait(), until a moment on CLOCK_MONOTONIC.
 *
 * deadline_ns  nanoseconds since the clock's zero; one that is over does not block, FDSLOTS_FOREVER
 *              never comes. A wait begun again after -EINTR ends when the first would have
 *
 * Returns and costs as fdslots_wait(); also an error of clock_gettime(2), which a filter of
 * system calls may make fail. */
int fdslots_wait_until(struct fdslots *s, int64_t deadline_ns, const sigset_t *sigmask);

/* Set the most slots that one wait may report, by any entry point; at first, all.
 *
 * n            1 or more; above the capacity means all
 *
 * The rest come in the next waits; none starves. Only an edge on an fd that is in several slots is
 * reported to all of them at once. What poll(2) has said of a slot for which there is no room is
 * kept where its file may not say it again (files of procfs, devices; what is polled beside the
 * epoll set): it is reported later, even if it is over by then. Of sockets, pipes and anonymous
 * inodes the next wait says what is so then.
 *
 * Returns 0, or -EINVAL: n is 0. Cost, in a wait by poll that leaves slots out: one fstat(2) for
 * each owner of a slot that is left out for the first time. */
int fdslots_set_max_ready(struct fdslots *s, uint32_t n);

/* ---- Ready set ------------------------------------------------------------------------------
 *
 * What the last wait found; valid until the next wait on this buffer. A resize or a move keeps it,
 * but the arrays that fdslots_ready() and fdslots_view() gave are then others.
 */

/* Return the indices of the ready slots, in no particular order, and store how many at *count
 * (count may be NULL).
 *
 * A slot changed since the wait stays listed with revents 0. NULL and 0 where s is NULL. */
const uint32_t *fdslots_ready(const struct fdslots *s, uint32_t *count);

/* Call fn for each ready slot, until it returns non-zero, which is then returned.
 *
 * fn may call anything: slots that have no revents left are skipped, and nothing reported for one
 * fd reaches another. A wait, fdslots_clear_ready(), fdslots_resize(), fdslots_move() and
 * fdslots_destroy() of this buffer inside fn end the iteration, which then returns what fn returns.
 * revents is what the slot had when fn was called; fdslots_get_revents() is 0 once fn has emptied,
 * closed or paused the slot, or given it another fd. fn need not return: it may be left by
 * longjmp(3), or its thread end.
 *
 * Returns what fn returned last; 0 where no slot is ready; or -EINVAL: fn is NULL.
 * Cost: O(ready). */
int fdslots_iter_ready(struct fdslots *s,
                       int (*fn)(void *arg, uint32_t index, int fd, uint32_t revents), void *arg);

/* Empty the ready set; all revents read 0. Cost: O(ready). */
void fdslots_clear_ready(struct fdslots *s);

/* Return the slots themselves, read-only, for loops and bindings that want no call at all.
 *
 * They are meant for the slots in the ready set. Of others, an fd < 0 is an empty slot, or one that
 * is paused, as a one-shot slot is already when its revents are first seen; a paused fd 0 reads as
 * an empty slot does (-1). A slot above the highest index ever set holds no value yet and must not
 * be read. The address stays until a resize or a move. NULL where s is NULL. */
const struct pollfd *fdslots_view(const struct fdslots *s);

/* ---- Wake, embed, look ----------------------------------------------------------------------*/

/* Open the waker of this buffer in an empty slot: an eventfd, or a pipe where there is none
 * or a filter of system calls refuses it.
 *
 * An ordinary slot with POLLIN, which wakes make ready and fdslots_waker_drain() makes unready. It
 * ends with fdslots_close_index() of that slot, or with the buffer; no wake may be under way then.
 * A forked child gets a waker of its own at its first wait, if its slot is as it was in the parent;
 * else it has none.
 *
 * Returns 0, or -EINVAL: index; -EEXIST: there is a waker already; -EBUSY: the slot is used;
 * -EMFILE, -ENFILE, -ENOMEM.
 * Cost: one system call; with a pipe, six at most. */
int fdslots_waker_open(struct fdslots *s, uint32_t index);

/* Make the waker's slot ready, from any thread or signal handler; a wake before the wait counts.
 *
 * It may come during any other call, fdslots_resize() of a buffer that fdslots_create() made
 * included; not during fdslots_move(), fdslots_destroy() and the close of the waker's slot.
 *
 * Returns 0, even where many wakes are waiting already; or -ENOENT: there is no waker; or the error
 * of write(2) where the caller has closed its fd.
 * Cost: one write(2). Safety: any thread, async-signal-safe. */
int fdslots_wake(const struct fdslots *s);

/* Take back all wakes so far. Call it before looking for the work that the wakes announce.
 *
 * Returns 0, or -ENOENT: there is no waker; or the error of read(2) where the caller has closed its
 * fd.
 * Cost: one read(2); with a pipe, one for every 512 wakes. */
int fdslots_waker_drain(struct fdslots *s);

/* Return an fd that reads ready (POLLIN) while a registered slot is, to nest the buffer in another
 * loop.
 *
 * Makes the changes so far known to the kernel; call it again after changing slots. The same fd
 * until fdslots_destroy(), in one process: a forked child gets another. It belongs to the library.
 * When it is ready, call fdslots_epoll_wait() with timeout 0; fdslots_wait() may poll, and then
 * leaves the kernel's set as it is. Polled slots do not show through it.
 *
 * Returns the fd, or an error of fdslots_epoll_wait(); -ELOOP: a slot holds an epoll fd that is
 * nested too deep to be nested once more; -EINVAL: a slot holds an fd that is in 500 nested sets;
 * -ENOSPC: no watch is left (fs.epoll.max_user_watches).
 * Cost: that of the changes; two fds and three system calls the first time. */
int fdslots_epoll_fd(struct fdslots *s);

/* Rebuild the kernel's set from the slots.
 *
 * Never needed by a caller who keeps the rule. FDSLOTS_EDGE slots that are ready now are reported
 * again. Returns 0, or an error of fdslots_epoll_wait().
 * Cost: one epoll_ctl(2) for each fd in use that is not polled. */
int fdslots_rebuild(struct fdslots *s);

/* What a buffer has done since it was made. New members are added at the end. */
struct fdslots_stats {
    uint64_t waits;           /* calls of any entry point that reached the kernel */
    uint64_t poll_calls;      /* poll(2), ppoll(2) */
    uint64_t epoll_calls;     /* epoll_wait(2), epoll_pwait(2), epoll_pwait2(2) */
    uint64_t epoll_ctl_calls; /* epoll_ctl(2) */
    uint64_t ghosts_dropped;  /* reports of files no longer in any slot */
    uint64_t rebuilds;        /* kernel sets rebuilt, after a ghost, a fork, or on request */
    uint64_t fallbacks;       /* fdslots_wait() was refused a mechanism and used the other */
    uint64_t lost;            /* FDSLOTS_CHECK: slots whose fd was closed behind their back */
    uint64_t polled;          /* waits that asked poll(2) about slots beside the set */
};

/* Copy the counters.
 *
 * size         sizeof(struct fdslots_stats) as the caller was compiled; more than the library knows
 *              is filled with 0
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
 * Returns the length of the whole text, as snprintf(3): at size or more, it was cut; or -EINVAL:
 * buf is NULL and size is not 0. */
int fdslots_format_events(char *buf, size_t size, uint32_t events);

/* Return the version of the library at run time, "MAJOR.MINOR.PATCH". */
const char *fdslots_version(void);

/* Features that fdslots_has() can be asked about. */
#define FDSLOTS_HAS_PPOLL    1u /* ppoll(2): a sigmask in fdslots_ppoll() */
#define FDSLOTS_HAS_EPOLL    2u /* epoll(7) */
#define FDSLOTS_HAS_EPOLL_NS 3u /* epoll_pwait2(2): nanoseconds in fdslots_epoll_pwait() */

/* Tell whether a feature works in this process now: 1 or 0, or -EINVAL: no such feature.
 *
 * Cost: asks the kernel, with at most three system calls. */
int fdslots_has(unsigned feature);

#ifdef __cplusplus
}
#endif

#endif
