/* SPDX-License-Identifier: ISC
 *
 * What changed since the last wait, as the choice of a mechanism needs to know it: how many slots,
 * and what telling the kernel of them would cost. Pricing every change would cost more than the
 * best choice saves: the first few stand for all.
 */
#ifndef FDSLOTS_SAMPLE_H
#define FDSLOTS_SAMPLE_H

#include "slots.h"

#define SAMPLE 4

struct sample {
    uint32_t slots[SAMPLE]; /* of which the kernel's set holds something else */
    uint32_t count;
    uint32_t looked_at;
    uint32_t price; /* of them, and of those that turned out to be as the kernel knows them */
    uint32_t added; /* of those that had not changed before */
    bool whole;     /* there are no others */
};

/* Look at the first of SET_FRESH, until their price is enough to know the choice. */
void fdslots_sample_take(struct fdslots *s, struct sample *sample, uint64_t enough);

/* Move all of SET_FRESH to SET_CHANGED: what poll(2) leaves for epoll to tell. */
void fdslots_sample_note(struct fdslots *s, const struct sample *sample);

/* Price all of SET_FRESH. */
void fdslots_sample_price(const struct fdslots *s, const struct sample *sample,
                          struct cost_wait *w);

#endif
