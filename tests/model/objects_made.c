/* SPDX-License-Identifier: ISC
 *
 * Anonymous fds that the kernel makes for one purpose.
 */
#include "object_kinds.h"
#include "sleeper.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- counters, timers, signals ---- */

static int open_eventfd(struct object *o)
{
    return object_keep(o, eventfd(0, EFD_NONBLOCK), -1);
}

void object_act_eventfd(int fd)
{
    uint64_t most = UINT64_MAX - 1; /* the maximum, at which an eventfd is no longer writable */
    uint64_t old;
    if (read(fd, &old, sizeof old) < 0)
        most = 1;
    (void)!write(fd, &most, sizeof most);
}

static void act_eventfd(struct object *o)
{
    object_act_eventfd(o->fd);
}

static int open_timerfd(struct object *o)
{
    return object_keep(o, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), -1);
}

static void act_timerfd(struct object *o)
{
    struct itimerspec expired = {.it_value.tv_nsec = 1};
    timerfd_settime(o->fd, TFD_TIMER_ABSTIME, &expired, NULL);
}

static int open_signalfd(struct object *o)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return object_keep(o, signalfd(-1, &set, SFD_NONBLOCK), -1);
}

static void act_signalfd(struct object *o)
{
    (void)o;
    kill(getpid(), SIGUSR2);
}

/* ---- epoll sets ---- */

static int watch(int set, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return set < 0 ? set : epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

/* An epoll set that watches an eventfd. */
static int open_epoll(struct object *o)
{
    int counter = eventfd(0, EFD_NONBLOCK);
    int set = epoll_create1(0);
    (void)!watch(set, counter);
    return object_keep(o, set, counter);
}

/* An epoll set that watches such a set. */
static int open_epoll_nested(struct object *o)
{
    if (open_epoll(o) < 0)
        return -1;
    o->inner = o->fd;
    int outer = epoll_create1(0);
    if (watch(outer, o->inner) < 0) {
        close(o->inner);
        o->inner = -1;
    }
    return object_keep(o, outer, o->peer);
}

static void act_epoll(struct object *o)
{
    if (o->peer >= 0)
        object_act_eventfd(o->peer);
}

/* ---- watches on files ---- */

static void touch_watched(struct object *o)
{
    char path[128];
    (void)o;
    object_path(path, sizeof path, "watched");
    chmod(path, 0600);
}

static void make_watched(char *path, size_t size)
{
    object_path(path, size, "watched");
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    if (fd >= 0)
        close(fd);
}

static int open_inotify(struct object *o)
{
    char path[128];
    make_watched(path, sizeof path);
    int fd = inotify_init1(IN_NONBLOCK);
    if (fd >= 0)
        inotify_add_watch(fd, path, IN_ATTRIB);
    return object_keep(o, fd, -1);
}

/* Events are reported by file id. They carry no fds, which a drain would have to close. */
static int open_fanotify(struct object *o)
{
    char path[128];
    make_watched(path, sizeof path);
    int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_REPORT_FID, O_RDONLY);
    if (fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD, FAN_ATTRIB, AT_FDCWD, path) < 0) {
        close(fd);
        return -1;
    }
    return object_keep(o, fd, -1);
}

/* ---- others ---- */

static int open_pidfd(struct object *o)
{
    o->child = sleeper_fork();
    int fd = (int)syscall(SYS_pidfd_open, o->child, 0);
    if (fd < 0)
        object_close_rest(o);
    return object_keep(o, fd, -1);
}

static void act_pidfd(struct object *o)
{
    siginfo_t info;
    if (o->child <= 0)
        return;
    kill(o->child, SIGKILL);
    waitid(P_PID, (id_t)o->child, &info, WEXITED | WNOWAIT);
}

/* Reports ERR until its version is agreed on. */
static int open_userfaultfd(struct object *o)
{
    return object_keep(o, (int)syscall(SYS_userfaultfd, O_NONBLOCK | UFFD_USER_MODE_ONLY), -1);
}

static void act_userfaultfd(struct object *o)
{
    struct uffdio_api api = {.api = UFFD_API};
    syscall(SYS_ioctl, o->fd, UFFDIO_API, &api); /* ioctl(2) takes an int in some C libraries */
}

/* A file system that is not mounted yet. epoll refuses it. */
static int open_context(struct object *o)
{
    return object_keep(o, (int)syscall(SYS_fsopen, "tmpfs", 0), -1);
}

static const struct kind rows[] = {
    {"eventfd", open_eventfd, act_eventfd, 0},
    {"timerfd", open_timerfd, act_timerfd, 0},
    {"signalfd", open_signalfd, act_signalfd, KIND_PERSONAL},
    {"epoll", open_epoll, act_epoll, KIND_EPOLL_SET},
    {"epoll_nested", open_epoll_nested, act_epoll, KIND_EPOLL_SET},
    {"userfaultfd", open_userfaultfd, act_userfaultfd, 0},
    {"fscontext", open_context, NULL, 0},
    {"pidfd", open_pidfd, act_pidfd, KIND_SLOW}, /* it forks */
    /* Closing these waits for a grace period of some 20 ms. */
    {"inotify", open_inotify, touch_watched, KIND_SLOW},
    {"fanotify", open_fanotify, touch_watched, KIND_SLOW},
};
const struct kinds made_kinds = KINDS(rows);
