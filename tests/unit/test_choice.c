/* SPDX-License-Identifier: ISC
 *
 * The choice of a way alone, on simulated machines: tests of the promises in choice.h.
 */
#include "common.h"
#include "player.h"

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
    ck_assert_int_gt(polls, 10);
    player_play(&p, &quiet, 100000);
    ck_assert_uint_gt(p.waits[BY_SET], 99 * p.waits[BY_POLL]);
}
END_TEST

/* Return how many polls come before a flush of all slots, after `savings` waits in which polling
 * was the cheaper way. */
/* Two programs take turns, a wait each. */
static void play_in_turn(struct player *p, const struct program *one, const struct program *other,
                         int pairs)
{
    for (int i = 0; i < pairs; i++) {
        player_wait(p, one);
        player_wait(p, other);
    }
}

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
    play_in_turn(&p, &idle, &all, 1000);
    ck_assert_uint_gt(p.waits[BY_POLL], 20 * p.waits[BY_SET]);
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

/* ---- other machines ---- */

static const struct program programs[] = {
    {.slots = 32},
    {.slots = 32, .ready = 24},
    {.slots = 32, .ready = 4},
    {.slots = 32, .toggled = 1},
    {.slots = 32, .toggled = 9},
    {.slots = 512, .ready = 64},
    {.slots = 512, .ready = 384},
    {.slots = 512, .toggled = 15},
    {.slots = 512, .toggled = 150},
    {.slots = 4096, .ready = 512},
    {.slots = 4096, .ready = 3072},
    {.slots = 4096, .toggled = 123},
    {.slots = 4096, .toggled = 1228},
    {.slots = 512, .toggled = 15, .back = true},
    {.slots = 512, .toggled = 150, .back = true},
    {.slots = 4096, .toggled = 123, .back = true},
    {.slots = 4096, .toggled = 1228, .back = true},
    {.slots = 512, .ready = 64, .blocks = true},
    {.slots = 512, .ready = 500, .blocks = true},
    {.slots = 512, .ready = 64, .polled = 16},
};

/* Each factor applies to all prices, to those of poll alone, to those of the set alone, or to those
 * of telling the set. */
static const double factors[] = {0.1, 0.3, 3, 10};
enum { ALL, POLL, SET, TELLING, GROUPS };

static void make_dearer(struct machine *m, int group, double factor)
{
    static const int first[] = {0, 0, SET_CALL, SET_LOOK};
    static const int end[] = {PARTS, SET_CALL, SET_LOOK, PARTS};
    for (int i = first[group]; i < end[group]; i++)
        m->prices.of[i] *= factor;
}

#define MACHINES (GROUPS * LENGTH(factors))

static void become(struct machine *m, int machine)
{
    fdslots_prices_start(&m->prices);
    make_dearer(m, machine / LENGTH(factors), factors[machine % LENGTH(factors)]);
}

/* The cost of as many waits if all of them had taken the better way. */
static double best_of(const struct player *p, const struct program *program)
{
    const double poll = player_price(p, program, BY_POLL);
    const double set = player_price(p, program, BY_SET);
    return (poll < set ? poll : set) * (double)player_waits(p);
}

/* Check that the next 5,000 waits cost hardly more than with the best choice. */
static void expect_cost(struct player *p, const struct program *program, double most,
                        const char *when)
{
    p->ns = 0;
    p->waits[BY_POLL] = p->waits[BY_SET] = 0;
    player_play(p, program, 5000);
    const double flush = program->slots * (p->m.prices.of[SET_LOOK] + p->m.prices.of[SET_ADD]);
    ck_assert_msg(p->ns < most * best_of(p, program) + flush,
                  "%s, %u slots, %u ready, %u toggled: %ju by poll (%.0f ns), %ju by the set "
                  "(%.0f ns): %.3f times the best cost",
                  when, program->slots, program->ready, program->toggled,
                  (uintmax_t)p->waits[BY_POLL], player_price(p, program, BY_POLL),
                  (uintmax_t)p->waits[BY_SET], player_price(p, program, BY_SET),
                  p->ns / best_of(p, program));
}

static void expect_right(struct player *p, const struct program *program, const char *when)
{
    expect_cost(p, program, 1.04, when);
}

START_TEST(fifty_waits_are_enough_on_any_machine)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        player_start(&p);
        become(&p.m, _i);
        player_play(&p, &programs[i], 50);
        expect_right(&p, &programs[i], "after 50 waits");
    }
}
END_TEST

/* Not only the waits after dear ones are timed. */
START_TEST(both_of_two_waits_in_turn_are_timed)
{
    static const struct program calm = {.slots = 4096, .toggled = 5};
    static const struct program busy = {.slots = 4096, .toggled = 5, .ready = 600};
    struct player p;
    player_start(&p);
    p.in_step = true;
    play_in_turn(&p, &calm, &busy, 100);
    p.m.prices.of[SET_READY] *= 10;
    play_in_turn(&p, &calm, &busy, 900);
    ck_assert_double_gt(p.c.prices.of[SET_READY], 0.8 * p.m.prices.of[SET_READY]);
}
END_TEST

/* Waits that may block, on machines whose prices are far from the initial ones. */
static const struct program blocking[] = {
    {.slots = 32, .ready = 1, .blocks = true},
    {.slots = 32, .ready = 1, .toggled = 9, .blocks = true},
    {.slots = 512, .ready = 1, .toggled = 15, .blocks = true},
    {.slots = 512, .ready = 256, .blocks = true},
    {.slots = 4096, .ready = 1, .blocks = true},
    {.slots = 4096, .ready = 1, .toggled = 1228, .blocks = true},
    {.slots = 4096, .ready = 3072, .blocks = true},
};
static const double far_factors[] = {0.1, 1, 10, 30};
#define FAR_MACHINES (GROUPS * LENGTH(far_factors))

static void play_far(int machine, uint32_t sleeps, double most, const char *when)
{
    for (int i = 0; i < LENGTH(blocking); i++) {
        struct program program = blocking[i];
        struct player p;
        player_start(&p);
        p.m.random = 1;
        make_dearer(&p.m, machine / LENGTH(far_factors),
                    far_factors[machine % LENGTH(far_factors)]);
        program.sleeps = sleeps;
        if (sleeps > 0 && program.ready > 1)
            continue; /* the first ready slot ends the sleep */
        player_play(&p, &program, 400);
        expect_cost(&p, &program, most, when);
    }
}

START_TEST(waits_that_may_block_find_their_price)
{
    play_far(_i, 0, 1.25, "without sleep");
}
END_TEST

/* A long sleep says nothing about the relation between prices, so it must not change the choice. */
START_TEST(waits_that_sleep_do_not_mislead)
{
    play_far(_i, 1000000, 1.04, "after sleep");
}
END_TEST

START_TEST(prices_that_change_are_followed)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        player_start(&p);
        player_play(&p, &programs[i], 10000);
        become(&p.m, _i);
        player_play(&p, &programs[i], 10000);
        expect_right(&p, &programs[i], "after a change");
    }
}
END_TEST

START_TEST(a_tenth_of_spoilt_samples_changes_nothing)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        player_start(&p);
        become(&p.m, _i);
        p.m.percent = 10;
        p.m.spoilt = 1000;
        player_play(&p, &programs[i], 50);
        expect_right(&p, &programs[i], "with spoilt samples");
    }
}
END_TEST

/* Poll is the better way, but the set has filled the cache, and more waits by poll(2) than a trial
 * has at least are dear until they have filled it again. */
START_TEST(a_cold_cache_does_not_mislead)
{
    const struct program program = {.slots = 4096, .toggled = 1229, .back = true};
    struct player p;
    player_start(&p);
    p.c.prices.of[POLL_SLOT] = 300;
    p.c.prices.measured = UINT32_MAX;
    p.m.prices.of[POLL_SLOT] = 73;
    p.m.prices.of[SET_MODIFY] = 385;
    p.m.cold = p.cold = 2;
    p.in_step = true;
    player_play(&p, &program, 2000);
    p.waits[BY_SET] = p.waits[BY_POLL] = 0;
    player_play(&p, &program, 1000);
    ck_assert_uint_gt(p.waits[BY_POLL], 450);
}
END_TEST

/* Other programs slow three waits in a row: the way that they make look dear is tried again soon.
 */
/* A tenth of them takes a thousand times as long, and of some the time is not known. */
START_TEST(the_price_of_a_choice_is_learnt)
{
    static const double prices[] = {10, 300, 40};
    struct player p;
    player_start(&p);
    p.c.choosing = 100;
    for (int i = 0; i < LENGTH(prices); i++) {
        for (int again = 0; again < 200; again++) {
            fdslots_choice_learn_choosing(&p.c, prices[i] * (again % 10 == 0 ? 1000 : 1));
            fdslots_choice_learn_choosing(&p.c, 0);
        }
        ck_assert_double_gt(p.c.choosing, 0.9 * prices[i]);
        ck_assert_double_lt(p.c.choosing, 1.3 * prices[i]);
    }
}
END_TEST

START_TEST(a_burst_of_spoilt_samples_is_soon_forgotten)
{
    const struct program program = {.slots = 4096, .toggled = 600};
    struct player p;
    player_start(&p);
    player_play(&p, &program, 10000);
    p.m.percent = 100;
    p.m.spoilt = 3;
    while (player_wait(&p, &program) == BY_POLL || p.c.trial > 0)
        ck_assert_uint_lt(player_waits(&p), 20000);
    p.m.percent = 0;
    const uint64_t by_set = p.waits[BY_SET];
    player_play(&p, &program, 1000);
    ck_assert_uint_lt(p.waits[BY_SET] - by_set, 60);
}
END_TEST

/* ---- the promises ---- */

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
        struct outlook o = player_outlook(&p, &program);
        fdslots_choice_estimate(&p.c, &o, p.c.expected);
        const double more = o.poll - o.set - fdslots_choice_price(&p.c, o.fresh);
        const double flush = fdslots_choice_price(&p.c, p.c.backlog);
        dearest = o.poll > dearest ? o.poll : dearest;
        if (player_wait(&p, &program) == BY_SET)
            above = 0;
        else if (flush > 0)
            above = above + more > 0 ? above + more : 0;
        ck_assert_msg(above <= fdslots_choice_price(&p.c, p.c.backlog) + dearest,
                      "step %d: polling cost %g more, the flush costs %g", step, above, flush);
    }
}
END_TEST

/* Learning costs at most six thousandths: the trials, the timing and the flush together. */
START_TEST(trials_cost_little)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        player_start(&p);
        player_play(&p, &programs[i], 50);
        p.ns = 0;
        p.waits[BY_POLL] = p.waits[BY_SET] = 0;
        player_play(&p, &programs[i], 200000);
        const double best = best_of(&p, &programs[i]);
        ck_assert_msg(p.ns < 1.006 * best, "program %d: %.4f times the best cost", i, p.ns / best);
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
    p.ns = 0;
    p.waits[BY_POLL] = p.waits[BY_SET] = 0;
    play_in_turn(&p, &calm, &busy, 20000);
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
    c->taken[BY_SET] = true;
    struct outlook o = {.slots = 48, .fresh = {.looks = 16, .modifies = 16}};
    fdslots_choice_estimate(c, &o, (struct outcome){.queued = 0});
    const double flush = fdslots_choice_price(c, o.fresh);
    const double more = o.set + flush - o.poll;
    ck_assert_double_gt(more, 0);
    ck_assert_double_lt(o.set, o.poll);
    /* It was left for one wait, which saved this much, and is told of two such changes now. */
    const struct flush twice = {.looks = 32, .modifies = 32};
    fdslots_choice_save(c, BY_POLL, more);
    c->backlog = o.fresh;
    o.lag = twice;
    fdslots_choice_learn(c, &o, BY_SET, &(struct finding){.flushed = twice});
    const double regret = 2 * flush - more;
    ck_assert_double_eq_tol(c->regret, regret, 1e-6);
    c->budget[BY_POLL] = 0;
    o.lag = o.fresh;
    fdslots_choice_estimate(c, &o, (struct outcome){.queued = 0});
    double loss = 0;
    while (fdslots_choice_make(c, &o) == BY_SET)
        loss += more;
    ck_assert_double_le(loss, regret + 1e-6);
    ck_assert_double_gt(loss + more, regret);
}
END_TEST

/* Steady waits may tell the set of changes that are dearer than any that were chosen for. Then
 * these are what is expected. */
START_TEST(dear_changes_in_steady_waits_are_remembered)
{
    struct player p;
    player_start(&p);
    const struct flush dear = {.looks = 5, .adds = 10};
    const double add = fdslots_choice_price(&p.c, (struct flush){.adds = 1});
    p.c.at_once.change = add / 2;
    fdslots_steady_correct(&p.c, &p.c.at_once,
                           (struct flush){.adds = 10}); /* it is not known of how many */
    ck_assert_double_eq(p.c.at_once.change, add / 2);
    fdslots_steady_correct(&p.c, &p.c.at_once, (struct flush){.looks = 5, .adds = 2});
    ck_assert_double_eq(p.c.at_once.change, add / 2);
    fdslots_steady_correct(&p.c, &p.c.at_once, dear);
    ck_assert_double_eq(p.c.at_once.change, fdslots_choice_price(&p.c, dear) / 5);
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
    expect_right(&p, &large, "after ten years");
    expect_right(&p, &hot, "after ten years");
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
    tcase = add_case(suite, "machines");
    tcase_add_loop_test(tcase, fifty_waits_are_enough_on_any_machine, 0, MACHINES);
    tcase_add_test(tcase, both_of_two_waits_in_turn_are_timed);
    tcase_add_loop_test(tcase, waits_that_may_block_find_their_price, 0, FAR_MACHINES);
    tcase_add_loop_test(tcase, waits_that_sleep_do_not_mislead, 0, LENGTH(far_factors));
    tcase_add_loop_test(tcase, a_tenth_of_spoilt_samples_changes_nothing, 0, MACHINES);
    tcase_add_test(tcase, a_cold_cache_does_not_mislead);
    tcase_add_test(tcase, the_price_of_a_choice_is_learnt);
    tcase_add_test(tcase, a_burst_of_spoilt_samples_is_soon_forgotten);
    tcase = add_case(suite, "promise");
    tcase_add_loop_test(tcase, polling_costs_at_most_a_flush_more, 0, 20);
    tcase_add_test(tcase, trials_are_rare_where_both_ways_cost_the_same);
    tcase_add_test(tcase, trials_that_cost_more_than_they_should_are_paid_for);
    tcase_add_test(tcase, the_set_is_left_for_what_that_cost);
    tcase_add_test(tcase, dear_changes_in_steady_waits_are_remembered);
    tcase_add_test(tcase, no_sum_grows_in_ten_years);
    tcase = add_case(suite, "long");
    tcase_set_tags(tcase, "long");
    tcase_add_loop_test(tcase, prices_that_change_are_followed, 0, MACHINES);
    tcase_add_test(tcase, trials_cost_little);
    return suite;
}
