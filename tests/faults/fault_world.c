/* SPDX-License-Identifier: ISC
 *
 * The steps, and the promises for a step that fails: a documented error, errno unchanged, the slots
 * unchanged, and nothing ready. Once nothing fails any more, the answers are right.
 */
#include "fault_world.h"
#include "keep_prices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- errors ---- */

/* The errors that the header names. */
const int world_poll_errors[] = {EINVAL, EINTR, ENOMEM, 0};
const int world_epoll_errors[] = {EINTR, EMFILE, ENFILE, ENOMEM, EINVAL, 0};
const int world_tell_errors[] = {EINTR, EMFILE, ENFILE, ENOMEM, ENOSPC, EINVAL, ELOOP, 0};
static const int waker_errors[] = {EINTR, EINVAL, EMFILE, ENFILE, ENOMEM, 0};
static const int write_errors[] = {EDESTADDRREQ, EDQUOT, EFBIG, EINVAL, ENOSPC, EPERM, EPIPE, 0};
static const int read_errors[] = {EINVAL, EISDIR, 0};
static const int close_errors[] = {ENOSPC, EDQUOT, 0};

static bool is_in(const int *errors, int error)
{
    while (*errors != 0)
        if (*errors++ == error)
            return true;
    return false;
}

/* The header also allows other errors to be passed on: those of a filter of system calls, those of
 * a kernel that is broken or contradicts itself, and those that follow if the caller closes fds or
 * frees memory of the library. */
static bool is_passed_on(int error)
{
    static const int foreign[] = {EPERM, ENOSYS, EBADF, EFAULT, EIO, ENODEV, 0};
    static const int contradiction[] = {EEXIST, ENOENT, EBADF, 0};
    if (is_in(contradiction, error) && is_in(contradiction, fault->error))
        return true;
    /* Without epoll_pwait2(2), the library uses epoll_pwait(2). */
    return error == fault->error && is_in(foreign, error) &&
           (fault->kind != FAULT_EPOLL_PWAIT2 || error == EBADF || error == EFAULT);
}

static bool is_documented(const int *errors, int64_t rc)
{
    return is_in(errors, (int)-rc) || is_passed_on((int)-rc);
}

bool world_failed(const int *errors, int64_t rc, uint32_t fired_before)
{
    if (rc >= 0)
        return false;
    EXPECT(fault->fired > fired_before, "%s, although no call has failed in the step",
           strerror((int)-rc));
    EXPECT(is_documented(errors, rc), "%s, an error that the header does not name",
           strerror((int)-rc));
    return true;
}

/* ---- the slots are unchanged ---- */

static bool hidden(const struct want *want)
{
    return want->paused || want->fired;
}

void world_check_slots(const struct world *w)
{
    const struct pollfd *view = fdslots_view(w->s);
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        const struct want *want = &w->want[i];
        int fd = fdslots_get_fd(w->s, i);
        EXPECT(fd == (want->fd < 0 ? -ENOENT : want->fd), "slot %u has fd %d, not %d", i, fd,
               want->fd);
        if (want->fd < 0)
            continue;
        EXPECT(fdslots_get_events(w->s, i) == (int)want->events, "slot %u has events %#x, not %#x",
               i, (unsigned)fdslots_get_events(w->s, i), (unsigned)want->events);
        EXPECT((view[i].fd < 0) == hidden(want), "slot %u is %s", i,
               hidden(want) ? "visible" : "hidden");
    }
}

/* ---- making and ending ---- */

int world_open_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD, 0) >= 0;
    return count;
}

void world_make(struct world *w, const struct way *way, uint32_t flags)
{
    static const int errors[] = {ENOMEM, 0};
    memset(w, 0, sizeof *w);
    w->way = way;
    w->waker = -1;
    w->checks = (flags & FDSLOTS_CHECK) != 0;
    w->fds_before = world_open_fds();
    fault_allocated = 0;
    struct fdslots *const untouched = (struct fdslots *)w;
    int64_t rc;
    uint32_t fired;
    do {
        fired = fault->fired;
        w->s = untouched;
        rc = LIB(fdslots_create(WORLD_SLOTS, flags, &w->s));
        EXPECT(rc >= 0 || w->s == untouched, "a buffer was stored on failure");
    } while (world_failed(errors, rc, fired));
    keep_prices(w->s); /* every run must make the same calls */
    for (uint32_t i = 0; i < WORLD_SLOTS; i++)
        w->want[i].fd = -1;
}

bool world_was_lied_to(const struct world *w)
{
    if (!w->checks)
        return false;
    return fault->kind == FAULT_FSTAT
               ? fault->error == EBADF
               : fault->kind == FAULT_EPOLL_ADD && fault->error != EINTR && fault->error != EEXIST;
}

bool world_may_poll(void)
{
    return fault->fired > 0 && (fault->kind == FAULT_EPOLL_ADD || fault->kind == FAULT_FSTAT);
}

/* A child reads /proc and calls fstat(2) to prove that an inherited number is still the library's
 * fd. A set that holds nothing proves nothing. */
static bool world_may_leave_inherited(void)
{
    return world_may_poll() ||
           (fault->fired > 0 && (fault->kind == FAULT_OPEN || fault->kind == FAULT_READ));
}

void world_end(struct world *w)
{
    LIB((fdslots_destroy(w->s), 0));
    const int left = world_open_fds() - w->fds_before;
    EXPECT(left >= 0 && left <= (world_may_leave_inherited() ? w->inherited : 0),
           "%d fds are left open", left);
    EXPECT(fault_allocated == 0, "memory is left allocated");
}

/* ---- steps without system calls ---- */

static void check_plain(struct world *w, int64_t rc)
{
    EXPECT(rc == 0, "a call without system calls returned %d", (int)rc);
    world_check_slots(w);
}

void put(struct world *w, uint32_t index, int fd, uint32_t events)
{
    int64_t rc = LIB(fdslots_set_index(w->s, index, fd, events));
    w->want[index] =
        (struct want){.fd = fd, .events = events, .edge_due = (events & FDSLOTS_EDGE) != 0};
    check_plain(w, rc);
}

void change(struct world *w, uint32_t index, uint32_t events)
{
    int64_t rc = LIB(fdslots_set_events(w->s, index, events));
    w->want[index].events = events;
    w->want[index].fired = false;
    w->want[index].edge_due = (events & FDSLOTS_EDGE) != 0;
    check_plain(w, rc);
}

void rest(struct world *w, uint32_t index)
{
    int64_t rc = LIB(fdslots_pause_index(w->s, index));
    w->want[index].paused = true;
    check_plain(w, rc);
}

void resume(struct world *w, uint32_t index)
{
    int64_t rc = LIB(fdslots_resume_index(w->s, index));
    w->want[index].paused = w->want[index].fired = false;
    check_plain(w, rc);
}

void empty(struct world *w, uint32_t index)
{
    int64_t rc = LIB(fdslots_invalidate_index(w->s, index));
    w->want[index] = (struct want){.fd = -1};
    check_plain(w, rc);
}

/* ---- steps with system calls, but without a wait ---- */

/* The slot is emptied and the fd closed even if the call fails, so it is not tried again. */
void shut(struct world *w, uint32_t index)
{
    uint32_t fired = fault->fired;
    int fd = w->want[index].fd;
    const int64_t rc = LIB(fdslots_close_index(w->s, index));
    world_failed(close_errors, rc, fired);
    if (rc == -EBADF && world_was_lied_to(w))
        close(fd);
    EXPECT(fcntl(fd, F_GETFD, 0) < 0, "fd %d is still open after close_index", fd);
    w->want[index] = (struct want){.fd = -1};
    if (w->waker == (int)index) {
        w->waker = -1;
        w->woken = false;
    }
    world_check_slots(w);
}

static bool tell_failed(struct world *w, int64_t rc, uint32_t fired)
{
    bool failed = world_failed(world_tell_errors, rc, fired);
    world_check_slots(w);
    if (failed)
        look(w);
    return failed;
}

/* Tell the kernel of all changes, and repeat the call until it succeeds. */
static int64_t tell(struct world *w, int (*call)(struct fdslots *s))
{
    const uint32_t start = fault->fired;
    uint32_t fired = start;
    int64_t rc;
    for (int again = 0; tell_failed(w, rc = LIB(call(w->s)), fired); again++) {
        if (again == PATIENCE)
            fault_lift();
        fired = fault->fired;
    }
    if (fault->fired > start)
        world_clear_up_lies(w);
    return rc;
}

void rebuild(struct world *w)
{
    EXPECT(tell(w, fdslots_rebuild) == 0, "a rebuild returned more than 0");
}

int nest(struct world *w)
{
    return (int)tell(w, fdslots_epoll_fd);
}

void waker_open(struct world *w, uint32_t index)
{
    int64_t rc;
    uint32_t fired = fault->fired;
    for (int again = 0;
         world_failed(waker_errors, rc = LIB(fdslots_waker_open(w->s, index)), fired); again++) {
        EXPECT(fdslots_wake(w->s) == -ENOENT, "there is a waker although none was opened");
        look(w);
        if (again == PATIENCE)
            fault_lift();
        fired = fault->fired;
    }
    w->want[index] = (struct want){.fd = fdslots_get_fd(w->s, index), .events = POLLIN};
    w->waker = (int)index;
    EXPECT((fcntl(w->want[index].fd, F_GETFL, 0) & O_NONBLOCK) != 0, "the waker blocks");
    EXPECT((fcntl(w->want[index].fd, F_GETFD, 0) & FD_CLOEXEC) != 0,
           "the waker is not close-on-exec");
    world_check_slots(w);
}

void wake(struct world *w)
{
    uint32_t fired = fault->fired;
    for (int again = 0; world_failed(write_errors, LIB(fdslots_wake(w->s)), fired); again++) {
        if (again == PATIENCE)
            fault_lift();
        fired = fault->fired;
    }
    const bool said_full = fault->kind == FAULT_WRITE && fault->error == EAGAIN;
    w->woken = fault->fired == fired || !said_full;
}

void drain(struct world *w)
{
    uint32_t fired = fault->fired;
    for (int again = 0; world_failed(read_errors, LIB(fdslots_waker_drain(w->s)), fired); again++) {
        if (again == PATIENCE)
            fault_lift();
        fired = fault->fired;
    }
    w->woken = false;
}

void edge(struct world *w, uint32_t index)
{
    w->want[index].edge_due = true;
}

/* ---- files ---- */

void make_pipe(int p[2], bool with_data)
{
    if (pipe2(p, O_NONBLOCK | O_CLOEXEC) < 0 || (with_data && write(p[1], "x", 1) != 1))
        abort();
}

void close_pipe(const int p[2])
{
    close(p[0]);
    close(p[1]);
}

void fill(int fd)
{
    if (write(fd, "y", 1) != 1)
        abort();
}

void take(int fd)
{
    char byte;
    if (read(fd, &byte, 1) != 1)
        abort();
}
