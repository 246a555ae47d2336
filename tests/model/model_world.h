/* SPDX-License-Identifier: ISC
 *
 * What a program of the model works on: files, and buffers that should all hold the same.
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

/* What a buffer should hold in a slot. */
struct expected {
    int fd; /* -1: empty */
    uint32_t events;
    bool paused;
    bool fired;
    bool due; /* where it is ready, the next wait must say so, even by edges alone */
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
    struct fdslots *buffer;
    struct expected slots[SLOTS];
    unsigned turn;
};

#define SUBJECTS 11
extern struct subject subjects[SUBJECTS];

extern struct world {
    struct object objects[OBJECTS];
    bool open[OBJECTS];
    int kept[KEPT]; /* dups, which keep files alive after their fds are closed */
    const struct kind *kept_kind[KEPT];
    pid_t children[CHILDREN];
    unsigned steps;
    bool broken; /* an operation itself found something wrong */
    FILE *log;   /* where to say what differs, or NULL */
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

/* ---- model_compare.c ---- */

/* What poll(2) says now, or since the world last changed, of the slots as a subject should see
 * them: hidden ones have fd -1. */
void model_ask(const struct subject *s, struct pollfd *fds);
void model_forget_answers(void);
/* Let a subject wait, in a manner chosen by any number, and compare. */
bool model_agrees(struct subject *s, unsigned manner);
/* Whether what is ready in this fd may change without an operation. */
bool model_changes_by_itself(int fd);
/* How often each entry point waited and was compared. */
void model_print_waits(FILE *out);
/* Say what differs; returns false. */
bool model_complain(const struct subject *s, const char *what, unsigned slot, int got, int wanted);

/* ---- model_ops.c ---- */

/* Carry out one operation on every buffer. */
void model_operate(const struct op *op);
void model_close_all(void);
/* Set a slot of every buffer; fd < 0 empties it. */
void model_set_slot(unsigned slot, int fd, uint32_t events);

/* ---- model_calls.c ---- */

void op_iterate(const struct op *op);
void op_clear(const struct op *op);
void op_nest(const struct op *op);
void op_wake(const struct op *op);
void op_child_waits(const struct op *op);

#endif
