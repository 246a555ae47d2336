/* SPDX-License-Identifier: ISC
 *
 * An eventfd: one fd is both ends, and one read takes back all wakes.
 */
#include "wake.h"

#include "../os/sys.h"

#include <sys/eventfd.h>

int fdslots_wake_open(int ends[2])
{
    int saved = errno;
    int fd = sys_above_stdio(sys_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), saved));
    ends[0] = ends[1] = fd;
    return ends[0] < 0 ? ends[0] : 0;
}

void fdslots_wake_close(int read_fd, int write_fd)
{
    (void)write_fd;
    sys_close(read_fd);
}

int fdslots_wake_write(int write_fd)
{
    const uint64_t one = 1;
    int rc = sys_write(write_fd, &one, sizeof one);
    return rc >= 0 || rc == -EAGAIN ? 0 : rc;
}

int fdslots_wake_drain(int read_fd)
{
    uint64_t count;
    int rc = sys_read(read_fd, &count, sizeof count);
    return rc >= 0 || rc == -EAGAIN ? 0 : rc;
}

/* An anonymous inode, which has no type. */
bool fdslots_wake_can_be(mode_t mode)
{
    return (mode & S_IFMT) == 0;
}
