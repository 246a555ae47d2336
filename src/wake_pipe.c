/* SPDX-License-Identifier: ISC
 *
 * A pipe, where there is no eventfd.
 */
#include "sys.h"
#include "waker.h"

#include <fcntl.h>

static int set_flags(int fd)
{
    int saved = errno;
    int rc = sys_result(fcntl(fd, F_SETFD, FD_CLOEXEC), saved);
    return rc < 0 ? rc : sys_result(fcntl(fd, F_SETFL, O_NONBLOCK), saved);
}

int fdslots_wake_open(int ends[2])
{
    int saved = errno;
    int rc = sys_result(pipe(ends), saved);
    if (rc < 0)
        return rc;
    rc = set_flags(ends[0]);
    if (rc >= 0)
        rc = set_flags(ends[1]);
    if (rc < 0)
        fdslots_wake_close(ends[0], ends[1]);
    return rc < 0 ? rc : 0;
}

void fdslots_wake_close(int read_fd, int write_fd)
{
    sys_close(read_fd);
    sys_close(write_fd);
}

int fdslots_wake_write(int write_fd)
{
    int rc = sys_write(write_fd, "", 1);
    return rc >= 0 || rc == -EAGAIN ? 0 : rc;
}

int fdslots_wake_drain(int read_fd)
{
    char wakes[512];
    int rc;
    do
        rc = sys_read(read_fd, wakes, sizeof wakes);
    while (rc == (int)sizeof wakes);
    return rc >= 0 || rc == -EAGAIN ? 0 : rc;
}
