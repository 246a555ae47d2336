/* SPDX-License-Identifier: ISC
 *
 * Waking a buffer from another thread or a signal handler: a file in an ordinary slot.
 *
 * After fork(2) the file is shared, and a child that drained it would take its parent's wakes: so a
 * child opens its own at its first wait. The inherited one it leaves alone: by then the number may
 * be another file, in a child that has closed all it inherited.
 */
#include "backend.h"
#include "process.h"
#include "sys.h"
#include "waker.h"

static bool ours(const struct waker *waker)
{
    return fdslots_process_is(atomic_load(&waker->process));
}

static int open_waker(struct waker *waker)
{
    int ends[2];
    int saved = errno;
    uint32_t process = fdslots_process_enter();
    errno = saved;
    int rc = process != 0 ? fdslots_wake_open(ends) : -ENOMEM;
    if (rc < 0)
        return rc;
    atomic_store(&waker->write_fd, ends[1]);
    atomic_store(&waker->read_fd, ends[0]);
    atomic_store(&waker->process, process);
    return 0;
}

int fdslots_waker_open(struct fdslots *s, uint32_t index)
{
    if (!fdslots_slot_exists(s, index))
        return -EINVAL;
    if (atomic_load(&s->waker->read_fd) >= 0)
        return -EEXIST;
    if (fdslots_slot_used(s, index))
        return -EBUSY;
    int rc = open_waker(s->waker);
    if (rc < 0)
        return rc;
    s->waker->index = index;
    s->has_waker = true;
    return fdslots_set_index(s, index, atomic_load(&s->waker->read_fd), POLLIN);
}

int fdslots_wake(const struct fdslots *s)
{
    if (s == NULL)
        return -EINVAL;
    struct waker *waker = s->waker;
    int fd = atomic_load(&waker->write_fd);
    if (fd < 0)
        return -ENOENT;
    if (!ours(waker)) {
        atomic_store(&waker->pending, true);
        /* The waiter may have opened the child's own since, and looked for this too early. */
        if (!ours(waker))
            return 0;
        fd = atomic_load(&waker->write_fd);
    }
    return fdslots_wake_write(fd);
}

int fdslots_waker_drain(struct fdslots *s)
{
    if (s == NULL)
        return -EINVAL;
    int fd = atomic_load(&s->waker->read_fd);
    if (fd < 0)
        return -ENOENT;
    return ours(s->waker) ? fdslots_wake_drain(fd) : 0;
}

void fdslots_waker_keep(struct fdslots *s)
{
    struct waker *waker = s->waker;
    int inherited = atomic_load(&waker->read_fd);
    /* Where a new one cannot be opened the next wait tries again; the wakes are kept. */
    if (ours(waker) || open_waker(waker) < 0)
        return;
    if (fdslots_get_fd(s, waker->index) == inherited)
        fdslots_set_index(s, waker->index, atomic_load(&waker->read_fd),
                          (uint32_t)fdslots_get_events(s, waker->index));
    if (atomic_exchange(&waker->pending, false))
        fdslots_wake_write(atomic_load(&waker->write_fd));
}

void fdslots_waker_close(struct fdslots *s)
{
    struct waker *waker = s->waker;
    int fd = atomic_exchange(&waker->read_fd, -1);
    int write_fd = atomic_exchange(&waker->write_fd, -1);
    s->has_waker = false;
    if (fd >= 0 && ours(waker))
        fdslots_wake_close(fd, write_fd);
}

void fdslots_waker_lost(struct fdslots *s, int fd)
{
    struct waker *waker = s->waker;
    if (!s->has_waker || fd != atomic_load(&waker->read_fd))
        return;
    s->has_waker = false;
    atomic_store(&waker->read_fd, -1);
    int write_fd = atomic_exchange(&waker->write_fd, -1);
    if (write_fd != fd && ours(waker))
        sys_close(write_fd);
}

bool fdslots_waker_closed(struct fdslots *s, int fd)
{
    if (!s->has_waker || fd != atomic_load(&s->waker->read_fd))
        return false;
    fdslots_waker_close(s);
    return true;
}
