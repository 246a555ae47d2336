/* SPDX-License-Identifier: ISC
 *
 * Sockets, pipes and anonymous inodes (eventfd, timerfd, signalfd, inotify, pidfd, epoll) keep an
 * event until the program has dealt with it, and wake those who wait for it. Of other files the
 * kernel promises neither:
 *
 * - Files of procfs and sysfs (mountinfo, hostname, pressure) hand an event out once, to whoever
 *   looks first. EPOLL_CTL_ADD and MOD look, and drop it where it is not asked for.
 * - Character devices may change without a wake: a tun before TUNSETIFF, a pty in packet mode,
 *   /dev/kmsg after lseek(2). So may a removed cgroup. poll(2) sees it, since it looks anew.
 */
#include "file_kind.h"

#include "sys.h"

enum file_kind fdslots_file_kind(int fd, uint32_t *mark)
{
    struct stat st;
    *mark = 0;
    int rc = sys_fstat(fd, &st);
    if (rc < 0)
        return rc == -EBADF ? KIND_CLOSED : KIND_UNKNOWN;
    const uint32_t type = (uint32_t)(st.st_mode & S_IFMT);
    *mark = (type << 12 | 1u) ^ (uint32_t)st.st_rdev << 1;
    if (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode))
        return KIND_WATCHABLE;
    return type == 0 ? KIND_ANONYMOUS : KIND_POLLED;
}
