/* SPDX-License-Identifier: ISC
 *
 * Which slots share a registration. The kernel's set takes an fd once, the buffer in any number of
 * slots: the slots with one fd form a run, of which the first is the leader. The leader stands for
 * all of them in the kernel, with the union of their events.
 *
 *     in no run   --join-->   unregistered   --register-->   registered
 *        ^                      |      ^                       |   (modify, rearm)
 *        |                   reject    | try again             |
 *        |                      v      |                       |
 *        +------- leave ------ polled (RUN_POLLED) <--reject---+
 *
 * A run of which all slots are hidden stays a run, with nothing registered: what its file is need
 * not be asked again. A run is polled as a whole: RUN_ASKED, where a slot asks for it; RUN_REFUSED,
 * where the kernel had no watch left or saw a circle of sets, which is tried again; else because of
 * what its file is.
 *
 * Leaders are found by fd through buckets. All of it is bookkeeping: no system call is made here.
 */
#ifndef FDSLOTS_REGISTRATION_H
#define FDSLOTS_REGISTRATION_H

#include "../core/slots.h"

struct registration {
    int32_t fd;    /* -1: in no run */
    uint32_t next; /* in the run, or INDEX_NONE */
    union {
        uint32_t previous; /* in the run, of all but the leader */
        uint32_t chain;    /* of the leader: the next leader in the same bucket */
    };
    union {
        uint32_t turn; /* of the leader: whose turn it is where set_max_ready() cuts */
        uint32_t mark; /* of the leader of a polled run, for FDSLOTS_CHECK: of its file's kind */
    };
    uint16_t events; /* of the leader: what the kernel's set holds, or 0; 0 of all others */
    uint16_t flags;
};

/* Flags of leaders. */
#define RUN_LEADER    0x01u
#define RUN_WATCHABLE 0x04u /* fstat(2), or MOD, has said that the set may have this file */
#define RUN_ANONYMOUS 0x08u /* it has: an anonymous inode */
#define RUN_POLLED    0x10u
#define RUN_ASKED     0x20u  /* polled, since a slot asks for it */
#define RUN_REFUSED   0x40u  /* polled, since the kernel refused it for a reason that may pass */
#define RUN_CONFIRM   0x80u  /* the number may be another file */
#define RUN_REDO      0x100u /* the kernel must be told again, also of equal events */
#define RUN_DUE       0x200u /* in a sync: to be compared with what the set holds */

/* Bits of registration.events besides those of poll(2), which leave room for them. REGISTERED is
 * always set, so that 0 stands for not registered. WANTS_POLL is never registered. */
#define REGISTERED           0x1000u
#define WANTS_POLL           0x0800u
#define REGISTERED_EDGE      0x4000u
#define REGISTERED_EXCLUSIVE 0x8000u
#define REGISTERED_EVENTS                                                                          \
    ((uint32_t)(POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM |    \
                POLLWRBAND))

/* The runs of a buffer. */
struct runs {
    struct registration *of; /* by slot */
    uint32_t extent;         /* those below hold values */
    uint32_t *buckets;       /* by fd: the first leader */
    uint32_t bucket_count;
};

/* Lay out runs that are all 0, or lie elsewhere already, with an extent of no more than `capacity`.
 */
void fdslots_runs_lay_out(struct runs *runs, struct layout *at, uint32_t capacity);

/* Give values to the registrations of the slots below `touched`, and make the buckets fit. */
void fdslots_runs_extend(struct runs *runs, uint32_t touched, uint32_t capacity);

/* Return the leader of the run of this fd, or INDEX_NONE. */
uint32_t fdslots_run_find(const struct runs *runs, int fd);

/* Put a slot that is in no run into that of this fd; returns its leader, perhaps the slot itself.
 */
uint32_t fdslots_run_join(struct runs *runs, uint32_t index, int fd);

/* Take a slot out of its run. Returns who leads the run now, or INDEX_NONE where nobody is left. A
 * new leader inherits what the kernel holds, and RUN_REDO, since the kernel's data names the old.
 */
uint32_t fdslots_run_leave(struct runs *runs, uint32_t index);

/* Whether a slot is in a run: not so above the extent. */
static inline bool fdslots_run_has(const struct runs *runs, uint32_t index)
{
    return index < runs->extent && runs->of[index].fd >= 0;
}

/* Whether the kernel's set holds the file of this slot for it alone. */
static inline bool fdslots_run_is_alone(const struct registration *run)
{
    return run->events != 0 && run->next == INDEX_NONE;
}

/* Whose registration a slot in a run goes by. */
static inline uint32_t fdslots_run_leader(const struct runs *runs, uint32_t index)
{
    return (runs->of[index].flags & RUN_LEADER) != 0 ? index
                                                     : fdslots_run_find(runs, runs->of[index].fd);
}

/* The body must not take anybody out of the run. */
#define FOR_EACH_IN_RUN(runs, leader, i)                                                           \
    for (uint32_t i = (leader); i != INDEX_NONE; i = (runs)->of[i].next)

#endif
