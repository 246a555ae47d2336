/* SPDX-License-Identifier: ISC
 *
 * The files that random programs wait on: some fifty kinds, each with the changes that can be made
 * to it from outside (write, drain, fill, shut down, reset and others).
 *
 * Some files report an event only once, to whoever asks first. Every looker therefore has an open
 * file of its own, and beside it a shadow for poll(2). The two are opened at the same moment, poked
 * together and asked alternately, so they report the same.
 */
#ifndef FDSLOTS_TEST_OBJECTS_H
#define FDSLOTS_TEST_OBJECTS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define LOOKERS 12 /* number of lookers, which each open such a file for themselves */

struct object;

enum traits {
    KIND_SLOW = 1,      /* slow to open or to close, so seldom opened */
    KIND_ONCE = 2,      /* reports an event only once */
    KIND_BY_ITSELF = 4, /* may change at any moment without a poke */
    KIND_EPOLL_SET = 16,
    KIND_SHARED = 32,   /* other processes on this machine may change it, too */
    KIND_PERSONAL = 64, /* every process sees a state of its own */
};

struct kind {
    const char *name;
    int (*open)(struct object *o); /* sets fd and whatever else is needed */
    void (*act)(struct object *o); /* the poke that only this kind has, or NULL */
    unsigned traits;
};

struct object {
    const struct kind *kind;
    int fd;    /* the file that goes into slots; it keeps its number after the object is closed */
    int peer;  /* the other end, or -1 */
    int inner; /* another fd that must stay open, or -1 */
    pid_t child;
    unsigned phase; /* number of the kind's own pokes so far, or its current step */
    bool polled;    /* neither a socket nor a pipe nor an anonymous fd of the kernel */
    bool socket;
    bool anonymous; /* an anonymous fd, such as an eventfd */
    bool by_itself;
    unsigned disturbances; /* number of pokes by others that were seen before it was opened */
    /* For kinds that report an event only once; fd is the file of looker `first`. */
    unsigned first;
    int own[LOOKERS];
    int shadow[LOOKERS];
};

/* Return the directory for the files of this run. The first call makes it, and enters the
 * namespaces. */
const char *objects_directory(void);
void objects_remove_directory(void);

unsigned object_kinds(void);
/* Return how many kinds open and close quickly. They come first in the table; the others are
 * slow. */
unsigned object_quick_kinds(void);
const char *object_kind_name(unsigned kind);
/* Print how many kinds were opened, and which were not. */
void objects_print_kinds(FILE *out);
/* Open an object of a kind. `first` may be any number. The fd is non-blocking. Returns 0, or -1 if
 * this machine has no such file. */
int object_open(struct object *o, unsigned kind, unsigned first);
/* Close everything but o->fd. */
void object_close_rest(struct object *o);
/* Handle that one of its files was closed elsewhere: close o->fd, unless that was the one. */
void object_was_closed(struct object *o, int fd);
/* Handle that o->fd now is another file, of this kind. */
void object_become(struct object *o, const struct kind *kind);

bool object_is_once(const struct object *o);
/* Return the looker's own file, or the one that poll(2) is asked about instead. */
int object_own(const struct object *o, unsigned looker);
int object_shadow(const struct object *o, unsigned looker);

/* Return whether the state may change, or has changed, without a poke. */
bool object_changes_by_itself(const struct object *o);
/* Return the same after checking whether another process has poked it. */
bool object_was_disturbed(const struct object *o);
bool object_is_epoll_set(const struct object *o);
bool object_is_anonymous(const struct object *o);
bool object_is_personal(const struct object *o);

unsigned object_pokes(void);
const char *object_poke_name(unsigned poke);
/* Change the state of an object from outside. A poke that makes no sense for the object does
 * nothing. */
void object_poke(struct object *o, unsigned poke);
/* Poke the object so that it becomes readable, if that is possible. */
void object_make_readable(struct object *o);

#endif
