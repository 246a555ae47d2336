/* SPDX-License-Identifier: ISC */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The errors are those that the man pages list and that are possible for a call as the library
 * makes it. Every call may also fail with these:
 *
 * - EINTR, if a supervisor answers for the kernel (SECCOMP_RET_USER_NOTIF): a signal ends the wait
 *   for its answer.
 * - ENOSYS and EPERM, if a filter refuses calls that are newer than the container. */
#define ERRORS(...)                                                                                \
    (const int[])                                                                                  \
    {                                                                                              \
        __VA_ARGS__, 0                                                                             \
    }

const struct fault_kind fault_kinds[FAULT_CALLS] = {
    [FAULT_MALLOC] = {"malloc", ERRORS(ENOMEM)},
    [FAULT_POLL] = {"poll", ERRORS(EINTR, ENOMEM, EINVAL, EFAULT)},
    [FAULT_PPOLL] = {"ppoll", ERRORS(EINTR, ENOMEM, EINVAL, EFAULT)},
    [FAULT_PSELECT] = {"pselect", ERRORS(EINTR, ENOMEM, EINVAL, EBADF)},
    [FAULT_EPOLL_CREATE] = {"epoll_create1", ERRORS(EMFILE, ENFILE, ENOMEM, EINVAL, EINTR)},
    [FAULT_EPOLL_ADD] = {"epoll_ctl ADD",
                         ERRORS(ENOMEM, ENOSPC, EINVAL, ELOOP, EEXIST, EBADF, EPERM, EINTR)},
    [FAULT_EPOLL_MOD] = {"epoll_ctl MOD", ERRORS(ENOMEM, ENOENT, EINVAL, EBADF, EPERM, EINTR)},
    /* Not EINVAL, which an epoll set never returns for DEL. */
    [FAULT_EPOLL_DEL] = {"epoll_ctl DEL", ERRORS(ENOMEM, ENOENT, EBADF, EPERM, EINTR)},
    [FAULT_EPOLL_WAIT] = {"epoll_wait", ERRORS(EINTR, EBADF, EFAULT, EINVAL)},
    [FAULT_EPOLL_PWAIT] = {"epoll_pwait", ERRORS(EINTR, EBADF, EFAULT, EINVAL)},
    [FAULT_EPOLL_PWAIT2] = {"epoll_pwait2", ERRORS(EINTR, EBADF, EFAULT, EINVAL, ENOSYS, EPERM)},
    [FAULT_EVENTFD] = {"eventfd", ERRORS(EMFILE, ENFILE, ENOMEM, ENODEV, EINVAL, EINTR)},
    [FAULT_PIPE] = {"pipe", ERRORS(EMFILE, ENFILE, EFAULT, EINVAL, EINTR)},
    [FAULT_FCNTL] = {"fcntl", ERRORS(EINTR, EBADF, EINVAL, EPERM)},
    [FAULT_FSTAT] = {"fstat", ERRORS(EBADF, ENOMEM, EOVERFLOW, EPERM, ENOSYS, EINTR)},
    [FAULT_OPEN] = {"open", ERRORS(EACCES, EMFILE, ENFILE, ENOENT, ENOMEM, EPERM, EINTR)},
    [FAULT_READ] = {"read", ERRORS(EINTR, EAGAIN, EBADF, EFAULT, EINVAL, EIO, EISDIR)},
    [FAULT_WRITE] = {"write", ERRORS(EINTR, EAGAIN, EBADF, EDESTADDRREQ, EDQUOT, EFAULT, EFBIG,
                                     EINVAL, EIO, ENOSPC, EPERM, EPIPE)},
    [FAULT_CLOSE] = {"close", ERRORS(EINTR, EIO, ENOSPC, EDQUOT, EBADF)},
    [FAULT_MADVISE] = {"madvise",
                       ERRORS(EINVAL, ENOMEM, EAGAIN, EACCES, EBADF, EBUSY, EIO, EPERM, EINTR)},
    [FAULT_ATFORK] = {"pthread_atfork", ERRORS(ENOMEM)},
    [FAULT_SYSCONF] = {"sysconf", ERRORS(EINVAL)},
    [FAULT_CLOCK] = {"clock_gettime", ERRORS(EINVAL, EFAULT, EPERM, ENOSYS, EINTR)},
};

struct fault *fault;
int fault_allocated;
const char *fault_context = "";

void fault_set_up(void)
{
    fault = mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fault == MAP_FAILED)
        abort();
    fault_begin(FAULT_NEVER, 0, 0);
}

void fault_begin(uint32_t at, int error, uint32_t length)
{
    fault->at = at;
    fault->error = error;
    fault->length = length;
    fault->calls = fault->fired = 0;
}

void fault_lift(void)
{
    fault->length = 0;
}

void fault_enter(void)
{
    fault->inside = true;
    errno = ERRNO_BEFORE;
}

int64_t fault_leave(int64_t rc)
{
    int now = errno;
    fault->inside = false;
    if (now != ERRNO_BEFORE)
        fault_fail("errno changed to %d (%s)", now, strerror(now));
    return rc;
}

void fault_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->inside = false;
    fprintf(stderr, "FAILED: %s: ", fault_context);
    if (fault->at == FAULT_NEVER)
        fprintf(stderr, "no call failed: ");
    else
        fprintf(stderr, "call %u (%s) failed with %s, %u times so far: ", (unsigned)fault->at,
                fault->fired == 0 ? "" : fault_kinds[fault->kind].name, strerror(fault->error),
                (unsigned)fault->fired);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    _exit(EXIT_FAILURE);
}

/* Whether this call must fail. */
static bool fails(enum fault_call kind)
{
    if (fault == NULL || !fault->inside)
        return false;
    uint32_t n = fault->calls++;
    if (n < FAULT_MOST)
        fault->kinds[n] = (uint8_t)kind;
    if (n < fault->at || fault->fired >= fault->length || (n > fault->at && kind != fault->kind))
        return false;
    fault->kind = kind;
    fault->fired++;
    fault->fired_of_kind[kind]++;
    errno = fault->error;
    return true;
}

/* ---- wrappers of the system's functions ---- */

#define WRAP(type, failure, kind, name, parameters, arguments)                                     \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails(kind) ? (failure) : __real_##name arguments;                                  \
    }

WRAP(int, -1, FAULT_POLL, poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms))
WRAP(int, -1, FAULT_PPOLL, ppoll,
     (struct pollfd * fds, nfds_t n, const struct timespec *time, const sigset_t *mask),
     (fds, n, time, mask))
WRAP(int, -1, FAULT_PSELECT, pselect,
     (int n, fd_set *in, fd_set *out, fd_set *err, const struct timespec *time,
      const sigset_t *mask),
     (n, in, out, err, time, mask))
WRAP(int, -1, FAULT_EPOLL_CREATE, epoll_create1, (int flags), (flags))
WRAP(int, -1, FAULT_EPOLL_WAIT, epoll_wait, (int set, struct epoll_event *events, int max, int ms),
     (set, events, max, ms))
WRAP(int, -1, FAULT_EPOLL_PWAIT, epoll_pwait,
     (int set, struct epoll_event *events, int max, int ms, const sigset_t *mask),
     (set, events, max, ms, mask))
WRAP(int, -1, FAULT_EVENTFD, eventfd, (unsigned count, int flags), (count, flags))
WRAP(int, -1, FAULT_FSTAT, fstat, (int fd, struct stat *st), (fd, st))
WRAP(int, -1, FAULT_PIPE, pipe, (int ends[2]), (ends))
WRAP(int, -1, FAULT_PIPE, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(ssize_t, -1, FAULT_READ, read, (int fd, void *buf, size_t size), (fd, buf, size))
WRAP(ssize_t, -1, FAULT_WRITE, write, (int fd, const void *buf, size_t size), (fd, buf, size))
WRAP(int, fault->error, FAULT_ATFORK, pthread_atfork,
     (void (*before)(void), void (*parent)(void), void (*child)(void)), (before, parent, child))
WRAP(long, -1, FAULT_SYSCONF, sysconf, (int name), (name))
WRAP(int, -1, FAULT_CLOCK, clock_gettime, (clockid_t clock, struct timespec *time), (clock, time))

/* Some C libraries do not have this function; the library does not call it then. */
#ifdef HAVE_EPOLL_PWAIT2
WRAP(int, -1, FAULT_EPOLL_PWAIT2, epoll_pwait2,
     (int set, struct epoll_event *events, int max, const struct timespec *time,
      const sigset_t *mask),
     (set, events, max, time, mask))
#endif

int __real_madvise(void *start, size_t size, int advice);
int __wrap_madvise(void *start, size_t size, int advice);
int __wrap_madvise(void *start, size_t size, int advice)
{
    if (fault != NULL && fault->inside && fault->old_kernel) {
        errno = EINVAL;
        return -1;
    }
    return fails(FAULT_MADVISE) ? -1 : __real_madvise(start, size, advice);
}

static enum fault_call ctl_kind(int op)
{
    if (op == EPOLL_CTL_ADD)
        return FAULT_EPOLL_ADD;
    return op == EPOLL_CTL_MOD ? FAULT_EPOLL_MOD : FAULT_EPOLL_DEL;
}

WRAP(int, -1, ctl_kind(op), epoll_ctl, (int set, int op, int fd, struct epoll_event *event),
     (set, op, fd, event))

/* The library passes an int. */
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    int value = va_arg(args, int);
    va_end(args);
    return fails(FAULT_FCNTL) ? -1 : __real_fcntl(fd, command, value);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    return fails(FAULT_OPEN) ? -1 : __real_open(path, flags, 0);
}

/* Linux closes the fd whatever it returns. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    int rc = __real_close(fd);
    return fails(FAULT_CLOSE) ? -1 : rc;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    void *mem = fails(FAULT_MALLOC) ? NULL : __real_malloc(size);
    if (fault != NULL && fault->inside)
        fault_allocated += mem != NULL;
    return mem;
}

void __real_free(void *mem);
void __wrap_free(void *mem);
void __wrap_free(void *mem)
{
    if (fault != NULL && fault->inside)
        fault_allocated -= mem != NULL;
    __real_free(mem);
}
