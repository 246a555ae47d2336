/* SPDX-License-Identifier: ISC
 *
 * Which deadline is the next: a list of those that are set, linked by numbers, in the order in
 * which they were set. As each is set the same time ahead, that is the order in which they come:
 * setting, removing and finding the first take a few instructions, however many there are.
 */
#include "http.h"

#include <stdlib.h>

struct entry {
    int64_t deadline;
    uint32_t before, after; /* itself, where it is not in the list */
};

/* The last entry is both ends of the list. */
struct deadlines {
    uint32_t count;
    struct entry entries[];
};

struct deadlines *deadlines_create(uint32_t count)
{
    struct deadlines *d = calloc(1, sizeof *d + (count + (size_t)1) * sizeof d->entries[0]);
    if (d == NULL)
        return NULL;
    d->count = count;
    for (uint32_t i = 0; i <= count; i++)
        d->entries[i].before = d->entries[i].after = i;
    return d;
}

void deadlines_remove(struct deadlines *d, uint32_t number)
{
    struct entry *entry = &d->entries[number];
    d->entries[entry->before].after = entry->after;
    d->entries[entry->after].before = entry->before;
    entry->before = entry->after = number;
}

void deadlines_set(struct deadlines *d, uint32_t number, int64_t deadline)
{
    deadlines_remove(d, number);
    struct entry *entry = &d->entries[number];
    struct entry *ends = &d->entries[d->count];
    entry->deadline = deadline;
    entry->before = ends->before;
    entry->after = d->count;
    d->entries[ends->before].after = number;
    ends->before = number;
}

int64_t deadlines_first(const struct deadlines *d, uint32_t *number)
{
    *number = d->entries[d->count].after;
    return *number == d->count ? INT64_MAX : d->entries[*number].deadline;
}
