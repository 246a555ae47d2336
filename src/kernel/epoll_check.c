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

/* Whether the set does not hold this file under this fd. EINTR and the refusals come from a filter
 * or a supervisor of system calls, and prove nothing. EBADF and EINVAL mean that the program has
 * closed the fd of the set, as this fd is open. */
static bool is_gone_from_set(struct fdslots *s, int fd)
{
    uint32_t mark;
    const enum file_kind kind = fdslots_file_kind(fd, &mark);
    if (kind == KIND_CLOSED || kind == KIND_POLLED)
        return true;
    int rc = fdslots_epoll_ctl(s, EPOLL_CTL_ADD, fd, 0, 0);
    if (rc == 0)
        fdslots_epoll_ctl(s, EPOLL_CTL_DEL, fd, 0, 0);
    return rc != -EEXIST && rc != -EINTR && rc != -EBADF && rc != -EINVAL && !sys_is_refused(rc);
}

/* Whether the file of a polled run is of another kind than when it was first polled. A number that
 * was closed then may have become a file, which does not count. */
static bool is_other_kind(const struct registration *leads)
{
    uint32_t mark;
    const enum file_kind kind = fdslots_file_kind(leads->fd, &mark);
    return kind != KIND_UNKNOWN && leads->mark != 0 && mark != leads->mark;
}

/* Whether the fd of this run is no longer the file that the kernel was told of. */
static bool is_gone(struct fdslots *s, const struct registration *leads)
{
    if ((leads->flags & RUN_POLLED) != 0)
        return is_other_kind(leads);
    return leads->events != 0 && is_gone_from_set(s, leads->fd);
}

/* Mark the slots that claim this fd as lost, if it is gone. This is done once for each run in a
 * check. */
static void check_fd(struct fdslots *s, int fd)
{
    struct runs *runs = &s->kernel->runs;
    const uint32_t leader = fdslots_run_find(runs, fd);
    if (leader == INDEX_NONE || (runs->of[leader].flags & RUN_CHECKED) != 0)
        return;
    runs->of[leader].flags |= RUN_CHECKED;
    bool gone = false;
    FOR_EACH_IN_RUN(runs, leader, i)
    {
        if (!is_claimed(s, i))
            continue;
        if (!gone && !is_gone(s, &runs->of[leader]))
            return;
        gone = s->ghosts_possible = true;
        fdslots_slot_lose(s, i);
    }
}

static void end_check(struct fdslots *s, int fd)
{
    struct runs *runs = &s->kernel->runs;
    const uint32_t leader = fdslots_run_find(runs, fd);
    if (leader != INDEX_NONE)
        runs->of[leader].flags &= (uint16_t)~RUN_CHECKED;
}

/* Visit the fd of a slot, and the one that it had when the set was last told. */
static void visit(struct fdslots *s, uint32_t index, void (*fn)(struct fdslots *s, int fd))
{
    const struct runs *runs = &s->kernel->runs;
    if (fdslots_slot_used(s, index))
        fn(s, fdslots_slot_fd(s, index));
    if (fdslots_run_has(runs, index))
        fn(s, runs->of[index].fd);
}

static void visit_set(struct fdslots *s, const struct index_set *set,
                      void (*fn)(struct fdslots *s, int fd))
{
    FOR_EACH_IN(set, i)
    {
        visit(s, i, fn);
    }
}

/* Visit all used slots if index is INDEX_NONE; otherwise this slot and those that changed. */
static void visit_slots(struct fdslots *s, uint32_t index, void (*fn)(struct fdslots *s, int fd))
{
    if (index == INDEX_NONE) {
        visit_set(s, &s->used, fn);
        return;
    }
    visit(s, index, fn);
    visit_set(s, &s->fresh, fn);
    visit_set(s, &s->noted, fn);
}

/* This ends with a sync, because the next check can look only at what is registered by then. An
 * error is ignored here, because the waits that need the set will report it. */
void fdslots_kernel_check(struct fdslots *s, uint32_t index)
{
    if (s->kernel->fd >= 0) {
        visit_slots(s, index, check_fd);
        visit_slots(s, index, end_check);
    }
    fdslots_kernel_sync(s);
}
