/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The fdslots authors
 *
 * A binary heap: the number at rank r is due no later than those at ranks 2r and 2r + 1. Ranks
 * count from 1. Every number knows its rank, so that its deadline can be found and moved.
 */
#include "deadlines.h"

#include <stdbool.h>

static uint32_t number_at(const struct deadlines *d, uint32_t rank)
{
    return d->entries[rank - 1].number;
}

static int64_t deadline_at(const struct deadlines *d, uint32_t rank)
{
    return d->entries[number_at(d, rank)].at;
}

static void put(struct deadlines *d, uint32_t rank, uint32_t number)
{
    d->entries[rank - 1].number = number;
    d->entries[number].rank = rank;
}

/* rise() and sink() move the numbers in the way by one level each, and put the given number in the
 * place that becomes free. */
static void rise(struct deadlines *d, uint32_t rank, uint32_t number)
{
    while (rank > 1 && deadline_at(d, rank / 2) > d->entries[number].at) {
        put(d, rank, number_at(d, rank / 2));
        rank /= 2;
    }
    put(d, rank, number);
}

static void sink(struct deadlines *d, uint32_t rank, uint32_t number)
{
    while (rank <= d->count / 2) {
        uint32_t child = rank * 2;
        if (child < d->count && deadline_at(d, child + 1) < deadline_at(d, child))
            child++;
        if (deadline_at(d, child) >= d->entries[number].at)
            break;
        put(d, rank, number_at(d, child));
        rank = child;
    }
    put(d, rank, number);
}

/* Put a number at a rank that is free or its own, and move it from there to its place. */
static void settle(struct deadlines *d, uint32_t rank, uint32_t number)
{
    bool is_early = rank > 1 && deadline_at(d, rank / 2) > d->entries[number].at;
    if (is_early)
        rise(d, rank, number);
    else
        sink(d, rank, number);
}

void deadlines_set(struct deadlines *d, uint32_t number, int64_t at)
{
    struct deadline *entry = &d->entries[number];
    entry->at = at;
    settle(d, entry->rank != 0 ? entry->rank : ++d->count, number);
}

void deadlines_remove(struct deadlines *d, uint32_t number)
{
    uint32_t rank = d->entries[number].rank;
    if (rank == 0)
        return;
    d->entries[number].rank = 0;
    uint32_t last = number_at(d, d->count--);
    if (last != number)
        settle(d, rank, last);
}

int64_t deadlines_first(const struct deadlines *d, uint32_t *number)
{
    *number = d->count > 0 ? number_at(d, 1) : 0;
    return d->count > 0 ? deadline_at(d, 1) : INT64_MAX;
}
