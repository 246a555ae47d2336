/* SPDX-License-Identifier: ISC */
#include "prices.h"

#include <math.h>

/* No correction is by more than this factor. */
#define FARTHEST 256
/* A wait that may block has slept if it takes more than this many times its price at the start. */
static const double asleep[WAYS] = {[BY_POLL] = 64, [BY_SET] = 32};
/* A wait whose time is further than this factor from its price is a surprise. */
#define SURPRISE 1.25
/* Waits agree if their times are no further apart than this factor. */
#define AGREES 1.25
/* Prices rise far after this many dear waits in a row, if three quarters of them agree. */
#define RISE_AFTER  4
#define RISE_ASLEEP 16 /* if they may have slept */
#define FEW_READY   4  /* slots; an event that ends a sleep seldom makes more ready */

static const struct prices start = {.of = {
                                        [POLL_CALL] = COST_POLL_CALL / 10.0,
                                        [POLL_SLOT] = COST_POLL_SLOT / 10.0,
                                        [POLL_QUEUED] = COST_POLL_QUEUE / 10.0,
                                        [POLL_HOLE] = COST_POLL_HOLE / 10.0,
                                        [SET_CALL] = COST_EPOLL_CALL / 10.0,
                                        [SET_REPORT] = COST_EPOLL_REPORT / 10.0,
                                        [SET_READY] = COST_EPOLL_READY / 10.0,
                                        [SET_BESIDE] = COST_POLL_CALL / 10.0,
                                        [SET_POLLED] = COST_POLL_SLOT / 10.0,
                                        [SET_LOOK] = COST_CHANGE / 10.0,
                                        [SET_MODIFY] = COST_EPOLL_MOD / 10.0,
                                        [SET_ADD] = COST_EPOLL_ADD / 10.0,
                                    }};

void fdslots_prices_start(struct prices *p)
{
    *p = start;
}

#define FOR_EACH_PART(way, i)                                                                      \
    for (int i = (way) == BY_POLL ? POLL_CALL : SET_CALL;                                          \
         i < ((way) == BY_POLL ? SET_CALL : PARTS); i++)

/* Make the price of this work `ratio` times what it was. No single price falls further than that.
 */
static void correct(struct prices *p, const struct work *work, enum way way, double ratio)
{
    const double sum = fdslots_prices_sum(p, work, way);
    double squares = 0;
    FOR_EACH_PART(way, i)
    {
        const double share = work->of[i] * p->of[i] / sum;
        squares += share * share;
    }
    FOR_EACH_PART(way, i)
    {
        const double share = work->of[i] * p->of[i] / sum;
        const double factor = 1 + (ratio - 1) * share / squares;
        p->of[i] *= factor > ratio || ratio > 1 ? factor : ratio;
        p->measured |= (uint32_t)(work->of[i] > 0) << i;
    }
}

static int dearest_part(const struct prices *p, const struct work *work, enum way way)
{
    int dearest = way == BY_POLL ? POLL_CALL : SET_CALL;
    FOR_EACH_PART(way, i)
    {
        if (work->of[i] * p->of[i] > work->of[dearest] * p->of[dearest])
            dearest = i;
    }
    return dearest;
}

static void note_dear(struct rise *rise, double ratio)
{
    rise->waits++;
    if (rise->waits == 1 || ratio * AGREES < rise->ratio)
        *rise = (struct rise){.ratio = ratio, .waits = rise->waits};
    rise->agreed += ratio < rise->ratio * AGREES;
}

/* Return the factor by which to correct the prices after a wait that took `ratio` times its price.
 */
static double correction_after(struct rise *rise, double ratio, uint32_t enough)
{
    if (ratio > SURPRISE) {
        note_dear(rise, ratio);
        if (rise->waits < enough)
            return 1;
        ratio = 4 * rise->agreed >= 3 * rise->waits ? rise->ratio : 1;
    } else if (ratio > 1 / SURPRISE) {
        ratio = 1 + WEIGHT * (ratio - 1);
    }
    rise->waits = 0;
    return ratio > 1.0 / FARTHEST ? ratio : 1.0 / FARTHEST;
}

/* Make every unknown price as much cheaper than at the start as the price of this part is. */
static void follow(struct prices *p, int part)
{
    const double ratio = p->of[part] / start.of[part];
    for (int i = 0; i < PARTS; i++)
        if ((p->measured >> i & 1) == 0)
            p->of[i] = start.of[i] * (ratio < 1 ? ratio : 1);
}

bool fdslots_prices_learn(struct prices *p, const struct work *work, enum way way, double ns,
                          bool may_sleep)
{
    double ratio = ns / fdslots_prices_sum(p, work, way);
    if (may_sleep && ns > asleep[way] * fdslots_prices_sum(&start, work, way))
        ratio = INFINITY; /* it agrees with none */
    else if (ratio > FARTHEST)
        return false;
    const int dearest = dearest_part(p, work, way);
    p->surprised = ratio > SURPRISE && !may_sleep;
    p->in_doubt = ratio > SURPRISE && may_sleep;
    const bool slept = may_sleep && work->of[SET_READY] <= FEW_READY;
    ratio = correction_after(&p->rise[dearest], ratio, slept ? RISE_ASLEEP : RISE_AFTER);
    correct(p, work, way, ratio);
    follow(p, dearest);
    return ratio > SURPRISE;
}
