/* SPDX-License-Identifier: ISC
 *
 * The state that a program of the model works on: files, and buffers that should all hold the same
 * slots.
 *
 * Slots name a file by the number of its object. If a file reports an event only once, every buffer
 * has its own open file, and poll(2) is asked about the shadow of that one (model_once.c).
 */
#ifndef FDSLOTS_TEST_MODEL_WORLD_H
#define FDSLOTS_TEST_MODEL_WORLD_H

#include "entry.h"
#include "model.h"
#include "objects.h"

#include <fdslots.h>

#include <stdbool.h>

#define SLOTS    40
#define OBJECTS  16
#define KEPT     4
#define CHILDREN 2
/* Only objects of the model get these numbers. They are therefore closed until the model opens
 * them, and never belong to the library. */
#define HIGH   200
#define HIGHS  32
#define CLOSED 999
#define MOST   1024 /* all objects have lower numbers */

/* What a buffer should hold in a slot. */
struct expected {
    int fd; /* -1 if the slot is empty */
    uint32_t events;
    bool paused;
    bool fired;
    bool due;  /* if the fd is ready, the next wait must report it, even with edges alone */
    bool dead; /* the number was no file when the slot was set */
    bool gone; /* closed through another slot, which FDSLOTS_CHECK notices */
    int held;  /* what poll(2) reported when the ready set was full */
};

/* An event of an object that poll(2) has reported and a buffer has not. */
enum owed {
    OWED_NOTHING,
    OWED_MAYBE, /* the slots have changed since */
    OWED,       /* the buffer must still report it */
};

#define TURNS 5

/* A buffer, the entry points that wait on it in turn, and how often it waits. */
struct subject {
    const char *name;
    enum entry_point by[TURNS];
    unsigned turns; /* number of entry points in `by` */
    /* 1 for a wait after every operation; else several operations come first, so that changes add
     * up */
    unsigned every;
    uint32_t stride;    /* slot n of the model is slot n * stride of the buffer */
    uint32_t max_ready; /* 0 for no limit */
    /* Whether FDSLOTS_EDGE and FDSLOTS_EXCLUSIVE are used; else they are left out. */
    bool edges;
    uint32_t flags;
    struct fdslots *buffer;
    void *memory; /* the memory of the buffer, if it is not the library's */
    struct expected slots[SLOTS];
    enum owed owed[OBJECTS];
    unsigned turn;
};

#define SUBJECTS LOOKERS
extern struct subject subjects[SUBJECTS];

extern struct world {
    struct object objects[OBJECTS];
    bool open[OBJECTS];
    struct object *at[MOST]; /* the open object with this number */
    int kept[KEPT];          /* dups that keep files open after their fds are closed */
    const struct kind *kept_kind[KEPT];
    pid_t children[CHILDREN];
    unsigned steps;
    unsigned generation; /* 0, or the generation of a child that goes on with the program */
    int limit;           /* RLIMIT_NOFILE while it is lowered, or 0 */
    bool broken;         /* set if an operation itself found an error */
    FILE *log;           /* where differences are printed, or NULL */
} world;

#define FOR_EACH_SUBJECT(s) for (struct subject *s = subjects; s < subjects + SUBJECTS; s++)

static inline uint32_t place(const struct subject *s, unsigned slot)
{
    return slot * s->stride;
}

/* Return the events of an operation that this subject uses. */
static inline uint32_t given(const struct subject *s, uint32_t events)
{
    return s->edges ? events : events & ~(FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE);
}

static inline bool is_checked(const struct subject *s)
{
    return (s->flags & FDSLOTS_CHECK) != 0;
}

static inline struct object *object_at(int fd)
{
    return fd >= 0 && fd < MOST ? world.at[fd] : NULL;
}

/* ---- model.c ---- */

/* Run the next operations of the program, with all waits. */
bool model_go_on(unsigned steps);
/* Report a difference. Returns false. */
bool model_complain(const struct subject *s, const char *what, unsigned slot, int got, int wanted);

/* ---- model_oracle.c ---- */

/* Return the answer of poll(2) for the slots of a subject, taken now or since the world last
 * changed. Hidden slots have fd -1. */
void model_ask(const struct subject *s, struct pollfd *fds);
void model_forget_answers(void);
/* Return whether the readiness of this fd may change without an operation. */
bool model_changes_by_itself(int fd);
/* Return whether a wait with this answer must report the slot, even if it takes long. */
bool model_must_report(const struct subject *s, const struct pollfd *fds, unsigned slot);
/* Return whether poll(2) may be asked for a slot beside the set, because of this slot or of another
 * one with the fd. */
bool model_may_be_polled(const struct subject *s, unsigned slot);
/* Return whether a registered slot is ready, which other loops can see. */
bool model_shows_outside(const struct subject *s);

/* ---- model_once.c: files that report an event only once ---- */

struct object *model_once_at(int fd);
/* Return the subject's own file, or the one that poll(2) is asked about instead. Other numbers are
 * returned unchanged. */
int model_own(const struct subject *s, int fd);
int model_shadow(const struct subject *s, int fd);
/* Return whether a slot with such a file shows what it should. */
bool model_once_agrees(struct subject *s, const struct pollfd *before, unsigned slot);
/* Note that a wait failed and reported nothing: everything that poll(2) reported is owed. */
void model_owe_all(struct subject *s, const struct pollfd *before);
/* Return whether a slot that is not hidden still owes an event. */
bool model_owes(const struct subject *s);
bool model_owes_any(void);
/* Note that the slots with this file change, which may drop its event. */
void model_owe_less(struct subject *s, int fd);

/* ---- model_compare.c ---- */

/* Let a subject wait, in a manner that `manner` chooses, and compare the answers. */
bool model_agrees(struct subject *s, unsigned manner);
/* Print how many waits of every entry point were compared. */
void model_print_waits(FILE *out);

/* ---- model_program.c ---- */

/* Run one operation on every buffer. */
void model_operate(const struct op *op);

/* ---- model_slots.c ---- */

/* Set a slot of every buffer. An fd below 0 empties it. */
void model_set_slot(unsigned slot, int fd, uint32_t events);
uint32_t model_events(uint8_t c);
void model_expect(const struct subject *s, const char *call, unsigned slot, int rc, int wanted);

void op_set(const struct op *op);
void op_set_number(const struct op *op);
void op_set_same(const struct op *op);
void op_set_events(const struct op *op);
void op_invalidate(const struct op *op);
void op_pause(const struct op *op);
void op_resume(const struct op *op);
void op_swap(const struct op *op);
void op_rebuild(const struct op *op);

/* ---- model_files.c ---- */

void op_open(const struct op *op);
void op_close(const struct op *op);
void op_reuse(const struct op *op);
void op_close_index(const struct op *op);
void op_poke(const struct op *op);
void op_keep(const struct op *op);
void op_dup2(const struct op *op);
void model_close_all(void);

/* ---- model_calls.c ---- */

void op_iterate(const struct op *op);
void op_clear(const struct op *op);
void op_nest(const struct op *op);
void op_wake(const struct op *op);
void op_grow(const struct op *op);

/* ---- model_children.c ---- */

void op_fork(const struct op *op);
void op_child_goes_on(const struct op *op);
void op_share(const struct op *op);
void model_end_children(void);

/* ---- model_limit.c ---- */

void op_limit(const struct op *op);
/* Call this after every operation. The limit is lifted after some of them. */
void model_limit_ticks(void);
void model_lift_limit(void);
/* Return whether a wait may fail like this because it lacks fds. */
bool model_may_fail(const struct subject *s, enum entry_point point, int rc);

#endif
