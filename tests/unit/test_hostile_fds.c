/* SPDX-License-Identifier: ISC
 *
 * Fds that the caller must not touch, or that the library must not trust: the library's own fds
 * closed or put into slots, sets in circles, and buffers that close each other's files. Every call
 * then returns an error or the answer of poll(2), and the buffer recovers.
 */
#include "child.h"
#include "oracle.h"
#include "pair.h"

#include <signal.h>
#include <unistd.h>

#define NSLOTS 6

static struct pollfd want[NSLOTS];
static int fds_before;

static void setup(void)
{
    fds_before = open_fds();
    pair_setup(NSLOTS, 0);
    const struct pollfd slots[NSLOTS] = {{ready, POLLIN, 0},  {idle, POLLIN, 0}, {-1, 0, 0},
                                         {ready, POLLOUT, 0}, {idle, POLLIN, 0}, {-1, 0, 0}};
    for (int i = 0; i < NSLOTS; i++)
        want[i] = slots[i];
    oracle_fill(s, want, NSLOTS);
}

/* The library has closed all that it opened, and nothing else. */
static void teardown(void)
{
    pair_teardown();
    ck_assert_int_eq(open_fds(), fds_before);
}

static int lowest_free(void)
{
    int fd = event_fd(false);
    close(fd);
    return fd;
}

/* ---- the set of the library ---- */

/* Make the kernel's set and return its number, which the library tells no caller. */
static int make_set(void)
{
    int fd = lowest_free();
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_eq(lowest_free(), fd + 1);
    return fd;
}

static void set_is_gone(void)
{
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_epoll_wait(s, 0), -EBADF);
        EXPECT(fdslots_epoll_pwait(s, NULL, NULL), -EBADF);
        ck_assert_int_eq(oracle_check(entry_at(0), s, want, NSLOTS), 2);
    }
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 2); /* by poll(2) */
}

/* This holds even after changes, of which the closed set is told first. No slot counts as closed
 * because the set is. */
START_TEST(its_set_is_closed)
{
    int set = make_set();
    /* A limit, but one that all ready slots fit into. */
    EXPECT(fdslots_set_max_ready(s, _i > 1 ? 4 : NSLOTS), 0);
    ck_assert_int_eq(close(set), 0);
    if (_i > 0) {
        EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
        EXPECT(fdslots_invalidate_index(s, 4), 0);
        want[4].fd = -1;
    }
    set_is_gone();
    EXPECT(fdslots_rebuild(s), 0);
    for (int i = 0; i < entry_count(); i++)
        ck_assert_int_eq(oracle_check(entry_at(i), s, want, NSLOTS), 2);
}
END_TEST

START_TEST(its_sets_are_not_closed_by_slots)
{
    int set = _i == 0 ? make_set() : fdslots_epoll_fd(s);
    EXPECT(fdslots_set_index(s, 5, set, POLLIN), 0);
    EXPECT(fdslots_close_index(s, 5), -EBADF);
    EXPECT(fdslots_get_fd(s, 5), -ENOENT);
    for (int i = 0; i < entry_count(); i++)
        ck_assert_int_eq(oracle_check(entry_at(i), s, want, NSLOTS), 2);
}
END_TEST

START_TEST(its_outer_set_is_closed)
{
    int outer = fdslots_epoll_fd(s);
    ck_assert_int_ge(outer, 0);
    ck_assert_int_eq(close(outer), 0);
    for (int i = 0; i < entry_count(); i++)
        ck_assert_int_eq(oracle_check(entry_at(i), s, want, NSLOTS), 2);
    EXPECT(fdslots_set_index(s, 5, outer, POLLIN), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 3);
    EXPECT(fdslots_get_revents(s, 5), POLLNVAL);
    EXPECT(fdslots_invalidate_index(s, 5), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
}
END_TEST

/* ---- the waker of the library ---- */

START_TEST(its_waker_is_closed)
{
    const struct entry *e = entry_at(_i);
    /* Without eventfd(2), the waker is a pipe, which raises SIGPIPE. */
    signal(SIGPIPE, SIG_IGN);
    /* Opens the set first, so that it does not take the closed number. */
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_waker_open(s, 2), 0);
    EXPECT(e->wait(s, 0, NULL), 2);
    close(fdslots_get_fd(s, 2));
    ck_assert_int_lt(fdslots_wake(s), 0);
    ck_assert_int_lt(fdslots_waker_drain(s), 0);
    ck_assert_int_ge(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_waker_open(s, 5), -EEXIST);
    /* This ends the waker, even if its fd is already closed. */
    EXPECT(fdslots_close_index(s, 2), 0);
    EXPECT(fdslots_get_fd(s, 2), -ENOENT);
    EXPECT(fdslots_wake(s), -ENOENT);
    EXPECT(fdslots_waker_open(s, 2), 0);
    EXPECT(fdslots_wake(s), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 3);
    EXPECT(fdslots_close_index(s, 2), 0);
}
END_TEST

/* The waker's slot is an ordinary one. It may get another owner, and the waker goes on without
 * it. */
START_TEST(its_waker_loses_its_slot)
{
    const struct entry *e = entry_at(_i);
    EXPECT(fdslots_waker_open(s, 2), 0);
    int waker = fdslots_get_fd(s, 2);
    EXPECT(fdslots_set_index(s, 2, idle, POLLIN), 0);
    want[2] = want[1];
    EXPECT(fdslots_wake(s), 0);
    EXPECT(fdslots_waker_open(s, 5), -EEXIST);
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2);
    EXPECT(fdslots_set_index(s, 5, waker, POLLIN), 0);
    want[5] = (struct pollfd){waker, POLLIN, 0};
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 3);
    EXPECT(fdslots_waker_drain(s), 0);
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2);
    EXPECT(fdslots_close_index(s, 5), 0);
    EXPECT(fdslots_wake(s), -ENOENT);
    want[5].fd = -1;
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2);
}
END_TEST

START_TEST(its_waker_is_in_two_slots)
{
    const struct entry *e = entry_at(_i);
    EXPECT(fdslots_waker_open(s, 2), 0);
    int waker = fdslots_get_fd(s, 2);
    EXPECT(fdslots_set_index(s, 5, waker, POLLIN | POLLOUT), 0);
    want[2] = (struct pollfd){waker, POLLIN, 0};
    want[5] = (struct pollfd){waker, POLLIN | POLLOUT, 0};
    oracle_check(e, s, want, NSLOTS);
    EXPECT(fdslots_close_index(s, 5), 0);
    want[5].fd = -1;
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 3); /* slot 2 reads POLLNVAL */
    EXPECT(fdslots_invalidate_index(s, 2), 0);
}
END_TEST

/* ---- two buffers ---- */

/* Each buffer holds the set of the other. The kernel refuses such a circle, so poll(2) answers. */
START_TEST(a_circle)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *other = make_slots(2);
    int fd = fdslots_epoll_fd(s);
    EXPECT(fdslots_set_index(other, 0, fd, POLLIN), 0);
    int other_fd = fdslots_epoll_fd(other);
    ck_assert_int_ge(other_fd, 0);
    EXPECT(fdslots_set_index(s, 5, other_fd, POLLIN), 0);
    want[5] = (struct pollfd){other_fd, POLLIN, 0};
    struct pollfd others[2] = {{fd, POLLIN, 0}, {-1, 0, 0}};
    for (int again = 0; again < 5; again++) {
        EXPECT(fdslots_epoll_fd(s), fd);
        EXPECT(fdslots_epoll_fd(other), other_fd);
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 3);
        ck_assert_int_eq(oracle_check(e, other, others, 2), 1);
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 3);
    }
    fdslots_destroy(other);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 3);
    EXPECT(fdslots_get_revents(s, 5), POLLNVAL);
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 3);
    EXPECT(fdslots_invalidate_index(s, 5), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 2);
}
END_TEST

/* One buffer closes a file that both hold. The dup in the other buffer goes on. */
START_TEST(the_other_closes_the_file)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *other = make_slots(NSLOTS);
    int shared = event_fd(true);
    int copy = dup(shared);
    struct pollfd others[NSLOTS] = {{shared, POLLIN, 0},  {copy, POLLIN, 0}, {-1, 0, 0},
                                    {shared, POLLOUT, 0}, {-1, 0, 0},        {-1, 0, 0}};
    oracle_fill(other, others, NSLOTS);
    ck_assert_int_eq(oracle_check(e, other, others, NSLOTS), 3);
    EXPECT(fdslots_set_index(s, 2, shared, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 5, copy, POLLIN), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 4);
    for (uint32_t i = 0; i < NSLOTS; i += 3) {
        EXPECT(fdslots_invalidate_index(other, i), 0); /* as the one rule demands */
        others[i].fd = -1;
    }
    EXPECT(fdslots_close_index(s, 2), 0);
    want[5] = (struct pollfd){copy, POLLIN, 0};
    for (int again = 0; again < 3; again++) {
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 3);
        ck_assert_int_eq(oracle_check(e, other, others, NSLOTS), 1);
    }
    fdslots_destroy(other);
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 3);
    close(copy);
}
END_TEST

Suite *suite_hostile_fds(void)
{
    Suite *suite = suite_create("hostile fds");
    TCase *tcase = add_case(suite, "hostile fds");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, its_waker_is_closed, 0, entry_count());
    tcase_add_loop_test(tcase, its_waker_loses_its_slot, 0, entry_count());
    tcase_add_loop_test(tcase, its_waker_is_in_two_slots, 0, entry_count());
    tcase_add_loop_test(tcase, the_other_closes_the_file, 0, entry_count());
    if (!have_epoll())
        return suite;
    tcase_add_loop_test(tcase, its_set_is_closed, 0, 3);
    tcase_add_loop_test(tcase, its_sets_are_not_closed_by_slots, 0, 2);
    tcase_add_test(tcase, its_outer_set_is_closed);
    tcase_add_loop_test(tcase, a_circle, 0, entry_count());
    return suite;
}
