/* SPDX-License-Identifier: ISC
 *
 * What a program of the model works on: files, and buffers that should all hold the same.
 *
 * Slots name a file by the number of its object. Of a file that hands out its event once, each
 * buffer has its own, and poll(2) is asked about the shadow of that one (model_once.c).
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
/* Numbers that only objects of the model are moved to, so that they are closed until it opens them
 * and never an fd of the library itself. */
#define HIGH   200
#define HIGHS  32
#define CLOSED 999
#define MOST   1024 /* objects have lower numbers */

/* What a buffer should hold in a slot. */
struct expected {
    int fd; /* -1: empty */
    uint32_t events;
    bool paused;
    bool fired;
    bool due;  /* where it is ready, the next wait must say so, even by edges alone */
    bool dead; /* the number was no file when the slot was set */
    bool gone; /* closed through another slot, as FDSLOTS_CHECK knows */
    int held;  /* what poll(2) said and a full ready set had no room for */
};

/* What poll(2) said once of an object, and a buffer did not. */
enum owed {
    OWED_NOTHING,
    OWED_MAYBE, /* the slots have changed since */
    OWED,       /* it must come */
};

#define TURNS 5

/* A buffer, the entry points that wait on it in turn, and how often it waits. */
struct subject {
    const char *name;
    enum entry_point by[TURNS];
    unsigned turns;     /* how many of them */
    unsigned every;     /* 1: after each operation; else only after some, so that changes pile up */
    uint32_t stride;    /* slot n of the model is slot n * stride of the buffer */
    uint32_t max_ready; /* 0: all */
    bool edges;         /* FDSLOTS_EDGE and FDSLOTS_EXCLUSIVE count; else they are left out */
    uint32_t flags;
    struct fdslots *buffer;
    void *memory; /* in which it lies, if that is not the library's */
    struct expected slots[SLOTS];
    enum owed owed[OBJECTS];
    unsigned turn;
};

#define SUBJECTS LOOKERS
extern struct subject subjects[SUBJECTS];

extern struct world {
    struct object objects[OBJECTS];
    bool open[OBJECTS];
    struct object *at[MOST]; /* the open one with this number */
    int kept[KEPT];          /* dups, which keep files alive after their fds are closed */
    const struct kind *kept_kind[KEPT];
    pid_t children[CHILDREN];
    unsigned steps;
    unsigned generation; /* 0, or that of a child that goes on with the program */
    int limit;           /* RLIMIT_NOFILE while it is lowered, or 0 */
    bool broken;         /* an operation itself found something wrong */
    FILE *log;           /* where to say what differs, or NULL */
} world;

#define FOR_EACH_SUBJECT(s) for (struct subject *s = subjects; s < subjects + SUBJECTS; s++)

static inline uint32_t place(const struct subject *s, unsigned slot)
{
    return slot * s->stride;
}

/* What of the events of an operation this subject is given. */
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

/* Carry out the next operations of the program, with all waits. */
bool model_go_on(unsigned steps);
/* Say what differs; returns false. */
bool model_complain(const struct subject *s, const char *what, unsigned slot, int got, int wanted);

/* ---- model_oracle.c ---- */

/* What poll(2) says now, or since the world last changed, of the slots as a subject should see
 * them: hidden ones have fd -1. */
void model_ask(const struct subject *s, struct pollfd *fds);
void model_forget_answers(void);
/* Whether what is ready in this fd may change without an operation. */
bool model_changes_by_itself(int fd);
/* Whether a wait with this answer must report the slot, however long it may take. */
bool model_must_report(const struct subject *s, const struct pollfd *fds, unsigned slot);
/* Whether poll(2) may be asked for a slot beside the set, for itself or for another with its fd. */
bool model_may_be_polled(const struct subject *s, unsigned slot);
/* Whether a registered slot is ready, which shows in other loops. */
bool model_shows_outside(const struct subject *s);

/* ---- model_once.c: files that hand out their event once ---- */

struct object *model_once_at(int fd);
/* The subject's own file, and the one that poll(2) is asked about instead. Other numbers stay as
 * they are. */
int model_own(const struct subject *s, int fd);
int model_shadow(const struct subject *s, int fd);
/* Whether a slot with such a file shows what it should. */
bool model_once_agrees(struct subject *s, const struct pollfd *before, unsigned slot);
/* A wait that failed has said nothing: what poll(2) said must come later. */
void model_owe_all(struct subject *s, const struct pollfd *before);
/* Whether something must still come in a slot that is not hidden. */
bool model_owes(const struct subject *s);
bool model_owes_any(void);
/* The slots with this file change, which may take its event away. */
void model_owe_less(struct subject *s, int fd);

/* ---- model_compare.c ---- */

/* Let a subject wait, in a manner chosen by any number, and compare. */
bool model_agrees(struct subject *s, unsigned manner);
/* How often each entry point waited and was compared. */
void model_print_waits(FILE *out);

/* ---- model_program.c ---- */

/* Carry out one operation on every buffer. */
void model_operate(const struct op *op);

/* ---- model_slots.c ---- */

/* Set a slot of every buffer; fd < 0 empties it. */
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
/* After each operation: the limit comes back after some. */
void model_limit_ticks(void);
void model_lift_limit(void);
/* Whether a wait may fail so for want of fds. */
bool model_may_fail(const struct subject *s, enum entry_point point, int rc);

#endif
