/* SPDX-License-Identifier: ISC */
#include "fds_kinds.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct fd_kinds *const groups[] = {&pipe_kinds, &unix_kinds, &tcp_kinds,   &net_kinds,
                                                &file_kinds, &made_kinds, &kernel_kinds};

#define GROUPS (sizeof groups / sizeof groups[0])

int fd_kind_count(void)
{
    int count = 0;
    for (size_t g = 0; g < GROUPS; g++)
        count += groups[g]->count;
    return count;
}

const struct fd_kind *fd_kind_at(int i)
{
    for (size_t g = 0; g < GROUPS; i -= groups[g++]->count)
        if (i < groups[g]->count)
            return &groups[g]->rows[i];
    return NULL;
}

void subject_make(struct subject *f, const struct fd_kind *kind)
{
    *f = (struct subject){.fd = -1};
    kind->make(f);
}

void subject_close(struct subject *f)
{
    if (f->undo != NULL)
        f->undo(f);
    if (f->fd >= 0)
        close(f->fd);
    for (int i = 0; i < f->kept; i++)
        close(f->keep[i]);
}

int fds_must(int rc, const char *call)
{
    if (rc >= 0)
        return rc;
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    abort();
}

void fds_keep(struct subject *f, int fd)
{
    if (f->kept == SUBJECT_KEEPS)
        abort();
    f->keep[f->kept++] = fd;
}

void fds_put(int fd, const char *text)
{
    size_t length = strlen(text);
    if (MUST((int)write(fd, text, length)) != (int)length)
        abort();
}

/* The last bytes are written one by one, because a large piece may be refused while a small one
 * still fits. */
void fds_fill(int fd)
{
    static const char piece[4096];
    while (write(fd, piece, sizeof piece) > 0 || write(fd, piece, 1) > 0)
        ;
    if (errno != EAGAIN)
        MUST(-1);
}

void fds_await(int fd, int events)
{
    struct pollfd pollfd = {.fd = fd, .events = (short)events};
    do
        MUST(poll(&pollfd, 1, -1));
    while ((pollfd.revents & events) != events);
}
