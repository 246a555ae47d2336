/* SPDX-License-Identifier: ISC
 *
 * Which slots share a registration. The kernel's set takes an fd only once, but any number of slots
 * may hold it. The slots with one fd form a run, and the first of them is its leader. The kernel
 * holds one registration for the whole run. It names the leader, and has the union of the events of
 * all slots of the run.
 *
 *                                                             (modify)  <---- rearm ------+
 *     in no run   --join-->   unregistered   --register-->   registered  --report-->  disarmed
 *        ^                      |      ^                       |
 *        |                   reject    | try again             |
 *        |                      v      |                       |
 *        +------- leave ------ polled (RUN_POLLED) <--reject---+
 *
 * If all slots of a run are hidden, the run stays with nothing registered, so that the kind of its
 * file need not be asked again. A run is polled as a whole. RUN_ASKED means that a slot asks for
 * it. RUN_REFUSED means that the kernel refused the run for a reason that may pass, as when it had
 * no watch left or saw a circle of sets; this is tried again. Without either flag, the run is
 * polled because of the kind of its file.
 *
 * A one-shot slot that was reported is hidden. As long as it is shown again before each sync, the
 * set need not be told. Once it was not (RUN_DISARMS), the kernel is asked to disarm the
 * registration with each report, so that one call arms it again, instead of two that remove and add
 * the file.
 *
 * Leaders are found by fd, through the buckets of a hash table. Nothing here makes a system call.
 */
#ifndef FDSLOTS_REGISTRATION_H
#define FDSLOTS_REGISTRATION_H

#include "../core/slots.h"

struct registration {
    int32_t fd;    /* -1 while the slot is in no run */
    uint32_t next; /* the next slot in the run, or INDEX_NONE */
    union {
        uint32_t previous; /* the previous slot in the run; for all but the leader */
        uint32_t chain;    /* for the leader: the next leader in the same bucket */
    };
    union {
        uint32_t turn; /* for the leader: the slot whose turn it is to be reported first */
        uint32_t mark; /* for the leader of a polled run under FDSLOTS_CHECK: see file_kind.h */
    };
    uint16_t events; /* for the leader: what the kernel's set holds, or 0; for all others 0 */
    uint16_t flags;
};

/* Flags of leaders. */
#define RUN_LEADER    0x01u
#define RUN_CHECKED   0x02u /* this check of FDSLOTS_CHECK has looked at the run */
#define RUN_WATCHABLE 0x04u /* fstat(2) has shown that the set may have this file */
#define RUN_ANONYMOUS 0x08u /* fstat(2) has shown an anonymous inode */
#define RUN_POLLED    0x10u
#define RUN_ASKED     0x20u  /* polled because of what a slot asks for */
#define RUN_REFUSED   0x40u  /* polled because the kernel refused it for a reason that may pass */
#define RUN_CONFIRM   0x80u  /* the fd may refer to another file by now */
#define RUN_REDO      0x100u /* the kernel must be told again, even if the events are the same */
#define RUN_DUE       0x200u /* in a sync: to be compared with what the set holds */
#define RUN_DISARMS   0x400u /* a sync has found its one-shot slot still hidden */

/* Bits of registration.events besides those of poll(2), which leave room for them. REGISTERED is
 * set in every registration, so that 0 means not registered. WANTS_POLL is never registered: it
 * only says that a slot asks for poll(2). */
#define REGISTERED           0x1000u
#define WANTS_POLL           0x0800u
#define REGISTERED_ONESHOT   0x0400u
#define REGISTERED_EDGE      0x4000u
#define REGISTERED_EXCLUSIVE 0x8000u
#define REGISTERED_EVENTS                                                                          \
    ((uint32_t)(POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM |    \
                POLLWRBAND))
/* What the set holds after it has reported a registration with EPOLLONESHOT: it reports nothing any
 * more, not even ERR and HUP. No other registration has POLLNVAL. */
#define DISARMED (REGISTERED | (uint32_t)POLLNVAL)

/* The runs of a buffer. */
struct runs {
    struct registration *of; /* one for each slot */
    uint32_t extent;         /* those below this hold values */
    uint32_t *buckets;       /* the first leader of each; the fd selects the bucket */
    uint32_t bucket_count;
};

/* Lay out runs that are new (all 0) or that are already laid out elsewhere, with an extent of no
 * more than `capacity`. */
void fdslots_runs_lay_out(struct runs *runs, struct layout *at, uint32_t capacity);

/* Give the registrations from the extent up to `touched` their first values, and make the number of
 * buckets fit. */
void fdslots_runs_extend(struct runs *runs, uint32_t touched, uint32_t capacity);

/* Return the leader of the run of this fd, or INDEX_NONE. */
uint32_t fdslots_run_find(const struct runs *runs, int fd);

/* Put a slot that is in no run into the run of this fd. Returns the leader, which may be the slot
 * itself. */
uint32_t fdslots_run_join(struct runs *runs, uint32_t index, int fd);

/* Take a slot out of its run. Returns the leader that the run has now, or INDEX_NONE if no slot is
 * left. A new leader takes over what the kernel holds. It gets RUN_REDO, because the kernel's data
 * still names the old leader. */
uint32_t fdslots_run_leave(struct runs *runs, uint32_t index);

/* Whether a slot is in a run. Slots from the extent up are in none. */
static inline bool fdslots_run_has(const struct runs *runs, uint32_t index)
{
    return index < runs->extent && runs->of[index].fd >= 0;
}

/* Whether the kernel's set holds the file of this slot, and no other slot shares the registration.
 */
static inline bool fdslots_run_is_alone(const struct registration *run)
{
    return run->events != 0 && run->next == INDEX_NONE;
}

/* Return the leader of the run that this slot is in. */
static inline uint32_t fdslots_run_leader(const struct runs *runs, uint32_t index)
{
    return (runs->of[index].flags & RUN_LEADER) != 0 ? index
                                                     : fdslots_run_find(runs, runs->of[index].fd);
}

/* For each slot of this leader's run. The body must not take a slot out of the run. */
#define FOR_EACH_IN_RUN(runs, leader, i)                                                           \
    for (uint32_t i = (leader); i != INDEX_NONE; i = (runs)->of[i].next)

#endif
