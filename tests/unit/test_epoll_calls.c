/* SPDX-License-Identifier: ISC
 *
 * How many epoll_ctl(2) calls a change costs, for specific situations. It is never more than what
 * the kernel needs to be told.
 */
#include "pair.h"

#include <unistd.h>

#define NSLOTS 8

static int third; /* an fd that is in no slot at first */

static void setup(void)
{
    pair_setup(NSLOTS, 0);
    third = event_fd(true);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 2, idle, POLLIN), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 2); /* one ADD for each slot */
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
    EXPECT(fdslots_set_index(s, 3, third, POLLIN), 0); /* set and then invalidated */
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    COSTS(1, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0); /* equal events */
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0);
    COSTS(1, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | POLLOUT), 0); /* toggled and toggled back */
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0);
    EXPECT(fdslots_set_events(s, 2, 0), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0);
    COSTS(1, 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    COSTS(1, 0);
    /* Paused, changed and resumed, with the old events at the end. */
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(fdslots_set_events(s, 2, POLLOUT), 0);
    EXPECT(fdslots_resume_index(s, 2), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0);
    COSTS(1, 0);
    EXPECT(fdslots_resume_index(s, 2), 0); /* resuming a slot that is not paused */
    COSTS(1, 0);
}
END_TEST

START_TEST(each_real_change_costs_one)
{
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0); /* the same events twice */
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
    COSTS(1, 1);
    EXPECT(fdslots_set_index(s, 3, third, POLLIN), 0);
    COSTS(2, 1);
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    COSTS(1, 1);
    EXPECT(fdslots_pause_index(s, 1), 0);
    COSTS(0, 1);
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0); /* a paused slot does not concern the kernel */
    COSTS(0, 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    COSTS(1, 1);
    for (int i = 0; i < 10; i++)
        EXPECT(fdslots_set_index(s, 4, third, i % 2 == 0 ? POLLIN : POLLOUT), 0);
    COSTS(2, 1);
    EXPECT(fdslots_set_events(s, 4, POLLIN), 0);
    EXPECT(fdslots_close_index(s, 2), 0); /* the DEL happens here, not in the wait */
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

/* Only the kernel can tell whether an equal number is still the same file. One MOD finds out. */
START_TEST(the_same_fd_again_costs_one)
{
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    COSTS(1, 1);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    COSTS(1, 1);
    EXPECT(fdslots_set_index(s, 1, ready, POLLOUT), 0); /* the same MOD carries the events */
    COSTS(1, 1);
}
END_TEST

START_TEST(another_fd_in_a_slot_costs_two)
{
    EXPECT(fdslots_set_index(s, 1, third, POLLIN), 0);
    COSTS(1, 2);
    EXPECT(fdslots_set_index(s, 2, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0); /* both slots now hold the same fd */
    COSTS(2, 3);
    EXPECT(fdslots_set_index(s, 1, third, POLLIN), 0); /* to another fd and back */
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    COSTS(2, 1);
}
END_TEST

/* The kernel keeps the old entry only if a dup keeps the file open, so there is nothing to remove
 * here. */
START_TEST(a_reused_number_costs_two)
{
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    number_reused(idle, true);
    EXPECT(fdslots_set_index(s, 2, idle, POLLIN), 0);
    COSTS(2, 2); /* MOD finds no entry, then ADD */
}
END_TEST

/* ---- slots that share a registration ---- */

START_TEST(a_shared_fd_is_told_once)
{
    EXPECT(fdslots_set_index(s, 3, third, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, third, POLLOUT), 0);
    EXPECT(fdslots_set_index(s, 5, third, POLLPRI), 0);
    COSTS(3, 1);
    EXPECT(fdslots_set_events(s, 3, POLLOUT), 0); /* no slot wants IN any more */
    COSTS(3, 1);
    EXPECT(fdslots_set_events(s, 5, POLLOUT), 0); /* no slot wants PRI any more */
    COSTS(4, 1);
    EXPECT(fdslots_set_events(s, 4, 0), 0); /* the other slots still want OUT */
    COSTS(3, 0);
}
END_TEST

START_TEST(leaving_a_shared_fd_costs_only_what_is_seen)
{
    EXPECT(fdslots_set_index(s, 3, third, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, third, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 5, third, POLLIN), 0);
    COSTS(4, 1);
    /* Either a follower, or the slot that stands for the run in the kernel. */
    EXPECT(fdslots_pause_index(s, 5), 0);
    EXPECT(fdslots_resume_index(s, 5), 0);
    EXPECT(fdslots_pause_index(s, 3), 0);
    EXPECT(fdslots_resume_index(s, 3), 0);
    COSTS(4, 0);
    EXPECT(fdslots_invalidate_index(s, 5), 0); /* a follower leaves */
    COSTS(3, 0);
    /* The slot that stood in the kernel leaves, so the data must name another one. */
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    COSTS(2, 1);
    EXPECT(fdslots_invalidate_index(s, 4), 0);
    COSTS(1, 1);
}
END_TEST

/* ---- flags ---- */

/* One-shot is handled by the library. The kernel need not know that a slot fired and was armed
 * again. */
START_TEST(a_oneshot_rearmed_before_the_next_wait_costs_nothing)
{
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    /* The slot has fired and was not armed again: DEL. */
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 1);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
}
END_TEST

/* A one-shot slot that stays reported over a wait is deleted, and added again when it is rearmed.
 * From then on the kernel disarms it, and each rearming is one MOD. While it is disarmed, nothing
 * is reported, whatever happens to the file. */
START_TEST(a_oneshot_rearmed_later_costs_one)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_set_index(s, 3, ends[0], POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 2);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 1);
    EXPECT(fdslots_resume_index(s, 3), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    for (int again = 0; again < 3; again++) {
        EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
        EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
        EXPECT(fdslots_resume_index(s, 3), 0);
        EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    }
    close(ends[1]);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    EXPECT(fdslots_set_events(s, 3, FDSLOTS_ONESHOT), 0); /* still HUP */
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    EXPECT(fdslots_pause_index(s, 3), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    EXPECT(fdslots_set_index(s, 4, ends[0], POLLOUT), 0); /* shares the registration */
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT(fdslots_get_revents(s, 4), POLLHUP);
    EXPECT(fdslots_invalidate_index(s, 4), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 1);
    EXPECT(fdslots_set_events(s, 3, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0); /* paused */
    EXPECT(fdslots_resume_index(s, 3), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT(fdslots_get_revents(s, 3), POLLIN | POLLHUP);
    EXPECT(fdslots_set_index(s, 3, ends[0], POLLIN | FDSLOTS_ONESHOT), 0); /* set anew */
    EXPECT(fdslots_pause_index(s, 3), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    EXPECT(fdslots_set_events(s, 3, POLLIN), 0);
    EXPECT(fdslots_resume_index(s, 3), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    close(ends[0]);
}
END_TEST

/* The same where poll(2) has reported the slot, so that the kernel has not disarmed it. */
START_TEST(a_oneshot_reported_by_poll_is_deleted)
{
    EXPECT(fdslots_set_index(s, 3, third, POLLIN | FDSLOTS_ONESHOT), 0);
    for (int again = 0; again < 3; again++) {
        event_clear(third);
        EXPECT(fdslots_resume_index(s, 3), 0);
        EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1); /* armed */
        event_set(third);
        EXPECT(fdslots_poll(s, NSLOTS, 0), 2);
        EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    }
}
END_TEST

/* Nothing is registered when a sync finds this slot reported, because it was paused before. It is
 * disarmed by the kernel from then on nevertheless. */
START_TEST(a_oneshot_reported_while_unregistered_is_disarmed_later)
{
    EXPECT(fdslots_set_index(s, 3, third, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT(fdslots_pause_index(s, 3), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    EXPECT(fdslots_resume_index(s, 3), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 2);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
    EXPECT(fdslots_resume_index(s, 3), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
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
    /* The kernel forbids MOD here: DEL and ADD. */
    EXPECT(fdslots_set_events(s, 3, POLLOUT | FDSLOTS_EXCLUSIVE), 0);
    COSTS(2, 2);
    EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    COSTS(2, 2);
    EXPECT(fdslots_set_events(s, 3, POLLIN), 0);
    COSTS(2, 1);
}
END_TEST

/* Setting the events of an edge-triggered slot looks again, as EPOLL_CTL_MOD does. This holds for
 * equal events, too. It costs one call, however often the events are set. */
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

/* Pausing and resuming an edge-triggered slot costs a call only if the pause dropped a report. */
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

/* Like COSTS, with polled slots beside the set. */
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
    EXPECT(fdslots_set_index(s, 3, file, POLLIN), 0); /* the number may be another file now */
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_pause_index(s, 3), 0); /* nothing is polled any more, so the set is enough */
    COSTS(1, 0);
    EXPECT(fdslots_resume_index(s, 3), 0);
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    /* The set is not asked, because it reads as not ready. */
    EXPECT_WAIT_BESIDE(fdslots_epoll_wait(s, 0), 1, 1, 0);
    EXPECT_WAIT_BESIDE(fdslots_epoll_wait(s, 0), 1, 0, 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    COSTS(1, 1);
    close(file);
}
END_TEST

/* poll(2) notices by itself when the number becomes a file. */
START_TEST(a_closed_fd_is_never_offered)
{
    EXPECT(fdslots_set_index(s, 3, 900, POLLIN), 0);
    COSTS_BESIDE(2, 0);
    EXPECT(fdslots_set_index(s, 4, 901, POLLIN), 0);
    COSTS_BESIDE(3, 0);
    ck_assert_int_eq(dup2(idle, 900), 900);
    COSTS_BESIDE(2, 0);
    /* The slot is set again, so the set may have the file. */
    EXPECT(fdslots_set_index(s, 3, 900, POLLIN), 0);
    COSTS_BESIDE(2, 1);
    EXPECT(fdslots_pause_index(s, 4), 0);
    COSTS(1, 0);
    EXPECT(fdslots_close_index(s, 3), 0);
    COSTS(1, 0);
}
END_TEST

/* FDSLOTS_POLLED takes the file out of the set. Without the flag, the file goes back. */
START_TEST(a_slot_that_asks_for_poll)
{
    EXPECT(fdslots_set_events(s, 2, POLLOUT | FDSLOTS_POLLED), 0);
    COSTS_BESIDE(2, 1);
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_POLLED), 0);
    COSTS_BESIDE(1, 0);
    EXPECT(fdslots_set_index(s, 3, idle, POLLOUT), 0); /* all slots with this fd are polled */
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
    EXPECT(fdslots_set_index(s, 1, dup(third), POLLIN), 0); /* the set was never told of it */
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

/* The poll entry points tell epoll nothing, and drop nothing that epoll must still be told. */
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
    tcase_add_test(tcase, a_oneshot_rearmed_later_costs_one);
    tcase_add_test(tcase, a_oneshot_reported_by_poll_is_deleted);
    tcase_add_test(tcase, a_oneshot_reported_while_unregistered_is_disarmed_later);
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
