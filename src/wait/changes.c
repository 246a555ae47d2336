/* SPDX-License-Identifier: ISC
 *
 * The changes since the last wait. The choice of a way needs to know how much work it would be to
 * tell the set about them. Pricing every change would cost more than the best choice saves, so a
 * few stand for all.
 */
#include "choice.h"

#include "../kernel/kernel.h"

#define CHANGES_LOOKED_AT 4 /* and one of 64 */

/* Add the work of telling the set about a slot. If several changed slots share a registration, the
 * set is told of them all at once, and each counts for its part of that work. */
static void add(struct telling *sum, const struct kernel_change *change)
{
    /* A division takes longer than the rest of a look. */
    const double part = LIKELY(change->fresh == 1) ? 1 : 1.0 / change->fresh;
    sum->looks++;
    sum->modifies += change->modifies * part;
    sum->adds += (change->adds + change->drops) * part;
}

/* The changes that were looked at. */
struct sample {
    struct telling fresh;
    struct telling lag;
    double again;       /* how many had changed before, and the set was not told */
    uint32_t looked_at; /* slots, with those that share a registration with one of the changed */
};

/* Return what is remembered of a slot that was looked at. It differs from what is remembered of the
 * same slot when it was paused, or waited for something else; two changes of events at once may go
 * unnoticed. */
static uint32_t remembered(const struct slot *slot)
{
    const bool odd = ((slot->events & POLLIN) != 0) ^ ((slot->events & POLLPRI) != 0) ^
                     ((slot->events & POLLRDHUP) != 0);
    return ((slot->flags & SLOT_HIDDEN) != 0 ? SLOT_SEEN_HIDDEN : 0) |
           ((slot->events & POLLOUT) != 0 ? SLOT_SEEN_OUT : 0) | (odd ? SLOT_SEEN_ODD : 0);
}

/* Return what would be done about a slot if the set had been told of what was noted before. If the
 * slot still has the same owner, a file that is missing in the set would then have been added
 * already, and every other difference counts as a change of events. */
static struct kernel_change change_since(const struct slot *slot, bool noted,
                                         struct kernel_change change)
{
    if (!noted || (slot->flags & SLOT_NEW) != 0)
        return change;
    const bool same = (slot->flags & SLOT_SEEN) == remembered(slot);
    change.modifies = !same && (change.modifies || change.drops);
    change.adds = change.drops = false;
    return change;
}

static void look_at(struct fdslots *s, struct sample *sample, uint32_t index)
{
    struct slot *slot = &s->slots[index];
    const bool noted = fdslots_index_set_has(&s->noted, index);
    const struct kernel_change change = fdslots_kernel_change(s, index);
    const struct kernel_change since = change_since(slot, noted, change);
    sample->looked_at += change.sharers;
    add(&sample->fresh, &since);
    add(&sample->lag, &change);
    sample->again += noted;
    slot->flags = (uint16_t)((slot->flags & ~(SLOT_NEW | SLOT_SEEN)) | remembered(slot));
    if (!change.modifies && !change.adds && !change.drops) {
        fdslots_index_set_remove(&s->fresh, index);
        fdslots_index_set_remove(&s->noted, index);
    }
}

/* Look at a few fresh slots. Returns how many. They are far from each other, and those of the next
 * wait are others, because neighbours often change alike. They are fewer if many slots have the
 * same fd. */
static uint32_t look_at_some(struct fdslots *s, struct sample *sample, uint32_t count)
{
    const uint32_t most = CHANGES_LOOKED_AT + count / 64;
    const uint32_t step = 1 + count / 8 + (uint32_t)(s->stats.waits % (count / 8 + 1));
    uint32_t looks = 0;
    for (; looks < count && sample->looked_at < most; looks++) {
        const uint64_t end = fdslots_index_set_last(&s->fresh) + UINT64_C(1);
        const uint32_t from = (uint32_t)(s->choice->look_from % end);
        const uint32_t i = fdslots_index_set_next(&s->fresh, from);
        look_at(s, sample, i);
        s->choice->look_from = i + step;
    }
    return looks;
}

void fdslots_changes_look(struct fdslots *s, struct outlook *o)
{
    struct sample sample = {.again = 0};
    const uint32_t count = fdslots_index_set_count(&s->fresh);
    const double times = count / (double)look_at_some(s, &sample, count);
    fdslots_choice_scale(&sample.fresh, times);
    fdslots_choice_scale(&sample.lag, times);
    const double again = sample.again * times;
    fdslots_choice_scale(&o->lag, again < o->lag.looks ? 1 - again / o->lag.looks : 0);
    o->fresh = sample.fresh;
    o->lag.looks += sample.lag.looks;
    o->lag.modifies += sample.lag.modifies;
    o->lag.adds += sample.lag.adds;
}
