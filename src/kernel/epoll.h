/* SPDX-License-Identifier: ISC
 *
 * What the files of the epoll implementation of kernel.h share:
 *
 *     epoll_set.c      makes, remakes, nests, inherits and closes the set as a whole
 *     epoll_sync.c     makes the set agree with the slots
 *     epoll_run.c      tells the set about one run
 *     epoll_wait.c     waits, and shares out the answer to the slots
 *     epoll_check.c    FDSLOTS_CHECK
 *     registration.c   which slots share a registration
 */
#ifndef FDSLOTS_EPOLL_H
#define FDSLOTS_EPOLL_H

#include "../os/file_kind.h"
#include "../os/process.h"
#include "epoll_sys.h"
#include "kernel.h"
#include "registration.h"

/* Memory that is used only within one call, and for one of these purposes at a time. */
union scratch {
    struct epoll_event *events; /* for a wait */
    struct pollfd *pollfds;     /* for poll(2) beside the set */
    uint32_t *indices;          /* for a sync: the leaders of the runs that are due */
};
_Static_assert(sizeof(struct epoll_event) >= sizeof(struct pollfd), "room for the pollfds");

struct kernel {
    int fd;                 /* -1 while there is no set */
    int outer_fd;           /* holds only `fd`, for use in other loops; -1 until it is asked for */
    uint32_t process;       /* the process that made the set */
    uint64_t salt;          /* mixed into the data of registrations; no two sets have the same */
    uint32_t registered;    /* files in the set, not counting ghosts */
    uint32_t looked_at;     /* slots that were looked at when the set was made */
    uint32_t rent;          /* waits with refused runs, since there were none or the set was made */
    uint32_t ghost_reports; /* reports of ghosts since the set was made or kept, and what else they
                               cost */
    uint64_t round_in;      /* the wait in which ghosts last filled a report, or 0 */
    uint64_t round_from;    /* data of the first event of one of these reports */
    uint32_t round_reports; /* how many of them were full */
    uint64_t kept_in;       /* the wait in which an outworn set was last kept, or 0 */
    bool goes_round;        /* that round has not come to its end */
    bool full;              /* in a sync: the kernel has no room for another file */
    bool outworn;           /* make the set anew before it is used again */
    bool is_nested;         /* the outer set holds the set */
    struct runs runs;
    union scratch scratch;
    uint32_t listed; /* how many indices scratch.indices has */
};

/* Looking at this many slots costs as much as the report of a ghost. */
#define SLOTS_A_REPORT 16
/* The turn of an outer loop costs as much as so many reports. */
#define REPORTS_A_TURN 16

/* The slot that a registration belongs to, as the data of the registration names it. */
struct event_name {
    uint32_t index;
    uint32_t generation;
};

static inline uint64_t fdslots_epoll_data(const struct kernel *k, struct event_name name)
{
    return ((uint64_t)name.generation << 32 | name.index) ^ k->salt;
}

static inline struct event_name fdslots_epoll_name(const struct kernel *k, uint64_t data)
{
    data ^= k->salt;
    return (struct event_name){.index = (uint32_t)data, .generation = (uint32_t)(data >> 32)};
}

/* Have the set made anew before it is used again, and by a wait that polls, too, because it may
 * hold an exclusive ghost. */
static inline void fdslots_epoll_wear_out(struct fdslots *s)
{
    s->kernel->outworn = s->exclusive_changed = true;
    s->set_ready = false;
}

/* Make a new set. If it replaces an old one, it is counted as a rebuild. Returns 0, and all used
 * slots are noted then; or an error, and the old set is still there then, unless it was closed
 * because no fd was left. */
int fdslots_epoll_open(struct fdslots *s);

/* Call epoll_ctl(2), and count it. */
static inline int fdslots_epoll_ctl(struct fdslots *s, int op, int fd, uint32_t events,
                                    uint64_t data)
{
    s->stats.epoll_ctl_calls++;
    s->flushed_modifies += op == EPOLL_CTL_MOD;
    s->flushed_adds += op != EPOLL_CTL_MOD;
    return sys_epoll_ctl(s->kernel->fd, op, fd, events, data);
}

/* Remove a run from the set, if it is registered. If DEL fails, the registered file is no longer
 * open under its number, and may be a ghost. */
void fdslots_epoll_deregister(struct fdslots *s, struct registration *leads);

/* Update the runs that are listed and RUN_DUE: tell the set how each differs from what the set
 * holds, or have the run polled. If this has worn the set out, sync again. The first changes of a
 * new set never wear it out. Returns what fdslots_kernel_sync() does. */
int fdslots_epoll_update_runs(struct fdslots *s);

/* For FDSLOTS_CHECK: mark a slot as lost if its fd no longer refers to the file that it referred to
 * at the last sync. Then sync. If index is INDEX_NONE, all slots are looked at; otherwise only
 * those that have changed, and those that have an fd in common with one of them or with this slot.
 */
void fdslots_epoll_check(struct fdslots *s, uint32_t index);

/* Remove a run from the set, or stop polling its slots. */
void fdslots_epoll_drop_run(struct fdslots *s, uint32_t leader);

/* Add a slot of a polled run to s->polled, or remove it while it is hidden. */
void fdslots_epoll_show_polled(struct fdslots *s, uint32_t index);

#endif
