/* SPDX-License-Identifier: ISC */
#include "watches.h"
#include "child.h"
#include "common.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_FILE "/proc/sys/fs/epoll/max_user_watches"
#define SETS       100
#define FDS        300 /* number of fds in each set */
#define NOBODY     54321
#define MOST_TIME  100 /* in seconds; no test measures it */

static int sets[SETS];
static int fds[FDS];
static int used; /* number of watches used, at most SETS * FDS */

static int watch(int operation, int nth)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(sets[nth / FDS], operation, fds[nth % FDS], &event);
}

void watches_use_up(void)
{
    while (watch(EPOLL_CTL_ADD, used) == 0)
        used++;
    CHILD_EXPECT(errno, ENOSPC);
}

void watches_give_back(int count)
{
    while (count-- > 0)
        CHILD_EXPECT(watch(EPOLL_CTL_DEL, --used), 0);
}

static void make_watches(void)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    for (int i = 0; i < FDS; i++)
        fds[i] = dup(fd);
    for (int i = 0; i < SETS; i++)
        sets[i] = epoll_create1(EPOLL_CLOEXEC);
}

static int become_nobody(void)
{
    return setresuid(NOBODY, NOBODY, NOBODY);
}

static void as_nobody(void (*fn)(void))
{
    CHILD_EXPECT(become_nobody(), 0);
    alarm(MOST_TIME); /* so that the guard ends */
    make_watches();
    watches_use_up();
    fn();
    _exit(EXIT_SUCCESS);
}

static void write_limit(int limit, const char *text)
{
    ssize_t length = (ssize_t)strlen(text);
    CHILD_EXPECT(pwrite(limit, text, (size_t)length, 0), length);
}

/* Whoever kills the test by its session or by its name must not kill the guard. Returns the signal
 * mask for the child. */
static sigset_t outlive_the_test(void)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    prctl(PR_SET_NAME, "watches guard");
    setsid();
    return before;
}

/* Lower the limit, run a child, and wait for its end. A lock admits one guard at a time, and is
 * released when the guard ends. */
static void guard(void (*fn)(void))
{
    const sigset_t before_guard = outlive_the_test();
    char before[32] = "";
    char low[32];
    int status = -1;
    int limit = open(LIMIT_FILE, O_RDWR | O_CLOEXEC);
    CHILD_EXPECT(flock(limit, LOCK_EX), 0);
    CHILD_EXPECT(pread(limit, before, sizeof before - 1, 0) > 0, true);
    snprintf(low, sizeof low, "%d\n", SETS * FDS / 2);
    write_limit(limit, low);
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before_guard, NULL);
        as_nobody(fn);
    }
    if (pid > 0)
        waitpid(pid, &status, 0);
    write_limit(limit, before);
    _exit(status == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool leads_to(const char *link, const char *want)
{
    char target[64];
    ssize_t length = readlink(link, target, sizeof target);
    return length == (ssize_t)strlen(want) && memcmp(target, want, (size_t)length) == 0;
}

/* The initial namespaces of a machine always have these numbers. */
static bool in_a_container(void)
{
    return !leads_to("/proc/self/ns/user", "user:[4026531837]") ||
           !leads_to("/proc/self/ns/pid", "pid:[4026531836]");
}

static bool nobody_is_refused(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(become_nobody() == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

const char *watches_run(void (*fn)(void))
{
    if (geteuid() != 0)
        return "only root can lower " LIMIT_FILE;
    if (access(LIMIT_FILE, W_OK) < 0)
        return LIMIT_FILE " cannot be written here";
    if (in_a_container())
        return LIMIT_FILE " is the host's, and a namespace has none of its own";
    if (nobody_is_refused())
        return "this process cannot become another user";
    pid_t pid = fork();
    if (pid == 0)
        guard(fn);
    child_end(pid);
    return NULL;
}

int watches_hold(void)
{
    int limit = open(LIMIT_FILE, O_RDONLY | O_CLOEXEC);
    if (limit >= 0)
        flock(limit, LOCK_SH);
    return limit;
}
