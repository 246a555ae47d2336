/* SPDX-License-Identifier: ISC
 *
 * The changes since the last wait. The choice of a way needs to know how much work it would be to
 * tell the set about them. Pricing every change would cost more than the best choice saves, so a
 * few stand for all.
 */
#include "choice.h"

#include "../kernel/kernel.h"

#define CHANGES_LOOKED_AT 4 /* and one more for every 64 that changed */

/* The work of telling the set about the changes that were looked at. If several changed slots share
 * a registration, the set is told of them all at once, and each counts for its part of that work.
 */
struct sample {
    struct flush fresh;
    struct flush lag;
    uint32_t again;     /* how many had changed before, and the set was not told */
    uint32_t looked_at; /* slots, with those that share a registration with one of the changed */
};

/* Add what such a change needs to be told, if this share of the confirmations fails. */
static inline void add(struct flush *sum, uint32_t change, double part, double failing)
{
    sum->looks++;
    sum->modifies += (change & CHANGE_MODIFIES) != 0 ? part : 0;
    sum->adds += (change & CHANGE_ADDS) != 0 ? part : 0;
    sum->adds += (change & CHANGE_DROPS) != 0 ? part : 0;
    sum->adds += (change & CHANGE_CONFIRMS) != 0 ? part * failing : 0;
}

/* Return what is remembered of a slot that was looked at. It differs from what is remembered of the
 * same slot when it was paused, or waited for something else; two changes of events at once may go
 * unnoticed. */
static inline uint32_t remembered(const struct slot *slot)
{
    const bool hidden = (slot->flags & SLOT_HIDDEN) != 0;
    const bool out = ((slot->events & POLLOUT) != 0) ^ hidden;
    const bool odd = ((slot->events & POLLIN) != 0) ^ ((slot->events & POLLPRI) != 0) ^
                     ((slot->events & POLLRDHUP) != 0) ^ hidden;
    return (out ? SLOT_SEEN_OUT : 0) | (odd ? SLOT_SEEN_ODD : 0);
}

/* Return what would be done about a slot if the set had been told of what was noted before. If the
 * slot still has the same owner, a file that is missing in the set would then have been added
 * already, and every other difference counts as a change of events. What is remembered of the slot
 * is of the last wait only if all changes are looked at in each. */
static inline uint32_t change_since(uint32_t flags, uint32_t now, uint32_t change, bool all)
{
    if ((flags & SLOT_NEW) != 0)
        return change;
    const bool same = all && (flags & SLOT_SEEN) == now;
    return !same && (change & (CHANGE_MODIFIES | CHANGE_DROPS)) != 0 ? CHANGE_MODIFIES : 0;
}

/* Look at the change at this position in s->fresh. If there is nothing to tell, the last one takes
 * its place. */
static inline void look_at(struct fdslots *s, struct sample *sample, uint32_t at, bool all)
{
    const uint32_t index = s->fresh[at];
    struct slot *slot = &s->slots[index];
    const uint32_t flags = slot->flags;
    const uint32_t now = remembered(slot);
    const bool noted = fdslots_index_set_has(&s->noted, index);
    struct sharers sharers;
    const uint32_t change = fdslots_kernel_change(s, index, &sharers);
    const double part = LIKELY(sharers.fresh == 1) ? 1 : 1.0 / sharers.fresh;
    const double failing = s->choice->failing;
    sample->looked_at += sharers.all;
    add(&sample->fresh, noted ? change_since(flags, now, change, all) : change, part, failing);
    add(&sample->lag, change, part, failing);
    sample->again += noted;
    slot->flags = (uint16_t)((flags & ~(SLOT_NEW | SLOT_SEEN)) | now);
    if (change == 0) {
        slot->flags &= (uint16_t)~SLOT_FRESH;
        s->fresh[at] = s->fresh[--s->fresh_count];
        fdslots_index_set_remove(&s->noted, index);
    }
}

/* Look at a few of the fresh changes, or at all if they are few. They are far from each other, and
 * how far differs without a pattern, because neighbours often change alike, and so do slots at
 * regular distances. They are fewer if many slots have the same fd. */
static void look_at_some(struct fdslots *s, struct sample *sample)
{
    const uint32_t count = s->fresh_count;
    const uint32_t most = CHANGES_LOOKED_AT + count / 64;
    const uint32_t gap = count > most ? count / most : 1;
    const bool all = count <= CHANGES_LOOKED_AT;
    uint32_t irregular = (uint32_t)s->stats.waits * UINT32_C(0x9e3779b9);
    uint32_t at = all ? count - 1 : (uint32_t)((uint64_t)irregular * count >> 32);
    while (sample->fresh.looks < count && sample->looked_at < most) {
        look_at(s, sample, at, all);
        irregular = irregular * UINT32_C(0x9e3779b9) + 1;
        const uint32_t step = gap - (uint32_t)((uint64_t)irregular * (gap / 2 + 1) >> 32);
        at = at >= step ? at - step : at + s->fresh_count - step;
    }
}

void fdslots_changes_look(struct fdslots *s, struct outlook *o)
{
    struct sample sample = {.again = 0};
    const uint32_t count = s->fresh_count;
    look_at_some(s, &sample);
    const double times = count / sample.fresh.looks;
    const double again = sample.again * times;
    fdslots_choice_scale(&sample.fresh, times);
    fdslots_choice_scale(&sample.lag, times);
    fdslots_choice_scale(&o->lag, again < o->lag.looks ? 1 - again / o->lag.looks : 0);
    o->fresh = sample.fresh;
    o->lag.looks += sample.lag.looks;
    o->lag.modifies += sample.lag.modifies;
    o->lag.adds += sample.lag.adds;
}
