/* SPDX-License-Identifier: ISC
 *
 * Which slots share a registration. The kernel's epoll set takes an fd once, the buffer in any
 * number of slots: the slots with one fd form a run, whose first is the leader. It stands for all
 * of them in the kernel, with the union of their events; the others follow it.
 *
 * Runs are found by fd through buckets, chained by slot index. All of it is bookkeeping: no system
 * call is made here.
 */
#ifndef FDSLOTS_REGISTRATION_H
#define FDSLOTS_REGISTRATION_H

#include "slots.h"

/* Bits of registered_events besides those of poll, which leave room for them. REGISTERED is always
 * set, so that 0 stands for not registered; REGISTERED_STALE is never wanted, so that the kernel is
 * told again, and looks anew. */
#define REGISTERED_STALE     0x0800u
#define REGISTERED           0x1000u
#define REGISTERED_EDGE      0x4000u
#define REGISTERED_EXCLUSIVE 0x8000u
#define REGISTERED_EVENTS    0x27ffu

/* Make the buckets fit the slots in play. */
void fdslots_registration_grow(struct fdslots *s);
static inline void fdslots_registration_reserve(struct fdslots *s)
{
    const uint32_t count = s->epoll.bucket_count;
    if (count == 0 || (count < s->touched && count <= s->capacity / 2))
        fdslots_registration_grow(s);
}

/* The leader of the run of this fd, or INDEX_NONE. */
uint32_t fdslots_registration_find(const struct fdslots *s, int fd);

static inline bool fdslots_registration_leads(const struct slot *slot)
{
    return slot->role == ROLE_ALONE || slot->role == ROLE_LEADER;
}

static inline bool fdslots_registration_has(const struct slot *slot)
{
    return slot->role == ROLE_FOLLOWER || fdslots_registration_leads(slot);
}

/* The member after `index` in its run, or INDEX_NONE. */
static inline uint32_t fdslots_registration_next(const struct fdslots *s, uint32_t index)
{
    uint32_t next = s->slots[index].registered_next;
    if (next == INDEX_NONE || s->slots[next].registered_fd != s->slots[index].registered_fd)
        return INDEX_NONE;
    return next;
}

/* Put a slot into the run of this fd; returns its leader, perhaps the slot itself. */
uint32_t fdslots_registration_join(struct fdslots *s, uint32_t index, int fd);

/* Take the slots marked SLOT_LEAVING out of the run of this fd, in one pass however many they are;
 * each gets `role`. Returns who leads it now, or INDEX_NONE where nobody is left. A new leader
 * inherits what the kernel holds, and SLOT_CONFIRM, since the kernel's data names the old one. */
uint32_t fdslots_registration_sweep(struct fdslots *s, int fd, enum slot_role role);

/* Take all slots out of the run of this leader; each gets `role`. */
void fdslots_registration_dissolve(struct fdslots *s, uint32_t leader, enum slot_role role);

/* What the kernel should watch for this slot, were it alone. */
static inline uint32_t fdslots_registration_own_events(const struct fdslots *s, uint32_t index)
{
    const uint32_t flags = s->slots[index].flags;
    const uint32_t asked = REGISTERED_EVENTS & ~(uint32_t)EVENTS_ALWAYS;
    uint32_t events = REGISTERED | ((uint16_t)s->pollfds[index].events & asked);
    if ((flags & SLOT_EDGE) != 0)
        events |= REGISTERED_EDGE;
    if ((flags & SLOT_EXCLUSIVE) != 0)
        events |= REGISTERED_EXCLUSIVE;
    return events;
}

/* What it should watch for all of the run of this leader. */
uint32_t fdslots_registration_union(const struct fdslots *s, uint32_t leader);

static inline uint32_t fdslots_registration_events(const struct fdslots *s, uint32_t leader)
{
    return s->slots[leader].role == ROLE_ALONE ? fdslots_registration_own_events(s, leader)
                                               : fdslots_registration_union(s, leader);
}

/* Whether nothing but the events of a slot may differ, and nobody else is concerned: so it is with
 * most changes. */
static inline bool fdslots_registration_stays(const struct fdslots *s, uint32_t index)
{
    const struct slot *slot = &s->slots[index];
    return slot->role == ROLE_ALONE && slot->registered_fd == s->pollfds[index].fd;
}

/* Forget every run; what is lost stays so. */
void fdslots_registration_clear(struct fdslots *s);

#endif
