/* SPDX-License-Identifier: ISC
 *
 * The system calls of epoll, with the conventions of os/sys.h.
 */
#ifndef FDSLOTS_EPOLL_SYS_H
#define FDSLOTS_EPOLL_SYS_H

#include "../os/sys.h"

#include <stdio.h>
#include <sys/epoll.h>

#if !HAVE_DECL_EPOLLEXCLUSIVE
#undef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE 0u /* slots that ask for it never get this far */
#endif

static inline int sys_epoll_create(void)
{
    return SYS(epoll_create1(EPOLL_CLOEXEC));
}

static inline int sys_epoll_ctl(int epfd, int op, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    return SYS(epoll_ctl(epfd, op, fd, &event));
}

/* Read the beginning of /proc/self/fdinfo/FD as a string, which is empty if there is no such file.
 * Makes three system calls, changes nothing, and does not touch the file behind the fd. */
static inline void sys_read_fdinfo(int fd, char *text, size_t size)
{
    char path[sizeof "/proc/self/fdinfo/2147483647"];
    const int cancel = sys_disable_cancel(); /* it would leave the fd open */
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    const int info = SYS(open(path, O_RDONLY | O_CLOEXEC));
    const int length = info < 0 ? info : sys_read(info, text, size - 1);
    text[length > 0 ? length : 0] = '\0';
    if (info >= 0)
        sys_close(info);
    sys_restore_cancel(cancel);
}

/* The calls that wait are not turned into such results here: see fdslots_kernel_call(). Here is
 * only epoll_pwait2(2), which a build may lack. Like the C library's, it returns -1 and sets errno.
 */
#ifdef HAVE_EPOLL_PWAIT2
static inline int plain_epoll_pwait2(int epfd, struct epoll_event *events, int max,
                                     const struct timespec *timeout, const sigset_t *sigmask)
{
    return epoll_pwait2(epfd, events, max, timeout, sigmask);
}
#else
static inline int plain_epoll_pwait2(int epfd, struct epoll_event *events, int max,
                                     const struct timespec *timeout, const sigset_t *sigmask)
{
    (void)epfd, (void)events, (void)max, (void)timeout, (void)sigmask;
    errno = ENOSYS;
    return -1;
}
#endif

#endif
