/* SPDX-License-Identifier: ISC
 *
 * The steps that run while calls fail. They cover every way in which the library makes a system
 * call.
 */
#include "fault_scenarios.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Many idle slots with one fd give fdslots_wait() a reason to choose epoll. */
static void crowd(struct world *w, int fd)
{
    for (uint32_t i = WORLD_SLOTS / 2; i < WORLD_SLOTS; i++)
        put(w, i, fd, POLLPRI);
    look_by_epoll(w);
}

/* ---- all kinds of slots ---- */

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
    empty(w, 3); /* the fd moves to another slot */
    put(w, 9, full[0], POLLIN);
    flicker(w, 9, POLLIN | POLLPRI);
    fill(idle[1]);
    look(w);
    put(w, 11, dup(full[0]), POLLIN);
    look(w);
    shut(w, 11);
    put(w, 3, full[0], POLLIN);
    look(w);
    close_pipe(full); /* the end of the buffer tells it first */
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

/* One fd is in several slots. The first of them, which stands for all, leaves. */
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
    flicker(w, 1, POLLOUT);
    empty(w, 2);
    empty(w, 3);
    shut(w, 1);
    look(w);
    close(full[1]);
}

#define CLOSED 201 /* a number too high for any fd of the library */

/* Files that epoll refuses. */
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
    dup2(full[0], CLOSED); /* the number now has an open file */
    look(w);
    look_for(w, FDSLOTS_FOREVER);
    put(w, 0, full[0], POLLIN); /* the slot no longer holds a file that epoll refuses */
    put(w, 3, file, POLLOUT);
    look(w);
    shut(w, 2);
    put(w, 2, CLOSED, POLLIN);
    shut(w, 3);
    look(w);
    close(null);
    close_pipe(full);
}

/* ---- files that outlive their fds ---- */

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
    ghost = dup(full[0]);
    put(w, 5, ghost, POLLIN);
    look(w);
    empty(w, 5);
    close(ghost);
    look(w); /* only the ghost is ready */
    ghost = dup(full[0]);
    put(w, 5, ghost, POLLIN);
    look(w);
    put(w, 5, -1, 0);
    dup2(other[0], ghost); /* the number is another file now */
    put(w, 6, ghost, POLLIN);
    look(w);
    take(other[0]);
    look_for(w, 100001);
    dup2(full[0], ghost); /* the number is the first file again */
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

/* ---- forks, limits of a wait, queries ---- */

/* A child makes a set and a waker of its own, and closes the ones that it has inherited. */
static void in_child(struct world *w, int full)
{
    w->is_child = true;
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
    const int others = w->fds_before;
    make_pipe(full, true);
    w->fds_before = world_open_fds();
    put(w, 0, full[0], POLLIN);
    waker_open(w, 2);
    look(w);
    w->inherited = world_open_fds() - w->fds_before;
    pid_t pid = fork();
    if (pid == 0)
        in_child(w, full[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        _exit(EXIT_FAILURE);
    w->fds_before = others;
    w->inherited = 0;
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

/* FDSLOTS_CHECK checks every fd before every wait. No fd is lost here. */
static void checked(struct world *w)
{
    int full[2], idle[2];
    int file = memfd_create("fdslots", MFD_CLOEXEC);
    make_pipe(full, true);
    make_pipe(idle, false);
    put(w, 0, full[0], POLLIN);
    put(w, 1, idle[0], POLLIN);
    put(w, 2, file, POLLIN);
    look(w);
    look(w);
    fill(idle[1]);
    put(w, 3, idle[1], POLLOUT);
    look(w);
    shut(w, 2);
    look(w);
    close_pipe(full);
    close_pipe(idle);
}

/* Ask which features work, while their calls fail. */
static void asked(struct world *w)
{
    static const unsigned features[] = {FDSLOTS_HAS_PPOLL, FDSLOTS_HAS_EPOLL, FDSLOTS_HAS_EPOLL_NS};
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        int has = fdslots_has(features[i]);
        uint32_t fired = fault->fired;
        int64_t rc = LIB(fdslots_has(features[i]));
        EXPECT(rc == has || ((rc == 0 || rc == 1) && fault->fired > fired), "feature %d: %d",
               (int)i, (int)rc);
    }
    look(w);
}

static void resize_world(struct world *w, uint32_t nslots)
{
    int64_t rc = -ENOMEM;
    for (int again = 0; rc < 0; again++) {
        const uint32_t fired = fault->fired;
        if (again > PATIENCE)
            fault_lift();
        rc = LIB(fdslots_resize(&w->s, nslots));
        EXPECT(rc == 0 || (rc == -ENOMEM && fault->fired > fired), "resize returned %d", (int)rc);
        if (fdslots_capacity(w->s) >= WORLD_SLOTS)
            world_check_slots(w);
    }
    EXPECT(fdslots_capacity(w->s) == nslots, "the capacity became %u", fdslots_capacity(w->s));
}

/* The buffer grows, and then drops slots that the set still holds. */
static void resized(struct world *w)
{
    int full[2], idle[2];
    int file = memfd_create("fdslots", MFD_CLOEXEC);
    make_pipe(full, true);
    make_pipe(idle, false);
    put(w, 0, full[0], POLLIN);
    put(w, 1, file, POLLIN);
    waker_open(w, 2);
    put(w, WORLD_SLOTS - 1, idle[0], POLLIN);
    look(w);
    resize_world(w, 3 * WORLD_SLOTS);
    look(w);
    empty(w, WORLD_SLOTS - 1);
    resize_world(w, 3);
    resize_world(w, WORLD_SLOTS);
    fill(idle[1]);
    look(w);
    wake(w);
    look(w);
    drain(w);
    close(file);
    close_pipe(full);
    close_pipe(idle);
}

const struct scenario scenario_forked = {"forked", forked, false, 0};
const struct scenario scenarios[] = {
    {"plain", plain, false, 0},
    {"crowded", crowded, false, 0},
    {"shared", shared, false, 0},
    {"refused", refused, false, 0},
    {"ghosts", ghosts, false, 0},
    {"made anew", made_anew, true, 0},
    {"oneshot", scenario_oneshot, false, 0},
    {"edges", scenario_edges, true, 0},
    {"exclusive", scenario_exclusive, true, 0},
    {"polled", scenario_polled, true, 0},
    {"wakes", scenario_wakes, false, 0},
    {"nested", scenario_nested, true, 0},
    {"forked", forked, false, 0},
    {"cut", cut, false, 0},
    {"resized", resized, false, 0},
    {"checked", checked, true, FDSLOTS_CHECK},
    {"asked", asked, false, 0},
};
const size_t scenario_count = sizeof scenarios / sizeof scenarios[0];
