/* SPDX-License-Identifier: ISC
 *
 * The fds that the library opens: how many there are in the parent and in a child, that they are
 * closed with the buffer, and that no other fd is ever closed with them.
 */
#include "child.h"
#include "kernel/epoll.h"
#include "pair.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define NSLOTS 6
#define LAST   40

static void setup(void)
{
    pair_setup(NSLOTS, 0);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, ready, POLLOUT), 0);
}

/* The child closes the fds that it has inherited, and opens as many of its own. */
static void count_fds(void)
{
    int before = open_fds();
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(open_fds(), before);
    for (int again = 0; again < 5; again++) {
        CHILD_EXPECT(fdslots_rebuild(s), 0);
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    }
    CHILD_EXPECT(open_fds(), before);
    fdslots_destroy(s);
    CHILD_EXPECT(open_fds(), before - 1);
}

static void count_fds_with_outer(void)
{
    int before = open_fds();
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(open_fds(), before - 1); /* the child has not asked for the outer set */
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
    CHILD_EXPECT(open_fds(), before);
    fdslots_destroy(s);
    CHILD_EXPECT(open_fds(), before - 2);
}

static void count_fds_at_the_end(void)
{
    int before = open_fds();
    fdslots_destroy(s);
    CHILD_EXPECT(open_fds(), before - 2);
}

static struct fdslots *bare;

/* The set is empty, so nothing proves that the number is still the set, and the number stays open.
 * That costs one fd. */
static void count_fds_without_proof(void)
{
    int before = open_fds();
    CHILD_EXPECT(fdslots_epoll_wait(bare, 0), 0);
    CHILD_EXPECT(open_fds(), before + 1);
    fdslots_destroy(bare);
    CHILD_EXPECT(open_fds(), before);
}

/* Every process is the child of the one before it, and waits before it forks. */
static void count_fds_of_generations(void)
{
    static int generation;
    int before = open_fds();
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(open_fds(), before);
    CHILD_EXPECT(fdslots_waker_drain(s), generation++ == 0 ? -ENOENT : 0);
    if (generation == 1) {
        CHILD_EXPECT(fdslots_waker_open(s, 5), 0);
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    }
    if (generation < 20)
        child_run(count_fds_of_generations);
}

START_TEST(no_fd_leaks)
{
    int before = open_fds();
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_eq(open_fds(), before + 1);
    child_run(count_fds);
    bare = make_slots(1);
    EXPECT(fdslots_epoll_wait(bare, 0), 0);
    child_run(count_fds_without_proof);
    fdslots_destroy(bare);
    child_run(count_fds_of_generations);
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

/* A program that was started without stdin, stdout and stderr may open them later by dup2(2). */
static void without_stdio(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        close(fd);
    for (int again = 0; again < 2; again++) {
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
        CHILD_EXPECT(fdslots_epoll_fd(s) > STDERR_FILENO, true);
        CHILD_EXPECT(fdslots_waker_open(s, 5), 0);
        CHILD_EXPECT(fdslots_wake(s), 0);
        CHILD_EXPECT(fdslots_get_fd(s, 5) > STDERR_FILENO, true);
        CHILD_EXPECT(fdslots_rebuild(s), 0);
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
            CHILD_EXPECT(fcntl(fd, F_GETFD), again == 0 ? -1 : 0);
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
            CHILD_EXPECT(dup2(idle, fd), fd);
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 3);
        CHILD_EXPECT(fdslots_close_index(s, 5), 0);
    }
    fdslots_destroy(s);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        CHILD_EXPECT(fcntl(fd, F_GETFD), 0);
}

START_TEST(no_fd_is_standard_input_or_output)
{
    child_run(without_stdio);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    child_run(without_stdio);
}
END_TEST

/* The set never gets a number that is closed and in a slot. That number must stay closed: for
 * poll(2), in every entry point, and when the slot is closed. */
START_TEST(a_closed_number_is_not_taken_by_the_set)
{
    struct fdslots *taker;
    const uint32_t flags[] = {0, FDSLOTS_CHECK, 0};
    ck_assert_int_eq(fdslots_create(NSLOTS, flags[_i], &taker), 0);
    int closed_fd = event_fd(true);
    close(closed_fd); /* makes it the lowest free number */
    EXPECT(fdslots_set_index(taker, 2, closed_fd, POLLIN), 0);
    EXPECT(fdslots_set_index(taker, 3, closed_fd + 1, POLLIN), 0);
    EXPECT(fdslots_pause_index(taker, 3), 0); /* a paused slot counts, too */
    if (_i < 2)
        EXPECT(fdslots_epoll_wait(taker, -1), 1);
    EXPECT(fdslots_resume_index(taker, 3), 0);
    ck_assert_int_eq(fcntl(closed_fd + 2, F_GETFD), _i < 2 ? FD_CLOEXEC : -1);
    for (int again = 0; again < 3; again++) {
        for (int i = 0; i < entry_count(); i++) {
            EXPECT(entry_at(i)->wait(taker, FDSLOTS_FOREVER, NULL), 2);
            EXPECT(fdslots_get_revents(taker, 2), POLLNVAL);
            EXPECT(fdslots_get_revents(taker, 3), POLLNVAL);
            EXPECT(fdslots_get_fd(taker, 2), closed_fd);
        }
        ck_assert_int_eq(fcntl(closed_fd, F_GETFD), -1);
        ck_assert_int_eq(fcntl(closed_fd + 1, F_GETFD), -1);
        EXPECT(fdslots_rebuild(taker), 0);
    }
    EXPECT(fdslots_close_index(taker, 2), -EBADF);
    EXPECT(fdslots_epoll_wait(taker, 0), 1);
    fdslots_destroy(taker);
}
END_TEST

/* There are more of them than are looked for at a time, and open files lie between them. */
START_TEST(many_closed_numbers_are_not_taken_either)
{
    enum { MANY = 10000 };
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit raised = {MANY + 100, limit.rlim_max};
    if (limit.rlim_cur < MANY + 100 && setrlimit(RLIMIT_NOFILE, &raised) != 0)
        return; /* the hard limit is too low */
    struct fdslots *taker = make_slots(MANY);
    int number = 0;
    const int between = fcntl(ready, F_DUPFD_CLOEXEC, MANY / 2);
    for (uint32_t i = 0; i < MANY; i++, number++) {
        while (fcntl(number, F_GETFD) >= 0)
            number++;
        EXPECT(fdslots_set_index(taker, i, number, POLLIN), 0);
    }
    EXPECT(fdslots_epoll_wait(taker, 0), MANY);
    ck_assert_int_ge(taker->kernel->fd, number);
    EXPECT(fdslots_rebuild(taker), 0);
    ck_assert_int_ge(taker->kernel->fd, number);
    fdslots_destroy(taker);
    close(between);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

/* The caller may later put the number of the set into a slot. That slot is polled, and the number
 * is not closed. */
START_TEST(the_number_of_the_set_in_a_slot)
{
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    const int set = s->kernel->fd;
    EXPECT(fdslots_set_index(s, 2, set, POLLIN), 0);
    struct pollfd want = {set, POLLIN, 0};
    for (int i = 0; i < entry_count(); i++) {
        ck_assert_int_eq(poll(&want, 1, 0), 1);
        EXPECT(entry_at(i)->wait(s, FDSLOTS_FOREVER, NULL), 3);
        EXPECT(fdslots_get_revents(s, 2), want.revents);
    }
    EXPECT(fdslots_close_index(s, 2), -EBADF);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 0);
}
END_TEST

/* The caller has replaced the library's set by another one, whose events name no slot. */
START_TEST(names_of_others_lead_nowhere)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 4000};
    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, ready, &event), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_eq(dup2(set, s->kernel->fd), s->kernel->fd);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    uint32_t count;
    const uint32_t *ready_slots = fdslots_ready(s, &count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_lt(ready_slots[i], NSLOTS);
    ck_assert_uint_eq(stats_of(s).ghosts_dropped, 1);
    close(set);
}
END_TEST

/* A polled slot that is ready does not hide the error, and the answer of poll(2) is kept. */
START_TEST(a_closed_set_fails_beside_polled_slots)
{
    int file = regular_file();
    EXPECT(fdslots_set_index(s, 5, file, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    close(s->kernel->fd);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_epoll_wait(s, 0), -EBADF);
        EXPECT(fdslots_get_revents(s, 5), 0);
    }
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 3);
    EXPECT(fdslots_rebuild(s), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    close(file);
}
END_TEST

Suite *suite_own_fds(void)
{
    Suite *suite = suite_create("fds of the library");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "own fds");
    tcase_add_checked_fixture(tcase, setup, pair_teardown);
    tcase_add_test(tcase, no_fd_leaks);
    tcase_add_test(tcase, every_fd_is_closed_on_exec);
    tcase_add_test(tcase, no_fd_is_standard_input_or_output);
    tcase_add_loop_test(tcase, a_closed_number_is_not_taken_by_the_set, 0, 3);
    tcase_add_test(tcase, many_closed_numbers_are_not_taken_either);
    tcase_add_test(tcase, the_number_of_the_set_in_a_slot);
    tcase_add_test(tcase, names_of_others_lead_nowhere);
    tcase_add_test(tcase, a_closed_set_fails_beside_polled_slots);
    return suite;
}
