/* SPDX-License-Identifier: ISC
 *
 * The things that random programs wait on: some fifty kinds of open files, each with what can be
 * done to it from outside (write, drain, fill, shut down, reset, ...).
 *
 * A file that hands out its event once tells it to whoever looks first. So each who looks has an
 * open file of its own, and beside it a shadow for poll(2) to ask: opened at the same moment, poked
 * together and looked at by turns, the two say the same.
 */
#ifndef FDSLOTS_TEST_OBJECTS_H
#define FDSLOTS_TEST_OBJECTS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define LOOKERS 12 /* who has files of its own where an event is handed out once */

struct object;

enum traits {
    KIND_SLOW = 1,      /* takes the kernel long to open or to close: opened seldom */
    KIND_ONCE = 2,      /* hands out its event once */
    KIND_BY_ITSELF = 4, /* may change at any moment without a poke */
    KIND_EPOLL_SET = 16,
    KIND_SHARED = 32,   /* others on this machine may poke it, too */
    KIND_PERSONAL = 64, /* each process that looks sees its own */
};

struct kind {
    const char *name;
    int (*open)(struct object *o); /* sets fd, and what else is needed */
    void (*act)(struct object *o); /* the poke that only this kind has, or NULL */
    unsigned traits;
};

struct object {
    const struct kind *kind;
    int fd;    /* the file that goes into slots; keeps its number after the object is closed */
    int peer;  /* the other end, or -1 */
    int inner; /* what else must stay open, or -1 */
    pid_t child;
    unsigned phase; /* how often the kind's own poke was made, or where it stands */
    bool polled;    /* neither a socket nor a pipe nor an fd that the kernel made for one purpose */
    bool socket;
    bool anonymous; /* made by the kernel for one purpose */
    bool by_itself;
    unsigned disturbances; /* how many pokes of others were seen when it was opened */
    /* Of a kind that hands out its event once; fd is the file of looker `first`. */
    unsigned first;
    int own[LOOKERS];
    int shadow[LOOKERS];
};

/* Directory for the files of this run; made at the first call, with namespaces of its own. */
const char *objects_directory(void);
void objects_remove_directory(void);

unsigned object_kinds(void);
/* The first kinds open and close at once; the rest take the kernel long. */
unsigned object_quick_kinds(void);
const char *object_kind_name(unsigned kind);
/* How many kinds were opened, and which were not. */
void objects_print_kinds(FILE *out);
/* Open an object of a kind; `first` is any number. The fd never waits. Returns 0, or -1 where this
 * machine has no such file. */
int object_open(struct object *o, unsigned kind, unsigned first);
/* Close everything but o->fd. */
void object_close_rest(struct object *o);
/* One of its files was closed elsewhere: close o->fd, unless it was that one. */
void object_was_closed(struct object *o, int fd);
/* Another file, of this kind, is under its number now. */
void object_become(struct object *o, const struct kind *kind);

bool object_is_once(const struct object *o);
/* The file of who looks, and the one that poll(2) is asked about instead. */
int object_own(const struct object *o, unsigned looker);
int object_shadow(const struct object *o, unsigned looker);

/* Whether its state may change, or was changed, without a poke. */
bool object_changes_by_itself(const struct object *o);
/* The same, after a look whether others have poked it. */
bool object_was_disturbed(const struct object *o);
bool object_is_epoll_set(const struct object *o);
bool object_is_anonymous(const struct object *o);
bool object_is_personal(const struct object *o);

unsigned object_pokes(void);
const char *object_poke_name(unsigned poke);
/* Change the state of an object from outside; a poke that makes no sense for it does nothing. */
void object_poke(struct object *o, unsigned poke);
/* Poke it so that it can be read from, where that is possible. */
void object_make_readable(struct object *o);

#endif
