/* SPDX-License-Identifier: ISC
 *
 * The system calls of the library. Each returns its result or a negative errno value and leaves
 * errno as it was: this is the one place where the two conventions meet.
 */
#ifndef FDSLOTS_SYS_H
#define FDSLOTS_SYS_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* `saved` is errno before the call that returned rc. */
static inline int sys_result(int rc, int saved)
{
    if (rc >= 0)
        return rc;
    rc = -errno;
    errno = saved;
    return rc;
}

static inline int sys_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
    int saved = errno;
    return sys_result(poll(fds, nfds, timeout_ms), saved);
}

/* EINTR is no failure: the fd is closed when close(2) says so, and must not be closed again. */
static inline int sys_close(int fd)
{
    int saved = errno;
    int rc = sys_result(close(fd), saved);
    return rc == -EINTR ? 0 : rc;
}

/* Both are for wakers, whose fds never block. EINTR comes from a supervisor of system calls
 * (seccomp) alone, and a wake must not be lost to it. */
static inline int sys_read(int fd, void *buf, size_t size)
{
    int saved = errno;
    int rc;
    do
        rc = sys_result((int)read(fd, buf, size), saved);
    while (rc == -EINTR);
    return rc;
}

static inline int sys_write(int fd, const void *buf, size_t size)
{
    int saved = errno;
    int rc;
    do
        rc = sys_result((int)write(fd, buf, size), saved);
    while (rc == -EINTR);
    return rc;
}

/* In ppoll.c, or in ppoll_none.c where the system has none: a mask is then -ENOTSUP. */
int fdslots_sys_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout,
                      const sigset_t *sigmask);
int fdslots_sys_takes_mask(void);
int fdslots_sys_has_ppoll(void);

#endif
