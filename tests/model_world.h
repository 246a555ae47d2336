/* SPDX-License-Identifier: ISC
 *
 * What a program of the model works on: files, and buffers that should all hold the same.
 */
#ifndef FDSLOTS_TEST_MODEL_WORLD_H
#define FDSLOTS_TEST_MODEL_WORLD_H

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
};

/* A buffer, the entry points that wait on it in turn, and how often it waits. */
struct subject {
    const char *name;
    int (*wait[5])(struct fdslots *s);
    unsigned every; /* 1: after each operation; else only after some, so that changes pile up */
    struct fdslots *buffer;
    struct expected slots[SLOTS];
    unsigned turn;
};

#define SUBJECTS 8
extern struct subject subjects[SUBJECTS];

extern struct world {
    struct object objects[OBJECTS];
    bool open[OBJECTS];
    int kept[KEPT]; /* dups, which keep files alive after their fds are closed */
    const struct kind *kept_kind[KEPT];
    pid_t children[CHILDREN];
    unsigned steps;
} world;

#define FOR_EACH_SUBJECT(s) for (struct subject *s = subjects; s < subjects + SUBJECTS; s++)

/* ---- model_ops.c ---- */

/* Carry out one operation on every buffer. */
void model_operate(const struct op *op);
void model_close_all(void);

#endif
