/* SPDX-License-Identifier: ISC
 *
 * For the files that construct fds. Each of them has a table of kinds; this is what they share.
 */
#ifndef TESTS_FDS_KINDS_H
#define TESTS_FDS_KINDS_H

#include "fds.h"

struct fd_kinds {
    const struct fd_kind *rows;
    int count;
};

extern const struct fd_kinds pipe_kinds, unix_kinds, tcp_kinds, net_kinds, file_kinds, made_kinds,
    kernel_kinds;

#define FD_KINDS(rows)                                                                             \
    {                                                                                              \
        rows, (int)(sizeof(rows) / sizeof((rows)[0]))                                              \
    }

/* A system call that must succeed for the test to go on. */
#define MUST(call) fds_must((call), #call)
int fds_must(int rc, const char *call);

void fds_keep(struct subject *f, int fd);
void fds_put(int fd, const char *text); /* write all of it */
void fds_fill(int fd);                  /* write until nothing more fits */
void fds_await(int fd, int events);     /* wait until poll(2) reports all of these */

#endif
