/* SPDX-License-Identifier: ISC
 *
 * For the files that open objects. Each of them has a table of kinds; this is what they share.
 */
#ifndef FDSLOTS_TEST_OBJECT_KINDS_H
#define FDSLOTS_TEST_OBJECT_KINDS_H

#include "objects.h"

#include <stddef.h>

struct kinds {
    const struct kind *rows;
    unsigned count;
};

extern const struct kinds pipe_kinds, socket_kinds, net_kinds, made_kinds, terminal_kinds,
    device_kinds, file_kinds, proc_kinds;

#define KINDS(rows)                                                                                \
    {                                                                                              \
        rows, (unsigned)(sizeof(rows) / sizeof((rows)[0]))                                         \
    }

/* Build the path of a name in the directory of this run. */
void object_path(char *path, size_t size, const char *name);
void object_unblock(int fd);
/* Keep fd and peer in the object. If fd is negative, the peer is closed. Returns 0 or -1. */
int object_keep(struct object *o, int fd, int peer);
/* Open a file that has no other end. */
int object_keep_file(struct object *o, const char *path, int flags);

/* Read until nothing is left, but not for ever. */
void object_drain(int fd);

/* Poke an eventfd: write the largest value that it takes, or read it back. */
void object_act_eventfd(int fd);

/* Return how often another process on this machine was seen to change the host's name. */
unsigned hostname_disturbances(bool look);

/* Remove the cgroup of this run. */
void object_end_group(void);

#endif
