/* SPDX-License-Identifier: ISC
 *
 * How many calls of epoll_ctl(2) a change costs, for situations written out: never more than the
 * kernel needs to be told.
 */
#include "pair.h"

#include <unistd.h>

#define NSLOTS 8

static int third; /* in none */

static void setup(void)
{
    pair_setup(NSLOTS, 0);
    third = event_fd(true);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 2, idle, POLLIN), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 2); /* one ADD each */
}

static void teardown(void)
{
    pair_teardown();
    close(third);
}

#define COSTS(ready_slots, ctls)                                                                   \
    do {                                                                                           \
        EXPECT_WAIT(fdslots_epoll_wait(s, 0), ready_slots, ctls);                                  \
        EXPECT_WAIT(fdslots_epoll_wait(s, 0), ready_slots, 0);                                     \
    } while (0)

START_TEST(nothing_changed)
{
    const struct timespec short_time = {0, 1};
    COSTS(1, 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 1), 1, 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 1, 0);
    EXPECT_WAIT(fdslots_epoll_pwait(s, &short_time, NULL), 1, 0);
    EXPECT_WAIT(fdslots_epoll_pwait(s, NULL, NULL), 1, 0);
}
END_TEST

START_TEST(what_cancels_out_costs_nothing)
{
    EXPECT(fdslots_set_index(s, 3, third, POLLIN), 0); /* set and invalidated */
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    COSTS(1, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0); /* as it was */
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0);
    COSTS(1, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | POLLOUT), 0); /* toggled, and back */
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0);
    EXPECT(fdslots_set_events(s, 2, 0), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0);
    COSTS(1, 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    COSTS(1, 0);
    EXPECT(fdslots_pause_index(s, 2), 0); /* and changed in between, and back */
    EXPECT(fdslots_set_events(s, 2, POLLOUT), 0);
    EXPECT(fdslots_resume_index(s, 2), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0);
    COSTS(1, 0);
    EXPECT(fdslots_resume_index(s, 2), 0); /* what was not paused */
    COSTS(1, 0);
}
END_TEST

START_TEST(each_real_change_costs_one)
{
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0); /* twice the same */
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
    COSTS(1, 1);
    EXPECT(fdslots_set_index(s, 3, third, POLLIN), 0);
    COSTS(2, 1);
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    COSTS(1, 1);
    EXPECT(fdslots_pause_index(s, 1), 0);
    COSTS(0, 1);
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0); /* no concern of the kernel now */
    COSTS(0, 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    COSTS(1, 1);
    for (int i = 0; i < 10; i++)
        EXPECT(fdslots_set_index(s, 4, third, i % 2 == 0 ? POLLIN : POLLOUT), 0);
    COSTS(2, 1);
    EXPECT(fdslots_set_events(s, 4, POLLIN), 0);
    EXPECT(fdslots_close_index(s, 2), 0); /* pays at once, not in the wait */
    COSTS(2, 1);
}
END_TEST

START_TEST(bits_that_are_always_reported_cost_nothing)
{
    EXPECT(fdslots_set_events(s, 1, POLLIN | POLLERR | POLLHUP | POLLNVAL), 0);
    COSTS(1, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0);
    COSTS(1, 0);
}
END_TEST

/* Only the kernel can tell whether an equal number is the same file: one MOD asks. */
START_TEST(the_same_fd_again_costs_one)
{
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    COSTS(1, 1);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    COSTS(1, 1);
    EXPECT(fdslots_set_index(s, 1, ready, POLLOUT), 0); /* the events go with it */
    COSTS(1, 1);
}
END_TEST

START_TEST(another_fd_in_a_slot_costs_two)
{
    EXPECT(fdslots_set_index(s, 1, third, POLLIN), 0);
    COSTS(1, 2);
    EXPECT(fdslots_set_index(s, 2, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0); /* both now hold the same */
    COSTS(2, 3);
    EXPECT(fdslots_set_index(s, 1, third, POLLIN), 0); /* away and back */
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    COSTS(2, 1);
}
END_TEST

/* The kernel still has the old entry only where a dup keeps the file: nothing to remove here. */
START_TEST(a_reused_number_costs_two)
{
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    number_reused(idle, true);
    EXPECT(fdslots_set_index(s, 2, idle, POLLIN), 0);
    COSTS(2, 2); /* MOD finds no entry, ADD */
}
END_TEST

/* ---- slots that share a registration ---- */

START_TEST(a_shared_fd_is_told_once)
{
    EXPECT(fdslots_set_index(s, 3, third, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, third, POLLOUT), 0);
    EXPECT(fdslots_set_index(s, 5, third, POLLPRI), 0);
    COSTS(3, 1);
    EXPECT(fdslots_set_events(s, 3, POLLOUT), 0); /* IN is wanted by none now */
    COSTS(3, 1);
    EXPECT(fdslots_set_events(s, 5, POLLOUT), 0); /* PRI neither */
    COSTS(4, 1);
    EXPECT(fdslots_set_events(s, 4, 0), 0); /* OUT still by others */
    COSTS(3, 0);
}
END_TEST

START_TEST(leaving_a_shared_fd_costs_only_what_is_seen)
{
    EXPECT(fdslots_set_index(s, 3, third, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, third, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 5, third, POLLIN), 0);
    COSTS(4, 1);
    EXPECT(fdslots_pause_index(s, 5), 0); /* one of those that follow, or the one in the kernel */
    EXPECT(fdslots_resume_index(s, 5), 0);
    EXPECT(fdslots_pause_index(s, 3), 0);
    EXPECT(fdslots_resume_index(s, 3), 0);
    COSTS(4, 0);
    EXPECT(fdslots_invalidate_index(s, 5), 0); /* follows */
    COSTS(3, 0);
    EXPECT(fdslots_invalidate_index(s, 3), 0); /* stood in the kernel: its data names another now */
    COSTS(2, 1);
    EXPECT(fdslots_invalidate_index(s, 4), 0);
    COSTS(1, 1);
}
END_TEST

/* ---- flags ---- */

/* One-shot is the library's own: the kernel need not know that a slot fired and was armed again. */
START_TEST(a_oneshot_rearmed_before_the_next_wait_costs_nothing)
{
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 1); /* spent: DEL */
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
}
END_TEST

START_TEST(an_exclusive_one_is_replaced)
{
    if (!have_exclusive())
        return;
    EXPECT(fdslots_set_index(s, 3, third, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    COSTS(2, 1);
    EXPECT(fdslots_set_events(s, 3, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    COSTS(2, 0);
    EXPECT(fdslots_set_events(s, 3, POLLOUT | FDSLOTS_EXCLUSIVE), 0); /* the kernel forbids MOD */
    COSTS(2, 2);
    EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    COSTS(2, 2);
    EXPECT(fdslots_set_events(s, 3, POLLIN), 0);
    COSTS(2, 1);
}
END_TEST

/* Setting the events of an edge slot looks again, as EPOLL_CTL_MOD does: also equal ones, by one
 * call however often they are set. */
START_TEST(edge_is_one_change)
{
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0);
    COSTS(1, 1);
}
END_TEST

/* Pausing an edge slot and resuming it costs a call only where a report went with the pause. */
START_TEST(a_paused_edge_costs_one_where_a_report_is_dropped)
{
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    event_set(ready);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
}
END_TEST

/* ---- polled slots ---- */

/* As COSTS, with polled slots beside the set. */
#define COSTS_BESIDE(ready_slots, ctls)                                                            \
    do {                                                                                           \
        EXPECT_WAIT_BESIDE(fdslots_epoll_wait(s, 0), ready_slots, ctls, 1);                        \
        EXPECT_WAIT_BESIDE(fdslots_epoll_wait(s, 0), ready_slots, 0, 1);                           \
    } while (0)

START_TEST(a_regular_file_is_never_offered)
{
    int file = regular_file();
    EXPECT(fdslots_set_index(s, 3, file, POLLIN | POLLOUT), 0);
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_set_events(s, 3, POLLIN), 0);
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_set_events(s, 3, POLLPRI), 0);
    COSTS_BESIDE(1, 0);
    EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_set_index(s, 3, file, POLLIN), 0); /* may be another file now */
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_pause_index(s, 3), 0); /* nothing is polled: the set is enough */
    COSTS(1, 0);
    EXPECT(fdslots_resume_index(s, 3), 0);
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT_WAIT_BESIDE(fdslots_epoll_wait(s, 0), 1, 1, 0); /* the set reads not ready */
    EXPECT_WAIT_BESIDE(fdslots_epoll_wait(s, 0), 1, 0, 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    COSTS(1, 1);
    close(file);
}
END_TEST

/* poll(2) sees by itself when the number becomes a file. */
START_TEST(a_closed_fd_is_never_offered)
{
    EXPECT(fdslots_set_index(s, 3, 900, POLLIN), 0);
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_set_index(s, 4, 901, POLLIN), 0);
    COSTS_BESIDE(3, 0);
    ck_assert_int_eq(dup2(idle, 900), 900);
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_set_index(s, 3, 900, POLLIN), 0); /* told of it, the set may have it */
    COSTS_BESIDE(2, 1);
    EXPECT(fdslots_pause_index(s, 4), 0);
    COSTS(1, 0);
    EXPECT(fdslots_close_index(s, 3), 0);
    COSTS(1, 0);
}
END_TEST

/* FDSLOTS_POLLED takes the file out of the set, and gives it back. */
START_TEST(a_slot_that_asks_for_poll)
{
    EXPECT(fdslots_set_events(s, 2, POLLOUT | FDSLOTS_POLLED), 0);
    COSTS_BESIDE(2, 1);
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_POLLED), 0);
    COSTS_BESIDE(1, 0);
    EXPECT(fdslots_set_index(s, 3, idle, POLLOUT), 0); /* all with the fd are polled */
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0);
    COSTS(2, 1);
    EXPECT(fdslots_set_index(s, 4, third, POLLIN | FDSLOTS_POLLED),
           0); /* it was never registered */
    COSTS_BESIDE(3, 0);
    EXPECT(fdslots_invalidate_index(s, 4), 0);
    COSTS(2, 0);
}
END_TEST

/* ---- other calls ---- */

START_TEST(close_index_pays_one_for_a_registered_fd)
{
    uint64_t before = stats_of(s).epoll_ctl_calls;
    EXPECT(fdslots_close_index(s, 1), 0);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls - before, 1);
    COSTS(0, 0);
    EXPECT(fdslots_set_index(s, 1, dup(third), POLLIN), 0); /* never told */
    EXPECT(fdslots_close_index(s, 1), 0);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls - before, 1);
    COSTS(0, 0);
    ready = event_fd(true);
}
END_TEST

START_TEST(a_rebuild_pays_one_for_each_fd)
{
    EXPECT(fdslots_set_index(s, 3, idle, POLLIN), 0); /* shared */
    EXPECT(fdslots_set_index(s, 4, third, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 5, third, POLLIN), 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    fdslots_epoll_wait(s, 0);
    struct fdslots_stats before = stats_of(s);
    EXPECT(fdslots_rebuild(s), 0);
    struct fdslots_stats after = stats_of(s);
    ck_assert_uint_eq(after.epoll_ctl_calls - before.epoll_ctl_calls, 2);
    ck_assert_uint_eq(after.rebuilds - before.rebuilds, 1);
    ck_assert_uint_eq(after.waits, before.waits);
    COSTS(2, 0);
}
END_TEST

/* The poll entry points tell epoll nothing, and take nothing from what it is told. */
START_TEST(polls_in_between_cost_nothing)
{
    EXPECT(fdslots_poll(s, NSLOTS, 0), 1);
    COSTS(1, 0);
    EXPECT(fdslots_set_events(s, 2, POLLOUT), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 2);
    EXPECT(fdslots_ppoll(s, NSLOTS, NULL, NULL), 2);
    COSTS(2, 1);
}
END_TEST

Suite *suite_epoll_calls(void)
{
    Suite *suite = suite_create("calls of epoll_ctl");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "counted");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nothing_changed);
    tcase_add_test(tcase, what_cancels_out_costs_nothing);
    tcase_add_test(tcase, each_real_change_costs_one);
    tcase_add_test(tcase, bits_that_are_always_reported_cost_nothing);
    tcase_add_test(tcase, the_same_fd_again_costs_one);
    tcase_add_test(tcase, another_fd_in_a_slot_costs_two);
    tcase_add_test(tcase, a_reused_number_costs_two);
    tcase_add_test(tcase, a_shared_fd_is_told_once);
    tcase_add_test(tcase, leaving_a_shared_fd_costs_only_what_is_seen);
    tcase_add_test(tcase, a_oneshot_rearmed_before_the_next_wait_costs_nothing);
    tcase_add_test(tcase, an_exclusive_one_is_replaced);
    tcase_add_test(tcase, edge_is_one_change);
    tcase_add_test(tcase, a_paused_edge_costs_one_where_a_report_is_dropped);
    tcase_add_test(tcase, a_regular_file_is_never_offered);
    tcase_add_test(tcase, a_closed_fd_is_never_offered);
    tcase_add_test(tcase, a_slot_that_asks_for_poll);
    tcase_add_test(tcase, close_index_pays_one_for_a_registered_fd);
    tcase_add_test(tcase, a_rebuild_pays_one_for_each_fd);
    tcase_add_test(tcase, polls_in_between_cost_nothing);
    return suite;
}
