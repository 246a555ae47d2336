/* SPDX-License-Identifier: ISC
 *
 * The fds of the library itself: how many there are in parent and child, that they go with the
 * buffer, and that no other fd ever goes with them.
 */
#include "child.h"
#include "kernel.h"
#include "slots.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NSLOTS 6
#define FIRST  3
#define LAST   40

static struct fdslots *s;
static int ready;
static int idle;

static void setup(void)
{
    ready = event_fd(true);
    idle = event_fd(false);
    s = make_slots(NSLOTS);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, ready, POLLOUT), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(ready);
    close(idle);
}

static void count_fds(void)
{
    int before = open_fds();
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(open_fds(), before + 1); /* that of the parent is left alone */
    for (int again = 0; again < 5; again++) {
        CHILD_EXPECT(fdslots_rebuild(s), 0);
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    }
    CHILD_EXPECT(open_fds(), before + 1);
    fdslots_destroy(s);
    CHILD_EXPECT(open_fds(), before);
}

static void count_fds_with_outer(void)
{
    int before = open_fds();
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(open_fds(), before + 1); /* nobody here has asked for the outer one */
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
    CHILD_EXPECT(open_fds(), before + 2);
    fdslots_destroy(s);
    CHILD_EXPECT(open_fds(), before);
}

static void count_fds_at_the_end(void)
{
    int before = open_fds();
    fdslots_destroy(s);
    CHILD_EXPECT(open_fds(), before);
}

START_TEST(no_fd_leaks)
{
    int before = open_fds();
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_eq(open_fds(), before + 1);
    child_run(count_fds);
    ck_assert_int_ge(fdslots_epoll_fd(s), 0);
    ck_assert_int_eq(open_fds(), before + 2);
    child_run(count_fds_with_outer);
    child_run(count_fds_at_the_end);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    EXPECT_QUIET(fdslots_destroy(s));
    ck_assert_int_eq(open_fds(), before);
    s = NULL;
}
END_TEST

START_TEST(every_fd_is_closed_on_exec)
{
    bool mine[LAST];
    for (int fd = 0; fd < LAST; fd++)
        mine[fd] = fcntl(fd, F_GETFD) >= 0;
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_ge(fdslots_epoll_fd(s), 0);
    int own = 0;
    for (int fd = 0; fd < LAST; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (mine[fd] || flags < 0)
            continue;
        ck_assert_int_eq(flags & FD_CLOEXEC, FD_CLOEXEC);
        own++;
    }
    ck_assert_int_eq(own, 2);
}
END_TEST

/* ---- a child that closes all it has inherited, as daemons do ---- */

static void close_all(void)
{
    for (int fd = FIRST; fd < LAST; fd++)
        close(fd);
}

static int open_epoll(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

/* Not by the helpers of Check, whose own fds are gone. */
static int open_event(void)
{
    return eventfd(1, EFD_CLOEXEC);
}

static int open_a_file(void)
{
    return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int (*const opens[])(void) = {open_event, open_a_file, open_epoll};
static int (*open_one)(void);
static struct fdslots *other;

static void open_others(void)
{
    for (int fd = open_one(); fd < LAST - 1; fd = open_one())
        CHILD_EXPECT(fd >= 0, true);
}

static void others_are_open(void)
{
    for (int fd = FIRST; fd < LAST; fd++)
        CHILD_EXPECT(fcntl(fd, F_GETFD) >= 0, true);
}

static void waits_among_others(void)
{
    close_all();
    open_others();
    fdslots_epoll_wait(s, 0);
    others_are_open();
    fdslots_destroy(s);
    others_are_open();
}

static void ends_among_others(void)
{
    close_all();
    open_others();
    fdslots_destroy(s);
    others_are_open();
}

START_TEST(nothing_else_is_closed)
{
    open_one = opens[_i];
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_ge(fdslots_epoll_fd(s), 0);
    child_run(waits_among_others);
    child_run(ends_among_others);
}
END_TEST

static int number; /* of the kernel set of s, before the fork */

/* Two buffers: the new set of the one gets the number that the set of the other had. */
static void buffers_change_numbers(void)
{
    close_all();
    while (open_a_file() < number - 1)
        ;
    CHILD_EXPECT(fdslots_invalidate_index(other, 0), 0);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 0);
    for (uint32_t i = 0; i < NSLOTS; i++)
        CHILD_EXPECT(fdslots_invalidate_index(s, i), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    int fd = open_event();
    CHILD_EXPECT(fdslots_set_index(other, 0, fd, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 1);
    int before = open_fds();
    fdslots_destroy(s);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 1);
    fdslots_destroy(other);
    CHILD_EXPECT(open_fds(), before - 2);
}

START_TEST(buffers_do_not_close_each_other)
{
    other = make_slots(NSLOTS);
    number = open_epoll(); /* the lowest that is free */
    close(number);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    EXPECT(fdslots_set_index(other, 0, ready, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(other, 0), 1);
    child_run(buffers_change_numbers);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 0);
    fdslots_destroy(other);
}
END_TEST

/* What the library opens may get a number that a slot holds: closed it is to the caller still. */
START_TEST(a_closed_number_is_taken_by_the_set)
{
    int lowest = open_epoll();
    close(lowest);
    EXPECT(fdslots_set_index(s, 2, lowest, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, 900, POLLIN), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_epoll_wait(s, -1), 4);
        EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
        EXPECT(fdslots_get_revents(s, 3), POLLNVAL);
    }
    EXPECT(fdslots_rebuild(s), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 4);
    EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
}
END_TEST

/* Closed to the caller, in every entry point: also to poll(2), and when the slot is closed. */
START_TEST(what_the_set_took_stays_closed)
{
    struct fdslots *taker;
    ck_assert_int_eq(fdslots_create(NSLOTS, _i == 0 ? 0 : FDSLOTS_CHECK, &taker), 0);
    int closed_fd = event_fd(true);
    close(closed_fd);
    EXPECT(fdslots_set_index(taker, 2, closed_fd, POLLIN), 0);
    if (_i < 2)
        EXPECT(fdslots_epoll_wait(taker, 0), 1);
    ck_assert_int_eq(fcntl(closed_fd, F_GETFD), _i < 2 ? FD_CLOEXEC : -1);
    for (int again = 0; again < 2; again++) {
        EXPECT(fdslots_poll(taker, NSLOTS, -1), 1);
        EXPECT(fdslots_get_revents(taker, 2), POLLNVAL);
        EXPECT(fdslots_get_fd(taker, 2), closed_fd);
        EXPECT(fdslots_ppoll(taker, NSLOTS, NULL, NULL), 1);
        EXPECT(fdslots_get_revents(taker, 2), POLLNVAL);
    }
    EXPECT(fdslots_close_index(taker, 2), -EBADF);
    EXPECT(fdslots_epoll_wait(taker, 0), 0);
    fdslots_destroy(taker);
}
END_TEST

/* Another set, put by the caller where the library's was, gives names that are no slot's. */
START_TEST(names_of_others_lead_nowhere)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 4000};
    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, ready, &event), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_eq(dup2(set, s->epoll.fd), s->epoll.fd);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    uint32_t count;
    const uint32_t *ready_slots = fdslots_ready(s, &count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_lt(ready_slots[i], NSLOTS);
    ck_assert_uint_eq(stats_of(s).ghosts_dropped, 1);
    close(set);
}
END_TEST

Suite *suite_own_fds(void)
{
    Suite *suite = suite_create("fds of the library");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "own fds");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, no_fd_leaks);
    tcase_add_test(tcase, every_fd_is_closed_on_exec);
    tcase_add_loop_test(tcase, nothing_else_is_closed, 0, LENGTH(opens));
    tcase_add_test(tcase, a_closed_number_is_taken_by_the_set);
    tcase_add_loop_test(tcase, what_the_set_took_stays_closed, 0, 3);
    tcase_add_test(tcase, names_of_others_lead_nowhere);
    tcase_add_test(tcase, buffers_do_not_close_each_other);
    return suite;
}
