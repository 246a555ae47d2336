/* SPDX-License-Identifier: ISC
 *
 * The choice on simulated machines whose prices are others than those at the start, change, or are
 * hidden by sleeps and by other programs: whether it learns them, and what that costs.
 */
#include "common.h"
#include "player.h"

/* How much the waits may cost, as a multiple of what the best choice would. */
#define NEARLY 1.04

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

START_TEST(fifty_waits_are_enough_on_any_machine)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        player_start(&p);
        become(&p.m, _i);
        player_play(&p, &programs[i], 50);
        player_expect(&p, &programs[i], NEARLY, "after 50 waits");
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
    player_play_in_turn(&p, &calm, &busy, 100);
    p.m.prices.of[SET_READY] *= 10;
    player_play_in_turn(&p, &calm, &busy, 900);
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
        player_expect(&p, &program, most, when);
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
    play_far(_i, 1000000, NEARLY, "after sleep");
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
        player_expect(&p, &programs[i], NEARLY, "after a change");
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
        player_expect(&p, &programs[i], NEARLY, "with spoilt samples");
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
    player_count_anew(&p);
    player_play(&p, &program, 1000);
    ck_assert_uint_gt(p.waits[BY_POLL], 450);
}
END_TEST

/* Other programs slow three waits in a row: the way that they make look dear is tried again soon.
 */
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

/* Learning costs at most six thousandths: the trials, the timing and the flush together. */
START_TEST(trials_cost_little)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        player_start(&p);
        player_play(&p, &programs[i], 50);
        player_count_anew(&p);
        player_play(&p, &programs[i], 200000);
        const double best = player_best(&p, &programs[i]);
        ck_assert_msg(p.ns < 1.006 * best, "program %d: %.4f times the best cost", i, p.ns / best);
    }
}
END_TEST

Suite *suite_machines(void)
{
    Suite *suite = suite_create("machines");
    TCase *tcase = add_case(suite, "prices");
    tcase_add_loop_test(tcase, fifty_waits_are_enough_on_any_machine, 0, MACHINES);
    tcase_add_test(tcase, both_of_two_waits_in_turn_are_timed);
    tcase_add_loop_test(tcase, waits_that_may_block_find_their_price, 0, FAR_MACHINES);
    tcase_add_loop_test(tcase, waits_that_sleep_do_not_mislead, 0, LENGTH(far_factors));
    tcase_add_loop_test(tcase, a_tenth_of_spoilt_samples_changes_nothing, 0, MACHINES);
    tcase_add_test(tcase, a_cold_cache_does_not_mislead);
    tcase_add_test(tcase, a_burst_of_spoilt_samples_is_soon_forgotten);
    tcase = add_case(suite, "long");
    tcase_set_tags(tcase, "long");
    tcase_add_loop_test(tcase, prices_that_change_are_followed, 0, MACHINES);
    tcase_add_test(tcase, trials_cost_little);
    return suite;
}
