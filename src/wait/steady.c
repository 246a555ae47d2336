/* SPDX-License-Identifier: ISC
 *
 * Waits that need no choice. A choice takes 40 to 400 ns, and in most programs a wait is much like
 * the ones before it. So each choice also plans how many waits may go the same way after it, as
 * long as about as many slots are ready and so few change that the other way cannot be cheaper. In
 * many loops, waits that may block take turns with others, for which poll(2) is cheaper. So there
 * is a plan for each of the two.
 *
 * How many ready slots make the set as dear as poll(2) is calculated once. A wait that finds itself
 * on the other side of this number ends the plan only if the waits are now expected to be there on
 * average.
 *
 * Only the number of slots that differ from the set is known before such a wait, not what telling
 * the set about them costs. So a wait by the set allows as many as can be told, at the price of the
 * dearest changes of late, before poll(2) is cheaper. If the set was told more than that is worth,
 * this price is corrected, and there is a choice again. If only the changes have made poll(2) the
 * cheaper way, so many slots must change again that it still is. While waits poll, the buffer may
 * grow by a quarter.
 */
#include "choice.h"

#define FORGET 0.98 /* dear changes are expected again for some 50 choices */

/* If only the changes make the set dearer, they are expected again only if they did so twice: where
 * interests go back and forth, every other wait has nothing to tell. */
static void note_changes(const struct choice *c, struct steady *plan, const struct outlook *o,
                         enum way way)
{
    const double looks = o->fresh.looks; /* about a whole number: a few stand for all */
    const uint32_t changed = (uint32_t)(looks + 0.5);
    /* No change costs less than a look. */
    const double price =
        looks > 0 ? fdslots_choice_price(c, o->fresh) / looks : c->prices.of[SET_LOOK];
    plan->repeats = way == plan->way && plan->changed > 0;
    plan->changed = changed;
    plan->change *= FORGET;
    plan->change = price > plan->change ? price : plan->change;
}

/* Whether no wait like the chosen one would be cheaper by the other way. Where interests go back
 * and forth, the set agrees with the slots before every other wait, and is the cheaper way for that
 * one. This is worth a choice for both only if it saves more than these cost. */
static bool is_best(const struct choice *c, const struct steady *plan, const struct outlook *o,
                    enum way way)
{
    const double set = o->set + fdslots_choice_price(c, o->fresh);
    if (way == BY_SET)
        return set < o->poll;
    const bool lasts = plan->repeats || o->poll <= o->set + 2 * c->choosing;
    return o->poll <= set && lasts && c->excess == 0;
}

/* Return this number rounded down, with limits so that it fits. */
static uint32_t to_count(double n)
{
    return n < 1 ? 0 : n < INT32_MAX ? (uint32_t)n : INT32_MAX;
}

static uint32_t count_waits(const struct choice *c, const struct steady *plan,
                            const struct outlook *o, enum way way)
{
    if (!is_best(c, plan, o, way) || c->prices.surprised || c->trial > 0)
        return 0;
    const double until_due = fdslots_choice_until_due(c);
    return until_due > 0 ? 1 + to_count(until_due / plan->each) : 0;
}

static void set_bounds(const struct choice *c, struct steady *plan, const struct outlook *o,
                       enum way way)
{
    const double modify = fdslots_choice_price(c, (struct flush){.looks = 1, .modifies = 1});
    const double spare = o->poll - o->set;
    plan->allowed = to_count(spare / (plan->change > modify ? plan->change : modify));
    plan->saves = way == BY_SET ? spare : fdslots_choice_price(c, o->fresh) - spare;
    plan->fewest = 0;
    if (way == BY_POLL && spare > 0)
        plan->fewest = 1 + to_count(plan->changed * spare / fdslots_choice_price(c, o->fresh));
    plan->slots = o->slots + o->slots / 4;
    plan->end = plan->slots + o->holes + o->holes / 4;
}

/* The more slots are ready, the dearer is a wait by the set, whereas poll(2) costs the same. So the
 * set is the cheaper way up to some number of them. */
static void set_band(const struct choice *c, struct steady *plan, const struct outlook *o,
                     enum way way)
{
    const double *price = c->prices.of;
    const bool tells = way == BY_SET || plan->fewest > 0;
    struct outlook idle = *o;
    fdslots_choice_estimate(c, &idle, (struct outcome){.queued = c->expected.queued});
    const double spare = idle.poll - idle.set - (tells ? fdslots_choice_price(c, o->fresh) : 0);
    const double ready = (spare - price[SET_REPORT]) / price[SET_READY];
    const int64_t even = (int64_t)to_count(ready) - (spare < 0);
    plan->least = way == BY_SET ? 0 : even + 1;
    plan->most = way == BY_SET ? even : INT32_MAX;
}

/* As many changes as before may show slots that are paused now. A plan to poll must be the best
 * then, too. */
static void expect_shown(const struct steady *plan, struct outlook *o)
{
    const uint32_t shown = o->holes < plan->changed ? o->holes : plan->changed;
    o->slots += shown;
    o->holes -= shown;
}

void fdslots_steady_plan(struct choice *c, struct outlook *o, enum way way)
{
    struct steady *plan = fdslots_steady_of(c, o->blocks);
    note_changes(c, plan, o, way);
    if (way == BY_POLL)
        expect_shown(plan, o);
    plan->way = way;
    fdslots_choice_estimate(c, o, c->expected);
    plan->waits = count_waits(c, plan, o, way);
    if (plan->waits == 0)
        return;
    set_bounds(c, plan, o, way);
    set_band(c, plan, o, way);
}

bool fdslots_steady_allows(const struct choice *c, struct steady *plan, struct flush flushed,
                           uint32_t slots)
{
    if (LIKELY(fdslots_choice_price(c, flushed) <= plan->saves))
        return true;
    flushed.looks = slots;
    const double price = fdslots_choice_price(c, flushed);
    if (price > plan->change * slots && slots > 0)
        plan->change = price / slots;
    return false;
}

/* Account for the waits that have run. They do not tell where the first ready slot was. */
static void account_for_run(struct choice *c, struct steady *plan)
{
    if (plan->ran == 0)
        return;
    const double ran = plan->ran;
    fdslots_choice_spend(c, plan->way, ran * plan->each);
    fdslots_choice_save(c, plan->way, ran * plan->saves);
    fdslots_choice_expect(c, (struct outcome){(double)plan->ready, ran * c->expected.queued}, ran);
    plan->waits -= plan->ran;
    plan->ran = 0;
    plan->ready = 0;
}

void fdslots_steady_judge(struct choice *c, struct steady *plan)
{
    account_for_run(c, plan);
    if (c->expected.ready <= (double)plan->least - 1 || c->expected.ready >= (double)plan->most + 1)
        plan->waits = 0;
}

void fdslots_steady_end(struct choice *c, struct steady *plan)
{
    account_for_run(c, plan);
    plan->waits = 0;
}
