/* SPDX-License-Identifier: ISC
 *
 * The inside of a buffer. The pollfd array can be passed to poll(2) at any moment. A second array
 * holds, for each slot, what a pollfd has no room for, and what a kernel must not change.
 *
 * The other parts (the kernel's set, the waker, the choice) own their data. Here there are only
 * pointers to it, into the same memory.
 */
#ifndef FDSLOTS_SLOTS_H
#define FDSLOTS_SLOTS_H

/* The library is compiled with hidden visibility. In the shared library, what the public header
 * declares is visible, because it is the API (libtool defines PIC for its objects). In the static
 * library it is hidden, too, so that a plugin with a copy of the library neither gives its
 * functions to others nor takes theirs. */
#ifdef PIC
#pragma GCC visibility push(default)
#endif
#include <fdslots.h>
#ifdef PIC
#pragma GCC visibility pop
#endif

#include "index_set.h"

#include <stdbool.h>

/* A rare path, kept out of its caller so that the usual path saves no registers. */
#define SELDOM __attribute__((noinline, cold))
/* The same for a path that is frequent, too. */
#define APART __attribute__((noinline))
/* Always part of its callers, because a call would be a good part of its cost. */
#define INLINE              static inline __attribute__((always_inline))
#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Flags of a slot. The caller sets the first four; they have the order of FDSLOTS_EDGE and the
 * flags after it. */
#define SLOT_EDGE      0x001u
#define SLOT_ONESHOT   0x002u
#define SLOT_EXCLUSIVE 0x004u
#define SLOT_POLLED    0x008u
#define SLOT_USER      (SLOT_EDGE | SLOT_ONESHOT | SLOT_EXCLUSIVE | SLOT_POLLED)
#define SLOT_PAUSED    0x010u /* paused by fdslots_pause_index() */
#define SLOT_FIRED     0x020u /* one-shot, and reported; or a child has no waker for it yet */
#define SLOT_HIDDEN    (SLOT_PAUSED | SLOT_FIRED)
/* FDSLOTS_CHECK has found that the fd is closed, or another file now. The slot holds POLLNVAL until
 * it is set again or emptied. */
#define SLOT_LOST  0x040u
#define SLOT_HOLDS 0x400u /* held_revents has a value, which is not 0 */
/* What the slot's file does with an event, or 0 if that is not known. The values are those of a
 * field of two bits, which SLOT_FILE covers. */
#define SLOT_KEEPS  0x0800u /* reports it in each wait until it is over, and wakes the set */
#define SLOT_ONCE   0x1000u /* may report it only once */
#define SLOT_DEVICE 0x1800u /* reports it in each poll(2) until it is over */
#define SLOT_FILE   (SLOT_KEEPS | SLOT_ONCE | SLOT_DEVICE)
/* Why a wait must look at a slot even if its fd and events look unchanged. */
#define SLOT_CONFIRM 0x080u /* set anew: the same number may be another file */
#define SLOT_REARM   0x100u /* an edge must be looked for again */

/* The lists that the slot is in. */
#define SLOT_FRESH  0x0200u
#define SLOT_NOTED  0x2000u
#define SLOT_LISTED (SLOT_FRESH | SLOT_NOTED)

#define EVENTS_USER_SHIFT 16
#define EVENTS_USER       (SLOT_USER << EVENTS_USER_SHIFT)
#ifndef POLLRDHUP
#define POLLRDHUP 0 /* some systems lack it, and callers cannot ask for it there */
#endif
#define EVENTS_ALWAYS ((uint32_t)(POLLERR | POLLHUP | POLLNVAL))

struct slot {
    uint32_t generation;
    uint16_t flags;
    uint16_t events; /* as the caller has set them: a kernel may write into those of the pollfd */
};

/* A list of slots. Each slot in it has the flag of the list, so that none comes twice. */
struct slot_list {
    uint32_t *of;
    uint32_t count;
};

struct kernel;
struct waker;
struct choice;

struct fdslots {
    uint32_t capacity;
    uint32_t touched;    /* slots below this hold values; the others were never written */
    uint32_t visible;    /* slots that are used and not hidden: those that poll(2) looks at */
    uint32_t epoll_only; /* slots with SLOT_EDGE or SLOT_EXCLUSIVE */
    uint32_t oneshots;   /* slots with SLOT_ONESHOT */
    uint32_t exclusives; /* registrations with SLOT_EXCLUSIVE in the kernel's set */
    uint32_t refused;    /* runs that the set refused for a reason that may pass */
    uint32_t flags;
    uint32_t process; /* the process in which the library opened an fd for this buffer; 0 if none */
    uint32_t iterations;       /* calls of fdslots_iter_ready() that are under way */
    uint32_t first_generation; /* the generation of a slot that comes into play */
    bool owns_memory;       /* the library has allocated the head and the arrays, as two pieces */
    bool exclusive_changed; /* an exclusive slot has changed since the set was last told */
    bool set_misleads;      /* what the kernel's set reports may be another owner's */
    bool asking;            /* poll(2) was asked about the slots, and its answer is not taken yet */
    bool set_ready;         /* the kernel's set needs nothing but to be told what changed */
    bool ghosts_possible;   /* a file may have outlived its fd in the set */

    /* pollfd.fd is the fd of a visible slot, ~fd of a hidden one, which poll(2) skips, and -1 of an
     * empty one. */
    struct pollfd *pollfds;
    struct slot *slots;
    /* Events that were found but have not been reported yet. Only a slot with SLOT_HOLDS has any;
     * the others hold no value. */
    uint16_t *held_revents;

    struct index_set used;
    struct index_set roomy;  /* the words of `used` in which a slot is empty */
    struct index_set held;   /* slots with SLOT_HOLDS that are not hidden */
    struct index_set polled; /* slots that the kernel's set does not answer for: polled beside it */

    struct slot_list fresh; /* changed since fdslots_wait() last looked at what has changed */
    /* Changed before that, and the kernel's set has not been told; or the set is told for another
     * reason: it is new, or it has refused the slot before. */
    struct slot_list noted;

    uint32_t *ready; /* the first array: all others lie in the same memory, after it */
    uint32_t ready_count;
    uint32_t max_ready;   /* the most that one wait may report */
    uint64_t ready_epoch; /* changes with every wait, clear and resize, which end an iteration */

    int64_t time_left; /* in ns: what a wait by the set had left when it last called the kernel */

    /* For waits that find more ready slots than s->max_ready. */
    uint32_t turn;   /* the slot with which the next report begins */
    bool held_first; /* whether held events are reported before those of the set; alternates */

    struct kernel *kernel;
    struct waker *waker;
    struct choice *choice;
    struct fdslots_stats stats;
    /* What syncs have done since the choice last counted it. */
    uint64_t flushed_looks;    /* slots that they looked at, because they had changed */
    uint64_t flushed_slots;    /* of these, slots that differed from what the set held */
    uint64_t flushed_modifies; /* calls of epoll_ctl(2) that modify a registration */
    uint64_t flushed_adds;     /* the other calls */
    uint64_t flushed_closes;   /* those of fdslots_close_index(), which are in none of the above */
    bool flushed_new_set;      /* some of this was telling a new set of all files */
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

/* Return the fd of a used slot. */
static inline int fdslots_slot_fd(const struct fdslots *s, uint32_t index)
{
    int fd = s->pollfds[index].fd;
    return fd >= 0 ? fd : ~fd;
}

/* Return the index of the highest used slot plus 1, the most that poll(2) is given. */
static inline uint32_t fdslots_slot_end(const struct fdslots *s)
{
    return fdslots_index_set_last(&s->used) + 1; /* INDEX_NONE + 1 is 0 */
}

/* Return the fd of a used slot, hidden or not; or -1 if the slot is lost or empty. */
static inline int fdslots_slot_held_fd(const struct fdslots *s, uint32_t index)
{
    const int fd = s->pollfds[index].fd;
    const uint32_t flags = s->slots[index].flags;
    if (LIKELY((flags & (SLOT_HIDDEN | SLOT_LOST)) == 0))
        return fd;
    return (flags & SLOT_LOST) != 0 ? -1 : ~fd;
}

/* Return the index of the highest used slot below nslots plus 1. */
static inline uint32_t fdslots_slot_end_of(const struct fdslots *s, uint32_t nslots)
{
    const uint32_t end = fdslots_slot_end(s);
    return nslots >= end ? end : fdslots_index_set_last_below(&s->used, nslots) + 1;
}

static inline uint32_t fdslots_list_flag(const struct fdslots *s, const struct slot_list *list)
{
    return list == &s->fresh ? SLOT_FRESH : SLOT_NOTED;
}

/* Add a slot to a list, unless it is there. */
static inline void fdslots_list_add(struct fdslots *s, struct slot_list *list, uint32_t index)
{
    const uint32_t flag = fdslots_list_flag(s, list);
    struct slot *slot = &s->slots[index];
    if ((slot->flags & flag) != 0)
        return;
    slot->flags |= (uint16_t)flag;
    list->of[list->count++] = index;
}

/* Move all slots of one list to the other. */
void fdslots_list_move(struct fdslots *s, struct slot_list *from, struct slot_list *to);

/* Hide a one-shot slot from the kernel, because it was reported; or show it again, unless it is
 * paused. */
void fdslots_slot_fire(struct fdslots *s, uint32_t index, bool fired);

/* Return the events that a slot both holds and wants, or 0 while it is hidden. */
static inline uint32_t fdslots_slot_held_events(const struct fdslots *s, uint32_t index)
{
    const struct pollfd *pollfd = &s->pollfds[index];
    const uint32_t wanted = (uint16_t)pollfd->events | EVENTS_ALWAYS;
    return pollfd->fd >= 0 ? s->held_revents[index] & wanted : 0;
}

/* Have a slot hold these revents, too, until they are reported or released. A lost slot holds
 * POLLNVAL alone. */
void fdslots_slot_hold(struct fdslots *s, uint32_t index, uint32_t revents);

/* Have a slot hold nothing, unless it is lost. */
void fdslots_slot_release(struct fdslots *s, uint32_t index);

/* Put another fd into a used slot. Its events stay, and it stays hidden if it is. */
void fdslots_slot_replace_fd(struct fdslots *s, uint32_t index, int fd);

/* Move an fd that was just opened to a number that is in no slot, nor 0, 1 or 2. Passes an error
 * on. */
int fdslots_clear_of_slots(const struct fdslots *s, int fd);

/* Take the slots from `end` up out of play. They must be empty. */
void fdslots_slots_cut(struct fdslots *s, uint32_t end);

/* For FDSLOTS_CHECK: mark a slot as lost, because its fd is no longer the file that the caller put
 * there. */
void fdslots_slot_lose(struct fdslots *s, uint32_t index);

#endif
