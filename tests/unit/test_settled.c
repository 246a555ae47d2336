/* SPDX-License-Identifier: ISC
 *
 * The way that fdslots_wait() takes after many equal waits, and the cost of a wait then. Those
 * before which slots change are in test_settled_changes.c.
 */
#include "child.h"
#include "settled.h"

#include <fenv.h>
#include <unistd.h>

/* With many idle slots, the set is the cheapest way. After that, every wait costs one system call,
 * even beside a file that the set refuses and that is polled. */
START_TEST(on_the_set)
{
    int fds[MANY];
    int file = regular_file();
    struct fdslots *many = make_slots(MANY + 2);
    fill_slots(many, fds, MANY);
    for (int warm_up = 0; warm_up < 200; warm_up++)
        EXPECT(fdslots_wait(many, 0, NULL), 0);
    for (int again = 0; again < 10; again++)
        EXPECT_WAIT_OF(many, fdslots_wait(many, 0, NULL), 0, 0);
    EXPECT(fdslots_set_index(many, MANY, file, POLLIN), 0);
    for (int warm_up = 0; warm_up < 200; warm_up++)
        EXPECT(fdslots_wait(many, 0, NULL), 1);
    for (int again = 0; again < 10; again++)
        EXPECT_WAIT_BESIDE_OF(many, fdslots_wait(many, 0, NULL), 1, 0, 0);
    struct fdslots_stats stats = stats_of(many);
    ck_assert_uint_eq(stats.waits, 200 + 10 + 200 + 10);
    ck_assert_uint_eq(stats.epoll_ctl_calls, MANY);
    ck_assert_uint_eq(stats.fallbacks, 0);
    close_slots(many, fds, MANY);
    close(file);
}
END_TEST

/* A new set must be told of every file, which costs more than the same number of changes does. It
 * is made when polling has cost as much above what the set would have. */
START_TEST(on_poll_until_a_new_set_is_worth_its_price)
{
    enum { FEW = 64 };
    int fds[FEW];
    struct fdslots *few = make_slots(FEW);
    fill_slots(few, fds, FEW);
    while (stats_of(few).epoll_calls == 0)
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    const double *price = few->choice->prices.of;
    const double poll = price[POLL_CALL] + FEW * price[POLL_SLOT];
    const double waits = FEW * (price[SET_LOOK] + price[SET_ADD]) / (poll - price[SET_CALL]);
    ck_assert_double_eq_tol((double)stats_of(few).poll_calls, waits, 2);
    close_slots(few, fds, FEW);
}
END_TEST

/* What FDSLOTS_CHECK asks the set is no part of what waits cost by the set. */
START_TEST(on_the_set_while_fds_are_checked)
{
    enum { WAITS = 100, MOST = 1000 }; /* MOST: in ns, for a wait */
    int fds[MANY];
    struct fdslots *many;
    EXPECT(fdslots_create(MANY, FDSLOTS_CHECK, &many), 0);
    keep_prices(many);
    fill_slots(many, fds, MANY);
    EXPECT(fdslots_wait(many, 0, NULL), 0);
    EXPECT(fdslots_wait(many, 0, NULL), 0);
    const double spent = many->choice->untimed;
    for (int again = 0; again < WAITS; again++)
        EXPECT(fdslots_wait(many, 0, NULL), 0);
    ck_assert_uint_ge(stats_of(many).epoll_calls, WAITS);
    ck_assert_double_lt(many->choice->untimed - spent, WAITS * MOST);
    close_slots(many, fds, MANY);
}
END_TEST

/* If the set accepts none of many files, it is of no use. */
START_TEST(on_poll_where_all_are_polled)
{
    int file = regular_file();
    struct fdslots *many = make_slots(MANY);
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_set_index(many, i, file, POLLPRI), 0);
    for (int again = 0; again < 400; again++)
        EXPECT(fdslots_wait(many, 0, NULL), 0);
    const struct fdslots_stats stats = stats_of(many);
    ck_assert_uint_eq(stats.poll_calls, 400);
    ck_assert_uint_le(stats.polled, 400 / 5); /* trials, each of which costs little */
    ck_assert_uint_eq(stats.epoll_calls, 0);
    ck_assert_uint_eq(stats.epoll_ctl_calls, 0);
    fdslots_destroy(many);
    close(file);
}
END_TEST

/* A slot that no longer asks for poll(2) is a change like any other. At first it is still polled,
 * but not for ever. */
START_TEST(on_the_set_after_a_slot_has_asked_for_poll)
{
    enum { FEW = 12 };
    struct fdslots *few = make_slots(FEW);
    for (uint32_t i = 0; i < FEW; i++)
        EXPECT(fdslots_set_index(few, i, event_fd(false), POLLIN | (i == 3 ? FDSLOTS_POLLED : 0)),
               0);
    EXPECT_WAIT_BESIDE_OF(few, fdslots_epoll_wait(few, 0), 0, FEW - 1, 0);
    EXPECT(fdslots_set_events(few, 3, POLLIN), 0);
    struct fdslots_stats before = stats_of(few);
    for (int wait = 0; wait < 100; wait++) {
        end_plans(few); /* there is a choice before each wait */
        EXPECT(fdslots_wait(few, 0, NULL), 0);
    }
    struct fdslots_stats after = stats_of(few);
    ck_assert_uint_gt(after.poll_calls - before.poll_calls, 0);
    ck_assert_uint_eq(after.polled - before.polled, 0);
    ck_assert_uint_eq(after.epoll_ctl_calls - before.epoll_ctl_calls, 1);
    EXPECT_WAIT_OF(few, fdslots_wait(few, 0, NULL), 0, 0);
    for (uint32_t i = 0; i < FEW; i++)
        EXPECT(fdslots_close_index(few, i), 0);
    fdslots_destroy(few);
}
END_TEST

/* While a buffer learns, its answers are the same, whichever way it tries. */
START_TEST(on_what_was_learnt)
{
    int fds[MANY];
    struct fdslots *many;
    EXPECT(fdslots_create(MANY, 0, &many), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        fds[i] = event_fd(i % 64 == 0);
        EXPECT(fdslots_set_index(many, i, fds[i], POLLIN), 0);
    }
    const struct choice *c = many->choice;
    for (int again = 0; again < 3000; again++) {
        EXPECT(fdslots_wait(many, again % 2, NULL), MANY / 64);
        EXPECT(fdslots_set_events(many, 1, again % 3 == 0 ? POLLIN | POLLPRI : POLLIN), 0);
    }
    ck_assert_uint_eq(c->timed, WARM);
    ck_assert(c->taken[BY_POLL] && c->taken[BY_SET]);
    ck_assert_double_ne(c->prices.of[POLL_SLOT], COST_POLL_SLOT / 10.0);
    close_slots(many, fds, MANY);
}
END_TEST

/* Make this many slots ready, from one of them on, and wait. Returns whether there was no choice.
 */
static bool is_steady_while(struct fdslots *many, const int *fds, uint32_t from, uint32_t ready)
{
    for (uint32_t i = from; i < from + ready; i++)
        event_set(fds[i]);
    const bool steady = is_steady_with(many, from % 2, (int)ready);
    for (uint32_t i = from; i < from + ready; i++)
        event_clear(fds[i]);
    return steady;
}

/* Waits that may block take turns with others. Poll(2) is the cheaper way for those that do not,
 * because the ready slot is the last of a few, but not for those that do. */
START_TEST(on_both_ways_while_waits_take_turns)
{
    enum { FEW_SLOTS = 4 };
    int fds[FEW_SLOTS];
    struct fdslots *few = known_slots(fds, FEW_SLOTS);
    event_set(fds[FEW_SLOTS - 1]);
    for (int again = 0; again < 40; again++) {
        is_steady_with(few, again % 2, 1);
        if (again < 38)
            end_plans(few);
    }
    const struct fdslots_stats before = stats_of(few);
    for (int again = 0; again < 100; again++)
        ck_assert(is_steady_with(few, again % 2, 1));
    ck_assert_uint_eq(stats_of(few).poll_calls - before.poll_calls, 50);
    ck_assert_uint_eq(stats_of(few).epoll_calls - before.epoll_calls, 50);
    close_slots(few, fds, FEW_SLOTS);
}
END_TEST

/* There is no choice while no more slots are ready, on average, than make the set as dear as
 * poll(2), whichever they are. But there is one when all are ready, and when few are again. */
START_TEST(on_each_way_while_the_number_of_ready_slots_varies)
{
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    for (uint32_t again = 0; again < 60; again++)
        ck_assert(is_steady_while(many, fds, 2 * again + (uint32_t)_i, 1 + again % 5) || again < 2);
    for (uint32_t again = 0; again < 60; again++)
        ck_assert(is_steady_while(many, fds, (uint32_t)_i, again % 8 == 0 ? MANY / 2 : 1));
    ck_assert_uint_eq(stats_of(many).poll_calls, 1); /* in the first wait */
    for (uint32_t again = 0; again < 60; again++)
        is_steady_while(many, fds, 0, MANY);
    ck_assert_uint_ge(stats_of(many).poll_calls, 40);
    for (uint32_t again = 0; again < 60; again++)
        ck_assert(is_steady_while(many, fds, 0, again % 8 == 0 ? 1 : MANY));
    const uint64_t polls = stats_of(many).poll_calls;
    for (uint32_t again = 0; again < 60; again++)
        is_steady_while(many, fds, 0, 1);
    ck_assert_uint_le(stats_of(many).poll_calls, polls + 20);
    close_slots(many, fds, MANY);
}
END_TEST

/* What is forgotten little by little never becomes so small that calculating with it underflows: a
 * program may have made that a trap. */
START_TEST(on_no_number_that_underflows)
{
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    toggle(many, 4);
    event_set(fds[0]);
    EXPECT(fdslots_wait(many, 0, NULL), 1);
    event_clear(fds[0]);
    feclearexcept(FE_ALL_EXCEPT);
    for (int again = 0; again < 40000; again++) {
        end_plans(many);
        EXPECT(fdslots_wait(many, 0, NULL), 0);
    }
    ck_assert_int_eq(fetestexcept(FE_UNDERFLOW), 0);
    close_slots(many, fds, MANY);
}
END_TEST

static struct fdslots *inherited;

static void wait_as_child(void)
{
    const struct fdslots_stats before = stats_of(inherited);
    EXPECT(fdslots_wait(inherited, 0, NULL), 0);
    const struct fdslots_stats after = stats_of(inherited);
    ck_assert_uint_eq(after.poll_calls, before.poll_calls + 1);
    ck_assert_uint_eq(after.epoll_ctl_calls, before.epoll_ctl_calls);
}

/* A child has no set, and a new one would have to be told of all slots. */
START_TEST(on_poll_in_a_child_at_first)
{
    int fds[MANY];
    inherited = known_slots(fds, MANY);
    for (int again = 0; again < 100; again++)
        EXPECT(fdslots_wait(inherited, 0, NULL), 0);
    ck_assert(is_steady(inherited));
    child_run(wait_as_child);
    close_slots(inherited, fds, MANY);
}
END_TEST

/* A file that outlives its fd is ready, too, and the set reports it. */
START_TEST(on_poll_although_there_is_a_ghost)
{
    int fds[MANY];
    struct fdslots *many = known_slots(fds, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        event_set(fds[i]);
    const int copy = dup(fds[0]);
    EXPECT(fdslots_invalidate_index(many, 0), 0);
    close(fds[0]);
    fds[0] = copy;
    EXPECT(fdslots_epoll_wait(many, 0), MANY - 1);
    ck_assert_uint_gt(stats_of(many).ghosts_dropped, 0);
    for (int again = 0; again < 1000; again++)
        EXPECT(fdslots_wait(many, 0, NULL), MANY - 1);
    ck_assert_uint_ge(stats_of(many).poll_calls, 950);
    close_slots(many, fds, MANY);
}
END_TEST

/* Waits by poll(2) that go on unasked are those of a small buffer. One that has grown, by many
 * slots or by one far away, is asked for at once, even if another entry point has told the set of
 * the slots that came. */
START_TEST(on_nothing_after_the_buffer_has_grown)
{
    enum { FEW = 4 };
    int fds[MANY];
    struct fdslots *many = make_slots(MANY);
    for (uint32_t i = 0; i < MANY; i++)
        fds[i] = event_fd(i < FEW);
    for (uint32_t i = 0; i < FEW; i++)
        EXPECT(fdslots_set_index(many, i, fds[i], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(many, 0), FEW);
    const struct choice *c = many->choice;
    for (int waits = 0; waits < 2000 || c->way != BY_POLL || c->at_once.ran + 1 >= c->at_once.waits;
         waits++) {
        EXPECT(fdslots_wait(many, 0, NULL), FEW);
        ck_assert_int_lt(waits, 1000000);
    }
    for (uint32_t i = _i % 2 == 0 ? FEW : MANY - 1; i < MANY; i++)
        EXPECT(fdslots_set_index(many, i, fds[i], POLLIN), 0);
    if (_i >= 2)
        EXPECT(fdslots_epoll_wait(many, 0), FEW);
    EXPECT(fdslots_wait(many, 0, NULL), FEW);
    ck_assert_uint_eq(c->at_once.ran, 0);
    close_slots(many, fds, MANY);
}
END_TEST

Suite *suite_settled(void)
{
    Suite *suite = suite_create("settled");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "settled");
    tcase_add_test(tcase, on_the_set);
    tcase_add_test(tcase, on_poll_until_a_new_set_is_worth_its_price);
    tcase_add_test(tcase, on_the_set_while_fds_are_checked);
    tcase_add_test(tcase, on_poll_where_all_are_polled);
    tcase_add_test(tcase, on_the_set_after_a_slot_has_asked_for_poll);
    tcase_add_test(tcase, on_what_was_learnt);
    tcase_add_test(tcase, on_both_ways_while_waits_take_turns);
    tcase_add_loop_test(tcase, on_each_way_while_the_number_of_ready_slots_varies, 0, 2);
    tcase_add_test(tcase, on_no_number_that_underflows);
    tcase_add_test(tcase, on_poll_in_a_child_at_first);
    tcase_add_test(tcase, on_poll_although_there_is_a_ghost);
    tcase_add_loop_test(tcase, on_nothing_after_the_buffer_has_grown, 0, 4);
    return suite;
}
