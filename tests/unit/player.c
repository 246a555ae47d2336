/* SPDX-License-Identifier: ISC */
#include "player.h"
#include "common.h"

void player_start(struct player *p)
{
    *p = (struct player){0};
    fdslots_choice_start(&p->c);
    p->c.clock = 5;
    fdslots_prices_start(&p->m.prices);
}

struct outlook player_outlook(const struct player *p, const struct program *program)
{
    const uint32_t lagging = p->lagging > program->toggled ? p->lagging : program->toggled;
    const bool undone = p->in_step && p->lagging > 0 && program->back;
    return (struct outlook){.slots = program->slots,
                            .polled = program->polled,
                            .blocks = program->blocks,
                            .fresh = program->toggled,
                            .lag = p->in_step ? lagging : program->slots,
                            .differing = undone ? 0 : 1,
                            .behind = !p->in_step || p->lagging > 0};
}

/* What the set is told in a wait that sees this. */
static struct flush told_after(const struct player *p, struct outlook o)
{
    const double differing = o.lag * o.differing;
    return (struct flush){.looks = o.lag,
                          .slots = differing,
                          .modifies = p->in_step ? differing : 0,
                          .adds = p->in_step ? 0 : differing,
                          .of_new_set = !p->in_step};
}

/* The true price of a wait with this outcome on the simulated machine, without what it tells the
 * set. */
static double true_price(const struct player *p, struct outlook o, struct outcome outcome,
                         enum way way)
{
    const struct choice truth = {.prices = p->m.prices};
    fdslots_choice_estimate(&truth, &o, outcome);
    return way == BY_POLL ? o.poll : o.set;
}

static double telling_price(const struct player *p, struct flush flushed)
{
    const struct choice truth = {.prices = p->m.prices};
    return fdslots_choice_price(&truth, flushed);
}

static double sample(struct player *p, double ns)
{
    return next_random(&p->m.random) % 100 < p->m.percent ? ns * p->m.spoilt : ns;
}

/* Telling the set about many files takes the place of others in the cache. */
static void change_cache(struct player *p, enum way way, struct flush flushed)
{
    if (way == BY_POLL)
        p->cold *= 0.75;
    else if (flushed.modifies + flushed.adds > 100)
        p->cold = p->m.cold;
}

static void advance(struct player *p, enum way way, const struct program *program)
{
    if (way == BY_SET)
        p->in_step = true, p->lagging = 0;
    else if (p->lagging > 0 && program->back)
        p->lagging = 0;
    else if (p->in_step && program->toggled > p->lagging)
        p->lagging = program->toggled;
}

static struct outcome outcome_of(const struct program *program)
{
    return (struct outcome){program->ready, program->ready > 0 ? 0 : program->slots};
}

/* The time that the machine's clock shows for a wait with `ns` of work. */
static double time_of(struct player *p, const struct program *program, double ns)
{
    const double slept = program->sleeps > 0 ? next_random(&p->m.random) % program->sleeps : 0;
    return sample(p, ns + slept);
}

/* Return how many of the planned waits run before so many changes are too many. */
static uint32_t waits_that_fit(const struct steady *plan, uint32_t toggled)
{
    if (toggled < plan->fewest || toggled > plan->allowed)
        return 0;
    if (plan->way == BY_POLL || toggled <= plan->calls)
        return plan->waits;
    const uint32_t fit = 1 + plan->calls / (toggled - plan->calls);
    return fit < plan->waits ? fit : plan->waits;
}

/* Run all planned waits, or one if its outcome is none that was planned for. */
static void run_plan(struct player *p, struct steady *plan, const struct program *program)
{
    const struct outcome outcome = outcome_of(program);
    const bool fits = outcome.ready >= (double)plan->least && outcome.ready <= (double)plan->most;
    const uint32_t waits = waits_that_fit(plan, program->toggled);
    plan->ran = fits || waits == 0 ? waits : 1;
    plan->ready = plan->ran * (uint64_t)outcome.ready;
    const double toggled = plan->way == BY_SET ? (double)plan->ran * program->toggled : 0;
    p->told = (struct flush){.looks = toggled, .slots = toggled, .modifies = toggled};
}

enum way player_wait(struct player *p, const struct program *program)
{
    struct choice *c = &p->c;
    const struct outcome outcome = outcome_of(program);
    struct outlook *o = &p->o;
    *o = player_outlook(p, program);
    struct steady *plan = fdslots_steady_of(c, o->blocks);
    fdslots_steady_end(c, plan, p->told);
    const enum way way = fdslots_choice_make(c, o);
    struct flush flushed = {0};
    if (way == BY_SET)
        flushed = told_after(p, *o);
    const double steady = true_price(p, *o, outcome, way) * (way == BY_POLL ? 1 + p->cold : 1);
    const double ns = steady + telling_price(p, flushed);
    const bool timed = fdslots_choice_times(c);
    const struct finding finding = {
        .outcome = outcome, .flushed = flushed, .ns = timed ? time_of(p, program, ns) : 0};
    p->timed += timed;
    struct outlook seen = *o;
    fdslots_choice_learn(c, &seen, way, &finding);
    change_cache(p, way, flushed);
    advance(p, way, program);
    fdslots_steady_plan(c, &seen, way);
    run_plan(p, plan, program);
    p->waits[way] += 1 + plan->ran;
    p->ns += ns + plan->ran * steady + telling_price(p, p->told);
    return way;
}

uint64_t player_waits(const struct player *p)
{
    return p->waits[BY_POLL] + p->waits[BY_SET];
}

void player_play(struct player *p, const struct program *program, uint64_t waits)
{
    for (uint64_t end = player_waits(p) + waits; player_waits(p) < end;)
        player_wait(p, program);
}

double player_price(const struct player *p, const struct program *program, enum way way)
{
    const struct outlook o = {
        .slots = program->slots, .polled = program->polled, .blocks = program->blocks};
    const struct outcome outcome = outcome_of(program);
    const double toggled = way == BY_SET ? program->toggled : 0;
    return true_price(p, o, outcome, way) +
           telling_price(p, (struct flush){.looks = toggled, .modifies = toggled});
}

void player_play_in_turn(struct player *p, const struct program *one, const struct program *other,
                         int pairs)
{
    for (int i = 0; i < pairs; i++) {
        player_wait(p, one);
        player_wait(p, other);
    }
}

void player_count_anew(struct player *p)
{
    p->ns = 0;
    p->waits[BY_POLL] = p->waits[BY_SET] = 0;
}

double player_best(const struct player *p, const struct program *program)
{
    const double poll = player_price(p, program, BY_POLL);
    const double set = player_price(p, program, BY_SET);
    return (poll < set ? poll : set) * (double)player_waits(p);
}

void player_expect(struct player *p, const struct program *program, double most, const char *when)
{
    player_count_anew(p);
    player_play(p, program, 5000);
    const double flush = program->slots * (p->m.prices.of[SET_LOOK] + p->m.prices.of[SET_ADD]);
    const double best = player_best(p, program);
    ck_assert_msg(p->ns < most * best + flush,
                  "%s, %u slots, %u ready, %u toggled: %ju by poll (%.0f ns), %ju by the set "
                  "(%.0f ns): %.3f times the best cost",
                  when, program->slots, program->ready, program->toggled,
                  (uintmax_t)p->waits[BY_POLL], player_price(p, program, BY_POLL),
                  (uintmax_t)p->waits[BY_SET], player_price(p, program, BY_SET), p->ns / best);
}
