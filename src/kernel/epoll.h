/* SPDX-License-Identifier: ISC
 *
 * Between the files of the epoll implementation of kernel.h:
 *
 *     epoll_set.c      the set as a whole: made, made anew, nested, inherited, closed
 *     epoll_sync.c     the set made to agree with the slots
 *     epoll_run.c      what it is told of one run
 *     epoll_wait.c     the wait, and its answer shared out to the slots
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

/* Memory that is used within one call, for one thing after another. */
union scratch {
    struct epoll_event *events; /* of a wait */
    struct pollfd *pollfds;     /* of poll(2) beside the set */
    uint32_t *indices;          /* of a sync: the slots that changed */
};
_Static_assert(sizeof(struct epoll_event) >= sizeof(struct pollfd), "room for the pollfds");

struct kernel {
    int fd;              /* -1 while there is no set */
    int outer_fd;        /* holds fd alone: what other loops are given; -1 while nobody asked */
    uint32_t process;    /* that made the set */
    uint64_t salt;       /* of what registrations have for data: no two sets have the same */
    uint32_t registered; /* files in the set, ghosts apart */
    uint32_t patience;   /* waits until what was refused is offered again */
    uint32_t last_patience;
    uint32_t ghost_reports; /* since the set was made */
    bool hopeless;          /* a set made anew has not helped what the kernel refuses */
    bool outworn;           /* make the set anew before it is used again */
    bool is_nested;         /* the outer set holds it */
    struct runs runs;
    union scratch scratch;
};

/* What a registration has for data: whose it is. */
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

/* Whether there is a set, made by this process. */
static inline bool fdslots_epoll_is_ours(const struct kernel *k)
{
    return k->fd >= 0 && fdslots_process_is(k->process);
}

/* Make a set, in the place of the one that there is. All used slots are noted then. Returns 0 or an
 * error: then the old one is still there, unless there was no fd left. */
int fdslots_epoll_open(struct fdslots *s);

/* Close the set, and keep the outer one. */
void fdslots_epoll_close(struct fdslots *s);

/* Call epoll_ctl(2), and count it. */
static inline int fdslots_epoll_ctl(struct fdslots *s, int op, int fd, uint32_t events,
                                    uint64_t data)
{
    s->stats.epoll_ctl_calls++;
    s->modify_calls += op == EPOLL_CTL_MOD;
    return sys_epoll_ctl(s->kernel->fd, op, fd, events, data);
}

/* Have the set hold nothing of a run. A file that is not there any more under its number may be a
 * ghost. */
void fdslots_epoll_deregister(struct fdslots *s, struct registration *leads);

/* Have the set hold what it should of the runs that are RUN_DUE, of which these slots are leaders:
 * tell it the difference, or have the run polled. */
void fdslots_epoll_update_runs(struct fdslots *s, const uint32_t *slots, uint32_t count);

/* Have the set hold nothing of it, and have none of its slots polled. */
void fdslots_epoll_drop_run(struct fdslots *s, uint32_t leader);

/* A slot of a polled run is polled unless it is hidden. */
void fdslots_epoll_show_polled(struct fdslots *s, uint32_t index);

#endif
