/* SPDX-License-Identifier: ISC
 *
 * A buffer whose calls may be made to fail, and the expected contents of its slots. Every step is a
 * call of the library that is repeated until nothing fails. After every attempt, the promises for a
 * failure are checked.
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

/* An entry point that waits on all slots. */
struct way {
    const char *name;
    int (*wait)(struct fdslots *s, int64_t timeout_ns);
    bool (*available)(void);
    bool is_epoll;  /* supports EDGE and EXCLUSIVE */
    bool has_other; /* can use another mechanism if one is refused */
};

/* The expected contents of a slot. */
struct want {
    int fd; /* -1 if the slot is empty */
    uint32_t events;
    bool paused;
    bool fired;
    bool edge_due; /* an edge has come, and no wait has reported it yet */
};

struct world {
    const struct way *way;
    struct fdslots *s;
    struct want want[WORLD_SLOTS];
    int fds_before;
    int waker; /* the slot of the waker, or -1 */
    bool cut;  /* limited by set_max_ready() */
    /* Uses FDSLOTS_CHECK, which relies on EPOLL_CTL_ADD and fstat(2) to tell what an fd is. */
    bool checks;
    bool woken;
    bool is_child; /* whether this is a child of the process that made the buffer */
    /* Number of the library's fds that a child inherited; it closes those that it can prove to be
     * the same */
    int inherited;
};

/* Return the i-th entry point that works here, or NULL after the last one. */
const struct way *way_at(int i);

void world_make(struct world *w, const struct way *way, uint32_t flags);
/* End the buffer, and check that no fd or memory of the library is left. */
void world_end(struct world *w);

/* ---- steps, which call the functions of the library ---- */

void put(struct world *w, uint32_t index, int fd, uint32_t events);
void change(struct world *w, uint32_t index, uint32_t events);
void rest(struct world *w, uint32_t index); /* pause_index() */
void resume(struct world *w, uint32_t index);
void empty(struct world *w, uint32_t index);
/* Call close_index(). The caller has told the buffer of other slots with the fd. */
void shut(struct world *w, uint32_t index);
/* Wait, and compare the answer with poll(2). */
void look(struct world *w);
/* Do the same with a timeout that must pass if nothing is ready. */
void look_for(struct world *w, int64_t timeout_ns);
void rebuild(struct world *w);
/* Return the nested fd. */
int nest(struct world *w);
void waker_open(struct world *w, uint32_t index);
void wake(struct world *w);
void drain(struct world *w);

/* Wait by fdslots_epoll_wait() if this world's entry point may. The set is then in step with the
 * slots, and fdslots_wait() chooses epoll if most slots are idle. */
void look_by_epoll(struct world *w);
/* Change the events of a slot and change them back, with a wait in between that may fail half-way.
 * Then pause and resume the slot in the same way. */
void flicker(struct world *w, uint32_t index, uint32_t events);
/* Note that an edge has come. */
void edge(struct world *w, uint32_t index);

/* ---- files ---- */

/* Make a non-blocking pipe, with one byte in it or none. */
void make_pipe(int p[2], bool with_data);
void close_pipe(const int p[2]);
void fill(int fd); /* write one byte */
void take(int fd);

/* ---- shared by fault_world.c and fault_look.c ---- */

#define PATIENCE 3 /* attempts that may fail before nothing fails any more */

/* The errors that the header names for a call, then 0. */
extern const int world_poll_errors[];
extern const int world_epoll_errors[];
/* These apply also to a wait that must put a new set into an outer one. */
extern const int world_tell_errors[];

/* Whether the kernel gave FDSLOTS_CHECK a wrong answer about an fd: that it is closed, or not the
 * file that is registered. A wait or fdslots_close_index() cannot be right then. All other calls
 * recover by asking poll(2). */
bool world_was_lied_to(const struct world *w);

/* Return whether a file may be polled beside the set because of what has failed. */
bool world_may_poll(void);

/* Return whether an attempt failed with rc. Checks that rc is one of these errors, and that a call
 * has failed since `fired_before`. */
bool world_failed(const int *errors, int64_t rc, uint32_t fired_before);
void world_check_slots(const struct world *w);
int world_open_fds(void);
/* Undo what the library has concluded from wrong answers about a file. */
void world_clear_up_lies(struct world *w);

#endif
