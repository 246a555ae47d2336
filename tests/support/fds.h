/* SPDX-License-Identifier: ISC
 *
 * Fds of every kind, each in every state in which poll(2) has something to say about it. A state is
 * reached when its constructor returns, by awaiting it with poll(2), never by sleeping.
 */
#ifndef TESTS_FDS_H
#define TESTS_FDS_H

#include <stdint.h>
#include <sys/types.h>

#define SUBJECT_KEEPS 16

/* One fd in one state, and the fds that keep it there. */
struct subject {
    int fd;
    int keep[SUBJECT_KEEPS];
    int kept;
    int signo;                      /* of a signalfd: blocked as long as the subject lives */
    pid_t child;                    /* of a pidfd */
    void (*undo)(struct subject *); /* more to do before the fds are closed, or NULL */
};

struct fd_kind {
    const char *name;
    void (*make)(struct subject *f);
};

int fd_kind_count(void);
const struct fd_kind *fd_kind_at(int i);

/* Make one. Its fd is -1 where this machine has no such file, or does not let us have it. */
void subject_make(struct subject *f, const struct fd_kind *kind);
void subject_close(struct subject *f);

#endif
