/* SPDX-License-Identifier: ISC
 *
 * The choice of a way alone, on a simulated machine whose prices are those at the start: which way
 * it takes, and the bounds that choice.h promises.
 */
#include "common.h"
#include "player.h"

#include <fenv.h>

static const struct program quiet = {.slots = 64};
static const struct program hot = {.slots = 64, .ready = 64};

/* ---- programs for which one way is better ---- */

START_TEST(many_quiet_slots_end_in_the_set)
{
    struct player p;
    player_start(&p);
    ck_assert_int_eq(player_wait(&p, &quiet), BY_POLL);
    int polls = 0;
    while (player_wait(&p, &quiet) == BY_POLL)
        ck_assert_int_lt(++polls, 1000);
    ck_assert_int_gt(polls, 5);
    player_play(&p, &quiet, 100000);
    ck_assert_uint_gt(p.waits[BY_SET], 99 * p.waits[BY_POLL]);
}
END_TEST

/* Return how many polls come before a flush of all slots, after `savings` waits in which polling
 * was the cheaper way. */
static int polls_before_the_flush(int savings)
{
    struct player p;
    player_start(&p);
    p.c.taken[BY_SET] = true; /* prevents an early trial of the set */
    for (int i = 0; i <= savings; i++)
        ck_assert_int_eq(player_wait(&p, &hot), BY_POLL);
    int polls = 0;
    while (player_wait(&p, &quiet) == BY_POLL)
        polls++;
    return polls;
}

START_TEST(savings_are_no_credit)
{
    const int polls = polls_before_the_flush(30);
    ck_assert_int_gt(polls, 10);
    ck_assert_int_le(polls_before_the_flush(60), polls + 1); /* a steady wait more or less */
}
END_TEST

/* What the last wait found would mislead each time. */
START_TEST(waits_that_find_much_and_little_in_turn_stay_with_poll)
{
    static const struct program idle = {.slots = 512, .toggled = 5};
    static const struct program all = {.slots = 512, .toggled = 5, .ready = 512};
    struct player p;
    player_start(&p);
    p.in_step = true;
    player_play_in_turn(&p, &idle, &all, 1000);
    ck_assert_uint_gt(p.waits[BY_POLL], 15 * p.waits[BY_SET]);
}
END_TEST

static void expect_most(const struct program *program, enum way way)
{
    struct player p;
    player_start(&p);
    player_play(&p, program, 100000);
    ck_assert_uint_gt(p.waits[way], 4 * p.waits[1 - way]);
}

START_TEST(slots_that_are_all_ready_stay_with_poll)
{
    expect_most(&hot, BY_POLL);
}
END_TEST

START_TEST(constant_change_stays_with_poll)
{
    const struct program all_change = {.slots = 64, .toggled = 64};
    expect_most(&all_change, BY_POLL);
}
END_TEST

START_TEST(polled_slots_alone_stay_with_poll)
{
    const struct program all_polled = {.slots = 64, .polled = 64};
    const struct program one_polled = {.slots = 64, .polled = 1};
    expect_most(&all_polled, BY_POLL);
    expect_most(&one_polled, BY_SET);
}
END_TEST

/* ---- the bounds ---- */

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    return next_random(state) % n;
}

static struct program random_program(uint64_t *state)
{
    struct program program = {.slots = 1 + random_below(state, 64),
                              .polled = random_below(state, 8) == 0 ? 3 : 0,
                              .blocks = random_below(state, 2) == 0};
    if (random_below(state, 2) == 0)
        program.toggled = random_below(state, program.slots + 1);
    if (random_below(state, 3) == 0)
        program.ready = 1 + random_below(state, program.slots);
    return program;
}

/* The expected extra cost of polling, summed up here, stays below the cost of the flush plus that
 * of one wait. Programs change only now and then, as real ones do. */
START_TEST(polling_costs_at_most_a_flush_more)
{
    uint64_t state = (uint64_t)_i;
    struct player p;
    player_start(&p);
    p.c.clock = 1e18; /* no wait is timed, so prices do not change */
    struct program program = random_program(&state);
    double above = 0, dearest = 0;
    for (int step = 0; step < 20000; step++) {
        if (random_below(&state, 20) == 0)
            program = random_program(&state);
        const enum way way = player_wait(&p, &program);
        const double more = p.o.poll - p.o.set - p.o.fresh * p.o.change;
        dearest = p.o.poll > dearest ? p.o.poll : dearest;
        if (way == BY_SET)
            above = 0;
        else if (p.o.behind)
            above = above + more > 0 ? above + more : 0;
        ck_assert_msg(above <= p.o.flush + dearest,
                      "step %d: polling cost %g more, the flush costs %g", step, above, p.o.flush);
    }
}
END_TEST

/* The waits of a trial cost hardly more here, but they are chosen and timed. */
START_TEST(trials_are_rare_where_both_ways_cost_the_same)
{
    const struct program program = {.slots = 6, .ready = 2};
    struct player p;
    player_start(&p);
    player_play(&p, &program, 100000);
    ck_assert_uint_gt(p.waits[BY_SET], 0);
    ck_assert_uint_lt(p.waits[BY_SET], 2500);
}
END_TEST

/* Also where the first wait of a trial tells nothing of what the next one will cost. */
START_TEST(trials_that_cost_more_than_they_should_are_paid_for)
{
    static const struct program calm = {.slots = 4096, .ready = 1400};
    static const struct program busy = {.slots = 4096, .ready = 1400, .toggled = 1200};
    struct player p;
    player_start(&p);
    player_play(&p, &calm, 50);
    player_count_anew(&p);
    player_play_in_turn(&p, &calm, &busy, 20000);
    const double best = player_price(&p, &calm, BY_POLL) * (double)player_waits(&p);
    ck_assert_msg(p.ns < 1.006 * best, "%.4f of the best", p.ns / best);
}
END_TEST

/* What leaving the set last cost is what it may cost more than polling before it is left again:
 * that and no more, and no less than that by more than one wait. */
START_TEST(the_set_is_left_for_what_that_cost)
{
    struct player p;
    player_start(&p);
    struct choice *c = &p.c;
    struct outlook o = {.slots = 48, .fresh = 16, .lag = 16, .differing = 1};
    fdslots_choice_estimate(c, &o, (struct outcome){.queued = 0});
    const double more = o.set + o.flush - o.poll;
    ck_assert_double_gt(more, 0);
    ck_assert_double_lt(o.set, o.poll);
    /* It was left for one wait, which saved this much, and is told of two such changes now. */
    const struct flush twice = {.looks = 32, .slots = 32, .modifies = 32};
    fdslots_choice_save(c, BY_POLL, more);
    struct outlook behind = o;
    behind.lag = 32;
    behind.behind = true;
    fdslots_choice_learn(c, &behind, BY_SET, &(struct finding){.flushed = twice});
    const double regret = fdslots_choice_price(c, twice) - more;
    ck_assert_double_eq_tol(c->regret, regret, 1e-6);
    c->budget[BY_POLL] = 0;
    double loss = 0;
    while (fdslots_choice_make(c, &o) == BY_SET)
        loss += more;
    ck_assert_double_le(loss, regret + 1e-6);
    ck_assert_double_gt(loss + more, regret);
}
END_TEST

/* Polling may save far more than telling the set costs afterwards. */
START_TEST(the_set_is_kept_while_nothing_changes)
{
    struct player p;
    player_start(&p);
    struct choice *c = &p.c;
    const struct flush one = {.looks = 1, .slots = 1, .modifies = 1};
    struct outlook o = {.slots = 48, .lag = 1, .differing = 1, .behind = true};
    fdslots_choice_save(c, BY_POLL, 100 * fdslots_choice_price(c, one));
    fdslots_choice_learn(c, &o, BY_SET, &(struct finding){.flushed = one});
    c->budget[BY_POLL] = 0;
    o.lag = 0;
    o.behind = false;
    ck_assert_int_eq(fdslots_choice_make(c, &o), BY_SET);
    ck_assert_uint_eq(c->trial, 0); /* it is the cheaper way */
}
END_TEST

static const struct flush dear = {.looks = 4, .slots = 4, .adds = 8};
static const struct flush cheap = {.looks = 4, .slots = 4, .modifies = 4};

static double price_of_each(const struct choice *c, struct flush flush)
{
    return fdslots_choice_price(c, flush) / flush.looks;
}

/* Return what a change is expected to cost. */
static double expected_price(const struct choice *c)
{
    struct outlook o = {.slots = 512};
    fdslots_choice_estimate(c, &o, c->expected);
    return o.change;
}

/* What a change costs is what the last ones have cost on average. */
START_TEST(dear_and_cheap_changes_are_expected_again)
{
    struct player p;
    player_start(&p);
    const double most = price_of_each(&p.c, dear);
    const double least = price_of_each(&p.c, cheap);
    for (int flush = 0; flush < 30; flush++)
        fdslots_choice_expect_changes(&p.c, dear);
    ck_assert_double_eq_tol(expected_price(&p.c), most, 0.01 * most);
    fdslots_choice_expect_changes(&p.c, cheap);
    ck_assert_double_gt(expected_price(&p.c), least + (most - least) / 2);
    ck_assert_double_lt(expected_price(&p.c), most);
    for (int flush = 0; flush < 30; flush++)
        fdslots_choice_expect_changes(&p.c, cheap);
    ck_assert_double_eq_tol(expected_price(&p.c), least, 0.01 * least);
}
END_TEST

/* That a new set is told of every file says nothing about changes. */
START_TEST(a_new_set_is_no_change)
{
    struct player p;
    player_start(&p);
    const double before = expected_price(&p.c);
    struct outlook o = {.slots = 512, .lag = 512, .differing = 1, .behind = true};
    const struct flush all = {.looks = 512, .slots = 512, .adds = 512, .of_new_set = true};
    fdslots_choice_learn(&p.c, &o, BY_SET, &(struct finding){.flushed = all});
    ck_assert_double_eq(expected_price(&p.c), before);
    ck_assert_double_eq(p.c.regret, 0);
    fdslots_steady_end(&p.c, &p.c.at_once, all);
    ck_assert_double_eq(expected_price(&p.c), before);
}
END_TEST

/* Steady waits tell what changes cost, too, and how many were undone. */
START_TEST(changes_in_steady_waits_are_expected_again)
{
    struct player p;
    player_start(&p);
    struct steady *plan = &p.c.at_once;
    const double look = p.c.prices.of[SET_LOOK];
    for (int run = 0; run < 50; run++) {
        *plan = (struct steady){.way = BY_SET, .waits = 1, .ran = 1};
        fdslots_steady_end(&p.c, plan, dear);
    }
    const double most = price_of_each(&p.c, dear);
    ck_assert_double_eq_tol(expected_price(&p.c), most, 0.01 * most);
    for (int run = 0; run < 50; run++) {
        *plan = (struct steady){.way = BY_SET, .waits = 1, .ran = 1};
        fdslots_steady_judge(&p.c, plan, (struct flush){.looks = 4});
    }
    ck_assert_double_eq_tol(expected_price(&p.c), look, 0.01 * look);
}
END_TEST

/* Planned waits that tell the set of changes are longer, so fewer of them come before one is timed.
 */
START_TEST(planned_changes_are_timed_as_soon)
{
    struct player p;
    player_start(&p);
    p.c.timed = WARM;
    struct outlook o = {.slots = 4096, .fresh = 300, .lag = 300, .differing = 1};
    fdslots_steady_plan(&p.c, &o, BY_SET);
    const double each = o.set + o.fresh * o.change;
    ck_assert_uint_gt(p.c.at_once.waits, 0);
    ck_assert_double_le((p.c.at_once.waits - 1) * each, fdslots_choice_until_due(&p.c));
}
END_TEST

/* What no longer comes is forgotten little by little, but never becomes so small that calculating
 * with it underflows: a program may have made that a trap. */
START_TEST(no_mean_underflows)
{
    struct player p;
    player_start(&p);
    feclearexcept(FE_ALL_EXCEPT);
    for (int again = 0; again < 10000; again++) {
        fdslots_choice_expect_changes(&p.c, again < 5000 ? dear : cheap);
        fdslots_choice_expect_differing(&p.c, 0);
        fdslots_choice_expect(&p.c, (struct outcome){0}, 1);
        expected_price(&p.c);
    }
    ck_assert_int_eq(fetestexcept(FE_UNDERFLOW), 0);
}
END_TEST

/* A slot whose file is closed before each wait takes the set two calls. If the set lags behind, it
 * holds no file of those slots, so only what has just changed was closed for this wait. */
START_TEST(closing_is_expected_for_fresh_slots_only)
{
    struct player p;
    player_start(&p);
    const double *price = p.c.prices.of;
    struct outlook o = {.slots = 48, .fresh = 2, .lag = 10, .differing = 1, .behind = true};
    for (int flush = 0; flush < 100; flush++)
        fdslots_choice_expect_changes(&p.c, (struct flush){.slots = 3, .adds = 3, .closes = 3});
    fdslots_choice_estimate(&p.c, &o, p.c.expected);
    const double add = price[SET_LOOK] + price[SET_ADD];
    ck_assert_double_eq_tol(o.change, add + price[SET_MODIFY], 1);
    ck_assert_double_eq_tol(o.flush, 10 * add + 2 * price[SET_MODIFY], 1);
}
END_TEST

/* 50,000 waits a second; no clock makes them stop to be timed. */
START_TEST(no_sum_grows_in_ten_years)
{
    const struct program large = {.slots = INT32_MAX, .polled = 1};
    struct player p;
    player_start(&p);
    p.c.clock = 1e18;
    player_play(&p, &large, UINT64_C(50000) * 86400 * 365 * 10);
    const double wait =
        fdslots_prices_sum(&p.m.prices, &(struct work){.of = {[POLL_SLOT] = INT32_MAX}}, BY_POLL);
    ck_assert_double_le(p.c.budget[BY_SET], 20 * wait + TRIAL * p.c.clock);
    ck_assert_double_le(p.c.budget[BY_POLL], 20 * wait + TRIAL * p.c.clock);
    ck_assert_double_le(p.c.excess, 20 * wait);
    player_expect(&p, &large, 1.04, "after ten years");
    player_expect(&p, &hot, 1.04, "after ten years");
}
END_TEST

Suite *suite_choice(void)
{
    Suite *suite = suite_create("choice");
    TCase *tcase = add_case(suite, "tendencies");
    tcase_add_test(tcase, many_quiet_slots_end_in_the_set);
    tcase_add_test(tcase, savings_are_no_credit);
    tcase_add_test(tcase, waits_that_find_much_and_little_in_turn_stay_with_poll);
    tcase_add_test(tcase, slots_that_are_all_ready_stay_with_poll);
    tcase_add_test(tcase, constant_change_stays_with_poll);
    tcase_add_test(tcase, polled_slots_alone_stay_with_poll);
    tcase = add_case(suite, "bounds");
    tcase_add_loop_test(tcase, polling_costs_at_most_a_flush_more, 0, 20);
    tcase_add_test(tcase, trials_are_rare_where_both_ways_cost_the_same);
    tcase_add_test(tcase, trials_that_cost_more_than_they_should_are_paid_for);
    tcase_add_test(tcase, the_set_is_left_for_what_that_cost);
    tcase_add_test(tcase, the_set_is_kept_while_nothing_changes);
    tcase_add_test(tcase, dear_and_cheap_changes_are_expected_again);
    tcase_add_test(tcase, a_new_set_is_no_change);
    tcase_add_test(tcase, changes_in_steady_waits_are_expected_again);
    tcase_add_test(tcase, planned_changes_are_timed_as_soon);
    tcase_add_test(tcase, no_mean_underflows);
    tcase_add_test(tcase, closing_is_expected_for_fresh_slots_only);
    tcase_add_test(tcase, no_sum_grows_in_ten_years);
    return suite;
}
