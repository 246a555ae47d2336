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

/* Whether ADD has failed because of a filter or a supervisor of system calls. Such a failure proves
 * nothing about the file. EPERM may also mean that the file cannot be polled. So the set is then
 * added to itself, which only a filter answers with EPERM. */
static bool is_filtered(struct fdslots *s, int rc)
{
    if (rc == -EPERM)
        rc = fdslots_epoll_ctl(s, EPOLL_CTL_ADD, s->kernel->fd, 0, 0);
    return rc == -EINTR || sys_is_refused(rc);
}

/* Whether the set does not hold this file under this fd. EBADF and EINVAL mean that the program has
 * closed the fd of the set, as this fd is open. */
static bool is_gone_from_set(struct fdslots *s, int fd)
{
    uint32_t mark;
    const enum file_kind kind = fdslots_file_kind(fd, &mark);
    if (kind == KIND_CLOSED || kind == KIND_POLLED || kind == KIND_DEVICE)
        return true;
    int rc = fdslots_epoll_ctl(s, EPOLL_CTL_ADD, fd, 0, 0);
    if (rc == 0)
        fdslots_epoll_ctl(s, EPOLL_CTL_DEL, fd, 0, 0);
    return rc != -EEXIST && rc != -EBADF && rc != -EINVAL && !is_filtered(s, rc);
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
 * check; the runs that were looked at are listed where a sync lists those that are due. */
static void check_fd(struct fdslots *s, int fd)
{
    struct kernel *k = s->kernel;
    const uint32_t leader = fdslots_run_find(&k->runs, fd);
    if (leader == INDEX_NONE || (k->runs.of[leader].flags & RUN_CHECKED) != 0)
        return;
    k->runs.of[leader].flags |= RUN_CHECKED;
    k->scratch.indices[k->listed++] = leader;
    bool gone = false;
    FOR_EACH_IN_RUN(&k->runs, leader, i)
    {
        if (!is_claimed(s, i))
            continue;
        if (!gone && !is_gone(s, &k->runs.of[leader]))
            return;
        gone = s->ghosts_possible = true;
        fdslots_slot_lose(s, i);
    }
}

/* Check the fd of a slot, and the one that it had when the set was last told. */
static void check_slot(struct fdslots *s, uint32_t index)
{
    const struct runs *runs = &s->kernel->runs;
    if (fdslots_slot_used(s, index))
        check_fd(s, fdslots_slot_fd(s, index));
    if (fdslots_run_has(runs, index))
        check_fd(s, runs->of[index].fd);
}

/* Check all used slots if index is INDEX_NONE; otherwise this slot and those that changed. Earlier
 * changes were told in the check before the last wait. */
static void check_slots(struct fdslots *s, uint32_t index)
{
    struct kernel *k = s->kernel;
    k->listed = 0;
    if (index == INDEX_NONE) {
        FOR_EACH_IN(&s->used, i)
        {
            check_slot(s, i);
        }
    } else {
        check_slot(s, index);
        for (uint32_t i = 0; i < s->fresh.count; i++)
            check_slot(s, s->fresh.of[i]);
    }
    while (k->listed > 0)
        k->runs.of[k->scratch.indices[--k->listed]].flags &= (uint16_t)~RUN_CHECKED;
}

/* This ends with a sync, because the next check can look only at what is registered by then. An
 * error is ignored here, because the waits that need the set will report it. */
void fdslots_epoll_check(struct fdslots *s, uint32_t index)
{
    if (s->kernel->fd >= 0)
        check_slots(s, index);
    fdslots_kernel_sync(s);
}
