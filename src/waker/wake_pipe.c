/* SPDX-License-Identifier: ISC
 *
 * A pipe, where there is no eventfd.
 */
#include "wake.h"

#include "../os/sys.h"

static int set_end_flags(int fd)
{
    int saved = errno;
    int rc = sys_result(fcntl(fd, F_SETFD, FD_CLOEXEC), saved);
    return rc < 0 ? rc : sys_result(fcntl(fd, F_SETFL, O_NONBLOCK), saved);
}

/* Returns the fd that this end has then, or an error; the end is closed then. */
static int prepare_end(int fd)
{
    fd = sys_above_stdio(fd);
    int rc = fd < 0 ? fd : set_end_flags(fd);
    if (fd >= 0 && rc < 0)
        sys_close(fd);
    return rc < 0 ? rc : fd;
}

int fdslots_wake_open(int ends[2])
{
    int saved = errno;
    int rc = sys_result(pipe(ends), saved);
    if (rc < 0)
        return rc;
    ends[0] = prepare_end(ends[0]);
    ends[1] = prepare_end(ends[1]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return 0;
    rc = ends[0] < 0 ? ends[0] : ends[1];
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            sys_close(ends[i]);
    return rc;
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

bool fdslots_wake_can_be(mode_t mode)
{
    return S_ISFIFO(mode);
}
