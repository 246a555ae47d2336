/* SPDX-License-Identifier: ISC
 *
 * After fork(2) the parent and the child share the file of the waker, and a child that drained it
 * would take its parent's wakes. So a child opens its own waker at its first wait. The child may
 * also have closed all fds that it inherited, and have told the buffer so. The inherited number is
 * still the waker only if the waker's slot has not changed since the waker was put there.
 */
#include "waker.h"

#include "../kernel/kernel.h"
#include "../os/sys.h"

#include <limits.h>
#include <stdatomic.h>

/* ---- the file of the waker ----
 *
 * An eventfd; or a pipe, if there is no eventfd or a filter of system calls refuses it. An eventfd
 * is both ends at once, takes 8 bytes in each write, and returns all wakes in one read. */

static int open_pipe(const struct fdslots *s, int ends[2])
{
    int rc = sys_pipe(ends);
    if (rc < 0)
        return rc;
    ends[0] = fdslots_clear_of_slots(s, ends[0]);
    ends[1] = fdslots_clear_of_slots(s, ends[1]);
    const int lower = ends[0] < ends[1] ? ends[0] : ends[1]; /* an error is lower than an fd */
    const int higher = ends[0] < ends[1] ? ends[1] : ends[0];
    if (lower >= 0)
        return 0;
    if (higher >= 0)
        sys_close(higher);
    return lower;
}

/* Open both ends, close-on-exec and non-blocking. Returns 0 or an error. */
static int wake_open(const struct fdslots *s, int ends[2])
{
    const int fd = fdslots_clear_of_slots(s, sys_eventfd());
    if (sys_is_refused(fd))
        return open_pipe(s, ends);
    ends[0] = ends[1] = fd;
    return fd < 0 ? fd : 0;
}

/* Writing to a full waker is no error, because the waker reads ready already. Like draining, it is
 * safe in a signal handler. */
static int wake_write(int write_fd)
{
    const uint64_t one = 1;
    int rc = sys_write(write_fd, &one, sizeof one);
    return rc >= 0 || rc == -EAGAIN ? 0 : rc;
}

static int wake_drain(int read_fd)
{
    uint64_t wakes[512];
    int rc;
    do
        rc = sys_read(read_fd, wakes, sizeof wakes);
    while (rc == (int)sizeof wakes);
    return rc >= 0 || rc == -EAGAIN ? 0 : rc;
}

/* ---- the waker of a buffer ---- */

/* Apart from the buffer, because the buffer is const in fdslots_wake(). */
struct waker {
    atomic_int read_fd; /* -1 while there is none */
    atomic_int write_fd;
    _Atomic uint32_t process; /* the process that opened it */
    _Atomic uint32_t pending; /* a process that was woken before it opened its waker, or 0 */
    uint32_t index;           /* the slot that the waker was put into */
    uint32_t generation;      /* the generation of that slot then */
    bool hides_slot;          /* a child's slot is hidden until the child has its own waker */
};

/* The number of a waker that a child has not opened yet. No file has it: the kernel's highest
 * possible number is lower. */
#define NUMBER_NONE INT_MAX

void fdslots_waker_lay_out(struct fdslots *s, struct layout *at)
{
    static const struct waker none = {.read_fd = -1, .write_fd = -1};
    s->waker = fdslots_layout_move(at, s->waker != NULL ? s->waker : &none, 1, 1, sizeof none);
}

static bool is_ours(const struct waker *waker)
{
    return fdslots_process_is(atomic_load(&waker->process));
}

/* Whether the waker's slot is as it was when the waker was put there. */
static bool is_intact(const struct fdslots *s)
{
    const struct waker *waker = s->waker;
    return atomic_load(&waker->read_fd) >= 0 && fdslots_slot_used(s, waker->index) &&
           s->slots[waker->index].generation == waker->generation;
}

/* Whether this process has a waker, or gets one in its first wait. */
static bool exists(const struct fdslots *s)
{
    return atomic_load(&s->waker->read_fd) >= 0 && (is_ours(s->waker) || is_intact(s));
}

bool fdslots_waker_is_in(const struct fdslots *s, uint32_t index)
{
    const struct waker *waker = s->waker;
    const int fd = atomic_load(&waker->read_fd);
    if (fd < 0 || fdslots_slot_fd(s, index) != fd)
        return false;
    return is_ours(waker) || (index == waker->index && is_intact(s));
}

/* ---- opening and closing ---- */

/* Make the wake that came before this process had opened its waker, or before other threads could
 * see that it had. */
static void take_pending(struct waker *waker)
{
    const int cancel = sys_disable_cancel(); /* the wake is no longer noted when write(2) begins */
    if (fdslots_process_is(atomic_exchange(&waker->pending, 0)))
        wake_write(atomic_load(&waker->write_fd));
    sys_restore_cancel(cancel);
}

static int open_waker(struct fdslots *s)
{
    struct waker *waker = s->waker;
    int ends[2];
    const uint32_t process = fdslots_process_enter();
    int rc = process != 0 ? wake_open(s, ends) : -ENOMEM;
    if (rc < 0)
        return rc;
    atomic_store(&waker->write_fd, ends[1]);
    atomic_store(&waker->read_fd, ends[0]);
    atomic_store(&waker->process, process);
    take_pending(waker);
    s->process = process;
    return 0;
}

int fdslots_waker_open(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (exists(s))
        return -EEXIST;
    if (fdslots_slot_used(s, index))
        return -EBUSY;
    fdslots_check_process(s);
    int rc = open_waker(s);
    if (rc < 0)
        return rc;
    fdslots_set_index(s, index, atomic_load(&s->waker->read_fd), POLLIN);
    s->waker->index = index;
    s->waker->generation = s->slots[index].generation;
    s->waker->hides_slot = false;
    return 0;
}

/* Whether an inherited number is still the waker. It is, if the waker's slot did not change and the
 * file is of the waker's kind: a pipe, or an anonymous inode, whose mode has no file type. */
static bool is_our_waker(struct fdslots *s)
{
    struct waker *waker = s->waker;
    const int read_fd = atomic_load(&waker->read_fd);
    struct stat st;
    if (!is_intact(s) || sys_fstat(read_fd, &st) < 0)
        return false;
    const bool is_pipe = read_fd != atomic_load(&waker->write_fd);
    return is_pipe ? S_ISFIFO(st.st_mode) : (st.st_mode & S_IFMT) == 0;
}

/* Whether both fds are ends of one pipe. */
static bool is_one_pipe(int read_fd, int write_fd)
{
    struct stat ends[2];
    return sys_fstat(read_fd, &ends[0]) == 0 && sys_fstat(write_fd, &ends[1]) == 0 &&
           ends[0].st_dev == ends[1].st_dev && ends[0].st_ino == ends[1].st_ino;
}

/* Close the write end, if it is an fd of its own. Only the read end is in a slot, so a child may
 * have closed the write end without telling the buffer. */
static void close_write_end(const struct waker *waker, int read_fd, int write_fd)
{
    if (write_fd != read_fd && (is_ours(waker) || is_one_pipe(read_fd, write_fd)))
        sys_close(write_fd);
}

void fdslots_waker_close(struct fdslots *s)
{
    struct waker *waker = s->waker;
    const bool may_close = atomic_load(&waker->read_fd) >= 0 && (is_ours(waker) || is_our_waker(s));
    const int read_fd = atomic_exchange(&waker->read_fd, -1);
    const int write_fd = atomic_exchange(&waker->write_fd, -1);
    if (!may_close)
        return;
    close_write_end(waker, read_fd, write_fd);
    sys_close(read_fd);
}

void fdslots_waker_forget(struct fdslots *s)
{
    const int read_fd = atomic_exchange(&s->waker->read_fd, -1);
    const int write_fd = atomic_exchange(&s->waker->write_fd, -1);
    atomic_store(&s->waker->pending, 0); /* such a wake was for this waker */
    close_write_end(s->waker, read_fd, write_fd);
}

/* ---- a child of fork(2) ---- */

/* Whether another slot than the waker's holds one of its fds. */
static bool others_hold(const struct fdslots *s)
{
    const struct waker *waker = s->waker;
    FOR_EACH_IN(&s->used, i)
    {
        const int fd = fdslots_slot_held_fd(s, i);
        if (i != waker->index && fd >= 0 && (fd == waker->read_fd || fd == waker->write_fd))
            return true;
    }
    return false;
}

/* Put the number of the waker into its slot, which is as it was. */
static void renumber_slot(struct fdslots *s)
{
    struct waker *waker = s->waker;
    fdslots_slot_replace_fd(s, waker->index, atomic_load(&waker->read_fd));
    waker->generation = s->slots[waker->index].generation;
}

/* Leave the inherited waker to the parent. It is closed before another is opened, because there may
 * be no fd left for both; but not if the caller has put it into another slot, too. The slot must
 * not keep its number, which may be another file soon. */
static void let_go(struct fdslots *s)
{
    struct waker *waker = s->waker;
    if (atomic_load(&waker->read_fd) == NUMBER_NONE)
        return;
    const bool may_close = is_our_waker(s) && !others_hold(s);
    const int read_fd = atomic_exchange(&waker->read_fd, NUMBER_NONE);
    const int write_fd = atomic_exchange(&waker->write_fd, NUMBER_NONE);
    if (may_close) {
        close_write_end(waker, read_fd, write_fd);
        sys_close(read_fd);
    }
    renumber_slot(s);
}

/* Hide the slot while there is no waker for it. It would read POLLNVAL, and no wait would sleep. */
static void hide_slot(struct fdslots *s)
{
    struct waker *waker = s->waker;
    if ((s->slots[waker->index].flags & SLOT_FIRED) != 0)
        return;
    fdslots_slot_fire(s, waker->index, true);
    waker->hides_slot = true;
}

static void show_slot(struct fdslots *s)
{
    struct waker *waker = s->waker;
    if (waker->hides_slot)
        fdslots_slot_fire(s, waker->index, false);
    waker->hides_slot = false;
}

/* Put a waker of this process into the waker's slot. If the slot has changed, this process has no
 * waker. Returns 0, or an error if the next wait must try again. */
static int inherit_waker(struct fdslots *s)
{
    struct waker *waker = s->waker;
    if (atomic_load(&waker->read_fd) < 0 || is_ours(waker))
        return 0;
    if (!is_intact(s)) {
        fdslots_waker_close(s);
        return 0;
    }
    let_go(s);
    const int rc = open_waker(s);
    if (sys_is_refused(rc)) { /* by a filter of system calls, which will refuse it next time, too */
        fdslots_waker_forget(s);
        fdslots_invalidate_index(s, waker->index);
        return 0;
    }
    if (rc < 0) {
        hide_slot(s);
        return rc;
    }
    renumber_slot(s);
    show_slot(s);
    return 0;
}

void fdslots_inherit(struct fdslots *s)
{
    fdslots_kernel_inherit(s); /* first, because it needs the unchanged slots as proof */
    if (inherit_waker(s) == 0)
        s->process = fdslots_process_enter();
}

/* ---- waking ---- */

int fdslots_wake(const struct fdslots *s)
{
    if (s == NULL)
        return -EINVAL;
    struct waker *waker = s->waker;
    if (atomic_load(&waker->write_fd) < 0)
        return -ENOENT;
    if (!is_ours(waker)) {
        /* Whether a child still has the slot cannot be asked: it may be changing slots just now. */
        atomic_store(&waker->pending, fdslots_process_enter());
        /* The waker may have been opened since, without a look at this wake. */
        if (!is_ours(waker))
            return 0;
    }
    /* The number is read again: the one from above may be that of the inherited waker. */
    return wake_write(atomic_load(&waker->write_fd));
}

int fdslots_waker_drain(struct fdslots *s)
{
    if (s == NULL)
        return -EINVAL;
    if (!exists(s))
        return -ENOENT;
    atomic_store(&s->waker->pending, 0);
    return is_ours(s->waker) ? wake_drain(atomic_load(&s->waker->read_fd)) : 0;
}
