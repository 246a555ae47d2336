/* SPDX-License-Identifier: ISC
 *
 * An eventfd; or a pipe, if there is no eventfd or a filter of system calls refuses it. An eventfd
 * is both ends at once, takes 8 bytes in each write, and returns all wakes in one read.
 */
#include "wake.h"

#include "../os/sys.h"

#include <stdint.h>

static int open_pipe(int ends[2])
{
    int rc = sys_pipe(ends);
    if (rc < 0)
        return rc;
    ends[0] = sys_above_stdio(ends[0]);
    ends[1] = sys_above_stdio(ends[1]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return 0;
    rc = ends[0] < 0 ? ends[0] : ends[1];
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            sys_close(ends[i]);
    return rc;
}

int fdslots_wake_open(int ends[2])
{
    const int fd = sys_above_stdio(sys_eventfd());
    if (sys_is_refused(fd))
        return open_pipe(ends);
    ends[0] = ends[1] = fd;
    return fd < 0 ? fd : 0;
}

void fdslots_wake_close(int read_fd, int write_fd)
{
    sys_close(read_fd);
    if (write_fd != read_fd)
        sys_close(write_fd);
}

int fdslots_wake_write(int write_fd)
{
    const uint64_t one = 1;
    int rc = sys_write(write_fd, &one, sizeof one);
    return rc >= 0 || rc == -EAGAIN ? 0 : rc;
}

int fdslots_wake_drain(int read_fd)
{
    uint64_t wakes[512];
    int rc;
    do
        rc = sys_read(read_fd, wakes, sizeof wakes);
    while (rc == (int)sizeof wakes);
    return rc >= 0 || rc == -EAGAIN ? 0 : rc;
}

/* An eventfd is an anonymous inode, whose mode has no file type. */
bool fdslots_wake_can_be(int read_fd, int write_fd, mode_t mode)
{
    return read_fd == write_fd ? (mode & S_IFMT) == 0 : S_ISFIFO(mode);
}
