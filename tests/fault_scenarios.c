/* SPDX-License-Identifier: ISC
 *
 * What is done while calls fail: every way in which the library comes to make a system call.
 */
#include "fault_scenarios.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void make_pipe(int p[2], bool with_data)
{
    if (pipe2(p, O_NONBLOCK | O_CLOEXEC) < 0 || (with_data && write(p[1], "x", 1) != 1))
        abort();
}

static void close_pipe(const int p[2])
{
    close(p[0]);
    close(p[1]);
}

static void fill(int fd)
{
    if (write(fd, "y", 1) != 1)
        abort();
}

static void take(int fd)
{
    char byte;
    if (read(fd, &byte, 1) != 1)
        abort();
}

/* Many idle slots, so that fdslots_wait() has a reason to choose epoll; one fd for all of them. */
static void crowd(struct world *w, int fd)
{
    for (uint32_t i = WORLD_SLOTS / 2; i < WORLD_SLOTS; i++)
        put(w, i, fd, POLLPRI);
    look_by_epoll(w);
}

/* ---- slots of all kinds ---- */

static void plain(struct world *w)
{
    int full[2], idle[2];
    make_pipe(full, true);
    make_pipe(idle, false);
    put(w, 3, full[0], POLLIN);
    put(w, 5, idle[0], POLLIN);
    put(w, 7, idle[1], POLLOUT | POLLWRNORM);
    look(w);
    change(w, 3, 0);
    look(w);
    change(w, 3, POLLIN);
    rest(w, 7);
    look(w);
    resume(w, 7);
    rest(w, 3);
    look(w);
    empty(w, 3); /* the fd moves */
    put(w, 9, full[0], POLLIN);
    fill(idle[1]);
    look(w);
    put(w, 11, dup(full[0]), POLLIN);
    look(w);
    shut(w, 11);
    put(w, 3, full[0], POLLIN);
    look(w);
    close_pipe(full); /* told of first, by the end of the buffer */
    empty(w, 3);
    empty(w, 9);
    look(w);
    close_pipe(idle);
}

static void crowded(struct world *w)
{
    int full[2], idle[2];
    make_pipe(full, true);
    make_pipe(idle, false);
    crowd(w, idle[0]);
    put(w, 0, full[0], POLLIN);
    look_by_epoll(w);
    for (int again = 0; again < 4; again++)
        look(w);
    change(w, 0, POLLIN | POLLRDHUP);
    look(w);
    look(w);
    fill(idle[1]);
    change(w, WORLD_SLOTS - 1, POLLIN);
    look(w);
    take(idle[0]);
    look_for(w, FDSLOTS_FOREVER);
    take(full[0]);
    look_for(w, 100001);
    close_pipe(full);
    close_pipe(idle);
}

/* One fd in several slots; the first of them, which stands for all, leaves. */
static void shared(struct world *w)
{
    int full[2];
    make_pipe(full, true);
    put(w, 1, full[0], POLLIN);
    put(w, 2, full[0], POLLOUT);
    put(w, 3, full[0], POLLIN | POLLPRI);
    look(w);
    change(w, 2, POLLIN);
    empty(w, 1);
    look(w);
    rest(w, 2);
    change(w, 3, POLLPRI);
    look(w);
    resume(w, 2);
    put(w, 1, full[0], POLLIN);
    look(w);
    empty(w, 2);
    empty(w, 3);
    shut(w, 1);
    look(w);
    close(full[1]);
}

#define CLOSED 201 /* no fd of the library gets so high a number */

/* What epoll refuses. */
static void refused(struct world *w)
{
    int full[2];
    int file = memfd_create("fdslots", MFD_CLOEXEC);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    make_pipe(full, true);
    put(w, 0, file, POLLIN | POLLOUT);
    put(w, 1, null, POLLPRI);
    put(w, 2, CLOSED, POLLIN);
    put(w, 3, full[0], POLLIN);
    look(w);
    change(w, 1, POLLIN);
    change(w, 0, POLLPRI);
    look(w);
    dup2(full[0], CLOSED); /* comes to life */
    look(w);
    look_for(w, FDSLOTS_FOREVER);
    put(w, 0, full[0], POLLIN); /* a file no longer */
    put(w, 3, file, POLLOUT);
    look(w);
    shut(w, 2);
    put(w, 2, CLOSED, POLLIN);
    shut(w, 3);
    look(w);
    close(null);
    close_pipe(full);
}

/* ---- files that outlive their fd ---- */

static void ghosts(struct world *w)
{
    int full[2], other[2];
    make_pipe(full, true);
    make_pipe(other, true);
    int ghost = dup(full[0]);
    put(w, 4, other[0], POLLIN);
    put(w, 5, ghost, POLLIN);
    look(w);
    empty(w, 5);
    close(ghost);
    look(w);
    rest(w, 4);
    look(w);
    ghost = dup(full[0]);
    put(w, 5, ghost, POLLIN);
    look(w);
    put(w, 5, -1, 0);
    dup2(other[0], ghost); /* the number is another file */
    put(w, 6, ghost, POLLIN);
    look(w);
    take(other[0]);
    look_for(w, 100001);
    dup2(full[0], ghost); /* and the first one again */
    put(w, 6, ghost, POLLIN);
    look(w);
    shut(w, 6);
    look_for(w, 100001);
    close_pipe(full);
    close_pipe(other);
}

static void made_anew(struct world *w)
{
    int full[2], idle[2];
    make_pipe(full, true);
    make_pipe(idle, false);
    put(w, 0, full[0], POLLIN);
    put(w, 1, idle[0], POLLIN);
    rebuild(w);
    look(w);
    put(w, 2, full[0], POLLIN);
    rebuild(w);
    look(w);
    fill(idle[1]);
    look(w);
    close_pipe(full);
    close_pipe(idle);
}

/* ---- flags ---- */

static void oneshot(struct world *w)
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

static void edges(struct world *w)
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

static void exclusive(struct world *w)
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
    change(w, 1, POLLIN);
    look(w);
    put(w, 1, idle[0], POLLIN | FDSLOTS_EXCLUSIVE);
    empty(w, 0);
    look(w);
    close_pipe(full);
    close_pipe(idle);
}

/* ---- fds of the library's own ---- */

static void wakes(struct world *w)
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

/* A set in a slot, and the buffer in another loop. */
static void nested(struct world *w)
{
    int idle[2];
    struct epoll_event event = {.events = EPOLLIN};
    int inner = epoll_create1(EPOLL_CLOEXEC);
    make_pipe(idle, false);
    epoll_ctl(inner, EPOLL_CTL_ADD, idle[0], &event);
    w->has_set = true;
    put(w, 0, inner, POLLRDNORM); /* its wakes say POLLIN only */
    look(w);
    fill(idle[1]);
    look(w);
    struct pollfd outer = {.fd = nest(w), .events = POLLIN};
    EXPECT(poll(&outer, 1, 0) == 1, "the fd to nest is not ready");
    take(idle[0]);
    look(w);
    put(w, 1, idle[1], POLLOUT);
    EXPECT(nest(w) == outer.fd, "the fd to nest changes");
    EXPECT(poll(&outer, 1, 0) == 1, "the fd to nest is not ready");
    look(w);
    rebuild(w);
    EXPECT(poll(&outer, 1, 0) == 1, "the fd to nest is not ready after a rebuild");
    rest(w, 1);
    look(w);
    EXPECT(nest(w) == outer.fd, "the fd to nest changes");
    const bool stayed = fault->fired > 0 && fault->kind == FAULT_EPOLL_DEL; /* in the set */
    EXPECT(stayed || poll(&outer, 1, 0) == 0, "the fd to nest is ready");
    close(inner);
    close_pipe(idle);
}

/* ---- forks, limits of a wait, questions ---- */

/* A child has sets and a waker of its own, and leaves its parent's alone, open. */
static void in_child(struct world *w, int full)
{
    w->is_child = true;
    w->fds_before = world_open_fds();
    look(w);
    wake(w);
    look(w);
    drain(w);
    put(w, 1, full, POLLIN | POLLRDHUP);
    look(w);
    world_end(w);
    _exit(EXIT_SUCCESS);
}

static void forked(struct world *w)
{
    int full[2];
    int status;
    make_pipe(full, true);
    put(w, 0, full[0], POLLIN);
    waker_open(w, 2);
    look(w);
    pid_t pid = fork();
    if (pid == 0)
        in_child(w, full[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        _exit(EXIT_FAILURE);
    look(w);
    wake(w);
    look(w);
    close_pipe(full);
}

static void cut(struct world *w)
{
    int full[2], other[2];
    int file = memfd_create("fdslots", MFD_CLOEXEC);
    make_pipe(full, true);
    make_pipe(other, true);
    fdslots_set_max_ready(w->s, 1);
    w->cut = true;
    put(w, 0, full[0], POLLIN);
    put(w, 1, other[0], POLLIN);
    put(w, 2, other[0], POLLIN);
    put(w, 3, file, POLLIN);
    for (int again = 0; again < 4; again++)
        look(w);
    fdslots_set_max_ready(w->s, WORLD_SLOTS);
    w->cut = false;
    look(w);
    close(file);
    close_pipe(full);
    close_pipe(other);
}

/* Asking what works, while it does not. */
static void asked(struct world *w)
{
    static const enum fdslots_feature features[] = {FDSLOTS_HAS_PPOLL, FDSLOTS_HAS_EPOLL,
                                                    FDSLOTS_HAS_EPOLL_NS};
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        int has = fdslots_has(features[i]);
        uint32_t fired = fault->fired;
        int64_t rc = LIB(fdslots_has(features[i]));
        EXPECT(rc == has || ((rc == 0 || rc == 1) && fault->fired > fired), "feature %d: %d",
               (int)i, (int)rc);
    }
    look(w);
}

const struct scenario scenario_forked = {"forked", forked, false};
const struct scenario scenarios[] = {
    {"plain", plain, false},     {"crowded", crowded, false}, {"shared", shared, false},
    {"refused", refused, false}, {"ghosts", ghosts, false},   {"made anew", made_anew, true},
    {"oneshot", oneshot, false}, {"edges", edges, true},      {"exclusive", exclusive, true},
    {"wakes", wakes, false},     {"nested", nested, true},    {"forked", forked, false},
    {"cut", cut, false},         {"asked", asked, false},
};
const size_t scenario_count = sizeof scenarios / sizeof scenarios[0];
