/* SPDX-License-Identifier: ISC */
#include "one_time.h"
#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#define MOUNT_POINT "/proc/fs" /* any directory serves, because the mount is visible only here */

static bool enter_mounts(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, "") == 0;
}

static bool change_mounts(void)
{
    return umount(MOUNT_POINT) == 0 || mount("fdslots", MOUNT_POINT, "tmpfs", 0, "size=4k") == 0;
}

/* Some files in /proc/sys/kernel also report an event once. They are not used here, because a
 * change in any namespace makes an event in all of them, and other tests make such changes. The
 * random programs in tests/model use them. */
static const struct one_time sources[] = {
    {"/proc/self/mountinfo", enter_mounts, change_mounts},
    {"/proc/self/mounts", enter_mounts, change_mounts},
};

int one_time_count(void)
{
    return (int)(sizeof sources / sizeof sources[0]);
}

const struct one_time *one_time_at(int i)
{
    return &sources[i];
}

static bool has_event(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLPRI};
    return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLPRI) != 0;
}

void one_time_begin(const struct one_time *source)
{
    int fd = source->enter() ? open(source->path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0 && !has_event(fd) && source->change() && has_event(fd) && !has_event(fd)) {
        close(fd);
        return;
    }
    dprintf(STDOUT_FILENO, "skipped: no events of %s here\n", source->path);
    _exit(EXIT_SUCCESS);
}

int one_time_open(const struct one_time *source)
{
    int fd = open(source->path, O_RDONLY | O_CLOEXEC);
    CHILD_EXPECT(fd >= 0, true);
    has_event(fd);
    return fd;
}

void one_time_event(const struct one_time *source)
{
    CHILD_EXPECT(source->change(), true);
}
