/* SPDX-License-Identifier: ISC */
#include "sample.h"
#include "backend.h"
#include "registration.h"

/* It has come back to what the kernel knows, since the last wait or within it. Returns the price of
 * the way back. */
static uint32_t drop(struct fdslots *s, uint32_t index, bool noted)
{
    fdslots_index_set_remove(&s->sets, SET_FRESH, index);
    if (!noted)
        return 0;
    fdslots_index_set_remove(&s->sets, SET_CHANGED, index);
    fdslots_cost_come_back(&s->cost);
    return COST_CHANGE + COST_EPOLL_MOD;
}

/* What the changes of a slot that changed before, and has no registration, would cost one that has.
 * Of interest alone nobody can tell whether it comes to anything; until the first flush it counts
 * as if it did not. The caller gave the slot another owner once, or took it from one, or both. */
static uint32_t unregistered_price(const struct fdslots *s, uint32_t index, uint32_t owners)
{
    if (owners == 0)
        return 0;
    if (fdslots_slot_wanted_fd(s, index) < 0)
        return COST_EPOLL_ADD;
    return owners == 1 ? COST_EPOLL_MOD : 2 * COST_EPOLL_ADD;
}

/* What this change would cost if the set had been in step before it: the price of a registration
 * that is due anyway is in the backlog. */
static uint32_t price_of_move(struct fdslots *s, uint32_t index, bool noted)
{
    struct slot *slot = &s->slots[index];
    uint32_t price = fdslots_epoll_price(s, index);
    if (slot->role == ROLE_NONE) {
        const uint32_t owners = slot->generation - slot->priced_generation;
        slot->priced_generation = slot->generation;
        if (noted)
            price = unregistered_price(s, index, owners);
    } else if (noted && price > COST_EPOLL_MOD)
        price = COST_EPOLL_MOD;
    return COST_CHANGE + price;
}

static void look_at(struct fdslots *s, uint32_t index, struct sample *sample)
{
    const struct slot *slot = &s->slots[index];
    const bool noted = fdslots_index_set_has(&s->sets, SET_CHANGED, index);
    uint32_t price = COST_CHANGE + COST_EPOLL_MOD;
    if (!fdslots_registration_stays(s, index))
        price = price_of_move(s, index, noted);
    else if ((slot->flags & SLOT_CONFIRM) == 0 &&
             fdslots_registration_own_events(s, index) == slot->registered_events) {
        sample->price += drop(s, index, noted);
        return;
    }
    sample->price += price;
    sample->added += noted ? 0 : price;
    sample->slots[sample->count++] = index;
}

void fdslots_sample_take(struct fdslots *s, struct sample *sample, uint64_t enough)
{
    sample->count = sample->looked_at = sample->price = sample->added = 0;
    sample->whole = true;
    FOR_EACH_IN(&s->sets, SET_FRESH, i)
    {
        if (sample->looked_at == SAMPLE || sample->price >= enough) {
            sample->whole = false;
            break;
        }
        sample->looked_at++;
        look_at(s, i, sample);
    }
}

void fdslots_sample_note(struct fdslots *s, const struct sample *sample)
{
    if (!sample->whole) {
        fdslots_index_set_move(&s->sets, SET_FRESH, SET_CHANGED);
        return;
    }
    for (uint32_t i = 0; i < sample->count; i++) {
        fdslots_index_set_remove(&s->sets, SET_FRESH, sample->slots[i]);
        fdslots_index_set_add(&s->sets, SET_CHANGED, sample->slots[i]);
    }
}

void fdslots_sample_price(const struct fdslots *s, const struct sample *sample, struct cost_wait *w)
{
    w->fresh = sample->price;
    w->added = sample->added;
    if (sample->whole)
        return;
    uint32_t noted;
    uint32_t count = fdslots_index_set_count(&s->sets, SET_FRESH, SET_CHANGED, &noted);
    uint32_t dropped = sample->looked_at - sample->count;
    w->fresh = (uint64_t)(count + dropped) * sample->price / sample->looked_at;
    w->added = (uint64_t)(count - noted) * sample->price / sample->looked_at;
}
