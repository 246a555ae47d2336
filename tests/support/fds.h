/* SPDX-License-Identifier: ISC
 *
 * Fds of every kind, in every state in which poll(2) has something to report. When a constructor
 * returns, the state has been reached: it waits for the state by poll(2) and never sleeps.
 */
#ifndef TESTS_FDS_H
#define TESTS_FDS_H

#include <stdint.h>
#include <sys/types.h>

#define SUBJECT_KEEPS 16

/* An fd in one state, and the fds that keep it in that state. */
struct subject {
    int fd;
    int keep[SUBJECT_KEEPS];
    int kept;
    /* Signal of a signalfd, blocked as long as the subject exists. */
    int signo;
    pid_t child;                    /* child of a pidfd */
    void (*undo)(struct subject *); /* further steps before the fds are closed, or NULL */
};

struct fd_kind {
    const char *name;
    void (*make)(struct subject *f);
};

int fd_kind_count(void);
const struct fd_kind *fd_kind_at(int i);

/* Make a subject of a kind. Its fd is -1 if this machine has no such file, or does not permit
 * it. */
void subject_make(struct subject *f, const struct fd_kind *kind);
void subject_close(struct subject *f);

#endif
