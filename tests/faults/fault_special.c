/* SPDX-License-Identifier: ISC
 *
 * Scenarios of flags, and of fds that the library opens.
 */
#include "fault_scenarios.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- flags ---- */

void scenario_oneshot(struct world *w)
{
    int full[2], idle[2];
    make_pipe(full, true);
    make_pipe(idle, false);
    put(w, 0, full[0], POLLIN | FDSLOTS_ONESHOT);
    put(w, 1, idle[0], POLLIN | FDSLOTS_ONESHOT);
    look(w);
    look(w);
    change(w, 0, POLLIN | FDSLOTS_ONESHOT);
    fill(idle[1]);
    look(w);
    look(w);
    resume(w, 1);
    put(w, 0, full[0], POLLIN);
    look(w);
    close_pipe(full);
    close_pipe(idle);
}

void scenario_edges(struct world *w)
{
    int full[2], idle[2];
    make_pipe(full, true);
    make_pipe(idle, false);
    put(w, 0, full[0], POLLIN | FDSLOTS_EDGE);
    put(w, 1, idle[0], POLLIN | FDSLOTS_EDGE);
    look(w);
    look(w);
    fill(idle[1]);
    edge(w, 1);
    look(w);
    rest(w, 0);
    look(w);
    fill(full[1]);
    resume(w, 0);
    edge(w, 0);
    put(w, 2, idle[1], POLLOUT);
    look(w);
    rebuild(w);
    look(w);
    fill(idle[1]);
    edge(w, 1);
    change(w, 1, POLLIN | POLLRDHUP | FDSLOTS_EDGE);
    look(w);
    close_pipe(full);
    close_pipe(idle);
}

/* Leave an exclusive ghost. Waits by poll(2) make the set anew, too, because the ghost takes wakes
 * that belong to others. If an attempt fails, they try again. */
static void leave_by_poll(struct world *w, int file)
{
    struct fdslots_stats before, after;
    const int ghost = dup(file);
    put(w, 0, ghost, POLLIN | FDSLOTS_EXCLUSIVE);
    look(w);
    fdslots_get_stats(w->s, &before, sizeof before);
    empty(w, 0);
    close(ghost);
    for (int again = 0; again < 50; again++) /* calls fail for less long */
        LIB(fdslots_poll(w->s, 1, 0));
    fdslots_get_stats(w->s, &after, sizeof after);
    EXPECT(after.rebuilds > before.rebuilds || world_may_poll(), "an exclusive ghost stays");
}

void scenario_exclusive(struct world *w)
{
    int full[2], idle[2];
    make_pipe(full, true);
    make_pipe(idle, false);
    put(w, 0, full[0], POLLIN | FDSLOTS_EXCLUSIVE);
    put(w, 1, idle[0], POLLIN | FDSLOTS_EXCLUSIVE);
    look(w);
    change(w, 0, POLLIN | POLLOUT | FDSLOTS_EXCLUSIVE);
    fill(idle[1]);
    look(w);
    flicker(w, 0, POLLIN | FDSLOTS_EXCLUSIVE);
    flicker(w, 1, POLLIN);
    change(w, 1, POLLIN);
    look(w);
    put(w, 1, idle[0], POLLIN | FDSLOTS_EXCLUSIVE);
    empty(w, 0);
    look(w);
    int ghost = dup(full[0]); /* an exclusive ghost, for which the set is rebuilt at once */
    put(w, 0, ghost, POLLIN | FDSLOTS_EXCLUSIVE);
    look(w);
    empty(w, 0);
    close(ghost);
    look(w);
    look_for(w, FDSLOTS_FOREVER);
    leave_by_poll(w, full[0]);
    look(w);
    close_pipe(full);
    close_pipe(idle);
}

/* Slots are polled beside the set because of the flag or of their kind, and then go back into the
 * set. */
void scenario_polled(struct world *w)
{
    int full[2], idle[2];
    int file = memfd_create("fdslots", MFD_CLOEXEC);
    make_pipe(full, true);
    make_pipe(idle, false);
    put(w, 0, full[0], POLLIN | FDSLOTS_POLLED);
    put(w, 1, idle[0], POLLIN);
    look(w);
    look_for(w, FDSLOTS_FOREVER);
    put(w, 2, full[0], POLLIN | POLLPRI); /* shares its fd with a polled slot */
    put(w, 3, file, POLLIN | FDSLOTS_EDGE);
    look(w);
    change(w, 0, POLLIN);
    empty(w, 3);
    look(w);
    change(w, 2, POLLIN | FDSLOTS_POLLED | FDSLOTS_EDGE);
    fill(idle[1]);
    look(w);
    empty(w, 0);
    rest(w, 2);
    take(idle[0]);
    look_for(w, 100001);
    resume(w, 2);
    edge(w, 2);
    look_for(w, FDSLOTS_FOREVER);
    shut(w, 2);
    put(w, 1, idle[0], POLLIN | FDSLOTS_POLLED);
    look_for(w, 100001);
    close(file);
    close(full[1]);
    close_pipe(idle);
}

/* ---- fds that the library opens ---- */

void scenario_wakes(struct world *w)
{
    int full[2];
    make_pipe(full, true);
    waker_open(w, 2);
    put(w, 0, full[0], POLLIN);
    look(w);
    wake(w);
    look(w);
    wake(w);
    look_for(w, FDSLOTS_FOREVER);
    drain(w);
    look(w);
    shut(w, 2);
    look(w);
    waker_open(w, 3);
    for (int again = 0; again < 3; again++)
        wake(w);
    look(w);
    close_pipe(full);
}

/* A polled slot does not show through the nested fd. */
static void shows(struct pollfd *outer, bool ready, const char *when)
{
    EXPECT(poll(outer, 1, 0) == ready || world_may_poll(), "the nested fd is %sready %s",
           ready ? "not " : "", when);
}

/* A slot holds an epoll set, and the buffer is nested in another loop. */
void scenario_nested(struct world *w)
{
    int idle[2];
    struct epoll_event event = {.events = EPOLLIN};
    int inner = epoll_create1(EPOLL_CLOEXEC);
    make_pipe(idle, false);
    epoll_ctl(inner, EPOLL_CTL_ADD, idle[0], &event);
    put(w, 0, inner, POLLRDNORM); /* polled, because the wakes of an epoll set say POLLIN only */
    look(w);
    fill(idle[1]);
    look(w);
    struct pollfd outer = {.fd = nest(w), .events = POLLIN};
    EXPECT(poll(&outer, 1, 0) == 0, "a polled slot shows through the nested fd");
    change(w, 0, POLLIN | POLLRDNORM);
    look(w);
    EXPECT(nest(w) == outer.fd, "the nested fd changes");
    shows(&outer, true, "with a set in a slot");
    take(idle[0]);
    look(w);
    put(w, 1, idle[1], POLLOUT);
    EXPECT(nest(w) == outer.fd, "the nested fd changes");
    shows(&outer, true, "with a pipe in a slot");
    look(w);
    rebuild(w);
    shows(&outer, true, "after a rebuild");
    rest(w, 1);
    look(w);
    EXPECT(nest(w) == outer.fd, "the nested fd changes");
    /* The fd is still in the set. */
    const bool stayed = fault->fired > 0 && fault->kind == FAULT_EPOLL_DEL;
    EXPECT(stayed || poll(&outer, 1, 0) == 0, "the nested fd is ready");
    close(inner);
    close_pipe(idle);
}
