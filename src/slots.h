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

#include "cost.h"
#include "index_set.h"

#include <stdbool.h>

/* Kept out of its caller, whose short way then saves no registers. */
#define SELDOM            __attribute__((noinline))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
/* Part of its callers, as short_wait.h says why. */
#define INLINE static inline __attribute__((always_inline))

/* Flags of a slot. The first three are the caller's, in the order of FDSLOTS_EDGE and so on. */
#define SLOT_EDGE      0x01u
#define SLOT_ONESHOT   0x02u
#define SLOT_EXCLUSIVE 0x04u
#define SLOT_USER      (SLOT_EDGE | SLOT_ONESHOT | SLOT_EXCLUSIVE)
#define SLOT_PAUSED    0x08u /* by fdslots_pause_index() */
#define SLOT_FIRED     0x10u /* one-shot, and reported */
#define SLOT_HIDDEN    (SLOT_PAUSED | SLOT_FIRED)
#define SLOT_CONFIRM   0x20u /* the kernel must be told again even if all looks equal */
#define SLOT_SERVED    0x40u /* reported in this round of a set_max_ready() that cuts */
#define SLOT_LEAVING   0x80u /* while a sync goes on: no longer of its run */

/* What epoll has to do with a slot; see registration.h. */
enum slot_role {
    ROLE_NONE,
    ROLE_FOLLOWER, /* belongs to the registration that the run's leader stands for */
    ROLE_ALONE,    /* leads a run of one: nearly all do */
    ROLE_LEADER,   /* leads others, or may get other events than it wants */
    ROLE_FILE,     /* epoll refuses the file: always ready */
    ROLE_CLOSED,   /* the fd was not open when the kernel was told last */
    ROLE_LOST,     /* FDSLOTS_CHECK found that the fd is another file now, or none */
};

#define EVENTS_USER_SHIFT 16
#define EVENTS_USER       (SLOT_USER << EVENTS_USER_SHIFT)
#ifndef POLLRDHUP
#define POLLRDHUP 0 /* not every system has it; a caller cannot ask for it there */
#endif
#define EVENTS_ALWAYS (POLLERR | POLLHUP | POLLNVAL)

struct slot {
    uint32_t generation;
    uint8_t flags;
    uint8_t role;
    uint16_t registered_events; /* of a leader: what the kernel's set holds; 0 for nothing yet */
    int32_t registered_fd;
    union {
        uint32_t registered_next;   /* the next slot in the same bucket of registrations */
        uint32_t priced_generation; /* in ROLE_NONE: when its changes were priced last */
    };
};

/* Defined in waker.h. */
struct waker;

/* The kernel's epoll set and what is known of it. */
struct epoll_set {
    int fd;       /* -1 while there is none */
    int outer_fd; /* holds fd alone: what other loops are given; -1 while nobody asked */
    uint32_t process;
    uint32_t most;      /* events that fit into the array and into what the kernel takes */
    uint32_t max_ready; /* of them, what fdslots_set_max_ready() allows */
    struct epoll_event *events;
    uint32_t *buckets; /* by fd: the first slot that is a member of a registration */
    uint32_t bucket_count;
    uint32_t refused_cursor; /* where the next cut report of SET_REFUSED begins */
    bool refused_first;
    uint32_t files;       /* slots in ROLE_FILE */
    bool ghosts_possible; /* a file may have outlived its fd while registered */
};

/* fdslots_wait() goes around a mechanism that was refused. */
struct detour {
    uint32_t left;   /* waits until it is tried again */
    uint32_t length; /* of the last detour */
    enum cost_choice avoided;
};

struct fdslots {
    uint32_t capacity;
    uint32_t touched;    /* slots below this hold values; those above were never written */
    uint32_t visible;    /* slots that are used and not hidden: those that poll(2) looks at */
    uint32_t epoll_only; /* slots with SLOT_EDGE or SLOT_EXCLUSIVE */
    uint32_t oneshots;   /* slots with SLOT_ONESHOT */
    uint32_t flags;
    bool owns_memory;
    bool has_waker;

    /* pollfd.fd: the fd; ~fd while the slot is hidden, which poll(2) skips; -1 for an empty one. */
    struct pollfd *pollfds;
    struct slot *slots;
    struct index_sets sets;
    struct epoll_set epoll;
    struct waker *waker;
    struct cost cost;
    struct detour detour;
    struct fdslots_stats stats;

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

/* The highest used slot, plus 1: what poll(2) is given at most. */
static inline uint32_t fdslots_slot_end(const struct fdslots *s)
{
    return fdslots_index_set_last(&s->sets, SET_USED) + 1; /* INDEX_NONE + 1 is 0 */
}

/* The slot's fd as the kernel should see it; -1 for an empty or hidden slot. */
static inline int fdslots_slot_wanted_fd(const struct fdslots *s, uint32_t index)
{
    int fd = s->pollfds[index].fd;
    return fd >= 0 ? fd : -1;
}

/* Whether FDSLOTS_CHECK has found this slot's fd to be gone, and the slot was not set anew since.
 */
static inline bool fdslots_slot_lost(const struct fdslots *s, uint32_t index)
{
    const struct slot *slot = &s->slots[index];
    return slot->role == ROLE_LOST && (slot->flags & SLOT_CONFIRM) == 0 &&
           fdslots_slot_used(s, index) && fdslots_slot_fd(s, index) == slot->registered_fd;
}

static inline void fdslots_slot_note_change(struct fdslots *s, uint32_t index)
{
    fdslots_index_set_add(&s->sets, SET_FRESH, index);
}

/* Have the kernel pass over a slot that it sees, for one of the reasons in SLOT_HIDDEN. */
static inline void fdslots_slot_hide(struct fdslots *s, uint32_t index)
{
    s->pollfds[index].fd = ~s->pollfds[index].fd;
    s->visible--;
    fdslots_slot_note_change(s, index);
}

#endif
