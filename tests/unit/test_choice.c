/* SPDX-License-Identifier: ISC
 *
 * The choice of a way, alone: a machine is simulated, and its clock, so all figures are exact. What
 * is checked are the promises of choice.h and prices.h.
 */
#include "common.h"
#include "wait/choice.h"

#include <string.h>

#define NS(tenths) ((tenths) / 10.0)

/* ---- a machine, and a program that waits on it ---- */

struct machine {
    struct prices prices; /* the true ones */
    unsigned percent;     /* of the samples are spoilt: */
    double spoilt;        /* so many times too long */
    uint64_t random;
};

/* What each wait of a program finds. */
struct program {
    uint32_t slots, ready, toggled, polled;
    bool blocks;
    uint32_t sleeps; /* in ns, at most, before something is ready */
};

struct player {
    struct choice c;
    struct machine m;
    bool in_step;     /* all slots are registered */
    uint32_t lagging; /* of these, slots whose last change the set has not been told */
    double ns;        /* that all waits have taken, sleep apart */
    uint64_t waits[WAYS];
    uint64_t timed; /* of these */
};

static void start(struct player *p)
{
    *p = (struct player){.c = {.way = BY_POLL, .clock = 5}};
    fdslots_prices_start(&p->c.prices);
    fdslots_prices_start(&p->m.prices);
}

static struct outlook look_out(const struct player *p, const struct program *program)
{
    struct outlook o = {
        .slots = program->slots, .polled = program->polled, .blocks = program->blocks};
    const double toggled = program->toggled;
    if (!p->in_step && p->c.backlog.looks == 0)
        o.fresh = o.added = (struct telling){.looks = program->slots, .adds = program->slots};
    else if (p->in_step)
        o.fresh = o.added = (struct telling){.looks = toggled, .modifies = toggled};
    if (p->lagging > 0)
        o.added = (struct telling){0}; /* the same slots again */
    return o;
}

/* What a wait that finds this costs on the machine, apart from what it tells the set. */
static double true_price(const struct player *p, struct outlook o, struct outcome outcome,
                         enum way way)
{
    const struct choice truth = {.prices = p->m.prices};
    fdslots_choice_estimate(&truth, &o, outcome);
    return way == BY_POLL ? o.poll : o.set;
}

static double telling_price(const struct player *p, struct telling told)
{
    const struct choice truth = {.prices = p->m.prices};
    return fdslots_choice_price(&truth, told);
}

static double sample(struct player *p, double ns)
{
    return next_random(&p->m.random) % 100 < p->m.percent ? ns * p->m.spoilt : ns;
}

static void advance(struct player *p, enum way way, const struct program *program)
{
    if (way == BY_SET)
        p->in_step = true, p->lagging = 0;
    else if (p->in_step)
        p->lagging = program->toggled;
}

static struct outcome outcome_of(const struct program *program)
{
    return (struct outcome){program->ready, program->ready > 0 ? 0 : program->slots};
}

/* What a wait takes that does work for so many ns, on the clock of the machine. */
static double time_of(struct player *p, const struct program *program, double ns)
{
    const double slept = program->sleeps > 0 ? next_random(&p->m.random) % program->sleeps : 0;
    return sample(p, ns + slept);
}

/* A wait, and the steady ones after it. Returns the way. */
static enum way play(struct player *p, const struct program *program)
{
    struct choice *c = &p->c;
    const struct outcome outcome = outcome_of(program);
    struct outlook o = look_out(p, program);
    fdslots_choice_settle(c);
    fdslots_choice_estimate(c, &o, c->last);
    const enum way way = fdslots_choice_make(c, &o);
    struct telling told = {0};
    if (way == BY_SET)
        told = (struct telling){.looks = c->backlog.looks + o.fresh.looks,
                                .modifies = c->backlog.modifies + o.fresh.modifies,
                                .adds = c->backlog.adds + o.fresh.adds};
    const double steady = true_price(p, o, outcome, way);
    const double ns = steady + telling_price(p, told);
    const bool timed = fdslots_choice_times(c);
    const struct finding found = {.outcome = outcome,
                                  .polled = program->polled,
                                  .told = told,
                                  .ns = timed ? time_of(p, program, ns) : 0};
    p->timed += timed;
    fdslots_choice_learn(c, &o, way, &found);
    advance(p, way, program);
    c->ran = program->toggled <= c->changes ? c->steady : 0;
    p->waits[way] += 1 + c->ran;
    if (way == BY_SET)
        told = (struct telling){.looks = program->toggled, .modifies = program->toggled};
    p->ns += ns + c->ran * (steady + telling_price(p, told));
    return way;
}

static uint64_t waits_of(const struct player *p)
{
    return p->waits[BY_POLL] + p->waits[BY_SET];
}

static void play_waits(struct player *p, const struct program *program, uint64_t waits)
{
    for (uint64_t end = waits_of(p) + waits; waits_of(p) < end;)
        play(p, program);
}

/* What a wait costs on this machine by one way for good. */
static double for_good(const struct player *p, const struct program *program, enum way way)
{
    const struct outlook o = {
        .slots = program->slots, .polled = program->polled, .blocks = program->blocks};
    const struct outcome outcome = outcome_of(program);
    const double toggled = way == BY_SET ? program->toggled : 0;
    return true_price(p, o, outcome, way) +
           telling_price(p, (struct telling){.looks = toggled, .modifies = toggled});
}

static const struct program quiet = {.slots = 64};
static const struct program hot = {.slots = 64, .ready = 64};

/* ---- prices ---- */

static struct outlook estimated(struct outlook o, struct outcome outcome)
{
    struct player p;
    start(&p);
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

/* ---- what one sample does ---- */

static const struct work idle_poll = {.of = {[POLL_CALL] = 1, [POLL_SLOT] = 100}};

static double price_after(struct prices *p, double times)
{
    const double price = fdslots_prices_sum(p, &idle_poll, BY_POLL);
    fdslots_prices_learn(p, &idle_poll, BY_POLL, times * price, 0.125, NO_DOUBT);
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

START_TEST(prices_rise_by_what_three_waits_agree_on)
{
    struct prices p;
    fdslots_prices_start(&p);
    ck_assert_double_eq_tol(price_after(&p, 9), 1, 1e-9);
    ck_assert(p.surprised);
    ck_assert_double_eq_tol(price_after(&p, 3), 1, 1e-9);
    ck_assert_double_eq_tol(price_after(&p, 5), 3, 0.03);
    ck_assert_double_eq_tol(price_after(&p, 9), 1, 1e-9);
    ck_assert_double_eq_tol(price_after(&p, 9), 1, 1e-9);
    ck_assert_double_eq_tol(price_after(&p, 1), 1, 1e-9); /* one that was not interrupted */
    ck_assert(!p.surprised);
    ck_assert_double_eq_tol(price_after(&p, 9), 1, 1e-9);
}
END_TEST

/* Nearly as much as expected: prices are a mean. */
START_TEST(prices_are_a_mean)
{
    struct prices p;
    fdslots_prices_start(&p);
    const double price = fdslots_prices_sum(&p, &idle_poll, BY_POLL);
    for (int i = 0; i < 1000; i++)
        fdslots_prices_learn(&p, &idle_poll, BY_POLL, price * (i % 2 != 0 ? 1.2 : 1), 0.125,
                             NO_DOUBT);
    ck_assert_double_eq_tol(fdslots_prices_sum(&p, &idle_poll, BY_POLL), 1.1 * price, 0.02 * price);
}
END_TEST

/* Waits that are dear for other things do not speak for each other. */
START_TEST(each_price_rises_by_waits_of_its_own)
{
    struct prices p;
    fdslots_prices_start(&p);
    const struct work idle = {.of = {[SET_CALL] = 1}};
    const struct work ready = {.of = {[SET_CALL] = 1, [SET_REPORT] = 1, [SET_READY] = 100}};
    const double before = p.of[SET_READY];
    for (int i = 0; i < 3; i++) {
        fdslots_prices_learn(&p, &ready, BY_SET, 4 * fdslots_prices_sum(&p, &ready, BY_SET), 0.125,
                             NO_DOUBT);
        fdslots_prices_learn(&p, &idle, BY_SET, fdslots_prices_sum(&p, &idle, BY_SET), 0.125,
                             NO_DOUBT);
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
        fdslots_prices_learn(&p, &idle_poll, BY_POLL, price * (2 + i * 67 % 200), 0.125,
                             MUCH_DOUBT);
    ck_assert_double_eq(fdslots_prices_sum(&p, &idle_poll, BY_POLL), price);
}
END_TEST

/* Nor do sleeps that take the same time, as those between ticks of a timer, where they are longer
 * than any wait. */
START_TEST(long_sleeps_of_one_length_teach_nothing)
{
    static const enum doubt doubts[] = {SOME_DOUBT, MUCH_DOUBT};
    static const struct work idle_set = {.of = {[SET_CALL] = 1}};
    struct prices p;
    fdslots_prices_start(&p);
    const struct prices before = p;
    for (int i = 0; i < 1000; i++) {
        const enum doubt doubt = doubts[_i];
        const double poll = fdslots_prices_sum(&p, &idle_poll, BY_POLL);
        const double set = fdslots_prices_sum(&p, &idle_set, BY_SET);
        fdslots_prices_learn(&p, &idle_poll, BY_POLL, 70 * poll, 0.125, doubt);
        fdslots_prices_learn(&p, &idle_set, BY_SET, 40 * set, 0.125, doubt);
    }
    for (int i = 0; i < PARTS; i++)
        ck_assert_double_eq(p.of[i], before.of[i]);
}
END_TEST

/* A clock with a coarse step shows most waits as none at all. */
START_TEST(a_coarse_clock_teaches_nothing)
{
    struct player p;
    start(&p);
    p.c.clock = 4e6;
    p.m.percent = 99;
    p.m.spoilt = 1e-6;
    play_waits(&p, &quiet, 1000000);
    ck_assert_double_eq_tol(p.c.prices.of[SET_CALL], NS(COST_EPOLL_CALL), 1e-6);
}
END_TEST

static uint64_t timed_of_many(struct player *p)
{
    play_waits(p, &quiet, 1000);
    p->timed = 0;
    play_waits(p, &quiet, 100000);
    return p->timed;
}

/* Nor is a clock that fails, or that shows nothing but times that are far too long, read in each
 * wait. */
START_TEST(a_clock_of_no_use_is_read_as_seldom)
{
    struct player p;
    start(&p);
    const uint64_t usual = timed_of_many(&p);
    static const double spoilt[] = {0, 1e6};
    for (int i = 0; i < LENGTH(spoilt); i++) {
        start(&p);
        p.m.percent = 100;
        p.m.spoilt = spoilt[i];
        ck_assert_uint_le(timed_of_many(&p), usual + usual / 2);
    }
    start(&p);
    p.c.clock = 1000; /* dearer than a wait by the set */
    ck_assert_uint_le(timed_of_many(&p), usual / 20);
}
END_TEST

/* A wait that was interrupted has the next one timed, and no more than that. */
START_TEST(one_surprise_is_not_kept)
{
    struct player p;
    start(&p);
    play_waits(&p, &quiet, 100000);
    p.c.untimed = 1e9;
    p.m.percent = 100;
    p.m.spoilt = 100;
    play(&p, &quiet);
    ck_assert(p.c.prices.surprised);
    p.m.spoilt = 1e6;
    play(&p, &quiet);
    ck_assert(!p.c.prices.surprised);
    ck_assert_uint_gt(p.c.steady, 0);
}
END_TEST

/* ---- where one way is better ---- */

START_TEST(many_quiet_slots_end_in_the_set)
{
    struct player p;
    start(&p);
    ck_assert_int_eq(play(&p, &quiet), BY_POLL);
    int polls = 0;
    while (play(&p, &quiet) == BY_POLL)
        ck_assert_int_lt(++polls, 1000);
    ck_assert_int_gt(polls, 10);
    play_waits(&p, &quiet, 100000);
    ck_assert_uint_gt(p.waits[BY_SET], 99 * p.waits[BY_POLL]);
}
END_TEST

/* Polls before a flush of all slots, after waits by which polling saved. */
static int polls_before_the_flush(int savings)
{
    struct player p;
    start(&p);
    p.c.taken[BY_SET] = true; /* nothing is tried so soon */
    for (int i = 0; i <= savings; i++)
        ck_assert_int_eq(play(&p, &hot), BY_POLL);
    int polls = 0;
    while (play(&p, &quiet) == BY_POLL)
        polls++;
    return polls;
}

START_TEST(savings_are_no_credit)
{
    const int polls = polls_before_the_flush(0);
    ck_assert_int_gt(polls, 10);
    ck_assert_int_eq(polls_before_the_flush(10), polls);
}
END_TEST

static void expect_most(const struct program *program, enum way way)
{
    struct player p;
    start(&p);
    play_waits(&p, program, 100000);
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
    {.slots = 512, .ready = 64, .blocks = true},
    {.slots = 512, .ready = 500, .blocks = true},
    {.slots = 512, .ready = 64, .polled = 16},
};

/* Everything is so many times as dear; or poll alone is, or the set alone, or telling it. */
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

/* What the waits cost that the best choice would have cost for good. */
static double best_of(const struct player *p, const struct program *program)
{
    const double poll = for_good(p, program, BY_POLL);
    const double set = for_good(p, program, BY_SET);
    return (poll < set ? poll : set) * (double)waits_of(p);
}

/* That the waits that follow cost hardly more than the best choice. */
static void expect_cost(struct player *p, const struct program *program, double most,
                        const char *when)
{
    p->ns = 0;
    p->waits[BY_POLL] = p->waits[BY_SET] = 0;
    play_waits(p, program, 5000);
    const double flush = program->slots * (p->m.prices.of[SET_LOOK] + p->m.prices.of[SET_ADD]);
    ck_assert_msg(p->ns < most * best_of(p, program) + flush,
                  "%s, %u slots, %u ready, %u toggled: %ju by poll (%.0f ns), %ju by the set "
                  "(%.0f ns): %.3f of the best",
                  when, program->slots, program->ready, program->toggled,
                  (uintmax_t)p->waits[BY_POLL], for_good(p, program, BY_POLL),
                  (uintmax_t)p->waits[BY_SET], for_good(p, program, BY_SET),
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
        start(&p);
        become(&p.m, _i);
        play_waits(&p, &programs[i], 50);
        expect_right(&p, &programs[i], "after 50 waits");
    }
}
END_TEST

/* Waits that may block, on machines that are far from where the prices start. */
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
        start(&p);
        p.m.random = 1;
        make_dearer(&p.m, machine / LENGTH(far_factors),
                    far_factors[machine % LENGTH(far_factors)]);
        program.sleeps = sleeps;
        if (sleeps > 0 && program.ready > 1)
            continue; /* the first that is ready ends the sleep */
        play_waits(&p, &program, 2000);
        expect_cost(&p, &program, most, when);
    }
}

START_TEST(waits_that_may_block_find_their_price)
{
    play_far(_i, 0, 1.25, "without sleep");
}
END_TEST

/* They say nothing of a machine where some things are dearer than others. */
START_TEST(waits_that_sleep_do_not_mislead)
{
    play_far(_i, 1000000, 1.04, "after sleep");
}
END_TEST

START_TEST(prices_that_change_are_followed)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        start(&p);
        play_waits(&p, &programs[i], 10000);
        become(&p.m, _i);
        play_waits(&p, &programs[i], 10000);
        expect_right(&p, &programs[i], "after a change");
    }
}
END_TEST

START_TEST(a_tenth_of_spoilt_samples_changes_nothing)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        start(&p);
        become(&p.m, _i);
        p.m.percent = 10;
        p.m.spoilt = 1000;
        play_waits(&p, &programs[i], 50);
        expect_right(&p, &programs[i], "with spoilt samples");
    }
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

/* What polling is expected to cost above the set, added up here, stays below what the flush costs
 * and one wait. Moods last for a while, as those of programs do. */
START_TEST(polling_costs_at_most_a_flush_more)
{
    uint64_t state = (uint64_t)_i;
    struct player p;
    start(&p);
    p.c.clock = 1e18; /* prices stay as they are */
    struct program program = random_program(&state);
    double above = 0, dearest = 0;
    for (int step = 0; step < 20000; step++) {
        if (random_below(&state, 20) == 0)
            program = random_program(&state);
        struct outlook o = look_out(&p, &program);
        fdslots_choice_estimate(&p.c, &o, p.c.last);
        const double more = o.poll - o.set - fdslots_choice_price(&p.c, o.fresh);
        const double flush = fdslots_choice_price(&p.c, p.c.backlog);
        dearest = o.poll > dearest ? o.poll : dearest;
        if (play(&p, &program) == BY_SET)
            above = 0;
        else if (flush > 0)
            above = above + more > 0 ? above + more : 0;
        ck_assert_msg(above <= fdslots_choice_price(&p.c, p.c.backlog) + dearest,
                      "step %d: %g above, the flush costs %g", step, above, flush);
    }
}
END_TEST

/* All that it costs not to have known: the trials, the timing, and the flush. */
START_TEST(trials_cost_a_hundredth)
{
    for (int i = 0; i < LENGTH(programs); i++) {
        struct player p;
        start(&p);
        play_waits(&p, &programs[i], 50);
        p.ns = 0;
        p.waits[BY_POLL] = p.waits[BY_SET] = 0;
        play_waits(&p, &programs[i], 200000);
        const double best = best_of(&p, &programs[i]);
        ck_assert_msg(p.ns < 1.011 * best, "program %d: %.4f of the best", i, p.ns / best);
    }
}
END_TEST

/* 50,000 waits a second; no clock makes them stop to be timed. */
START_TEST(no_sum_grows_in_ten_years)
{
    const struct program large = {.slots = INT32_MAX, .polled = 1};
    struct player p;
    start(&p);
    p.c.clock = 1e18;
    play_waits(&p, &large, UINT64_C(50000) * 86400 * 365 * 10);
    const double wait =
        fdslots_prices_sum(&p.m.prices, &(struct work){.of = {[POLL_SLOT] = INT32_MAX}}, BY_POLL);
    ck_assert_double_le(p.c.spent, (TRY_AGAIN + 2) * (20 * wait + TRIAL * p.c.clock));
    ck_assert_double_le(p.c.excess, 20 * wait);
    expect_right(&p, &large, "after ten years");
    expect_right(&p, &hot, "after ten years");
}
END_TEST

Suite *suite_choice(void)
{
    Suite *suite = suite_create("choice");
    TCase *tcase = add_case(suite, "prices");
    tcase_add_test(tcase, poll_pays_for_slots_holes_and_queueing);
    tcase_add_test(tcase, the_set_pays_for_what_is_ready);
    tcase_add_test(tcase, polled_slots_are_paid_for_beside_the_set);
    tcase = add_case(suite, "samples");
    tcase_add_test(tcase, prices_fall_at_once);
    tcase_add_test(tcase, prices_rise_by_what_three_waits_agree_on);
    tcase_add_test(tcase, prices_are_a_mean);
    tcase_add_test(tcase, each_price_rises_by_waits_of_its_own);
    tcase_add_test(tcase, a_wait_that_slept_teaches_nothing);
    tcase_add_loop_test(tcase, long_sleeps_of_one_length_teach_nothing, 0, 2);
    tcase_add_test(tcase, a_coarse_clock_teaches_nothing);
    tcase_add_test(tcase, a_clock_of_no_use_is_read_as_seldom);
    tcase_add_test(tcase, one_surprise_is_not_kept);
    tcase = add_case(suite, "tendencies");
    tcase_add_test(tcase, many_quiet_slots_end_in_the_set);
    tcase_add_test(tcase, savings_are_no_credit);
    tcase_add_test(tcase, slots_that_are_all_ready_stay_with_poll);
    tcase_add_test(tcase, constant_change_stays_with_poll);
    tcase_add_test(tcase, polled_slots_alone_stay_with_poll);
    tcase = add_case(suite, "machines");
    tcase_add_loop_test(tcase, fifty_waits_are_enough_on_any_machine, 0, MACHINES);
    tcase_add_loop_test(tcase, waits_that_may_block_find_their_price, 0, FAR_MACHINES);
    tcase_add_loop_test(tcase, waits_that_sleep_do_not_mislead, 0, LENGTH(far_factors));
    tcase_add_loop_test(tcase, prices_that_change_are_followed, 0, MACHINES);
    tcase_add_loop_test(tcase, a_tenth_of_spoilt_samples_changes_nothing, 0, MACHINES);
    tcase = add_case(suite, "promise");
    tcase_add_loop_test(tcase, polling_costs_at_most_a_flush_more, 0, 20);
    tcase_add_test(tcase, trials_cost_a_hundredth);
    tcase_add_test(tcase, no_sum_grows_in_ten_years);
    return suite;
}
