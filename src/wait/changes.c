/* SPDX-License-Identifier: ISC */
#include "changes.h"

#include "../kernel/kernel.h"

#define SAMPLE 4

static uint32_t price_of(enum kernel_change change)
{
    static const uint32_t prices[] = {
        [CHANGE_NONE] = COST_CHANGE,
        [CHANGE_MODIFY] = COST_CHANGE + COST_EPOLL_MOD,
        [CHANGE_ADD] = COST_CHANGE + COST_EPOLL_ADD,
        [CHANGE_DROP] = COST_CHANGE + COST_EPOLL_ADD,
        [CHANGE_REPLACE] = COST_CHANGE + 2 * COST_EPOLL_ADD,
    };
    return prices[change];
}

/* The price of a change of a slot that had changed before, and has the same owner still: that the
 * set gets its file is in the backlog. Of events alone nobody can tell before whether they will
 * differ. */
static uint32_t price_again(enum kernel_change change)
{
    return price_of(change == CHANGE_NONE || change == CHANGE_ADD ? CHANGE_NONE : CHANGE_MODIFY);
}

/* The slot is again as the set knows it. */
static void forget_change(struct fdslots *s, uint32_t index, bool noted)
{
    fdslots_index_set_remove(&s->fresh, index);
    if (!noted)
        return;
    fdslots_index_set_remove(&s->noted, index);
    fdslots_choice_come_back(s->choice);
}

/* Price the first few changes. Returns how many these are. */
static uint32_t price_sample(struct fdslots *s, struct outlook *o)
{
    uint32_t looked_at = 0;
    FOR_EACH_IN(&s->fresh, i)
    {
        if (looked_at == SAMPLE)
            break;
        looked_at++;
        const bool noted = fdslots_index_set_has(&s->noted, i);
        const bool new_owner = (s->slots[i].flags & SLOT_NEW) != 0;
        const enum kernel_change change = fdslots_kernel_change(s, i);
        const uint32_t price = noted && !new_owner ? price_again(change) : price_of(change);
        o->fresh += price;
        o->added += noted ? 0 : price;
        s->slots[i].flags &= (uint16_t)~SLOT_NEW;
        if (change == CHANGE_NONE)
            forget_change(s, i, noted);
    }
    return looked_at;
}

void fdslots_changes_price(struct fdslots *s, struct outlook *o)
{
    const uint64_t count = fdslots_index_set_count(&s->fresh);
    const uint64_t most = count * price_of(CHANGE_REPLACE);
    if (o->set + most <= o->poll && fdslots_index_set_empty(&s->noted)) {
        o->fresh = most;
        return;
    }
    if (price_sample(s, o) == SAMPLE) {
        o->fresh = o->fresh * count / SAMPLE;
        o->added = o->added * count / SAMPLE;
    }
}
