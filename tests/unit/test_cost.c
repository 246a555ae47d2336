/* SPDX-License-Identifier: ISC
 *
 * The choice of a mechanism, alone: waits are simulated, a kernel and a clock are not needed, so
 * all figures are exact. What is checked is the promise of cost.h: in all, at most twice the better
 * of always-poll and always-epoll, plus one flush and one wait, whatever the caller does.
 */
#include "cost.h"
#include "common.h"

#include <string.h>

#define SLOTS 64

/* Slots and a kernel's set, in prices only. */
struct world {
    struct cost cost;
    uint32_t slots;
    uint64_t fresh[SLOTS]; /* price of a change that nobody has looked at yet, or 0 */
    bool stale[SLOTS];     /* the kernel's set holds something else */
    uint64_t price[SLOTS];
    uint64_t paid, all_poll, all_epoll;           /* counted here, not there */
    uint64_t known_paid, known_poll, known_epoll; /* of it, what is counted there, too */
    uint64_t trifles, looked_away;                /* waits that leave no account */
    uint64_t dearest_wait;
};

/* What a caller does before a wait, and what the wait then finds. */
struct move {
    uint32_t first, count; /* slots changed */
    uint64_t price;        /* of telling the kernel of one */
    uint32_t holes;
    bool blocks;
    struct cost_result found;
};

static struct world world_of(uint32_t slots)
{
    struct world w;
    memset(&w, 0, sizeof w);
    w.slots = slots;
    return w;
}

static void change(struct world *w, const struct move *m)
{
    for (uint32_t at = 0; at < m->count; at++)
        w->fresh[(m->first + at) % w->slots] = m->price;
}

/* Note what changed. Returns how many slots did. */
static uint32_t look(struct world *w, struct cost_wait *wait)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->slots; i++) {
        if (w->fresh[i] == 0)
            continue;
        count++;
        wait->fresh += w->fresh[i];
        if (!w->stale[i]) {
            wait->added += w->fresh[i];
            w->price[i] = w->fresh[i];
        }
        w->stale[i] = true;
        w->fresh[i] = 0;
    }
    return count;
}

/* Tell the kernel all; what that costs. */
static uint64_t flush(struct world *w)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < w->slots; i++) {
        if (w->stale[i])
            sum += w->price[i];
        w->stale[i] = false;
    }
    return sum;
}

static uint64_t poll_cost(struct cost_wait w, struct cost_result found)
{
    fdslots_cost_estimate(&w, found);
    return w.poll;
}

static uint64_t epoll_cost(struct cost_result found)
{
    struct cost_wait w = {0};
    fdslots_cost_estimate(&w, found);
    return w.epoll;
}

static bool in_step(const struct world *w)
{
    for (uint32_t i = 0; i < w->slots; i++)
        if (w->stale[i])
            return false;
    return true;
}

#define FEW 4

/* Whether the choice is that of the last wait, without an account: as fdslots_wait() does it. */
static bool is_known(struct world *w, const struct move *m, struct cost_wait *wait)
{
    const bool was_in_step = in_step(w);
    const struct cost *cost = &w->cost;
    const uint64_t enough = fdslots_cost_enough_for_poll(cost, w->slots, m->holes, m->blocks);
    if (enough == 0) {
        w->looked_away++;
        return true;
    }
    const bool few = look(w, wait) <= FEW;
    const bool by_epoll =
        few && was_in_step && fdslots_cost_stays_epoll(cost, w->slots, wait->fresh);
    const bool by_poll = wait->added == 0 && wait->fresh >= enough;
    if (cost->choice == COST_EPOLL ? !by_epoll : !by_poll)
        return false;
    w->trifles++;
    return true;
}

/* The choice for a wait, and what it paid. */
static enum cost_choice choose(struct world *w, const struct move *m, uint64_t poll, uint64_t epoll)
{
    struct cost_wait wait = {.slots = w->slots, .holes = m->holes, .blocks = m->blocks};
    const bool known = is_known(w, m, &wait);
    enum cost_choice choice = w->cost.choice;
    if (!known || m->found.ready != w->cost.last.ready || m->found.queued != w->cost.last.queued) {
        enum cost_choice chosen = fdslots_cost_choose(&w->cost, &wait);
        choice = known ? choice : chosen;
        fdslots_cost_learn(&w->cost, &wait, choice, m->found);
        w->known_poll += poll;
        w->known_epoll += epoll + wait.fresh;
        uint64_t paid = choice == COST_POLL ? poll : epoll + flush(w);
        w->known_paid += paid;
        w->paid += paid;
    } else
        w->paid += choice == COST_POLL ? poll : epoll + flush(w);
    return choice;
}

static enum cost_choice play(struct world *w, const struct move *m)
{
    struct cost_wait wait = {.slots = w->slots, .holes = m->holes, .blocks = m->blocks};
    uint64_t poll = poll_cost(wait, m->found);
    uint64_t epoll = epoll_cost(m->found);
    uint64_t dearer = poll > epoll ? poll : epoll;
    change(w, m);
    w->all_poll += poll;
    w->all_epoll += epoll + m->count * m->price;
    if (dearer > w->dearest_wait)
        w->dearest_wait = dearer;
    return choose(w, m, poll, epoll);
}

static uint64_t better(const struct world *w)
{
    return w->all_poll < w->all_epoll ? w->all_poll : w->all_epoll;
}

static uint64_t allowed(const struct world *w, uint64_t price)
{
    return 2 * better(w) + w->slots * price + w->dearest_wait;
}

#define CHANGE_PRICE ((uint64_t)COST_EPOLL_ADD + COST_CHANGE)

/* ---- prices ---- */

START_TEST(poll_pays_for_slots_holes_and_queueing)
{
    struct cost_wait w = {.slots = 3, .holes = 5};
    struct cost_result found = {.ready = 1, .queued = 2};
    uint64_t base = COST_POLL_CALL + 3 * COST_POLL_SLOT + 5 * COST_POLL_HOLE;
    ck_assert_uint_eq(poll_cost(w, found), base);
    w.blocks = true;
    ck_assert_uint_eq(poll_cost(w, found), base + 2 * COST_POLL_QUEUE);
}
END_TEST

START_TEST(epoll_pays_for_what_is_ready)
{
    ck_assert_uint_eq(epoll_cost((struct cost_result){.ready = 0}), COST_EPOLL_CALL);
    ck_assert_uint_eq(epoll_cost((struct cost_result){.ready = 7}),
                      COST_EPOLL_CALL + COST_EPOLL_REPORT + 7 * COST_EPOLL_READY);
}
END_TEST

START_TEST(no_sum_wraps_with_the_most_slots)
{
    struct cost_wait w = {.slots = INT32_MAX, .holes = INT32_MAX, .blocks = true};
    struct cost_result found = {.ready = INT32_MAX, .queued = INT32_MAX};
    ck_assert_uint_gt(poll_cost(w, found), (uint64_t)INT32_MAX * COST_POLL_QUEUE);
    ck_assert_uint_gt(epoll_cost(found), (uint64_t)INT32_MAX * COST_EPOLL_READY);
}
END_TEST

/* ---- where one is better ---- */

static const struct move quiet = {.found = {.ready = 0, .queued = SLOTS}};
static const struct move hot = {.found = {.ready = SLOTS, .queued = 0}};

START_TEST(many_quiet_slots_end_in_epoll)
{
    struct world w = world_of(SLOTS);
    struct move all = quiet;
    all.count = SLOTS;
    all.price = CHANGE_PRICE;
    play(&w, &all);
    for (int i = 0; i < 1000; i++)
        play(&w, &quiet);
    ck_assert_int_eq(play(&w, &quiet), COST_EPOLL);
    ck_assert_uint_le(w.paid, allowed(&w, CHANGE_PRICE));
}
END_TEST

/* Polls before a flush of all slots, after waits by which polling saved. */
static int polls_before_the_flush(int savings)
{
    struct world w = world_of(SLOTS);
    struct move all = hot;
    all.count = SLOTS;
    all.price = CHANGE_PRICE;
    play(&w, &all);
    for (int i = 0; i < savings; i++)
        ck_assert_int_eq(play(&w, &hot), COST_POLL);
    int polls = 0;
    while (play(&w, &quiet) == COST_POLL)
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
    struct world w = world_of(SLOTS);
    struct move all = hot;
    all.count = SLOTS;
    all.price = CHANGE_PRICE;
    play(&w, &all);
    for (int i = 0; i < 1000; i++)
        play(&w, &hot);
    ck_assert_int_eq(play(&w, &hot), COST_POLL);
}
END_TEST

/* Every wait after a change of all: whatever epoll saves in the wait, it has lost before. */
START_TEST(constant_change_stays_with_poll)
{
    struct world w = world_of(SLOTS);
    struct move all = quiet;
    all.count = SLOTS;
    all.price = CHANGE_PRICE;
    for (int i = 0; i < 1000; i++)
        play(&w, &all);
    ck_assert_int_eq(play(&w, &all), COST_POLL);
    ck_assert_uint_le(w.paid, allowed(&w, CHANGE_PRICE));
}
END_TEST

/* ---- the promise ---- */

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    return next_random(state) % n;
}

static struct move random_move(uint64_t *state, uint32_t slots)
{
    static const uint32_t shares[] = {0, 0, 1, 8, SLOTS};
    uint32_t most = shares[random_below(state, LENGTH(shares))];
    struct move m = {
        .first = random_below(state, slots),
        .count = most < slots ? most : slots,
        .price = random_below(state, 2) ? CHANGE_PRICE : COST_EPOLL_MOD + COST_CHANGE,
        .holes = random_below(state, 4) == 0 ? random_below(state, 10000) : 0,
        .blocks = random_below(state, 2) == 0,
    };
    m.found.ready = random_below(state, 3) == 0 ? random_below(state, slots + 1) : 0;
    m.found.queued = m.found.ready > 0 ? random_below(state, slots) : slots;
    return m;
}

static void check_promise(const struct world *w, int seed, int step)
{
    uint64_t most = allowed(w, CHANGE_PRICE);
    ck_assert_msg(w->paid <= most, "seed %d, step %d: paid %ju, allowed %ju (poll %ju, epoll %ju)",
                  seed, step, (uintmax_t)w->paid, (uintmax_t)most, (uintmax_t)w->all_poll,
                  (uintmax_t)w->all_epoll);
}

/* Moods last for a while, as those of programs do. */
START_TEST(promise_holds_over_random_sequences)
{
    for (int round = 0; round < 20; round++) {
        uint64_t state = (uint64_t)_i * 1000 + (uint64_t)round;
        struct world w = world_of(1 + random_below(&state, SLOTS));
        struct move m = random_move(&state, w.slots);
        uint32_t patience = 1 + random_below(&state, 100);
        for (int step = 0; step < 2000; step++) {
            if (random_below(&state, patience) == 0)
                m = random_move(&state, w.slots);
            play(&w, &m);
            check_promise(&w, _i * 1000 + round, step);
        }
    }
}
END_TEST

/* How far a world is above twice the better. */
static int64_t harm(const struct world *w)
{
    return (int64_t)(w->paid - 2 * better(w));
}

/* Of some moves, the one that does most harm: its maker sees the choice before he decides what the
 * wait finds. */
static struct move worst_move(const struct world *w, uint64_t *state)
{
    struct move worst = {0};
    int64_t most = INT64_MIN;
    for (int i = 0; i < 12; i++) {
        struct move m = i == 0 ? quiet : i == 1 ? hot : random_move(state, w->slots);
        m.found.ready = m.found.ready < w->slots ? m.found.ready : w->slots;
        m.found.queued = m.found.queued < w->slots ? m.found.queued : w->slots;
        struct world copy = *w;
        play(&copy, &m);
        if (harm(&copy) > most) {
            most = harm(&copy);
            worst = m;
        }
    }
    return worst;
}

START_TEST(promise_holds_against_an_adversary)
{
    for (int round = 0; round < 5; round++) {
        uint64_t state = (uint64_t)_i * 1000 + (uint64_t)round;
        struct world w = world_of(1 + random_below(&state, SLOTS));
        for (int step = 0; step < 500; step++) {
            struct move m = worst_move(&w, &state);
            play(&w, &m);
            check_promise(&w, _i * 1000 + round, step);
        }
    }
}
END_TEST

/* Quiet until the flush, then hot until the choice turns, again and again. */
START_TEST(promise_holds_against_one_who_waits_for_each_turn)
{
    struct world w = world_of((uint32_t)_i + 1);
    struct move all = {.count = w.slots, .price = CHANGE_PRICE};
    for (int turn = 0; turn < 200; turn++) {
        for (int i = 0; i < 500; i++) {
            struct move m = i == 0 ? all : (struct move){0};
            m.found.queued = w.slots;
            if (play(&w, &m) == COST_EPOLL && i > 0)
                break;
            check_promise(&w, _i, turn);
        }
        for (int i = 0; i < 500; i++) {
            struct move m = {.found = {.ready = w.slots}};
            if (play(&w, &m) == COST_POLL)
                break;
            check_promise(&w, _i, turn);
        }
        check_promise(&w, _i, turn);
    }
}
END_TEST

/* The accounts kept inside are those kept here. */
START_TEST(accounts_are_exact)
{
    uint64_t state = (uint64_t)_i;
    struct world w = world_of(SLOTS);
    for (int step = 0; step < 5000; step++) {
        struct move m = random_move(&state, w.slots);
        play(&w, &m);
        ck_assert_uint_eq(w.cost.paid, w.known_paid);
        ck_assert_uint_eq(w.cost.all_poll, w.known_poll);
        ck_assert_uint_eq(w.cost.all_epoll, w.known_epoll);
    }
    ck_assert_uint_gt(w.trifles, 0);
    ck_assert_uint_gt(w.looked_away, 0);
}
END_TEST

Suite *suite_cost(void)
{
    Suite *suite = suite_create("cost");
    TCase *tcase = add_case(suite, "prices");
    tcase_add_test(tcase, poll_pays_for_slots_holes_and_queueing);
    tcase_add_test(tcase, epoll_pays_for_what_is_ready);
    tcase_add_test(tcase, no_sum_wraps_with_the_most_slots);
    tcase = add_case(suite, "tendencies");
    tcase_add_test(tcase, many_quiet_slots_end_in_epoll);
    tcase_add_test(tcase, savings_are_no_credit);
    tcase_add_test(tcase, slots_that_are_all_ready_stay_with_poll);
    tcase_add_test(tcase, constant_change_stays_with_poll);
    tcase = add_case(suite, "promise");
    tcase_set_tags(tcase, "long");
    tcase_add_loop_test(tcase, promise_holds_over_random_sequences, 0, 10);
    tcase_add_loop_test(tcase, promise_holds_against_an_adversary, 0, 10);
    tcase_add_loop_test(tcase, promise_holds_against_one_who_waits_for_each_turn, 0, SLOTS);
    tcase_add_loop_test(tcase, accounts_are_exact, 0, 5);
    return suite;
}
