/* SPDX-License-Identifier: ISC */
#include "choice.h"

#define ASKING      16   /* times the clock, for each wait of a trial */
#define LEAST_STEPS 3    /* clock steps below which a time says nothing */
#define EXPECT_FROM 3    /* what is expected counts as much as so many waits */
#define STILL_FALLS 0.95 /* a wait of a trial that takes less than this times the one before */

void fdslots_choice_start(struct choice *c)
{
    *c = (struct choice){.way = BY_POLL, .told = {.modifies = 1}, .differing = 1};
    fdslots_prices_start(&c->prices);
}

void fdslots_choice_lay_out(struct fdslots *s, struct layout *at)
{
    const bool is_new = s->choice == NULL;
    s->choice = fdslots_layout_move(at, s->choice, !is_new, 1, sizeof *s->choice);
    if (!is_new || s->choice == NULL)
        return;
    fdslots_choice_start(s->choice);
    /* The first wait polls without a choice, because a new set must be told of every file. */
    s->choice->avoided = BY_SET;
    s->choice->avoid_left = 1;
}

/* ---- price ---- */

/* Return the work of a wait, by either way, that has this outcome and tells the set this much. */
static inline struct work work_of(const struct outlook *o, struct outcome outcome,
                                  struct flush flushed)
{
    return (struct work){.of = {
                             [POLL_CALL] = 1,
                             [POLL_SLOT] = o->slots,
                             [POLL_QUEUED] = o->blocks ? outcome.queued : 0,
                             [POLL_HOLE] = o->holes,
                             [SET_CALL] = 1,
                             [SET_REPORT] = outcome.ready < 1 ? outcome.ready : 1,
                             [SET_READY] = outcome.ready,
                             [SET_BESIDE] = o->polled > 0,
                             [SET_POLLED] = o->polled > 0 ? o->polled + 1.0 : 0,
                             [SET_LOOK] = flushed.looks,
                             [SET_MODIFY] = flushed.modifies,
                             [SET_ADD] = flushed.adds,
                         }};
}

/* Return the mean price of telling the set of the slots that differ from what it holds. Only the
 * files of those that have just changed were closed for that. */
static double price_of_untold(const struct choice *c, const struct outlook *o)
{
    struct flush told = c->told;
    if (o->anew)
        told = (struct flush){.adds = 1};
    else if (o->lag > 0)
        told.closes *= (double)o->fresh / o->lag;
    return fdslots_choice_price(c, told);
}

void fdslots_choice_estimate(const struct choice *c, struct outlook *o, struct outcome outcome)
{
    const struct work work = work_of(o, outcome, (struct flush){0});
    o->poll = fdslots_prices_sum(&c->prices, &work, BY_POLL);
    o->set = fdslots_prices_sum(&c->prices, &work, BY_SET);
    const double look = c->prices.of[SET_LOOK];
    o->change = look + c->differing * fdslots_choice_price(c, c->told);
    o->flush = o->lag * (look + o->differing * price_of_untold(c, o));
}

/* Return a number of slots without what is far below one of them. Otherwise, one that becomes less
 * and less would in the end be so small that calculating with it underflows, and a program may have
 * made that a trap. */
static inline double round_off(double slots)
{
    return 1 + slots - 1;
}

void fdslots_choice_expect(struct choice *c, struct outcome outcome, double waits)
{
    const double all = EXPECT_FROM + waits;
    struct outcome *mean = &c->expected;
    mean->ready = round_off((EXPECT_FROM * mean->ready + outcome.ready) / all);
    mean->queued = round_off((EXPECT_FROM * mean->queued + outcome.queued) / all);
}

/* Return a mean in which the last value has its weight. */
static double mean_with(double mean, double last)
{
    return round_off(mean + WEIGHT * (last - mean));
}

void fdslots_choice_expect_changes(struct choice *c, struct flush flushed)
{
    if (flushed.of_new_set || flushed.slots == 0)
        return;
    c->told.modifies = mean_with(c->told.modifies, flushed.modifies / flushed.slots);
    c->told.adds = mean_with(c->told.adds, flushed.adds / flushed.slots);
    c->told.closes = mean_with(c->told.closes, flushed.closes / flushed.slots);
}

void fdslots_choice_expect_differing(struct choice *c, double share)
{
    c->differing = mean_with(c->differing, share);
}

/* ---- choose ---- */

static inline double or_0(double n)
{
    return n > 0 ? n : 0;
}

/* Add to what the way taken has cost above the other one. The sum never falls below 0, because an
 * earlier saving does not make a later loss smaller. */
static void account(struct choice *c, double more)
{
    c->excess = or_0(c->excess + more);
}

void fdslots_choice_save(struct choice *c, enum way way, double saved)
{
    if (way == BY_SET)
        account(c, -saved);
    else
        c->saved += saved;
}

static enum way cheaper(struct choice *c, const struct outlook *o)
{
    if (!o->behind) {
        if (o->set >= o->poll)
            return BY_POLL;
        account(c, o->set + o->flush - o->poll);
        return c->excess <= c->regret ? BY_SET : BY_POLL;
    }
    if (o->set + o->flush <= o->poll)
        return BY_SET;
    account(c, o->poll - o->set - o->fresh * o->change);
    return c->excess < o->flush ? BY_POLL : BY_SET;
}

/* Return what a wait of a trial costs besides the wait: it is timed and chosen, and so is the first
 * wait after the trial. */
static double price_of_asking(const struct choice *c)
{
    return ASKING * c->clock;
}

/* Return how much more a trial of a way costs than waits by the other way, if all its waits are
 * like this one, and nothing changes after the first. A trial by poll also leaves changes untold,
 * but this saving does not count: polling costs as much again before the set is told. */
static double price_of_trial(const struct choice *c, const struct outlook *o, enum way way)
{
    if (way == BY_POLL)
        return TRIAL * (o->poll - o->set + price_of_asking(c));
    return TRIAL * (o->set - o->poll + price_of_asking(c)) + o->flush;
}

enum way fdslots_choice_make(struct choice *c, struct outlook *o)
{
    fdslots_choice_estimate(c, o, c->expected);
    const enum way way = cheaper(c, o);
    const enum way other = fdslots_other_way(way);
    const double price = price_of_trial(c, o, other);
    if (c->trial > 0)
        return c->way; /* the trial goes on */
    if (c->budget[other] < price)
        return way;
    c->trial = TRIAL;
    c->trial_ns = 0;
    c->budget[other] = price; /* what is left is not for later */
    return other;
}

/* ---- learn ---- */

double fdslots_choice_until_due(const struct choice *c)
{
    const double timing = c->prices.in_doubt ? TIMING_DOUBT : TIMING;
    return c->clock * (c->timed < WARM ? TIMING_WARM : timing) - c->untimed;
}

/* Whether enough was spent since the last timed wait. Which wait is then timed varies. Otherwise,
 * if waits of different kinds take turns, it would always be the one after a dear one. */
static bool is_due(struct choice *c)
{
    if (fdslots_choice_until_due(c) > 0)
        return false;
    c->turn += UINT32_C(0x9e3779b9);
    return c->turn >> 31 != 0;
}

bool fdslots_choice_times(struct choice *c)
{
    if (c->trial > 0)
        return true; /* beside those of the way that is usually taken */
    if (!c->prices.surprised && !is_due(c))
        return false;
    c->prices.surprised = false;
    c->untimed = 0;
    c->timed += c->timed < WARM;
    return true;
}

/* Return the part of the cost of waits that is put aside for trials of a way. */
static double part_for(const struct choice *c, enum way way)
{
    if (!c->taken[way])
        return 1.0 / TRY_FIRST;
    return 1.0 / (c->risen[way] ? TRY_RISEN : TRY_AGAIN);
}

void fdslots_choice_spend(struct choice *c, enum way way, double price)
{
    const enum way other = fdslots_other_way(way);
    c->budget[other] += price * part_for(c, other);
    c->untimed += price;
}

static void learn_price(struct choice *c, struct outlook *o, enum way way,
                        const struct finding *finding)
{
    const struct work work = work_of(o, finding->outcome, finding->flushed);
    /* A time that is not far above the step of the clock says nothing. */
    const double price = fdslots_prices_sum(&c->prices, &work, way);
    if (finding->ns < LEAST_STEPS * c->clock && price < LEAST_STEPS * c->clock)
        return;
    c->risen[way] = fdslots_prices_learn(&c->prices, &work, way, finding->ns, o->blocks);
    fdslots_choice_estimate(c, o, finding->outcome);
}

/* Count a wait of a trial. The trial goes on while its waits take less and less: they have found a
 * cold cache, and a way that is taken for long finds a warm one. */
static void continue_trial(struct choice *c, double ns)
{
    const bool falls = ns > 0 && ns < STILL_FALLS * c->trial_ns;
    c->trial_ns = ns;
    if (c->trial > 1 || !falls)
        c->trial--;
}

/* Remember what the wait found and cost. */
static void remember_wait(struct choice *c, struct outlook *o, enum way way,
                          const struct finding *finding)
{
    const struct outcome outcome = finding->outcome;
    fdslots_choice_estimate(c, o, outcome);
    c->way = way;
    c->taken[way] = true;
    const double price =
        way == BY_POLL ? o->poll : o->set + fdslots_choice_price(c, finding->flushed);
    fdslots_choice_spend(c, way, price);
    if (c->trial > 0) { /* a saving is not credited */
        const double more = way == BY_POLL ? o->poll - o->set : price - o->poll;
        c->budget[way] -= or_0(more) + price_of_asking(c);
    }
    fdslots_choice_expect(c, outcome, 1);
}

void fdslots_choice_learn(struct choice *c, struct outlook *o, enum way way,
                          const struct finding *finding)
{
    if (o->behind == (way == BY_SET)) /* the set is told of what it lagged behind, or is left */
        c->excess = 0;
    if (way == BY_POLL)
        c->saved += o->set + o->fresh * o->change - o->poll;
    else if (o->behind && !finding->flushed.of_new_set)
        c->regret = or_0(fdslots_choice_price(c, finding->flushed) - or_0(c->saved));
    if (way == BY_SET)
        c->saved = 0;
    remember_wait(c, o, way, finding);
    fdslots_choice_expect_changes(c, finding->flushed);
    if (!o->behind && o->fresh > 0)
        fdslots_choice_expect_differing(c, o->differing);
    if (finding->ns > 0)
        learn_price(c, o, way, finding);
    if (c->trial > 0)
        continue_trial(c, finding->ns);
}
