/* SPDX-License-Identifier: ISC */
#include "registration.h"

static uint32_t *bucket(const struct fdslots *s, int fd)
{
    return &s->epoll.buckets[(uint32_t)fd & (s->epoll.bucket_count - 1)];
}

/* The last member of the run that begins at `index`. */
static uint32_t run_end(const struct fdslots *s, uint32_t index)
{
    uint32_t next;
    while ((next = fdslots_registration_next(s, index)) != INDEX_NONE)
        index = next;
    return index;
}

/* Hang the runs of one old bucket into the new ones: the same index, or that plus a multiple of the
 * old count. */
static void split(struct fdslots *s, uint32_t old_bucket)
{
    uint32_t run = s->epoll.buckets[old_bucket];
    s->epoll.buckets[old_bucket] = INDEX_NONE;
    while (run != INDEX_NONE) {
        struct slot *last = &s->slots[run_end(s, run)];
        uint32_t rest = last->registered_next;
        uint32_t *home = bucket(s, s->slots[run].registered_fd);
        last->registered_next = *home;
        *home = run;
        run = rest;
    }
}

void fdslots_registration_grow(struct fdslots *s)
{
    struct epoll_set *set = &s->epoll;
    uint32_t old_count = set->bucket_count;
    uint32_t count = old_count != 0 ? old_count : 1;
    while (count < s->touched && count <= s->capacity / 2)
        count *= 2;
    for (uint32_t b = old_count; b < count; b++)
        set->buckets[b] = INDEX_NONE;
    set->bucket_count = count;
    for (uint32_t b = 0; b < old_count; b++)
        split(s, b);
}

uint32_t fdslots_registration_find(const struct fdslots *s, int fd)
{
    if (s->epoll.bucket_count == 0)
        return INDEX_NONE;
    uint32_t index = *bucket(s, fd);
    while (index != INDEX_NONE && s->slots[index].registered_fd != fd)
        index = s->slots[index].registered_next;
    return index;
}

uint32_t fdslots_registration_join(struct fdslots *s, uint32_t index, int fd)
{
    struct slot *slot = &s->slots[index];
    slot->registered_fd = fd;
    uint32_t leader = fdslots_registration_find(s, fd);
    if (leader == INDEX_NONE) {
        uint32_t *home = bucket(s, fd);
        slot->registered_next = *home;
        slot->role = ROLE_ALONE;
        *home = index;
        return index;
    }
    slot->registered_next = s->slots[leader].registered_next;
    slot->role = ROLE_FOLLOWER;
    s->slots[leader].registered_next = index;
    s->slots[leader].role = ROLE_LEADER;
    return leader;
}

/* Where the run of this fd hangs in its bucket. */
static uint32_t *run_link(struct fdslots *s, int fd)
{
    uint32_t *link = bucket(s, fd);
    while (s->slots[*link].registered_fd != fd)
        link = &s->slots[*link].registered_next;
    return link;
}

static void drop(struct slot *slot, enum slot_role role)
{
    slot->flags &= (uint8_t) ~(SLOT_SERVED | SLOT_LEAVING);
    slot->role = (uint8_t)role;
    slot->registered_events = 0;
}

uint32_t fdslots_registration_sweep(struct fdslots *s, int fd, enum slot_role role)
{
    uint32_t *const first = run_link(s, fd);
    const struct slot before = s->slots[*first];
    uint32_t *link = first;
    uint32_t stay = 0;
    while (*link != INDEX_NONE && s->slots[*link].registered_fd == fd) {
        struct slot *slot = &s->slots[*link];
        if ((slot->flags & SLOT_LEAVING) == 0) {
            link = &slot->registered_next;
            stay++;
            continue;
        }
        *link = slot->registered_next;
        drop(slot, role);
    }
    if (stay == 0)
        return INDEX_NONE;
    struct slot *leader = &s->slots[*first];
    if (leader->role == ROLE_FOLLOWER) {
        leader->registered_events = before.registered_events;
        leader->flags |= SLOT_CONFIRM;
    }
    leader->role = stay > 1 ? ROLE_LEADER : ROLE_ALONE;
    return *first;
}

void fdslots_registration_dissolve(struct fdslots *s, uint32_t leader, enum slot_role role)
{
    uint32_t *const first = run_link(s, s->slots[leader].registered_fd);
    uint32_t next = leader;
    for (uint32_t i = leader; i != INDEX_NONE; i = next) {
        next = fdslots_registration_next(s, i);
        *first = s->slots[i].registered_next;
        drop(&s->slots[i], role);
    }
}

uint32_t fdslots_registration_union(const struct fdslots *s, uint32_t leader)
{
    const uint32_t user = REGISTERED_EDGE | REGISTERED_EXCLUSIVE;
    uint32_t any = 0;
    uint32_t all = user;
    for (uint32_t i = leader; i != INDEX_NONE; i = fdslots_registration_next(s, i)) {
        any |= fdslots_registration_own_events(s, i);
        all &= fdslots_registration_own_events(s, i);
    }
    return (any & ~user) | all; /* where one of them wants level reports, all get them */
}

void fdslots_registration_clear(struct fdslots *s)
{
    for (uint32_t i = 0; i < s->touched; i++)
        if (s->slots[i].role != ROLE_LOST)
            drop(&s->slots[i], ROLE_NONE);
    s->epoll.bucket_count = 0;
}
