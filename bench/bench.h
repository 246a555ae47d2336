/* SPDX-License-Identifier: ISC
 *
 * What the parts of the benchmark share: a cell of the grid, and a contender, which is a loop
 * behind a few operations on slots.
 */
#ifndef BENCH_H
#define BENCH_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* Beside POLLIN and POLLOUT: once reported, quiet until rearmed. */
#define BENCH_ONESHOT 0x20000u

enum workload_id {
    IDLE,
    READY,
    READY_BLOCKING,
    TOGGLE,
    TOGGLE_BACK,
    RESET,
    PAUSE_CANCELS,
    PAUSE_ACROSS,
    ONESHOT,
    REGISTER,
    REPLACE,
    SPARSE,
    SLEEP,
    RING,
    MIXED,
    COLD,
    KINDS_CHANGE,
};

enum fd_kind { EVENTFDS, PIPES, TIMERFDS, UNIX_SOCKETS, TCP_SOCKETS, KINDS };

/* Waits that are timed each alone. */
#define TIMED 32

struct workload {
    enum workload_id id;
    const char *name;
    const char *what; /* one iteration, for a person */
    bool own_fds;     /* the fds change or are heard of by all who wait: not shared by contenders */
    bool empty;       /* begins with no slot set */
    bool ready;       /* the k chosen slots are ready all the time */
    bool toggles;     /* interest in an event that the files never have */
    bool tcp_too;     /* the slots hold TCP sockets now and then: twice the files */
    uint32_t spread;  /* slots for each one used: 1 for no holes */
    uint32_t waits;   /* in one iteration, about: the unit of warming up */
    uint32_t least;   /* iterations of a round; 0: two */
};

/* One cell, as one contender sees it. */
struct cell {
    const struct workload *workload;
    enum fd_kind files;
    uint32_t n; /* used slots */
    uint32_t k; /* those that are ready, or changed: the chosen ones */
    uint32_t nslots;
    uint32_t nfds;    /* nslots, or twice as many: behind the files of the slots TCP sockets */
    bool owns;        /* the fds: it closes them */
    int *fds;         /* by slot; -1 for a hole */
    int *ends;        /* the other ends: a byte written there makes a slot ready */
    uint32_t never;   /* an event that none of the files ever has */
    uint32_t *used;   /* the n used slots */
    uint32_t *chosen; /* the k chosen ones, spread evenly */
    uint32_t *fired;  /* one-shot slots reported by the last wait */
    uint32_t nfired;
    uint32_t phase; /* flips with each iteration */
    uint32_t to_write;
    uint64_t seen;           /* ready slots reported so far */
    uint64_t wait_ns[TIMED]; /* COLD: what the last waits took */
    uint32_t ntimed;
    struct sleeper *sleeper;
};

struct ways {
    uint64_t poll, epoll;
};

/* A loop. Slots are what a user of it would call a connection: an index with an fd. */
struct ops {
    void *(*open)(uint32_t nslots);
    void (*close)(void *loop);
    /* The slot gets an fd; this number may be another file than before. */
    void (*set)(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events);
    /* Other interest, same file. */
    void (*events)(void *loop, uint32_t i, uint32_t events);
    void (*pause)(void *loop, uint32_t i);
    void (*resume)(void *loop, uint32_t i);
    /* A one-shot slot was reported: what the loop must do that its mechanism does not. */
    void (*fired)(void *loop, uint32_t i);
    void (*rearm)(void *loop, uint32_t i);
    /* Close the fd and empty the slot. */
    void (*close_fd)(void *loop, uint32_t i);
    /* Wait, not at all or without end, and tell bench_ready() of each ready slot. */
    void (*wait)(void *loop, struct cell *c, bool block);
    /* How many waits went which way so far; NULL where there is but one way. */
    struct ways (*ways)(void *loop);
    bool no_pri; /* cannot tell the kernel of POLLPRI */
};

struct contender {
    const char *name;
    const struct ops *ops;
    bool learns; /* from its waits: it is warmed up until it has */
    void (*run)(void *loop, struct cell *c, uint32_t iterations);
};

extern const struct contender *const contenders[]; /* of this program, up to NULL */

/* files.c */
const char *kind_name(enum fd_kind kind);
enum fd_kind kind_named(const char *name); /* KINDS: there is none */
uint32_t kind_fds(enum fd_kind kind);      /* that one file takes */
uint32_t kind_never(enum fd_kind kind);
bool kind_open(enum fd_kind kind, int *fd, int *end, bool ready);

/* fds.c */
const struct workload *workload_at(uint32_t at); /* NULL behind the last */
uint64_t cell_fds(const struct cell *c);         /* that it takes to open it */
bool cell_open(struct cell *c);
bool cell_open_like(struct cell *c, const struct cell *shared);
void cell_close(struct cell *c);
void *loop_open(const struct contender *contender, struct cell *c);

/* sleeper.c: another thread, that makes a slot ready when asked to */
struct sleeper *sleeper_open(int fd);
void sleeper_close(struct sleeper *sleeper);
void sleeper_ask(struct sleeper *sleeper);

#endif
