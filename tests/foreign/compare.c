/* SPDX-License-Identifier: ISC */
#include "compare.h"
#include "counts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MOST_ASKINGS 100000

/* What poll(2) says: before the wait, and after it in the second half. */
static struct pollfd *two_copies(const struct pollfd *fds, nfds_t nfds)
{
    static _Thread_local struct pollfd *copies;
    static _Thread_local nfds_t room;
    if (nfds > room) {
        free(copies);
        copies = calloc(2 * nfds, sizeof *copies);
        room = copies != NULL ? nfds : 0;
    }
    if (nfds > 0 && nfds <= room) {
        memcpy(copies, fds, nfds * sizeof *fds);
        memcpy(copies + nfds, fds, nfds * sizeof *fds);
    }
    return copies;
}

/* A listener is ready for the wait alone where another thread or process takes the client. */
static bool may_flicker(int fd)
{
    int listens = 0;
    socklen_t size = sizeof listens;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

static void say_difference(const struct entry *e, const struct pollfd *p, int waited)
{
    count(COUNT_DIFFERENCES, 1);
    fprintf(stderr, "interpose: fd %d, events %#x: poll(2) %#x, %s %#x\n", p->fd,
            (unsigned)p->events, (unsigned)p->revents, e->name, (unsigned)waited);
}

/* Count what the wait says and neither asking; tell whether it lacks what both say. */
static bool compare_slot(const struct entry *e, const struct pollfd *before,
                         const struct pollfd *after, int waited, bool is_last)
{
    const bool has_more = (waited & ~(before->revents | after->revents)) != 0;
    const bool lacks = (before->revents & after->revents & ~waited) != 0;
    if ((has_more && !may_flicker(before->fd)) || (lacks && is_last))
        say_difference(e, before, waited);
    return lacks;
}

int compare(struct fdslots *s, const struct entry *e, const struct pollfd *fds, nfds_t nfds,
            poll_function *asked)
{
    int rc = 0;
    bool lacks = true;
    for (int askings = 1; lacks && rc >= 0 && askings <= MOST_ASKINGS; askings++) {
        struct pollfd *before = two_copies(fds, nfds);
        if (before == NULL && nfds > 0)
            return -ENOMEM;
        asked(before, nfds, 0);
        rc = e->wait(s, 0, NULL);
        asked(before + nfds, nfds, 0);
        lacks = false;
        for (nfds_t i = 0; i < nfds && rc >= 0; i++)
            lacks |= compare_slot(e, &before[i], &before[nfds + i],
                                  fdslots_get_revents(s, SLOT_OF(i)), askings == MOST_ASKINGS);
        count(COUNT_COMPARED, askings == 1);
        count(COUNT_LATE, lacks && askings == 1);
    }
    return rc;
}
