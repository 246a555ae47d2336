/* SPDX-License-Identifier: ISC
 *
 * More anonymous fds that the kernel makes for one purpose.
 */
#include "fds_kinds.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- watches on files ---- */

/* A file is watched by inotify or fanotify, and its mode is changed. */
static void touched(struct subject *f, int (*watch)(const char *path))
{
    char path[] = "/tmp/fdslots-XXXXXX";
    int file = MUST(mkstemp(path));
    f->fd = watch(path);
    MUST(fchmod(file, 0600));
    if (f->fd >= 0)
        fds_await(f->fd, POLLIN);
    MUST(close(file));
    MUST(unlink(path));
}

static int watch_by_inotify(const char *path)
{
    int fd = MUST(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    MUST(inotify_add_watch(fd, path, IN_ATTRIB));
    return fd;
}

static int make_fanotify(void)
{
    return fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_CLOEXEC | FAN_REPORT_FID, O_RDONLY);
}

static int watch_by_fanotify(const char *path)
{
    int fd = make_fanotify();
    if (fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, path) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void inotify_event(struct subject *f)
{
    touched(f, watch_by_inotify);
}

static void fanotify_idle(struct subject *f)
{
    f->fd = make_fanotify();
}

static void fanotify_event(struct subject *f)
{
    touched(f, watch_by_fanotify);
}

/* ---- processes ---- */

static void end_child(struct subject *f)
{
    kill(f->child, SIGKILL);
    MUST(waitpid(f->child, NULL, 0));
}

static void process_running(struct subject *f)
{
    f->child = MUST(fork());
    while (f->child == 0)
        pause();
    f->undo = end_child;
    f->fd = (int)syscall(SYS_pidfd_open, f->child, 0);
}

static void process_ended(struct subject *f)
{
    process_running(f);
    kill(f->child, SIGKILL);
    if (f->fd >= 0)
        fds_await(f->fd, POLLIN);
}

/* ---- others ---- */

static void faults_unversioned(struct subject *f)
{
    f->fd = (int)syscall(SYS_userfaultfd, O_NONBLOCK | O_CLOEXEC | UFFD_USER_MODE_ONLY);
}

static void faults_none(struct subject *f)
{
    struct uffdio_api api = {.api = UFFD_API};
    faults_unversioned(f);
    if (f->fd >= 0)
        MUST(ioctl(f->fd, UFFDIO_API, &api));
}

/* A file system that is not mounted yet. */
static void context(struct subject *f)
{
    f->fd = (int)syscall(SYS_fsopen, "tmpfs", 1u); /* FSOPEN_CLOEXEC */
}

/* An epoll set that watches a second set, which watches an eventfd. */
static void set_of_sets(struct subject *f, unsigned count)
{
    struct epoll_event event = {.events = EPOLLIN};
    int counter = MUST(eventfd(count, EFD_NONBLOCK | EFD_CLOEXEC));
    int inner = MUST(epoll_create1(EPOLL_CLOEXEC));
    fds_keep(f, counter);
    fds_keep(f, inner);
    f->fd = MUST(epoll_create1(EPOLL_CLOEXEC));
    MUST(epoll_ctl(inner, EPOLL_CTL_ADD, counter, &event));
    MUST(epoll_ctl(f->fd, EPOLL_CTL_ADD, inner, &event));
}

static void set_of_sets_idle(struct subject *f)
{
    set_of_sets(f, 0);
}

static void set_of_sets_ready(struct subject *f)
{
    set_of_sets(f, 1);
}

static const struct fd_kind rows[] = {
    {"inotify, event", inotify_event},
    {"fanotify, idle", fanotify_idle},
    {"fanotify, event", fanotify_event},
    {"pidfd, running", process_running},
    {"pidfd, ended", process_ended},
    {"userfaultfd, no version yet", faults_unversioned},
    {"userfaultfd, no fault", faults_none},
    {"context of a file system", context},
    {"epoll in epoll, idle", set_of_sets_idle},
    {"epoll in epoll, ready", set_of_sets_ready},
};
const struct fd_kinds made_kinds = FD_KINDS(rows);
