/* SPDX-License-Identifier: ISC
 *
 * Sockets, pipes and anonymous inodes (eventfd, timerfd, signalfd, inotify, pidfd, epoll) keep an
 * event until the program has dealt with it, and wake those who wait for it. For other files the
 * kernel promises neither:
 *
 * - Files of procfs and sysfs (mountinfo, hostname, pressure) hand out an event once, to the first
 *   call that looks. EPOLL_CTL_ADD and MOD look, and drop the event if it is not asked for.
 * - Character devices may become ready without a wake: a tun before TUNSETIFF, a pty in packet
 *   mode, /dev/kmsg after lseek(2). So may the files of a removed cgroup. poll(2) notices this,
 *   because it looks anew in every call.
 */
#include "file_kind.h"

#include "sys.h"

/* Return a number that is not 0, and that two files hardly ever have in common. */
static uint32_t mark_of(const struct stat *st)
{
    const uint64_t parts[] = {st->st_mode & S_IFMT, st->st_rdev, st->st_dev, st->st_ino};
    uint64_t mixed = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        mixed = (mixed ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 by the golden ratio */
    return (uint32_t)(mixed >> 32) | 1u;
}

enum file_kind fdslots_file_kind(int fd, uint32_t *mark)
{
    struct stat st;
    *mark = 0;
    int rc = sys_fstat(fd, &st);
    if (rc < 0)
        return rc == -EBADF ? KIND_CLOSED : KIND_UNKNOWN;
    const mode_t type = st.st_mode & S_IFMT;
    *mark = mark_of(&st);
    if (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode))
        return KIND_WATCHABLE;
    if (S_ISCHR(st.st_mode))
        return KIND_DEVICE;
    return type == 0 ? KIND_ANONYMOUS : KIND_POLLED;
}
