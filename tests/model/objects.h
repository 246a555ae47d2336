/* SPDX-License-Identifier: ISC
 *
 * The things that random programs wait on: some twenty kinds of open files, each with what can be
 * done to it from outside (write, drain, fill, shut down, reset, ...).
 */
#ifndef FDSLOTS_TEST_OBJECTS_H
#define FDSLOTS_TEST_OBJECTS_H

#include <stdbool.h>
#include <sys/types.h>

struct object;

struct kind {
    const char *name;
    int (*open)(struct object *o); /* sets fd, and peer or child */
    void (*act)(struct object *o); /* the poke that only this kind has, or NULL */
};

struct object {
    const struct kind *kind;
    int fd;   /* the file that goes into slots; keeps its number after the object is closed */
    int peer; /* the other end, or -1 */
    pid_t child;
};

/* Directory for the files of this run; made at the first call. */
const char *objects_directory(void);
void objects_remove_directory(void);

unsigned object_kinds(void);
/* The first kinds open and close at once; the rest take the kernel long. */
unsigned object_quick_kinds(void);
const char *object_kind_name(unsigned kind);
/* Open an object of a kind. The fd never waits. Returns 0, or -1 where this machine has no such
 * file. */
int object_open(struct object *o, unsigned kind);
/* Close everything but o->fd. */
void object_close_rest(struct object *o);

/* Whether its state may change at any moment without a poke: a pty passes bytes on by a kernel
 * thread. */
bool object_changes_by_itself(const struct object *o);
bool object_is_epoll_set(const struct object *o);

unsigned object_pokes(void);
const char *object_poke_name(unsigned poke);
/* Change the state of an object from outside; a poke that makes no sense for it does nothing. */
void object_poke(struct object *o, unsigned poke);

#endif
