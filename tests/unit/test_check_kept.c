/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_CHECK costs time, but does not change the answers for a caller that keeps the one rule.
 */
#include "kept.h"

#include <unistd.h>

static const struct entry *e;

static void setup(void)
{
    kept_setup(FDSLOTS_CHECK);
}

static uint64_t losses(void)
{
    return stats_of(s).lost;
}

START_TEST(the_price_is_one_call_for_each_slot)
{
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 2); /* both slots are new */
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 2);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 2); /* slot 0 is checked, and slot 1 gets its DEL */
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 1);
    EXPECT(fdslots_close_index(s, 0), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    ck_assert_uint_eq(losses(), 0);
}
END_TEST

START_TEST(edges_come_once)
{
    event_set(lost);
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_wait(s, 0, NULL), 0);
    event_set(lost);
    EXPECT(fdslots_wait(s, 0, NULL), 1);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(losses(), 0);
}
END_TEST

START_TEST(exclusive_ones_can_be_asked)
{
    if (!have_exclusive())
        return;
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(losses(), 0);
    number_reused(lost, true);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
}
END_TEST

/* A number that was never open breaks no rule, and neither does one that is opened later. */
START_TEST(a_closed_number_is_not_lost)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0); /* so that the library's own fds are already open */
    int number = event_fd(true);
    close(number);
    EXPECT(fdslots_set_index(s, 2, number, POLLIN), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
    ck_assert_int_eq(dup2(idle, number), number);
    event_set(idle);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    ck_assert_uint_eq(losses(), 0);
    close(number);
}
END_TEST

START_TEST(one_who_tells_is_not_shown_anything)
{
    e = entry_at(_i);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_index(s, 1, number_reused(lost, false), POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    number_reused(lost, false);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    ck_assert_uint_eq(losses(), 0);
}
END_TEST

/* After a failed sync, the kernel has not been told of some slots. These are not lost. */
START_TEST(what_was_not_told_is_not_lost)
{
    const bool told_before = _i % 2 != 0;
    e = entry_at(_i / 2);
    int outer = fdslots_epoll_fd(s);
    if (told_before)
        EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_index(s, 0, outer, POLLIN), 0); /* epoll refuses it every time */
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    for (int again = 0; again < 3; again++) {
        e->wait(s, 0, NULL);
        EXPECT(fdslots_get_revents(s, 1), 0);
        EXPECT(fdslots_get_revents(s, 2), 0);
    }
    ck_assert_uint_eq(losses(), 0);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    event_set(lost);
    EXPECT(e->wait(s, 0, NULL), 2);
    number_reused(lost, true);
    EXPECT(e->wait(s, 0, NULL), 2);
    ck_assert_uint_eq(losses(), 2);
}
END_TEST

/* A caller that closes the library's own set breaks another rule. No slot's fd is lost by that. */
START_TEST(a_closed_set_is_no_lost_fd)
{
    EXPECT(fdslots_poll(s, 4, 0), 0);
    if (_i == 0)
        close(s->kernel->fd);
    else
        number_reused(s->kernel->fd, false);
    event_set(lost);
    EXPECT(fdslots_poll(s, 4, 0), 1);
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    ck_assert_uint_eq(losses(), 0);
}
END_TEST

/* ---- without epoll ---- */

START_TEST(without_epoll_there_is_no_check)
{
    struct fdslots *other = NULL;
    EXPECT(fdslots_create(4, FDSLOTS_CHECK | FDSLOTS_NO_EPOLL, &other), -ENOTSUP);
    if (!have_epoll())
        EXPECT(fdslots_create(4, FDSLOTS_CHECK, &other), -ENOTSUP);
    ck_assert_ptr_null(other);
}
END_TEST

Suite *suite_check_kept(void)
{
    Suite *suite = suite_create("check, rule kept");
    const int entries = entry_count();
    TCase *tc = add_case(suite, "without epoll");
    tcase_add_test(tc, without_epoll_there_is_no_check);
    if (!have_epoll())
        return suite;

    tc = add_case(suite, "rule kept");
    tcase_add_checked_fixture(tc, setup, kept_teardown);
    tcase_add_test(tc, the_price_is_one_call_for_each_slot);
    tcase_add_test(tc, edges_come_once);
    tcase_add_test(tc, exclusive_ones_can_be_asked);
    tcase_add_loop_test(tc, a_closed_number_is_not_lost, 0, entries);
    tcase_add_loop_test(tc, one_who_tells_is_not_shown_anything, 0, entries);
    tcase_add_loop_test(tc, a_closed_set_is_no_lost_fd, 0, 2);
    tcase_add_loop_test(tc, what_was_not_told_is_not_lost, 0, 2 * entries);
    return suite;
}
