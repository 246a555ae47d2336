/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_CHECK: whether each fd still refers to the file that it referred to at the last sync.
 *
 * No call tells this of all fds at once. poll(2) reports a closed fd, but takes another file under
 * the same number for the old one. EPOLL_CTL_ADD tells them apart, one fd at a time: it fails with
 * EEXIST only if this very file is registered under this number. A failed ADD changes nothing, not
 * even for edges and exclusive registrations; MOD would rearm the former and refuse the latter. But
 * ADD looks at a file that is not registered, and some files hand out an event only to the first
 * call that looks. So fstat(2) is asked first whether ADD may look.
 */
#include "epoll.h"

/* Whether the caller claims that this slot's fd is still the file that the kernel was told of. */
static bool is_claimed(const struct fdslots *s, uint32_t index)
{
    const struct runs *runs = &s->kernel->runs;
    return fdslots_run_has(runs, index) && s->pollfds[index].fd == runs->of[index].fd &&
           (s->slots[index].flags & SLOT_CONFIRM) == 0;
}

static bool is_gone_from_set(struct fdslots *s, int fd)
{
    uint32_t mark;
    const enum file_kind kind = fdslots_file_kind(fd, &mark);
    if (kind == KIND_CLOSED || kind == KIND_POLLED)
        return true;
    int rc = fdslots_epoll_ctl(s, EPOLL_CTL_ADD, fd, 0, 0);
    if (rc == 0)
        fdslots_epoll_ctl(s, EPOLL_CTL_DEL, fd, 0, 0);
    /* EINTR and the refusals come from a filter or a supervisor of system calls, and prove nothing.
     */
    return rc != -EEXIST && rc != -EINTR && !sys_is_refused(rc);
}

/* Whether the file of a polled run is of another kind than when it was first polled. A number that
 * was closed then may have become a file, which does not count. */
static bool is_other_kind(const struct registration *leads)
{
    uint32_t mark;
    const enum file_kind kind = fdslots_file_kind(leads->fd, &mark);
    return kind != KIND_UNKNOWN && leads->mark != 0 && mark != leads->mark;
}

static bool is_gone(struct fdslots *s, uint32_t index)
{
    const struct runs *runs = &s->kernel->runs;
    const struct registration *leads = &runs->of[fdslots_run_leader(runs, index)];
    if ((leads->flags & RUN_POLLED) != 0)
        return is_other_kind(leads);
    return leads->events != 0 && is_gone_from_set(s, leads->fd);
}

/* Whether fd is an epoll set. Removing a fresh set from an epoll set fails with ENOENT. It fails
 * with EINVAL if fd is another file, and with EBADF if fd is closed. */
static bool is_epoll_set(int fd)
{
    const int fresh = sys_epoll_create();
    if (fresh < 0)
        return false; /* unknown */
    const int rc = sys_epoll_ctl(fd, EPOLL_CTL_DEL, fresh, 0, 0);
    sys_close(fresh);
    return rc == -ENOENT;
}

/* Mark the slots whose fd is gone as lost. If the program has closed the fd of the set, every fd
 * seems to be gone although none is, so the set is checked first. */
static void mark_lost(struct fdslots *s)
{
    bool set_is_there = false;
    FOR_EACH_IN(&s->used, i)
    {
        if (!is_claimed(s, i) || !is_gone(s, i))
            continue;
        set_is_there = set_is_there || is_epoll_set(s->kernel->fd);
        if (!set_is_there)
            return;
        s->ghosts_possible = true;
        fdslots_slot_lose(s, i);
    }
}

void fdslots_kernel_check(struct fdslots *s)
{
    if (s->kernel->fd >= 0)
        mark_lost(s);
    /* The next wait can check only what is registered now. An error is ignored here, because the
     * waits that need the set will report it. */
    fdslots_kernel_sync(s);
}
