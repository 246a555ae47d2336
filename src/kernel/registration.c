/* SPDX-License-Identifier: ISC */
#include "registration.h"

_Static_assert((REGISTERED_EVENTS & (REGISTERED | WANTS_POLL | REGISTERED_ONESHOT |
                                     REGISTERED_EDGE | REGISTERED_EXCLUSIVE)) == 0,
               "the bits of poll(2) leave room");

/* The fds of a buffer are often multiples of a number, such as the number of loops among which a
 * server shares out its connections. The factor is 2^32 divided by the golden ratio, because its
 * multiples are spread evenly, also if they are a power of two apart. */
static uint32_t *bucket_of(const struct runs *runs, int fd)
{
    const uint32_t spread = (uint32_t)fd * UINT32_C(0x9e3779b9);
    return &runs->buckets[(uint64_t)spread * runs->bucket_count >> 32];
}

static void hang(struct runs *runs, uint32_t leader)
{
    uint32_t *bucket = bucket_of(runs, runs->of[leader].fd);
    runs->of[leader].chain = *bucket;
    *bucket = leader;
}

static void unhang(struct runs *runs, uint32_t leader)
{
    uint32_t *link = bucket_of(runs, runs->of[leader].fd);
    while (*link != leader)
        link = &runs->of[*link].chain;
    *link = runs->of[leader].chain;
}

/* Have about as many buckets as slots in play. When their number doubles, all leaders are hung
 * anew, which costs only a few steps for each slot that has come into play. */
static void fit_buckets(struct runs *runs, uint32_t capacity)
{
    uint32_t count = runs->bucket_count > 0 ? runs->bucket_count : 1;
    while (count < runs->extent && count <= capacity / 2)
        count *= 2;
    if (count == runs->bucket_count)
        return;
    runs->bucket_count = count;
    for (uint32_t b = 0; b < count; b++)
        runs->buckets[b] = INDEX_NONE;
    for (uint32_t i = 0; i < runs->extent; i++)
        if ((runs->of[i].flags & RUN_LEADER) != 0)
            hang(runs, i);
}

void fdslots_runs_lay_out(struct runs *runs, struct layout *at, uint32_t capacity)
{
    runs->of = fdslots_layout_move(at, runs->of, runs->extent, capacity, sizeof *runs->of);
    runs->buckets = fdslots_layout_take(at, capacity, sizeof *runs->buckets);
    runs->bucket_count = 0;
    if (runs->buckets != NULL && runs->extent > 0) /* skipped when only measuring */
        fit_buckets(runs, capacity);
}

void fdslots_runs_extend(struct runs *runs, uint32_t touched, uint32_t capacity)
{
    for (uint32_t i = runs->extent; i < touched; i++)
        runs->of[i] = (struct registration){.fd = -1};
    runs->extent = touched;
    fit_buckets(runs, capacity);
}

uint32_t fdslots_run_find(const struct runs *runs, int fd)
{
    if (runs->bucket_count == 0)
        return INDEX_NONE;
    uint32_t leader = *bucket_of(runs, fd);
    while (leader != INDEX_NONE && runs->of[leader].fd != fd)
        leader = runs->of[leader].chain;
    return leader;
}

uint32_t fdslots_run_join(struct runs *runs, uint32_t index, int fd)
{
    struct registration *joins = &runs->of[index];
    const uint32_t leader = fdslots_run_find(runs, fd);
    if (leader == INDEX_NONE) {
        *joins =
            (struct registration){.fd = fd, .next = INDEX_NONE, .turn = index, .flags = RUN_LEADER};
        hang(runs, index);
        return index;
    }
    struct registration *leads = &runs->of[leader];
    *joins = (struct registration){.fd = fd, .next = leads->next, .previous = leader};
    if (leads->next != INDEX_NONE)
        runs->of[leads->next].previous = index;
    leads->next = index;
    return leader;
}

/* Make the second slot of a run its leader. Returns that slot. */
static uint32_t hand_on(struct runs *runs, uint32_t leader)
{
    const struct registration *old = &runs->of[leader];
    const uint32_t second = old->next;
    struct registration *heir = &runs->of[second];
    unhang(runs, leader);
    heir->turn = old->turn;
    heir->events = old->events;
    heir->flags = (uint16_t)((old->flags & ~RUN_DUE) | RUN_REDO);
    hang(runs, second);
    return second;
}

uint32_t fdslots_run_leave(struct runs *runs, uint32_t index)
{
    struct registration *leaves = &runs->of[index];
    uint32_t leader = INDEX_NONE;
    if ((leaves->flags & RUN_LEADER) == 0) {
        leader = fdslots_run_find(runs, leaves->fd);
        runs->of[leaves->previous].next = leaves->next;
        if (leaves->next != INDEX_NONE)
            runs->of[leaves->next].previous = leaves->previous;
    } else if (leaves->next != INDEX_NONE) {
        leader = hand_on(runs, index);
    } else {
        unhang(runs, index);
    }
    if (leader != INDEX_NONE) {
        struct registration *leads = &runs->of[leader];
        if ((leads->flags & RUN_POLLED) == 0 && leads->turn == index)
            leads->turn = leaves->next != INDEX_NONE ? leaves->next : leader;
    }
    *leaves = (struct registration){.fd = -1};
    return leader;
}
