/* SPDX-License-Identifier: ISC
 *
 * Sockets, pipes and anonymous inodes (eventfd, timerfd, signalfd, inotify, pidfd, epoll) keep an
 * event until the program has dealt with it, and wake those who wait for it. Other files do not
 * always do both:
 *
 * - Files of procfs and sysfs (mountinfo, hostname, pressure) hand out an event once, to the first
 *   call that looks. EPOLL_CTL_ADD and MOD look, and drop the event if it is not asked for.
 * - Character devices may become ready without a wake: a tun before TUNSETIFF, a pty in packet
 *   mode, /dev/kmsg after lseek(2). So may the files of a removed cgroup. poll(2) notices this,
 *   because it looks anew in every call.
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
    if (S_ISCHR(st.st_mode))
        return KIND_DEVICE;
    return type == 0 ? KIND_ANONYMOUS : KIND_POLLED;
}
