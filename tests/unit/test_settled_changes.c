/* SPDX-License-Identifier: ISC
 *
 * The way that fdslots_wait() takes after many waits before which slots change alike.
 */
#include "settled.h"

#include <unistd.h>

#define TOGGLED 50

/* Files that come and go cost epoll two calls each, one of which fdslots_close_index() makes before
 * the wait, and poll(2) none. One call would make epoll the cheaper way here. */
START_TEST(on_poll_for_what_comes_and_goes)
{
    enum { FEW = 24 };
    int fds[FEW];
    struct fdslots *few = known_slots(fds, FEW);
    for (int round = 0; round < 200; round++) {
        EXPECT(fdslots_close_index(few, 3), 0);
        fds[3] = event_fd(false);
        EXPECT(fdslots_set_index(few, 3, fds[3], POLLIN), 0);
        end_plans(few); /* there is a choice before each wait */
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    ck_assert_uint_ge(stats_of(few).poll_calls, 150);
    close_slots(few, fds, FEW);
}
END_TEST

/* A slot that is set anew may hold another file under the same number. Then the set must be told
 * twice, which makes poll(2) the cheaper way here. It is not if the file is the same. */
START_TEST(on_each_way_for_numbers_that_are_set_anew)
{
    enum { FEW = 16 };
    int fds[FEW];
    struct fdslots *few = known_slots(fds, FEW);
    const uint64_t before = stats_of(few).poll_calls;
    for (int round = 0; round < 200; round++) {
        const int fd = fds[3];
        EXPECT(fdslots_invalidate_index(few, 3), 0);
        if (_i == 0) {
            close(fd);
            ck_assert_int_eq(event_fd(false), fd);
        }
        EXPECT(fdslots_set_index(few, 3, fd, POLLIN), 0);
        end_plans(few); /* there is a choice before each wait */
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    const uint64_t polls = stats_of(few).poll_calls - before;
    ck_assert_uint_ge(polls, _i == 0 ? 150 : 0);
    ck_assert_uint_le(polls, _i == 0 ? 200 : 20);
    close_slots(few, fds, FEW);
}
END_TEST

static void toggle_and_wait(struct fdslots *many, uint32_t events)
{
    for (uint32_t i = 0; i < TOGGLED; i++)
        EXPECT(fdslots_set_events(many, i, events), 0);
    EXPECT(fdslots_wait(many, 0, NULL), 0);
}

/* Where interests are toggled there and back, poll(2) saves telling the set of them; and when they
 * are back, there is nothing to tell. */
START_TEST(on_each_way_in_turn_where_interests_come_back)
{
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    for (int again = 0; again < 100; again++)
        toggle_and_wait(many, again % 2 == 0 ? POLLIN | POLLPRI : POLLIN);
    const struct fdslots_stats stats = stats_of(many);
    ck_assert_uint_ge(stats.poll_calls, 40);
    ck_assert_uint_ge(stats.epoll_calls, 40);
    ck_assert_uint_le(stats.epoll_ctl_calls, MANY + 2 * TRIAL * TOGGLED);
    close_slots(many, fds, MANY);
}
END_TEST

/* Events that are set again, but stay the same, are no changes: they do not keep the set from being
 * told once of those that have changed. */
START_TEST(on_the_set_although_events_are_set_again)
{
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    for (uint32_t again = 0; again < 60; again++)
        toggle_and_wait(many, POLLIN | POLLPRI);
    const uint64_t polls = stats_of(many).poll_calls;
    for (uint32_t again = 0; again < 100; again++)
        toggle_and_wait(many, POLLIN | POLLPRI);
    ck_assert_uint_eq(stats_of(many).poll_calls, polls);
    ck_assert_uint_eq(stats_of(many).epoll_ctl_calls, MANY + TOGGLED);
    close_slots(many, fds, MANY);
}
END_TEST

/* The same for pauses, which cost the set more. What the wait between has found to cost nothing
 * does not make them seem cheaper. */
START_TEST(on_each_way_in_turn_where_pauses_end)
{
    enum { FEW = 20 };
    int fds[FEW];
    struct fdslots *few = known_slots(fds, FEW);
    for (int again = 0; again < 400; again++) {
        EXPECT(again % 2 == 0 ? fdslots_pause_index(few, 3) : fdslots_resume_index(few, 3), 0);
        EXPECT(again % 2 == 0 ? fdslots_pause_index(few, 4) : fdslots_resume_index(few, 4), 0);
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    ck_assert_uint_ge(stats_of(few).poll_calls, 190);
    ck_assert_uint_le(stats_of(few).epoll_ctl_calls, FEW + 20);
    close_slots(few, fds, FEW);
}
END_TEST

static void pause_and_resume(struct fdslots *few, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        EXPECT(fdslots_pause_index(few, i), 0);
        EXPECT(fdslots_resume_index(few, i), 0);
    }
}

/* The same for pauses that end before the wait, of slots that got other fds before. */
START_TEST(on_the_set_although_slots_are_paused_and_resumed)
{
    enum { FEW = 20, OTHERS = 4 };
    int fds[FEW], others[OTHERS];
    struct fdslots *few = known_slots(fds, FEW);
    for (int again = 0; again < 20; again++) {
        pause_and_resume(few, OTHERS);
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    const uint64_t polls = stats_of(few).poll_calls;
    for (uint32_t i = 0; i < OTHERS; i++) {
        others[i] = event_fd(false);
        EXPECT(fdslots_set_index(few, i, others[i], POLLIN), 0);
    }
    EXPECT(fdslots_wait(few, 0, NULL), 0);
    for (uint32_t again = 0; again < 200; again++) {
        pause_and_resume(few, OTHERS);
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    ck_assert_uint_le(stats_of(few).poll_calls, polls + 20);
    close_slots(few, fds, FEW);
    for (uint32_t i = 0; i < OTHERS; i++)
        close(others[i]);
}
END_TEST

static void toggle_back(struct fdslots *many, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        EXPECT(fdslots_set_events(many, i, POLLIN | POLLPRI), 0);
        EXPECT(fdslots_set_events(many, i, POLLIN), 0);
    }
}

/* While the set can be told what changes before poll(2) would be cheaper, there is no choice before
 * each wait. It makes no difference that the number varies. */
START_TEST(on_the_set_while_few_slots_change)
{
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    for (uint32_t again = 0; again < 100; again++) {
        toggle_back(many, again % 7);
        toggle(many, again % 4);
        ck_assert_int_eq(is_steady(many) || again < 20, 1);
    }
    toggle(many, MANY);
    ck_assert(!is_steady(many));
    close_slots(many, fds, MANY);
}
END_TEST

/* Changes that were undone are expected to cost little, but if they were not undone, the set is
 * told no more than what the last few waits have saved. */
START_TEST(on_the_set_while_it_is_told_little)
{
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    const struct steady *plan = &many->choice->at_once;
    for (int again = 0; again < 100 || plan->ran < 20; again++) {
        toggle_back(many, MANY);
        ck_assert(is_steady(many) || again < 20);
    }
    ck_assert_uint_ge(plan->allowed, MANY);
    const uint32_t saved = 8 * plan->calls;
    for (uint32_t told = 0; told <= saved; told += MANY) {
        toggle(many, MANY);
        ck_assert(is_steady(many));
    }
    ck_assert(is_steady(many)); /* nothing changes, so there is nothing to decide */
    toggle(many, MANY);
    ck_assert(!is_steady(many));
    close_slots(many, fds, MANY);
}
END_TEST

/* Changes come in bursts. Poll(2) would be cheaper for the wait after a burst, but the set is
 * cheaper for the others, and must be told of the burst before them. */
START_TEST(on_the_set_while_changes_come_in_bursts)
{
    enum { FEW_SLOTS = 48, BURST = 16, CYCLES = 40 };
    int fds[FEW_SLOTS];
    uint64_t polls = 0;
    struct fdslots *few = known_slots(fds, FEW_SLOTS);
    for (int cycle = 0; cycle < 2 * CYCLES; cycle++) {
        if (cycle == CYCLES)
            polls = stats_of(few).poll_calls;
        toggle(few, BURST);
        for (int w = 0; w < 10; w++)
            EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    ck_assert_uint_le(stats_of(few).poll_calls - polls, CYCLES / 10);
    for (int w = 0; w < 200; w++) { /* nothing but bursts, of which each undoes the one before */
        toggle(few, BURST);
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    ck_assert_uint_ge(stats_of(few).poll_calls - polls, 80);
    close_slots(few, fds, FEW_SLOTS);
}
END_TEST

/* One call tells the set of all slots with one fd, but only if all of them have changed. */
START_TEST(on_each_way_although_slots_share_fds)
{
    enum { FDS = 4, EACH = 3 };
    int fds[FDS];
    struct fdslots *few = make_slots(FDS * EACH);
    for (uint32_t f = 0; f < FDS; f++) {
        fds[f] = event_fd(false);
        for (uint32_t i = 0; i < EACH; i++)
            EXPECT(fdslots_set_index(few, f * EACH + i, fds[f], POLLIN), 0);
    }
    EXPECT(fdslots_epoll_wait(few, 0), 0);
    for (int again = 0; again < 200; again++) {
        for (uint32_t f = 0; f < FDS; f++)
            EXPECT(fdslots_set_events(few, f * EACH, again % 2 == 0 ? POLLPRI : 0), 0);
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    ck_assert_uint_ge(stats_of(few).poll_calls, 80);
    ck_assert_uint_le(stats_of(few).epoll_ctl_calls, 200); /* of 800 */
    close_slots(few, fds, FDS);
}
END_TEST

/* Where changes are rare, polling for one of them is no reason to poll until the next one. */
START_TEST(on_the_set_where_one_interest_seldom_changes)
{
    int fd;
    struct fdslots *one = known_slots(&fd, 1);
    for (int again = 0; again < 2000; again++) {
        if (again % 50 == 0)
            EXPECT(fdslots_set_events(one, 0, again % 100 == 0 ? POLLPRI : POLLIN), 0);
        EXPECT(fdslots_wait(one, 0, NULL), 0);
    }
    ck_assert_uint_le(stats_of(one).poll_calls, 200);
    close_slots(one, &fd, 1);
}
END_TEST

static int change_interest(struct fdslots *one, bool back)
{
    return fdslots_set_events(one, 0, back ? POLLIN : POLLPRI);
}

static int pause_or_resume(struct fdslots *one, bool back)
{
    return back ? fdslots_resume_index(one, 0) : fdslots_pause_index(one, 0);
}

static int (*const changes[])(struct fdslots *one, bool back) = {change_interest, pause_or_resume};

/* The set would be cheaper before every other wait, but by less than a choice costs. With pauses,
 * the number of slots that poll(2) looks at goes up and down. */
START_TEST(on_poll_where_one_change_comes_back)
{
    int fd;
    struct fdslots *one = known_slots(&fd, 1);
    for (int again = 0; again < 200; again++) {
        EXPECT(changes[_i](one, again % 2 != 0), 0);
        EXPECT(fdslots_wait(one, 0, NULL), 0);
    }
    ck_assert_uint_ge(stats_of(one).poll_calls, 190);
    close_slots(one, &fd, 1);
}
END_TEST

static void set_again(struct fdslots *many, const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        EXPECT(fdslots_set_index(many, i, fds[i], POLLIN), 0);
}

/* If only the changes make the set dearer, there is no choice while they do, whatever their number.
 * Slots that changed before do not count. */
START_TEST(on_poll_while_slots_are_set_again)
{
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    for (uint32_t again = 0; again < 100; again++) {
        set_again(many, fds, MANY / 2 - again / 2);
        ck_assert_int_eq(is_steady(many) || again < 20, 1);
    }
    ck_assert_uint_ge(stats_of(many).poll_calls, 90);
    set_again(many, fds, MANY / 16);
    ck_assert(!is_steady(many));
    for (int again = 0; again < 4; again++) {
        set_again(many, fds, MANY / 2);
        EXPECT(fdslots_wait(many, 0, NULL), 0);
    }
    ck_assert(!is_steady(many));
    close_slots(many, fds, MANY);
}
END_TEST

#define BLOCKS 40

/* Which slots only seem to change: the first, the first quarter, or every fourth block of them. */
static bool only_seems_to_change(uint32_t i, uint32_t pattern)
{
    if (pattern == 0)
        return i < 4;
    return pattern < BLOCKS ? i / pattern % 4 == 0 : i < MANY / 4;
}

/* Other entry points may tell the set between the waits that poll, whatever that costs. */
START_TEST(on_poll_while_others_tell_the_set)
{
    int fds[4];
    struct fdslots *few = known_slots(fds, LENGTH(fds));
    for (int i = 0; i < LENGTH(fds); i++)
        event_set(fds[i]);
    for (int again = 0; again < 100; again++) {
        const uint32_t events = again % 2 == 0 ? POLLIN | POLLPRI : POLLIN;
        EXPECT(fdslots_set_events(few, 0, events), 0);
        EXPECT(fdslots_epoll_wait(few, 0), LENGTH(fds));
        EXPECT(fdslots_set_events(few, 1, events), 0);
        ck_assert(is_steady_with(few, 0, LENGTH(fds)) || again < 20);
    }
    ck_assert_uint_ge(stats_of(few).poll_calls, 90);
    close_slots(few, fds, LENGTH(fds));
}
END_TEST

/* Neither the first changes nor some neighbours nor those at regular distances stand for all. */
START_TEST(on_what_all_changes_cost)
{
    static const uint32_t never[] = {POLLPRI, POLLRDHUP, POLLPRI | POLLRDHUP};
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    for (int again = 0; again < 600; again++) {
        end_plans(many); /* there is a choice before each wait */
        for (uint32_t i = 0; i < MANY - (uint32_t)again % 2; i++) {
            EXPECT(fdslots_pause_index(many, i), 0);
            EXPECT(fdslots_resume_index(many, i), 0);
            if (!only_seems_to_change(i, (uint32_t)_i))
                EXPECT(fdslots_set_events(many, i, never[again % 3]), 0);
        }
        EXPECT(fdslots_wait(many, 0, NULL), 0);
    }
    ck_assert_uint_le(stats_of(many).epoll_ctl_calls, 2 * MANY); /* of some 120,000 */
    close_slots(many, fds, MANY);
}
END_TEST

Suite *suite_settled_changes(void)
{
    Suite *suite = suite_create("settled changes");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "settled changes");
    tcase_add_test(tcase, on_poll_for_what_comes_and_goes);
    tcase_add_loop_test(tcase, on_each_way_for_numbers_that_are_set_anew, 0, 2);
    tcase_add_test(tcase, on_each_way_in_turn_where_interests_come_back);
    tcase_add_test(tcase, on_the_set_although_events_are_set_again);
    tcase_add_test(tcase, on_each_way_in_turn_where_pauses_end);
    tcase_add_test(tcase, on_the_set_although_slots_are_paused_and_resumed);
    tcase_add_test(tcase, on_the_set_while_few_slots_change);
    tcase_add_test(tcase, on_the_set_while_it_is_told_little);
    tcase_add_test(tcase, on_the_set_while_changes_come_in_bursts);
    tcase_add_test(tcase, on_each_way_although_slots_share_fds);
    tcase_add_test(tcase, on_the_set_where_one_interest_seldom_changes);
    tcase_add_loop_test(tcase, on_poll_where_one_change_comes_back, 0, LENGTH(changes));
    tcase_add_test(tcase, on_poll_while_slots_are_set_again);
    tcase_add_test(tcase, on_poll_while_others_tell_the_set);
    tcase_add_loop_test(tcase, on_what_all_changes_cost, 0, BLOCKS + 1);
    return suite;
}
