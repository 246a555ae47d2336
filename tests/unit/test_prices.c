/* SPDX-License-Identifier: ISC
 *
 * The prices that waits are expected to have, and how a measured time corrects them: tests of the
 * promises in prices.h.
 */
#include "common.h"
#include "player.h"

#define NS(tenths) ((tenths) / 10.0)

static const struct program quiet = {.slots = 64};

/* ---- prices ---- */

static struct outlook estimated(struct outlook o, struct outcome outcome)
{
    struct player p;
    player_start(&p);
    fdslots_choice_estimate(&p.c, &o, outcome);
    return o;
}

START_TEST(poll_pays_for_slots_holes_and_queueing)
{
    struct outlook o = {.slots = 3, .holes = 5};
    const struct outcome outcome = {.ready = 1, .queued = 2};
    const double base = NS(COST_POLL_CALL + 3 * COST_POLL_SLOT + 5 * COST_POLL_HOLE);
    ck_assert_double_eq_tol(estimated(o, outcome).poll, base, 1e-9);
    o.blocks = true;
    ck_assert_double_eq_tol(estimated(o, outcome).poll, base + NS(2 * COST_POLL_QUEUE), 1e-9);
}
END_TEST

START_TEST(the_set_pays_for_what_is_ready)
{
    const struct outlook o = {.slots = 100};
    const struct outcome none = {.ready = 0};
    const struct outcome seven = {.ready = 7};
    ck_assert_double_eq_tol(estimated(o, none).set, NS(COST_EPOLL_CALL), 1e-9);
    ck_assert_double_eq_tol(estimated(o, seven).set,
                            NS(COST_EPOLL_CALL + COST_EPOLL_REPORT + 7 * COST_EPOLL_READY), 1e-9);
}
END_TEST

START_TEST(polled_slots_are_paid_for_beside_the_set)
{
    const struct outlook o = {.slots = 100, .polled = 9};
    const struct outcome none = {.ready = 0};
    ck_assert_double_eq_tol(estimated(o, none).set,
                            NS(COST_EPOLL_CALL + COST_POLL_CALL + 10 * COST_POLL_SLOT), 1e-9);
}
END_TEST

/* ---- the effect of one sample ---- */

static const struct work idle_poll = {.of = {[POLL_CALL] = 1, [POLL_SLOT] = 100}};

static double price_after(struct prices *p, double times)
{
    const double price = fdslots_prices_sum(p, &idle_poll, BY_POLL);
    fdslots_prices_learn(p, &idle_poll, BY_POLL, times * price, false);
    return fdslots_prices_sum(p, &idle_poll, BY_POLL) / price;
}

START_TEST(prices_fall_at_once)
{
    struct prices p;
    fdslots_prices_start(&p);
    ck_assert_double_eq_tol(price_after(&p, 0.5), 0.5, 0.04);
    ck_assert_double_eq_tol(price_after(&p, 0.1), 0.1, 0.11);
}
END_TEST

START_TEST(prices_rise_by_what_three_of_four_waits_agree_on)
{
    struct prices p;
    fdslots_prices_start(&p);
    ck_assert_double_eq_tol(price_after(&p, 3.1), 1, 1e-9);
    ck_assert(p.surprised);
    ck_assert_double_eq_tol(price_after(&p, 9), 1, 1e-9);
    ck_assert_double_eq_tol(price_after(&p, 3.2), 1, 1e-9);
    ck_assert_double_eq_tol(price_after(&p, 3), 3.1, 0.03);
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq_tol(price_after(&p, 9), 1, 1e-9);
    ck_assert_double_eq_tol(price_after(&p, 1), 1, 1e-9); /* one that was not interrupted */
    ck_assert(!p.surprised);
    ck_assert_double_eq_tol(price_after(&p, 9), 1, 1e-9);
}
END_TEST

/* Waits that take less and less, as in a cache that becomes warm, do not agree. */
START_TEST(falling_times_do_not_agree)
{
    static const double falling[] = {3, 2.5, 2.1, 1.8, 1.5, 1.3};
    struct prices p;
    fdslots_prices_start(&p);
    for (int i = 0; i < LENGTH(falling); i++)
        ck_assert_double_eq_tol(price_after(&p, falling[i]), 1, 1e-9);
}
END_TEST

/* A burst of interrupts makes waits dear in different ways. */
START_TEST(dear_waits_that_do_not_agree_teach_nothing)
{
    struct prices p;
    fdslots_prices_start(&p);
    for (int i = 0; i < 100; i++)
        ck_assert_double_eq_tol(price_after(&p, 2 + i % 4), 1, 1e-9);
}
END_TEST

/* Nearly as much as expected: prices are a mean. */
START_TEST(prices_are_a_mean)
{
    struct prices p;
    fdslots_prices_start(&p);
    const double price = fdslots_prices_sum(&p, &idle_poll, BY_POLL);
    for (int i = 0; i < 1000; i++)
        fdslots_prices_learn(&p, &idle_poll, BY_POLL, price * (i % 2 != 0 ? 1.2 : 1), false);
    ck_assert_double_eq_tol(fdslots_prices_sum(&p, &idle_poll, BY_POLL), 1.1 * price, 0.02 * price);
}
END_TEST

/* Waits that are dear for different reasons do not confirm each other. */
START_TEST(each_price_rises_by_waits_of_its_own)
{
    struct prices p;
    fdslots_prices_start(&p);
    const struct work idle = {.of = {[SET_CALL] = 1}};
    const struct work ready = {.of = {[SET_CALL] = 1, [SET_REPORT] = 1, [SET_READY] = 100}};
    const double before = p.of[SET_READY];
    for (int i = 0; i < 4; i++) {
        fdslots_prices_learn(&p, &ready, BY_SET, 4 * fdslots_prices_sum(&p, &ready, BY_SET), false);
        fdslots_prices_learn(&p, &idle, BY_SET, fdslots_prices_sum(&p, &idle, BY_SET), false);
    }
    ck_assert_double_gt(p.of[SET_READY], 3.5 * before);
    ck_assert_double_eq_tol(fdslots_prices_sum(&p, &idle, BY_SET), NS(COST_EPOLL_CALL), 10);
}
END_TEST

START_TEST(a_wait_that_slept_teaches_nothing)
{
    struct prices p;
    fdslots_prices_start(&p);
    const double price = fdslots_prices_sum(&p, &idle_poll, BY_POLL);
    for (int i = 0; i < 1000; i++)
        fdslots_prices_learn(&p, &idle_poll, BY_POLL, price * (2 + i * 67 % 200), true);
    ck_assert_double_eq(fdslots_prices_sum(&p, &idle_poll, BY_POLL), price);
}
END_TEST

/* Sleeps of equal length, such as those between the ticks of a timer, do not confirm each other
 * either if they are longer than any wait, however many slots they make ready. */
START_TEST(long_sleeps_of_one_length_teach_nothing)
{
    struct work work = {.of = {[POLL_CALL] = 1, [SET_CALL] = 1, [SET_READY] = _i}};
    struct prices p;
    fdslots_prices_start(&p);
    const struct prices before = p;
    for (int i = 0; i < 1000; i++) {
        const double poll = fdslots_prices_sum(&p, &work, BY_POLL);
        const double set = fdslots_prices_sum(&p, &work, BY_SET);
        fdslots_prices_learn(&p, &work, BY_POLL, 70 * poll, true);
        fdslots_prices_learn(&p, &work, BY_SET, 40 * set, true);
    }
    for (int i = 0; i < PARTS; i++)
        ck_assert_double_eq(p.of[i], before.of[i]);
}
END_TEST

/* With a coarse clock, most waits seem to take no time at all. */
START_TEST(a_coarse_clock_teaches_nothing)
{
    struct player p;
    player_start(&p);
    p.c.clock = 4e6;
    p.m.percent = 99;
    p.m.spoilt = 1e-6;
    player_play(&p, &quiet, 1000000);
    ck_assert_double_eq_tol(p.c.prices.of[SET_CALL], NS(COST_EPOLL_CALL), 1e-6);
}
END_TEST

static uint64_t timed_of_many(struct player *p)
{
    player_play(p, &quiet, 1000);
    p->timed = 0;
    player_play(p, &quiet, 100000);
    return p->timed;
}

/* A clock that fails, or that shows only times that are far too long, is not read in every wait
 * either. */
START_TEST(a_clock_of_no_use_is_read_as_seldom)
{
    struct player p;
    player_start(&p);
    const uint64_t usual = timed_of_many(&p);
    static const double spoilt[] = {0, 1e6};
    for (int i = 0; i < LENGTH(spoilt); i++) {
        player_start(&p);
        p.m.percent = 100;
        p.m.spoilt = spoilt[i];
        ck_assert_uint_le(timed_of_many(&p), usual + usual / 2);
    }
    player_start(&p);
    p.c.clock = 1000; /* reading the clock costs more than a wait by the set */
    ck_assert_uint_le(timed_of_many(&p), usual / 20);
}
END_TEST

/* After a wait that was interrupted, the next one is timed, and no more than that. */
START_TEST(one_surprise_is_not_kept)
{
    struct player p;
    player_start(&p);
    player_play(&p, &quiet, 100000);
    p.c.untimed = 1e9;
    p.c.turn = 0;
    p.m.percent = 100;
    p.m.spoilt = 100;
    player_wait(&p, &quiet);
    ck_assert(p.c.prices.surprised);
    p.m.spoilt = 1e6;
    player_wait(&p, &quiet);
    ck_assert(!p.c.prices.surprised);
    ck_assert_uint_gt(p.c.at_once.waits, 0);
}
END_TEST

Suite *suite_prices(void)
{
    Suite *suite = suite_create("prices");
    TCase *tcase = add_case(suite, "prices");
    tcase_add_test(tcase, poll_pays_for_slots_holes_and_queueing);
    tcase_add_test(tcase, the_set_pays_for_what_is_ready);
    tcase_add_test(tcase, polled_slots_are_paid_for_beside_the_set);
    tcase = add_case(suite, "samples");
    tcase_add_test(tcase, prices_fall_at_once);
    tcase_add_test(tcase, prices_rise_by_what_three_of_four_waits_agree_on);
    tcase_add_test(tcase, falling_times_do_not_agree);
    tcase_add_test(tcase, dear_waits_that_do_not_agree_teach_nothing);
    tcase_add_test(tcase, prices_are_a_mean);
    tcase_add_test(tcase, each_price_rises_by_waits_of_its_own);
    tcase_add_test(tcase, a_wait_that_slept_teaches_nothing);
    tcase_add_loop_test(tcase, long_sleeps_of_one_length_teach_nothing, 0, 10);
    tcase_add_test(tcase, a_coarse_clock_teaches_nothing);
    tcase_add_test(tcase, a_clock_of_no_use_is_read_as_seldom);
    tcase_add_test(tcase, one_surprise_is_not_kept);
    return suite;
}
