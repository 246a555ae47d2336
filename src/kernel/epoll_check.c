/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_CHECK: whether each fd is still the file that was there at the last sync.
 *
 * No call says so of all fds at once: poll(2) knows closed ones, but takes another file under the
 * same number for the old one. EPOLL_CTL_ADD tells them apart, one by one: EEXIST is said of the
 * very file that is registered under this number, and leaves all as it was, also for edges and
 * exclusive registrations, which MOD would stir or refuse. But ADD looks at a file that is not
 * registered: fstat(2) says first whether it may.
 */
#include "epoll.h"

/* Whether the caller says that this slot's fd is the file it was when the kernel was told. */
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
    /* A filter or a supervisor of system calls did not say. */
    return rc != -EEXIST && rc != -EINTR && !sys_is_refused(rc);
}

/* What was closed when it was polled first may become a file. */
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

/* Where it is the set that somebody else has closed, every fd reads as gone, and none is. */
static void mark_lost(struct fdslots *s)
{
    bool set_is_there = false;
    FOR_EACH_IN(&s->used, i)
    {
        if (!is_claimed(s, i) || !is_gone(s, i))
            continue;
        set_is_there = set_is_there || fdslots_epoll_is_set(s->kernel->fd) > 0;
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
    /* What this wait does not register, the next one cannot verify. An error is the business of the
     * waits that need the set. */
    fdslots_kernel_sync(s);
}
