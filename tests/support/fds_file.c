/* SPDX-License-Identifier: ISC
 *
 * Anonymous fds of the kernel, terminals, and files that never block.
 */
#include "fds_kinds.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <poll.h>
#include <unistd.h>

#define NUMBER_NEVER_USED 900 /* above all fds that a test opens, and below the usual limit */

static void event_zero(struct subject *f)
{
    f->fd = MUST(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

static void event_one(struct subject *f)
{
    f->fd = MUST(eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
}

static void event_max(struct subject *f)
{
    event_zero(f);
    MUST(eventfd_write(f->fd, UINT64_MAX - 1));
}

static void timer(struct subject *f)
{
    f->fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
}

static void timer_running(struct subject *f)
{
    const struct itimerspec an_hour = {.it_value = {3600, 0}};
    timer(f);
    MUST(timerfd_settime(f->fd, 0, &an_hour, NULL));
}

static void timer_expired(struct subject *f)
{
    const struct itimerspec at_once = {.it_value = {0, 1}};
    timer(f);
    MUST(timerfd_settime(f->fd, 0, &at_once, NULL));
    fds_await(f->fd, POLLIN);
}

/* Return a set with only this signal, because other subjects have other signals. */
static sigset_t only(int signo)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signo);
    return set;
}

/* Take the pending signal before it is unblocked, because its default action would end the
 * process. */
static void signal_undo(struct subject *f)
{
    struct signalfd_siginfo info;
    sigset_t set = only(f->signo);
    while (read(f->fd, &info, sizeof info) > 0)
        ;
    MUST(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

static void signal_of(struct subject *f, int signo)
{
    sigset_t set = only(signo);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    f->fd = MUST(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    f->signo = signo;
    f->undo = signal_undo;
}

static void signal_none(struct subject *f)
{
    signal_of(f, SIGRTMIN + 2);
}

static void signal_pending(struct subject *f)
{
    signal_of(f, SIGRTMIN + 3);
    MUST(raise(f->signo));
    fds_await(f->fd, POLLIN);
}

/* The subject is the master. Returns the slave, which is kept. */
static int terminal(struct subject *f)
{
    int slave;
    MUST(openpty(&f->fd, &slave, NULL, NULL, NULL));
    fds_keep(f, slave);
    return slave;
}

static int terminal_slave(struct subject *f)
{
    int slave = terminal(f);
    int master = f->fd;
    f->fd = slave;
    f->keep[0] = master;
    return master;
}

static void master_idle(struct subject *f)
{
    terminal(f);
}

static void master_data(struct subject *f)
{
    fds_put(terminal(f), "data");
    fds_await(f->fd, POLLIN);
}

static void master_hung_up(struct subject *f)
{
    terminal(f);
    MUST(close(f->keep[--f->kept]));
    fds_await(f->fd, POLLHUP);
}

static void slave_idle(struct subject *f)
{
    terminal_slave(f);
}

static void slave_data(struct subject *f)
{
    fds_put(terminal_slave(f), "a line\n");
    fds_await(f->fd, POLLIN);
}

static void slave_hung_up(struct subject *f)
{
    terminal_slave(f);
    MUST(close(f->keep[--f->kept]));
    fds_await(f->fd, POLLHUP);
}

static void regular(struct subject *f)
{
    char path[] = "/tmp/fdslots-XXXXXX";
    f->fd = MUST(mkstemp(path));
    MUST(unlink(path));
    fds_put(f->fd, "data");
}

static void memory(struct subject *f)
{
    f->fd = MUST(memfd_create("fdslots", MFD_CLOEXEC));
}

static void directory(struct subject *f)
{
    f->fd = MUST(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void path_only(struct subject *f)
{
    f->fd = MUST(open("/", O_PATH | O_CLOEXEC));
}

static void null(struct subject *f)
{
    f->fd = MUST(open("/dev/null", O_RDWR | O_CLOEXEC));
}

static void zero(struct subject *f)
{
    f->fd = MUST(open("/dev/zero", O_RDONLY | O_CLOEXEC));
}

/* poll(2) can wait for changes of this file, which it reports as ERR and PRI. */
static void mounts(struct subject *f)
{
    f->fd = MUST(open("/proc/self/mounts", O_RDONLY | O_CLOEXEC));
}

static void watch_idle(struct subject *f)
{
    f->fd = MUST(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
}

static void set_empty(struct subject *f)
{
    f->fd = MUST(epoll_create1(EPOLL_CLOEXEC));
}

static void set_ready(struct subject *f)
{
    struct epoll_event event = {.events = EPOLLIN};
    int p[2];
    set_empty(f);
    MUST(pipe2(p, O_NONBLOCK | O_CLOEXEC));
    fds_keep(f, p[0]);
    fds_keep(f, p[1]);
    fds_put(p[1], "x");
    MUST(epoll_ctl(f->fd, EPOLL_CTL_ADD, p[0], &event));
    fds_await(f->fd, POLLIN);
}

static void closed_undo(struct subject *f)
{
    f->fd = -1;
}

/* A number without a file, which no later open takes. */
static void closed(struct subject *f)
{
    int fd = MUST(open("/dev/null", O_RDONLY | O_CLOEXEC));
    f->fd = MUST(fcntl(fd, F_DUPFD_CLOEXEC, NUMBER_NEVER_USED));
    f->undo = closed_undo;
    MUST(close(fd));
    MUST(close(f->fd));
}

static const struct fd_kind rows[] = {
    {"eventfd, 0", event_zero},
    {"eventfd, 1", event_one},
    {"eventfd, full", event_max},
    {"timerfd, not set", timer},
    {"timerfd, running", timer_running},
    {"timerfd, expired", timer_expired},
    {"signalfd, nothing", signal_none},
    {"signalfd, pending", signal_pending},
    {"pty master, idle", master_idle},
    {"pty master, data", master_data},
    {"pty master, hung up", master_hung_up},
    {"pty slave, idle", slave_idle},
    {"pty slave, data", slave_data},
    {"pty slave, hung up", slave_hung_up},
    {"regular file", regular},
    {"memory file", memory},
    {"directory", directory},
    {"path", path_only},
    {"/dev/null", null},
    {"/dev/zero", zero},
    {"/proc/self/mounts", mounts},
    {"inotify, idle", watch_idle},
    {"epoll, empty", set_empty},
    {"epoll, ready", set_ready},
    {"closed fd", closed},
};
const struct fd_kinds file_kinds = FD_KINDS(rows);
