/* SPDX-License-Identifier: ISC
 *
 * A buffer whose calls may be made to fail, and what its slots should hold. Each step is a call of
 * the library, made again until nothing fails any more, and all that is promised of a failure is
 * looked at after each attempt.
 */
#ifndef TESTS_FAULT_WORLD_H
#define TESTS_FAULT_WORLD_H

#include "fault.h"

#include <fdslots.h>

#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fault_fail(__VA_ARGS__);                                                               \
    } while (0)

#define WORLD_SLOTS 128

/* An entry point, all slots. */
struct way {
    const char *name;
    int (*wait)(struct fdslots *s, int64_t timeout_ns);
    bool (*available)(void);
    bool is_epoll;  /* understands EDGE and EXCLUSIVE */
    bool has_other; /* a mechanism to go on with when one is refused */
};

/* What a slot should hold. */
struct want {
    int fd; /* -1: empty */
    uint32_t events;
    bool paused;
    bool fired;
    bool edge_due; /* an edge has come that no wait has reported */
};

struct world {
    const struct way *way;
    struct fdslots *s;
    struct want want[WORLD_SLOTS];
    int fds_before;
    int waker;   /* its slot, or -1 */
    bool cut;    /* by set_max_ready() */
    bool checks; /* FDSLOTS_CHECK: takes EPOLL_CTL_ADD's and fstat's word for what an fd is */
    bool nested; /* its set is in an outer one, where each new set must go */
    bool woken;
    bool is_child; /* of the process that made the buffer */
    int inherited; /* fds of the library that a child found, and closes where it can prove them */
};

/* Those that work here, then NULL. */
const struct way *way_at(int i);

void world_make(struct world *w, const struct way *way, uint32_t flags);
/* Checks that nothing of the library's is left over. */
void world_end(struct world *w);

/* ---- steps: as the functions of the library ---- */

void put(struct world *w, uint32_t index, int fd, uint32_t events);
void change(struct world *w, uint32_t index, uint32_t events);
void rest(struct world *w, uint32_t index); /* pause */
void resume(struct world *w, uint32_t index);
void empty(struct world *w, uint32_t index);
/* close_index; the caller has told of other slots with the fd. */
void shut(struct world *w, uint32_t index);
/* Wait, and compare with poll(2). */
void look(struct world *w);
/* As look(), for a time that must pass where nothing is ready, or in vain. */
void look_for(struct world *w, int64_t timeout_ns);
void rebuild(struct world *w);
/* Gives the fd to nest. */
int nest(struct world *w);
void waker_open(struct world *w, uint32_t index);
void wake(struct world *w);
void drain(struct world *w);

/* By fdslots_epoll_wait(), where the way of this world may; fdslots_wait() then finds epoll in
 * step, and chooses it where most slots are idle. */
void look_by_epoll(struct world *w);
/* Change a slot and change it back, with a wait between that may be refused half-way; pause it and
 * resume it in the same way. */
void flicker(struct world *w, uint32_t index, uint32_t events);
/* An edge has come. */
void edge(struct world *w, uint32_t index);

/* ---- files ---- */

/* With one byte in it, or none; it never blocks. */
void make_pipe(int p[2], bool with_data);
void close_pipe(const int p[2]);
void fill(int fd); /* one byte */
void take(int fd);

/* ---- between the two files ---- */

#define PATIENCE 3 /* attempts that may fail before no more calls do */

/* The errors that the header names for a call; then 0. */
extern const int world_poll_errors[];
extern const int world_epoll_errors[];
extern const int world_tell_errors[]; /* also of a wait that must put a new set into an outer one */

/* Whether some file may be polled beside the set because of what has failed. */
bool world_may_poll(void);

/* Whether an attempt failed with rc: with one of these errors, and because a call failed since
 * `fired_before`. */
bool world_failed(const int *errors, int64_t rc, uint32_t fired_before);
void world_check_slots(const struct world *w);
int world_open_fds(void);
/* The kernel was believed when it said what a file is: take that back. */
void world_clear_up_lies(struct world *w);

#endif
