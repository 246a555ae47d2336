/* SPDX-License-Identifier: ISC
 *
 * For the files that open objects: a table of kinds each, and what they share.
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

/* The path of a name in the directory of this run. */
void object_path(char *path, size_t size, const char *name);
void object_unblock(int fd);
/* Keep fd and peer; where there is no fd, the peer is closed. Returns 0, or -1. */
int object_keep(struct object *o, int fd, int peer);
/* Open a file that has no other end. */
int object_keep_file(struct object *o, const char *path, int flags);

/* Read all there is, with an end. */
void object_drain(int fd);

/* Poke an eventfd: write the most it takes, or take it back. */
void object_act_eventfd(int fd);

/* How often somebody else on this machine was seen to poke the files that show a host's name. */
unsigned hostname_disturbances(bool look);

/* Remove the cgroup of this run. */
void object_end_group(void);

#endif
