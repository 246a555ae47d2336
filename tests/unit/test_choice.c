/* SPDX-License-Identifier: ISC
 *
 * The choice of a way, alone: waits are simulated, a kernel and a clock are not needed, so all
 * figures are exact. What is checked is the promise of choice.h: while the set lags behind, polling
 * costs above the set at most the price of the flush and of one wait.
 */
#include "common.h"
#include "wait/choice.h"

#define SLOTS        64
#define CHANGE_PRICE ((uint64_t)COST_EPOLL_ADD + COST_CHANGE)

/* What a wait finds, and what changed before it. */
struct move {
    struct outlook outlook;
    struct outcome outcome;
};

static const struct move quiet = {{.slots = SLOTS}, {.ready = 0, .queued = SLOTS}};
static const struct move hot = {{.slots = SLOTS}, {.ready = SLOTS, .queued = 0}};

static uint64_t poll_price(struct outlook o, struct outcome outcome)
{
    fdslots_choice_estimate(&o, outcome);
    return o.poll;
}

static uint64_t set_price(struct outlook o, struct outcome outcome)
{
    fdslots_choice_estimate(&o, outcome);
    return o.set;
}

/* One wait. */
static enum way play(struct choice *c, const struct move *m)
{
    struct outlook o = m->outlook;
    fdslots_choice_estimate(&o, c->last);
    const enum way way = fdslots_choice_make(c, &o);
    fdslots_choice_learn(c, &o, way, m->outcome, o.polled);
    return way;
}

static struct move with_all_changed(struct move m)
{
    m.outlook.fresh = m.outlook.added = SLOTS * CHANGE_PRICE;
    return m;
}

/* ---- prices ---- */

START_TEST(poll_pays_for_slots_holes_and_queueing)
{
    struct outlook o = {.slots = 3, .holes = 5};
    struct outcome outcome = {.ready = 1, .queued = 2};
    uint64_t base = COST_POLL_CALL + 3 * COST_POLL_SLOT + 5 * COST_POLL_HOLE;
    ck_assert_uint_eq(poll_price(o, outcome), base);
    o.blocks = true;
    ck_assert_uint_eq(poll_price(o, outcome), base + 2 * COST_POLL_QUEUE);
}
END_TEST

START_TEST(the_set_pays_for_what_is_ready)
{
    const struct outlook o = {.slots = 100};
    ck_assert_uint_eq(set_price(o, (struct outcome){.ready = 0}), COST_EPOLL_CALL);
    ck_assert_uint_eq(set_price(o, (struct outcome){.ready = 7}),
                      COST_EPOLL_CALL + COST_EPOLL_REPORT + 7 * COST_EPOLL_READY);
}
END_TEST

START_TEST(polled_slots_are_paid_for_beside_the_set)
{
    const struct outlook o = {.slots = 100, .polled = 9};
    ck_assert_uint_eq(set_price(o, (struct outcome){.ready = 0}),
                      COST_EPOLL_CALL + COST_POLL_CALL + 10 * COST_POLL_SLOT);
}
END_TEST

START_TEST(no_sum_wraps_with_the_most_slots)
{
    const struct outlook o = {
        .slots = INT32_MAX, .holes = INT32_MAX, .polled = INT32_MAX, .blocks = true};
    const struct outcome outcome = {.ready = INT32_MAX, .queued = INT32_MAX};
    ck_assert_uint_gt(poll_price(o, outcome), (uint64_t)INT32_MAX * COST_POLL_QUEUE);
    ck_assert_uint_gt(set_price(o, outcome), (uint64_t)INT32_MAX * COST_EPOLL_READY);
}
END_TEST

/* ---- where one way is better ---- */

START_TEST(many_quiet_slots_end_in_the_set)
{
    struct choice c = {.way = BY_POLL};
    const struct move all = with_all_changed(quiet);
    ck_assert_int_eq(play(&c, &all), BY_POLL);
    int polls = 0;
    while (play(&c, &quiet) == BY_POLL)
        ck_assert_int_lt(++polls, 1000);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(play(&c, &quiet), BY_SET);
    ck_assert(c.steady);
}
END_TEST

/* Polls before a flush of all slots, after waits by which polling saved. */
static int polls_before_the_flush(int savings)
{
    struct choice c = {.way = BY_POLL};
    const struct move all = with_all_changed(hot);
    play(&c, &all);
    for (int i = 0; i < savings; i++)
        ck_assert_int_eq(play(&c, &hot), BY_POLL);
    int polls = 0;
    while (play(&c, &quiet) == BY_POLL)
        polls++;
    return polls;
}

START_TEST(savings_are_no_credit)
{
    const int polls = polls_before_the_flush(0);
    ck_assert_int_gt(polls, 10);
    ck_assert_int_eq(polls_before_the_flush(100), polls);
}
END_TEST

START_TEST(slots_that_are_all_ready_stay_with_poll)
{
    struct choice c = {.way = BY_POLL};
    const struct move all = with_all_changed(hot);
    play(&c, &all);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(play(&c, &hot), BY_POLL);
}
END_TEST

/* Every wait after a change of all: whatever the set saves in the wait, it has lost before. */
START_TEST(constant_change_stays_with_poll)
{
    struct choice c = {.way = BY_POLL};
    struct move all = with_all_changed(quiet);
    play(&c, &all);
    all.outlook.added = 0; /* the backlog has them */
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(play(&c, &all), BY_POLL);
}
END_TEST

START_TEST(polled_slots_alone_stay_with_poll)
{
    struct choice c = {.way = BY_SET, .last = quiet.outcome};
    struct move m = quiet;
    m.outlook.polled = SLOTS;
    ck_assert_int_eq(play(&c, &m), BY_POLL);
    m.outlook.polled = 1;
    ck_assert_int_eq(play(&c, &m), BY_SET);
}
END_TEST

/* ---- the promise ---- */

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    return next_random(state) % n;
}

static struct move random_move(uint64_t *state)
{
    struct move m = {.outlook = {.slots = 1 + random_below(state, SLOTS),
                                 .polled = random_below(state, 8) == 0 ? 3 : 0,
                                 .blocks = random_below(state, 2) == 0}};
    if (random_below(state, 2) == 0)
        m.outlook.fresh = CHANGE_PRICE * random_below(state, m.outlook.slots + 1);
    if (random_below(state, 2) == 0)
        m.outlook.added = m.outlook.fresh;
    if (random_below(state, 3) == 0)
        m.outcome.ready = 1 + random_below(state, m.outlook.slots);
    m.outcome.queued = m.outcome.ready > 0 ? random_below(state, m.outlook.slots) : m.outlook.slots;
    return m;
}

/* What polling is expected to cost above the set, added up here, stays below what the flush costs
 * and one wait. Moods last for a while, as those of programs do. */
START_TEST(polling_costs_at_most_a_flush_more)
{
    uint64_t state = (uint64_t)_i;
    struct choice c = {.way = BY_POLL};
    struct move m = random_move(&state);
    uint64_t above = 0, flush = 0, dearest = 0;
    for (int step = 0; step < 20000; step++) {
        if (random_below(&state, 20) == 0)
            m = random_move(&state);
        const uint64_t poll = poll_price(m.outlook, c.last);
        const uint64_t set = set_price(m.outlook, c.last) + m.outlook.fresh;
        const bool lags = c.backlog > 0;
        dearest = poll > dearest ? poll : dearest;
        if (play(&c, &m) == BY_SET) {
            above = flush = 0;
            continue;
        }
        flush += m.outlook.added;
        if (lags && poll >= set)
            above += poll - set;
        else if (lags)
            above -= above < set - poll ? above : set - poll;
        ck_assert_msg(above <= flush + dearest, "step %d: %ju above, the flush costs %ju", step,
                      (uintmax_t)above, (uintmax_t)flush);
    }
}
END_TEST

Suite *suite_choice(void)
{
    Suite *suite = suite_create("choice");
    TCase *tcase = add_case(suite, "prices");
    tcase_add_test(tcase, poll_pays_for_slots_holes_and_queueing);
    tcase_add_test(tcase, the_set_pays_for_what_is_ready);
    tcase_add_test(tcase, polled_slots_are_paid_for_beside_the_set);
    tcase_add_test(tcase, no_sum_wraps_with_the_most_slots);
    tcase = add_case(suite, "tendencies");
    tcase_add_test(tcase, many_quiet_slots_end_in_the_set);
    tcase_add_test(tcase, savings_are_no_credit);
    tcase_add_test(tcase, slots_that_are_all_ready_stay_with_poll);
    tcase_add_test(tcase, constant_change_stays_with_poll);
    tcase_add_test(tcase, polled_slots_alone_stay_with_poll);
    tcase = add_case(suite, "promise");
    tcase_add_loop_test(tcase, polling_costs_at_most_a_flush_more, 0, 20);
    return suite;
}
