/* SPDX-License-Identifier: ISC
 *
 * Shared by the parts of the benchmark: a cell of the grid, and a contender, which is a loop that
 * implements a few operations on slots.
 */
#ifndef BENCH_H
#define BENCH_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* Used with POLLIN and POLLOUT: once the slot was reported, it is quiet until it is rearmed. */
#define BENCH_ONESHOT 0x20000u

enum workload_id {
    IDLE,
    READY,
    READY_BLOCKING,
    READY_TURNS,
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

/* Number of waits that are timed one by one. */
#define TIMED 32

struct workload {
    enum workload_id id;
    const char *name;
    const char *what; /* one iteration, described for people */
    /* Contenders cannot share the fds, because the fds change or every waiter on them is woken. */
    bool own_fds;
    bool empty;      /* no slot is set at the beginning */
    bool ready;      /* the k chosen slots are ready all the time */
    bool toggles;    /* toggles interest in an event that the files never have */
    bool tcp_too;    /* at times the slots hold TCP sockets, so there are twice as many files */
    uint32_t spread; /* number of slots for each used one; 1 for no holes */
    uint32_t waits;  /* approximate number of waits in one iteration, used for the warm-up */
    uint32_t least;  /* smallest number of iterations in a round; 0 means two */
};

/* One cell, as one contender uses it. */
struct cell {
    const struct workload *workload;
    enum fd_kind files;
    uint32_t n; /* number of used slots */
    uint32_t k; /* number of slots that are ready or change: the chosen ones */
    uint32_t nslots;
    /* nslots, or twice as many: the TCP sockets come after the files of the slots. */
    uint32_t nfds;
    bool owns;        /* whether this cell owns the fds and closes them */
    int *fds;         /* indexed by slot; -1 for a hole */
    int *ends;        /* the other ends; a byte written there makes a slot ready */
    uint32_t never;   /* an event that no file ever has */
    uint32_t *used;   /* the n used slots */
    uint32_t *chosen; /* the k chosen slots, spread evenly */
    uint32_t *fired;  /* one-shot slots that the last wait reported */
    uint32_t nfired;
    uint32_t phase; /* changes in every iteration */
    uint32_t to_write;
    uint64_t seen;           /* number of ready slots reported so far */
    uint64_t wait_ns[TIMED]; /* COLD: the durations of the last waits */
    uint32_t ntimed;
    struct sleeper *sleeper;
};

struct ways {
    uint64_t poll, epoll;
};

/* A loop. A slot is what a user of the loop would call a connection: an index with an fd. */
struct ops {
    void *(*open)(uint32_t nslots);
    void (*close)(void *loop);
    /* Give the slot an fd, whose number may be another file than before. */
    void (*set)(void *loop, struct cell *c, uint32_t i, int fd, uint32_t events);
    /* Change the interest in the same file. */
    void (*events)(void *loop, uint32_t i, uint32_t events);
    void (*pause)(void *loop, uint32_t i);
    void (*resume)(void *loop, uint32_t i);
    /* A one-shot slot was reported: do what the mechanism of the loop does not do itself. */
    void (*fired)(void *loop, uint32_t i);
    void (*rearm)(void *loop, uint32_t i);
    /* Close the fd and empty the slot. */
    void (*close_fd)(void *loop, uint32_t i);
    /* Wait, either with timeout 0 or without a timeout, and call bench_ready() for every ready
     * slot. */
    void (*wait)(void *loop, struct cell *c, bool block);
    /* Return how many waits took which way so far. NULL if there is only one way. */
    struct ways (*ways)(void *loop);
    bool no_pri; /* cannot register POLLPRI with the kernel */
};

struct contender {
    const char *name;
    const struct ops *ops;
    bool learns; /* learns from its waits, so it is warmed up until it has learnt */
    void (*run)(void *loop, struct cell *c, uint32_t iterations);
};

/* The contenders of this program, ending with NULL. */
extern const struct contender *const contenders[];

/* files.c */
const char *kind_name(enum fd_kind kind);
enum fd_kind kind_named(const char *name); /* KINDS if there is none */
uint32_t kind_fds(enum fd_kind kind);      /* number of fds that one file takes */
uint32_t kind_never(enum fd_kind kind);
bool kind_open(enum fd_kind kind, int *fd, int *end, bool ready);

/* fds.c */
const struct workload *workload_at(uint32_t at); /* NULL after the last */
uint64_t cell_fds(const struct cell *c);         /* number of fds that opening it takes */
bool cell_open(struct cell *c);
bool cell_open_like(struct cell *c, const struct cell *shared);
void cell_close(struct cell *c);
void *loop_open(const struct contender *contender, struct cell *c);

/* sleeper.c: another thread, which makes a slot ready on request. */
struct sleeper *sleeper_open(int fd);
void sleeper_close(struct sleeper *sleeper);
void sleeper_ask(struct sleeper *sleeper);

#endif
