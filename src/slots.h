/* SPDX-License-Identifier: ISC
 *
 * The buffer from inside. The pollfd array is the one source of truth: poll(2) can be called on it
 * at any moment. Beside it stands, for each slot, what pollfd has no room for.
 */
#ifndef FDSLOTS_SLOTS_H
#define FDSLOTS_SLOTS_H

/* The library is compiled with hidden visibility; what the public header declares is the API. */
#pragma GCC visibility push(default)
#include <fdslots.h>
#pragma GCC visibility pop

#include "index_set.h"

#include <stdbool.h>

/* Flags of a slot. The first three are the caller's, in the order of FDSLOTS_EDGE and so on. */
#define SLOT_EDGE      0x0001u
#define SLOT_ONESHOT   0x0002u
#define SLOT_EXCLUSIVE 0x0004u
#define SLOT_USER      (SLOT_EDGE | SLOT_ONESHOT | SLOT_EXCLUSIVE)
#define SLOT_PAUSED    0x0008u /* by fdslots_pause_index() */
#define SLOT_FIRED     0x0010u /* one-shot, and reported */
#define SLOT_HIDDEN    (SLOT_PAUSED | SLOT_FIRED)
#define SLOT_CONFIRM   0x0020u /* the kernel must be told again even if all looks equal */

#define EVENTS_USER_SHIFT 16
#define EVENTS_USER       (SLOT_USER << EVENTS_USER_SHIFT)
#define EVENTS_ALWAYS     (POLLERR | POLLHUP | POLLNVAL)

struct slot {
    uint32_t generation;
    uint16_t flags;
};

struct fdslots {
    uint32_t capacity;
    uint32_t touched; /* slots below this hold values; those above were never written */
    uint32_t end;     /* the highest used slot, plus 1: what poll(2) is given at most */
    uint32_t used_count;
    uint32_t epoll_only; /* slots with SLOT_EDGE or SLOT_EXCLUSIVE */
    uint32_t oneshots;   /* slots with SLOT_ONESHOT */
    uint32_t flags;
    bool owns_memory;

    /* pollfd.fd: the fd; ~fd while the slot is hidden, which poll(2) skips; -1 for an empty one. */
    struct pollfd *pollfds;
    struct slot *slots;
    struct index_set used;

    uint32_t *ready;
    uint32_t ready_count;
    uint64_t ready_epoch; /* changes with every wait and clear: fdslots_iter_ready() looks at it */
};

static inline bool fdslots_slot_exists(const struct fdslots *s, uint32_t index)
{
    return s != NULL && index < s->capacity;
}

static inline bool fdslots_slot_used(const struct fdslots *s, uint32_t index)
{
    return index < s->touched &&
           (s->pollfds[index].fd >= 0 || (s->slots[index].flags & SLOT_HIDDEN) != 0);
}

/* The fd of a used slot. */
static inline int fdslots_slot_fd(const struct fdslots *s, uint32_t index)
{
    int fd = s->pollfds[index].fd;
    return fd >= 0 ? fd : ~fd;
}

/* A one-shot slot was reported: hide it until it is armed again. */
void fdslots_slot_fire(struct fdslots *s, uint32_t index);

#endif
