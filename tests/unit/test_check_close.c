/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_CHECK and fdslots_close_index(): a number that is another file by now is not closed, a
 * mistake is found although the call tells the set of it, and the other slots with the fd are told.
 */
#include "child.h"
#include "kept.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct entry *e;

static void setup(void)
{
    kept_setup(FDSLOTS_CHECK);
}

/* The number now belongs to another file, and closing that would do more harm. */
START_TEST(a_lost_fd_is_not_closed)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_replace();
    kept_shows_loss(e);
    EXPECT(fdslots_close_index(s, 1), -EBADF);
    EXPECT(fdslots_get_fd(s, 1), -ENOENT);
    ck_assert_int_ge(fcntl(lost, F_GETFD), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
}
END_TEST

/* The call looks for mistakes itself. */
START_TEST(a_lost_fd_is_not_closed_before_a_wait)
{
    e = entry_at(_i / KEPT_WAYS);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_lose(_i % KEPT_WAYS);
    const int flags = fcntl(lost, F_GETFD);
    EXPECT(fdslots_close_index(s, 1), -EBADF);
    ck_assert_int_eq(fcntl(lost, F_GETFD), flags);
    ck_assert_uint_eq(kept_losses(), 1);
    close(lost);
}
END_TEST

/* The call tells the set of all changes, and must not register another file in silence. */
START_TEST(a_lost_fd_is_found_although_another_is_closed)
{
    e = entry_at(_i / KEPT_WAYS);
    EXPECT(fdslots_set_index(s, 3, event_fd(false), POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_lose(_i % KEPT_WAYS);
    EXPECT(fdslots_close_index(s, 3), 0);
    kept_shows_loss(e);
}
END_TEST

/* A slot leaves the fd that it shared, so the set is told of the other one anew. */
START_TEST(a_lost_fd_is_found_although_a_sharer_leaves)
{
    e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, event_fd(false), POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    kept_replace();
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    EXPECT(fdslots_close_index(s, 3), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
    EXPECT(fdslots_close_index(s, 2), -EBADF);
    ck_assert_int_ge(fcntl(lost, F_GETFD), 0);
}
END_TEST

/* After close_index() on one slot, the others hold a closed number, or one that belongs to another
 * file. */
START_TEST(close_index_tells_the_others)
{
    const uint32_t closed = (uint32_t)_i % 3 + 1;
    const bool polled = _i / 3 % 2 != 0;
    e = entry_at(_i / 6);
    const uint32_t events = POLLIN | (polled ? FDSLOTS_POLLED : 0);
    for (uint32_t i = 1; i <= 3; i++)
        EXPECT(fdslots_set_index(s, i, lost, events), 0);
    if (closed != 1) /* also if no wait has told the set yet */
        EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_close_index(s, closed), 0);
    ck_assert_int_lt(fcntl(lost, F_GETFD), 0);
    number_reused(lost, true);
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
        for (uint32_t i = 1; i <= 3; i++)
            EXPECT(fdslots_get_revents(s, i), i == closed ? 0 : POLLNVAL);
    }
    ck_assert_uint_eq(kept_losses(), 2);
    EXPECT(fdslots_set_index(s, closed, lost, POLLIN), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 3);
    EXPECT(fdslots_get_revents(s, closed), POLLIN);
    for (uint32_t i = 1; i <= 3; i++)
        if (i != closed)
            EXPECT(fdslots_close_index(s, i), -EBADF);
    ck_assert_int_ge(fcntl(lost, F_GETFD), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, closed), POLLIN);
}
END_TEST

/* A lost slot that is paused says nothing, and makes no wait poll beside the set. */
START_TEST(a_paused_one_is_lost)
{
    e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_close_index(s, 1), 0);
    for (int again = 0; again < 3; again++)
        EXPECT(e->wait(s, 0, NULL), 0);
    ck_assert_uint_eq(stats_of(s).polled, 0);
    EXPECT(fdslots_resume_index(s, 2), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
}
END_TEST

/* A slot was lost under this number, and closing the slot must not close the waker. */
START_TEST(the_waker_takes_no_lost_number)
{
    e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_close_index(s, 1), 0);
    EXPECT(fdslots_waker_open(s, 3), 0);
    ck_assert_int_ne(fdslots_get_fd(s, 3), lost);
    EXPECT(fdslots_close_index(s, 2), -EBADF);
    EXPECT(fdslots_wake(s), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 3), POLLIN);
}
END_TEST

/* No set can be made, so nothing is registered, but it is known which slots hold the fd. */
static void sharers_without_a_set(void)
{
    struct rlimit limit;
    setup();
    CHILD_EXPECT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 4;
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHILD_EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    CHILD_EXPECT(fdslots_poll(s, 4, 0), 0);
    CHILD_EXPECT(fdslots_close_index(s, 2), 0);
    limit.rlim_cur = before;
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    number_reused(lost, true);
    CHILD_EXPECT(fdslots_poll(s, 4, 0), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    CHILD_EXPECT(fdslots_close_index(s, 1), -EBADF);
}

START_TEST(close_index_tells_the_others_without_a_set)
{
    child_run(sharers_without_a_set);
}
END_TEST

Suite *suite_check_close(void)
{
    Suite *suite = suite_create("check, closing");
    const int entries = entry_count();
    if (!have_epoll())
        return suite;
    TCase *tc = add_case(suite, "close_index");
    tcase_add_checked_fixture(tc, setup, kept_teardown);
    tcase_add_loop_test(tc, a_lost_fd_is_not_closed, 0, entries);
    tcase_add_loop_test(tc, a_lost_fd_is_not_closed_before_a_wait, 0, KEPT_WAYS * entries);
    tcase_add_loop_test(tc, a_lost_fd_is_found_although_another_is_closed, 0, KEPT_WAYS * entries);
    tcase_add_loop_test(tc, a_lost_fd_is_found_although_a_sharer_leaves, 0, entries);
    tcase_add_loop_test(tc, close_index_tells_the_others, 0, 6 * entries);
    tcase_add_loop_test(tc, the_waker_takes_no_lost_number, 0, entries);
    tcase_add_loop_test(tc, a_paused_one_is_lost, 0, entries);
    tc = add_case(suite, "close_index in a child, which makes a buffer of its own");
    tcase_add_test(tc, close_index_tells_the_others_without_a_set);
    return suite;
}
