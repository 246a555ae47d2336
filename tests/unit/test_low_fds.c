/* SPDX-License-Identifier: ISC
 *
 * A program may be started without stdin, stdout or stderr. These numbers are then its own to open.
 * No fd of the library ever has one of them. If no other number is left, that is an error like any
 * other.
 */
#include "child.h"
#include "env.h"
#include "kernel.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define NSLOTS  4
#define LOW     3 /* numbers that the library must not use */
#define SUBSETS (1 << LOW)

static const struct entry *e;
static struct fdslots *s;
static int ready;
static unsigned closed; /* a bit for every low number that is closed */

static void setup(void)
{
    s = make_slots(NSLOTS);
    ready = fcntl(event_fd(true), F_DUPFD_CLOEXEC, 10);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(ready);
}

static void close_low(void)
{
    for (int fd = 0; fd < LOW; fd++)
        if ((closed & 1u << fd) != 0)
            close(fd);
}

static void low_are_closed(void)
{
    for (int fd = 0; fd < LOW; fd++)
        CHILD_EXPECT(fcntl(fd, F_GETFD) < 0, (closed & 1u << fd) != 0);
}

static void open_low(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < LOW; fd++)
        if (fd != null)
            CHILD_EXPECT(dup2(null, fd), fd);
}

static void low_are_open(void)
{
    for (int fd = 0; fd < LOW; fd++) {
        char byte = 'x';
        CHILD_EXPECT(write(fd, &byte, 1), 1); /* as if it were /dev/null */
        CHILD_EXPECT(read(fd, &byte, 1), 0);
    }
}

/* ---- calls that open an fd ---- */

static void waits(void)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
}

static void waits_by_all(void)
{
    for (int i = 0; i < entry_count(); i++)
        CHILD_EXPECT(entry_at(i)->wait(s, 0, NULL), 1);
}

static void nests(void)
{
    if (have_epoll())
        CHILD_EXPECT(fdslots_epoll_fd(s) >= LOW, true);
    waits();
}

static void rebuilds(void)
{
    for (int again = 0; have_epoll() && again < 3; again++)
        CHILD_EXPECT(fdslots_rebuild(s), 0);
    waits();
}

static void opens_a_waker(void)
{
    CHILD_EXPECT(fdslots_waker_open(s, 0), 0);
    CHILD_EXPECT(fdslots_get_fd(s, 0) >= LOW, true);
    waits();
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    waits();
}

static void asks_what_there_is(void)
{
    fdslots_has(FDSLOTS_HAS_EPOLL);
    fdslots_has(FDSLOTS_HAS_EPOLL_NS);
    fdslots_has(FDSLOTS_HAS_PPOLL);
    waits();
}

/* This includes replacing a set or a waker that turned out to be gone. */
static void waits_for_a_ghost(void)
{
    int fd = fcntl(ready, F_DUPFD_CLOEXEC, 20);
    CHILD_EXPECT(fdslots_set_index(s, 2, fd, POLLIN), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 2);
    CHILD_EXPECT(fdslots_invalidate_index(s, 2), 0);
    close(fd);
    for (int again = 0; again < 20; again++)
        waits();
}

static void child_waits(void)
{
    waits();
    nests();
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    low_are_closed();
    fdslots_destroy(s);
    low_are_closed();
}

static void waits_in_a_child(void)
{
    opens_a_waker();
    child_run(child_waits);
}

static void (*const uses[])(void) = {
    waits,
    waits_by_all,
    nests,
    rebuilds,
    opens_a_waker,
    asks_what_there_is,
    waits_for_a_ghost,
    waits_in_a_child,
};
static void (*use)(void);

static void without_them(void)
{
    int before = open_fds();
    close_low();
    use();
    low_are_closed();
    open_low(); /* what programs usually do if these are missing */
    waits();
    rebuilds();
    low_are_open();
    fdslots_destroy(s);
    low_are_open();
    /* One more for /dev/null, and none for the library. */
    CHILD_EXPECT(open_fds() <= before + 1, true);
}

START_TEST(low_numbers_stay_free)
{
    if (child_case_left_out(_i))
        return;
    e = entry_at(_i % entry_count());
    use = uses[_i / entry_count() % LENGTH(uses)];
    closed = (unsigned)(_i / entry_count() / LENGTH(uses) + 1);
    child_run(without_them);
}
END_TEST

/* ---- no other number is left ---- */

static rlim_t lowest; /* the lowest free number above the low ones */

static void find_lowest(void)
{
    int fd = fcntl(ready, F_DUPFD_CLOEXEC, LOW);
    lowest = (rlim_t)fd;
    close(fd);
}

static void set_limit(rlim_t most)
{
    struct rlimit limit;
    CHILD_EXPECT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most;
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void all_is_refused(void)
{
    int before;
    close_low();
    before = open_fds();
    for (int again = 0; again < 3; again++) {
        CHILD_EXPECT(fdslots_waker_open(s, 0), -EMFILE);
        CHILD_EXPECT(fdslots_get_fd(s, 0), -ENOENT);
        CHILD_EXPECT(fdslots_poll(s, NSLOTS, 0), 1);
        CHILD_EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
        if (have_epoll()) {
            CHILD_EXPECT(fdslots_epoll_wait(s, -1), -EMFILE);
            CHILD_EXPECT(fdslots_epoll_pwait(s, NULL, NULL), -EMFILE);
            CHILD_EXPECT(fdslots_epoll_fd(s), -EMFILE);
            CHILD_EXPECT(fdslots_rebuild(s), -EMFILE);
        }
        low_are_closed();
        CHILD_EXPECT(open_fds(), before);
    }
    CHILD_EXPECT(fdslots_get_fd(s, 1), ready);
}

static void without_any(void)
{
    find_lowest();
    set_limit(lowest);
    all_is_refused();
    set_limit(lowest + 8);
    opens_a_waker();
    nests();
    low_are_closed();
}

/* One fd is enough for the set, and no further fd is opened even for a moment. */
static void with_one(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int inner = epoll_create1(EPOLL_CLOEXEC);
    int idle = event_fd(false);
    CHILD_EXPECT(epoll_ctl(inner, EPOLL_CTL_ADD, idle, &event), 0);
    CHILD_EXPECT(fdslots_set_index(s, 2, inner, POLLRDNORM), 0);
    find_lowest();
    close_low();
    set_limit(lowest + 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
    for (int again = 0; again < 3; again++) {
        CHILD_EXPECT(fdslots_epoll_fd(s), -EMFILE);
        CHILD_EXPECT(fdslots_waker_open(s, 0), -EMFILE);
        CHILD_EXPECT(fdslots_rebuild(s), 0);
        low_are_closed();
        waits();
    }
    event_set(idle);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 2);
    CHILD_EXPECT(fdslots_get_revents(s, 2), POLLRDNORM);
    set_limit(lowest + 8);
    CHILD_EXPECT(fdslots_epoll_fd(s) >= LOW, true);
    low_are_closed();
}

/* A child makes a waker of its own as soon as it can, perhaps with the number of the set that it
 * has inherited. It keeps its wakes until then. */
static void child_without_any(void)
{
    find_lowest();
    close_low();
    int before = open_fds();
    set_limit(lowest);
    CHILD_EXPECT(fdslots_wake(s), 0);
    for (int again = 0; again < 3; again++) {
        CHILD_EXPECT(fdslots_poll(s, NSLOTS, 0) >= 1, true); /* 2 if it already has a waker */
        low_are_closed();
        CHILD_EXPECT(open_fds() <= before, true);
    }
    set_limit(lowest + 8);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    low_are_closed();
}

static void parent_of_one_without_any(void)
{
    CHILD_EXPECT(fdslots_waker_open(s, 0), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    child_run(child_without_any);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
}

START_TEST(no_number_is_left)
{
    e = entry_at(_i % entry_count());
    closed = (unsigned)(_i / entry_count());
    if (under_valgrind())
        return; /* valgrind simulates the limit itself, for open(2) only */
    child_run(without_any);
    if (have_epoll())
        child_run(with_one);
    child_run(parent_of_one_without_any);
}
END_TEST

Suite *suite_low_fds(void)
{
    Suite *suite = suite_create("low fds");
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "low fds");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, low_numbers_stay_free, 0, (SUBSETS - 1) * LENGTH(uses) * entries);
    tcase_add_loop_test(tcase, no_number_is_left, 0, SUBSETS * entries);
    return suite;
}
