/* SPDX-License-Identifier: ISC
 *
 * The ways beside poll: the set alone, and both, which is poll(2) on the polled slots and the set.
 *
 * Some files hand out an event only once, so an answer of poll(2) about a polled slot must not get
 * lost. It is kept in held_revents until it is reported, because fdslots_set_max_ready() may leave
 * no room for it, and the set may fail.
 */
#include "ways.h"

#include "../poll/poll.h"

/* Ask poll(2), and have the polled slots hold its answers. Stores whether the set reads ready. */
static int ask_poll(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask, bool *set_ready)
{
    struct pollfd *fds;
    uint32_t count = 0;
    const int set_fd = fdslots_kernel_beside(s, &fds);
    FOR_EACH_IN(&s->polled, i)
    {
        fds[count++] = (struct pollfd){.fd = s->pollfds[i].fd, .events = s->pollfds[i].events};
    }
    fds[count] = (struct pollfd){.fd = set_fd, .events = POLLIN};
    s->stats.poll_calls++;
    int rc = fdslots_poll_call(fds, count + 1, timeout_ns, sigmask);
    *set_ready = rc > 0 && fds[count].revents != 0;
    if (rc > (int)*set_ready) {
        const struct pollfd *answer = fds;
        FOR_EACH_IN(&s->polled, i)
        {
            if (answer->revents != 0)
                fdslots_slot_hold(s, i, (uint16_t)answer->revents);
            answer++;
        }
    }
    return rc;
}

/* Whether the set answers for this slot. What such a slot holds is older than its registration, so
 * it is not reported. */
static bool is_registered(const struct fdslots *s, uint32_t index)
{
    return !fdslots_index_set_has(&s->polled, index) && (s->slots[index].flags & SLOT_LOST) == 0;
}

/* Report what the slots in [from, to) hold, until the ready set is full. Returns the slot that
 * found no room, or `to`. */
static uint32_t report_range(struct fdslots *s, uint32_t from, uint32_t to)
{
    uint32_t i = fdslots_index_set_next(&s->held, from);
    for (; i < to; i = fdslots_index_set_next(&s->held, i + 1)) {
        if (s->ready_count >= s->max_ready)
            return i;
        const uint32_t held = fdslots_slot_held_events(s, i);
        if (held == 0)
            continue;
        if (LIKELY(!is_registered(s, i)))
            fdslots_ready_add(s, i, held);
        fdslots_slot_release(s, i);
    }
    return to;
}

/* Report what the slots hold, beginning with the slot whose turn it is. */
static void report_held(struct fdslots *s)
{
    const uint32_t turn = s->turn;
    uint32_t end = report_range(s, turn, INDEX_NONE);
    if (end == INDEX_NONE)
        end = report_range(s, 0, turn);
    s->turn = end;
}

static int report_set(struct fdslots *s, bool ready)
{
    if (!ready || s->ready_count >= s->max_ready)
        return 0;
    const int cancel = sys_disable_cancel(); /* it would lose what is already reported */
    int rc = fdslots_kernel_wait(s, 0, NULL);
    sys_restore_cancel(cancel);
    return rc < 0 ? rc : 0;
}

/* The set has failed, and so the wait fails, too. Hold again what was reported, except for files
 * that will report it again anyway. */
SELDOM static void take_back(struct fdslots *s)
{
    for (uint32_t r = 0; r < s->ready_count; r++)
        fdslots_slot_hold(s, s->ready[r], (uint16_t)s->pollfds[s->ready[r]].revents);
    fdslots_ready_reset(s);
    FOR_EACH_IN(&s->held, index)
    {
        if (!fdslots_poll_says_once(s, index))
            fdslots_slot_release(s, index);
    }
}

/* Report what is ready. The ready set may be too small for all of it, so the held events and those
 * of the set take turns in coming first. */
static int report_ready(struct fdslots *s, bool set_ready)
{
    int rc = 0;
    s->held_first = !s->held_first;
    if (!s->held_first)
        rc = report_set(s, set_ready);
    if (rc == 0 || rc == KERNEL_AGAIN)
        report_held(s);
    if (s->held_first)
        rc = report_set(s, set_ready);
    if (rc < 0 && rc != KERNEL_AGAIN)
        take_back(s);
    else if (s->ready_count > 0)
        rc = fdslots_ready_finish(s);
    return rc;
}

/* Wait once, by both. Returns what fdslots_kernel_wait() returns. */
static int wait_by_both(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    const bool at_once = fdslots_poll_holds(s, UINT32_MAX);
    bool set_ready;
    /* Ready slots win over a signal, so the mask lets none in while a slot holds an event. */
    int rc =
        at_once ? ask_poll(s, 0, NULL, &set_ready) : ask_poll(s, timeout_ns, sigmask, &set_ready);
    if (rc < 0 && !(at_once && rc == -EINTR))
        return rc;
    const bool ran_out = rc == 0 && !at_once;
    rc = report_ready(s, set_ready);
    if (rc != 0 || ran_out)
        return rc;
    if (timeout_ns != 0)
        return KERNEL_AGAIN;
    /* No signal was let in if a ghost made the set read ready, or if what was held is over. */
    return sigmask != NULL ? sys_let_signals_in(sigmask) : 0;
}

int fdslots_wait_in_turns(struct fdslots *s, int64_t timeout_ns, const sigset_t *sigmask)
{
    bool beside = false;
    int64_t left = timeout_ns;
    const int64_t deadline = left > 0 ? fdslots_deadline(left) : 0;
    if (deadline < 0)
        return (int)deadline;
    for (;;) {
        s->time_left = left;
        int rc = s->set_ready ? 0 : fdslots_kernel_sync(s);
        if (rc < 0)
            return rc;
        const bool both = (s->polled.root | s->held.root) != 0;
        s->stats.polled += both && !beside;
        beside = beside || both;
        rc = both ? wait_by_both(s, left, sigmask) : fdslots_kernel_wait(s, left, sigmask);
        if (rc != 0 && rc != KERNEL_AGAIN)
            return rc;
        if (left > 0)
            left = fdslots_time_left(deadline);
        if (left < 0)
            return (int)left;
        if (rc == 0 && left == 0)
            return 0; /* else wait on: the kernel may have been given only a part of the time */
    }
}
