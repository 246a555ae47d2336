/* SPDX-License-Identifier: ISC */
#include "changes.h"

#include "../kernel/kernel.h"

/* Return the work of telling the set about a change. */
static struct telling telling_of(enum kernel_change change)
{
    static const struct telling tellings[] = {
        [CHANGE_NONE] = {.looks = 1},
        [CHANGE_MODIFY] = {.looks = 1, .modifies = 1},
        [CHANGE_ADD] = {.looks = 1, .adds = 1},
        [CHANGE_DROP] = {.looks = 1, .adds = 1},
        [CHANGE_REPLACE] = {.looks = 1, .adds = 2},
    };
    return tellings[change];
}

/* Return the same for a slot that had changed before and still has the same owner, as if the set
 * had been told about that earlier change. A file that is missing in the set would then have been
 * added already. Every other difference counts as a change of events. */
static struct telling telling_again(enum kernel_change change)
{
    const bool none = change == CHANGE_NONE || change == CHANGE_ADD;
    return telling_of(none ? CHANGE_NONE : CHANGE_MODIFY);
}

/* Return the part of this work that falls to one of so many changed slots with one registration.
 * The set is told of them all at once. */
static struct telling share_of(struct telling telling, uint32_t changed)
{
    if (UNLIKELY(changed > 1)) { /* a division takes longer than the rest of a look */
        telling.modifies /= changed;
        telling.adds /= changed;
    }
    return telling;
}

static void add(struct telling *sum, struct telling more)
{
    sum->looks += more.looks;
    sum->modifies += more.modifies;
    sum->adds += more.adds;
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

/* Return the work of telling the set about a change, as if it knew what was noted before. */
static struct telling telling_fresh(const struct slot *slot, bool noted, enum kernel_change change)
{
    if (!noted || (slot->flags & SLOT_NEW) != 0)
        return telling_of(change);
    const bool same = (slot->flags & SLOT_SEEN) == remembered(slot);
    return same ? telling_of(CHANGE_NONE) : telling_again(change);
}

static void look_at(struct fdslots *s, struct sample *sample, uint32_t index)
{
    struct slot *slot = &s->slots[index];
    const bool noted = fdslots_index_set_has(&s->noted, index);
    struct sharers sharers;
    const enum kernel_change change = fdslots_kernel_change(s, index, &sharers);
    sample->looked_at += sharers.all;
    add(&sample->fresh, share_of(telling_fresh(slot, noted, change), sharers.fresh));
    add(&sample->lag, share_of(telling_of(change), sharers.fresh));
    sample->again += noted;
    slot->flags = (uint16_t)((slot->flags & ~(SLOT_NEW | SLOT_SEEN)) | remembered(slot));
    if (change == CHANGE_NONE) {
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
    add(&o->lag, sample.lag);
}
