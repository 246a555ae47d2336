/* SPDX-License-Identifier: ISC
 *
 * The system calls of the library. Each returns its result or a negative errno value, and leaves
 * errno as it was, so that its callers need not deal with errno.
 */
#ifndef FDSLOTS_SYS_H
#define FDSLOTS_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_EVENTFD
#include <sys/eventfd.h>
#endif

#ifndef MADV_NOHUGEPAGE
#define MADV_NOHUGEPAGE (-1) /* madvise refuses it with EINVAL */
#endif

/* Turn the result rc of a call into a result of this file. `saved` is the errno from before the
 * call. */
static inline int sys_result(int rc, int saved)
{
    if (rc >= 0)
        return rc;
    rc = -errno;
    errno = saved;
    return rc;
}

/* Make a call with these conventions. */
#define SYS(call)                                                                                  \
    __extension__({                                                                                \
        int saved_ = errno;                                                                        \
        sys_result(call, saved_);                                                                  \
    })

/* Delay any pthread_cancel(3) of this thread, while it would lose something that nobody else knows
 * of yet. Returns the argument for sys_restore_cancel(). */
static inline int sys_disable_cancel(void)
{
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state;
}

static inline void sys_restore_cancel(int state)
{
    pthread_setcancelstate(state, &state);
}

/* Whether a call is not available: the kernel lacks it, or a filter of system calls (seccomp)
 * refuses it. */
static inline bool sys_is_refused(int rc)
{
    return rc == -ENOSYS || rc == -EPERM || rc == -EACCES;
}

static inline int sys_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
    return SYS(poll(fds, nfds, timeout_ms));
}

/* From here on: calls that some systems lack. */
#ifndef HAVE_SECURE_GETENV
#ifndef HAVE_ISSETUGID
#define issetugid() (getuid() != geteuid() || getgid() != getegid())
#endif
#define secure_getenv(name) (issetugid() ? NULL : getenv(name))
#endif

#ifdef HAVE_PPOLL
#define SYS_HAS_PPOLL true
static inline int sys_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                            const sigset_t *sigmask)
{
    return SYS(ppoll(fds, nfds, timeout, sigmask));
}
#else
#define SYS_HAS_PPOLL false
static inline int sys_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                            const sigset_t *sigmask)
{
    (void)fds, (void)nfds, (void)timeout, (void)sigmask;
    return -ENOSYS;
}
#endif

#ifdef HAVE_EVENTFD
static inline int sys_eventfd(void)
{
    return SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}
#else
static inline int sys_eventfd(void)
{
    return -ENOSYS;
}
#endif

static inline int sys_fstat(int fd, struct stat *st)
{
    return SYS(fstat(fd, st));
}

/* EINTR is no failure: the fd is closed even then, and must not be closed again. A thread that was
 * cancelled here would leave the fd open, and nobody would know of it. */
static inline int sys_close(int fd)
{
    const int cancel = sys_disable_cancel();
    int rc = SYS(close(fd));
    sys_restore_cancel(cancel);
    return rc == -EINTR ? 0 : rc;
}

/* Open a pipe whose ends are close-on-exec and never block. */
#ifdef HAVE_PIPE2
static inline int sys_pipe(int ends[2])
{
    return SYS(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
}
#else
static inline int sys_prepare_end(int fd)
{
    int rc = SYS(fcntl(fd, F_SETFD, FD_CLOEXEC));
    return rc < 0 ? rc : SYS(fcntl(fd, F_SETFL, O_NONBLOCK));
}

static inline int sys_pipe(int ends[2])
{
    int rc = SYS(pipe(ends));
    if (rc < 0)
        return rc;
    rc = sys_prepare_end(ends[0]);
    if (rc == 0)
        rc = sys_prepare_end(ends[1]);
    for (int i = 0; rc < 0 && i < 2; i++)
        sys_close(ends[i]);
    return rc;
}
#endif

/* Whether RLIMIT_NOFILE still allows an fd of this number to be opened. */
static inline bool sys_allows_fd(int fd)
{
    return fd < sysconf(_SC_OPEN_MAX);
}

/* Return another fd of the same file, above `number`. If RLIMIT_NOFILE allows no higher number at
 * all, fcntl(2) fails with EINVAL. */
static inline int sys_dup_above(int fd, int number)
{
    int rc = SYS(fcntl(fd, F_DUPFD_CLOEXEC, number + 1));
    return rc == -EINVAL ? -EMFILE : rc;
}

/* Let in the pending signals that this mask does not block. Returns 0, or -EINTR. */
static inline int sys_let_signals_in(const sigset_t *sigmask)
{
    const struct timespec at_once = {0, 0};
    return SYS(pselect(0, NULL, NULL, NULL, &at_once, sigmask));
}

/* Have the kernel give this memory no huge pages. The first byte that is written in a huge page
 * makes all of it resident, 2 MiB on most machines. If the kernel has no huge pages, this changes
 * nothing. */
static inline void sys_keep_pages_small(void *mem, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t before = (page - (uintptr_t)mem % page) % page; /* the first whole page */
    const size_t whole = size > before ? (size - before) / page * page : 0;
    if (whole > 0)
        SYS(madvise((unsigned char *)mem + before, whole, MADV_NOHUGEPAGE));
}

/* Both are for fds that never block: those of wakers, and files of /proc. EINTR can then come only
 * from a supervisor of system calls (seccomp), and a wake must not be lost because of it. */
static inline int sys_read(int fd, void *buf, size_t size)
{
    int rc;
    do
        rc = SYS((int)read(fd, buf, size));
    while (rc == -EINTR);
    return rc;
}

static inline int sys_write(int fd, const void *buf, size_t size)
{
    int rc;
    do
        rc = SYS((int)write(fd, buf, size));
    while (rc == -EINTR);
    return rc;
}

#endif
