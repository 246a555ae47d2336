/* SPDX-License-Identifier: ISC
 *
 * Waits that need no choice. A choice takes 40 to 200 ns, and in most programs a wait is much like
 * the ones before it. So each choice also plans how many waits may go the same way after it, as
 * long as the numbers of slots that change and of those that are ready do not make the other way
 * cheaper. In many loops, waits that may block take turns with others, for which poll(2) is
 * cheaper. So there is a plan for each of the two.
 *
 * How many ready slots make the set as dear as poll(2) is calculated once. A wait that finds itself
 * on the other side of this number ends the plan only if the waits are now expected to be there on
 * average.
 *
 * How many slots have changed is known before a wait, but not how many of these changes were
 * undone. By the set, so many may change that telling it is expected to cost no more than it saves,
 * and a plan ends when telling it has cost more than a few of its waits save. If only the changes
 * have made poll(2) the cheaper way, so many must change again that it still is. While waits poll,
 * the buffer may grow by a quarter, and by as many slots as changed before the chosen wait.
 */
#include "choice.h"

/* Return this number rounded down, with limits so that it fits. */
static uint32_t to_count(double n)
{
    return n < 1 ? 0 : n < INT32_MAX ? (uint32_t)n : INT32_MAX;
}

/* Return how many waits of this price there may be before one is to be timed. */
static uint32_t waits_until_due(const struct choice *c, double price)
{
    const double until_due = fdslots_choice_until_due(c);
    if (c->prices.surprised || c->trial > 0 || until_due <= 0)
        return 0;
    return 1 + to_count(until_due / price);
}

/* The more slots are ready, the dearer is a wait by the set, whereas poll(2) costs the same. So the
 * set is the cheaper way, by this much, up to some number of them. */
static void set_band(const struct choice *c, struct steady *plan, const struct outlook *o,
                     double more)
{
    const double *price = c->prices.of;
    struct outlook idle = *o;
    fdslots_choice_estimate(c, &idle, (struct outcome){.queued = c->expected.queued});
    const double spare = idle.poll - idle.set - more;
    const double ready = (spare - price[SET_REPORT]) / price[SET_READY];
    const int64_t even = (int64_t)to_count(ready) - (spare < 0);
    plan->least = plan->way == BY_SET ? 0 : even + 1;
    plan->most = plan->way == BY_SET ? even : INT32_MAX;
}

/* Set how many slots may change before a wait, or must because without changes the set would be the
 * cheaper way, by this much. */
static void set_changes(const struct choice *c, struct steady *plan, const struct outlook *o,
                        double spare)
{
    const bool by_set = plan->way == BY_SET;
    plan->fewest = !by_set && spare > 0 ? 1 + to_count(spare / o->change) : 0;
    plan->allowed = by_set ? to_count(spare / o->change) : UINT32_MAX;
    plan->calls = by_set ? to_count(spare / c->prices.of[SET_MODIFY]) : UINT32_MAX;
}

/* There is no plan while polling pays the rent for a flush, because each wait must be accounted
 * for.
 *
 * Nor is there one to poll only because of changes, before they have made that the cheaper way
 * twice: where they come before every other wait, both ways take turns. This is worth a choice for
 * each wait if the set saves as much as a choice costs, which is about as much as a call. */
void fdslots_steady_plan(struct choice *c, struct outlook *o, enum way way)
{
    struct steady *plan = fdslots_steady_of(c, o->blocks);
    const bool needed_changes = plan->fewest > 0;
    fdslots_choice_estimate(c, o, c->expected);
    const double told = o->fresh * o->change;
    const double spare = o->poll - o->set;
    plan->way = way;
    plan->each = way == BY_SET ? o->set : o->poll;
    /* As many slots as changed may end a pause. */
    plan->slots = (uint64_t)o->slots + o->slots / 4 + o->fresh;
    plan->end = plan->slots + o->holes + o->holes / 4;
    set_changes(c, plan, o, spare);
    const bool needs_changes = plan->fewest > 0;
    /* If it needs none, the changes wait for the next choice, which accounts for them. */
    const double counted = way == BY_SET || needs_changes ? told : 0;
    plan->saves = way == BY_SET ? spare - counted : counted - spare;
    set_band(c, plan, o, counted);
    const bool rents = way == BY_POLL && c->excess > 0;
    const bool takes_turns = needs_changes && !needed_changes && spare > c->prices.of[SET_CALL];
    const double price = way == BY_SET ? o->set + told : o->poll;
    plan->waits = plan->saves < 0 || rents || takes_turns ? 0 : waits_until_due(c, price);
}

/* Account for the waits that have run. They do not tell where the first ready slot was. */
static void account_for_run(struct choice *c, struct steady *plan)
{
    const double ran = plan->ran;
    fdslots_choice_spend(c, plan->way, ran * plan->each);
    fdslots_choice_save(c, plan->way, ran * plan->saves);
    fdslots_choice_expect(c, (struct outcome){(double)plan->ready, ran * c->expected.queued}, ran);
    plan->waits -= plan->ran;
    plan->ran = 0;
    plan->ready = 0;
}

/* Account for what the set was told. */
static void account_for_changes(struct choice *c, struct flush flushed)
{
    fdslots_choice_spend(c, BY_SET, fdslots_choice_price(c, flushed));
    fdslots_choice_expect_changes(c, flushed);
    if (!flushed.of_new_set)
        fdslots_choice_expect_differing(c, flushed.slots / flushed.looks);
}

static void account(struct choice *c, struct steady *plan, struct flush flushed)
{
    if (flushed.looks > 0)
        account_for_changes(c, flushed);
    if (plan->ran > 0)
        account_for_run(c, plan);
}

void fdslots_steady_judge(struct choice *c, struct steady *plan, struct flush flushed)
{
    account(c, plan, flushed);
    if (c->expected.ready <= (double)plan->least - 1 || c->expected.ready >= (double)plan->most + 1)
        plan->waits = 0;
}

void fdslots_steady_end(struct choice *c, struct steady *plan, struct flush flushed)
{
    account(c, plan, flushed);
    plan->waits = 0;
}
