/* SPDX-License-Identifier: ISC
 *
 * Compares the answers of a buffer with those of poll(2).
 */
#include "model_world.h"

#include <errno.h>
#include <signal.h>

static unsigned long waits[ENTRY_POINTS];

void model_print_waits(FILE *out)
{
    static const char *const names[ENTRY_POINTS] = {"poll",        "ppoll", "epoll_wait",
                                                    "epoll_pwait", "wait",  "wait_until"};
    unsigned long sum = 0;
    for (unsigned i = 0; i < ENTRY_POINTS; i++)
        sum += waits[i];
    fprintf(out, "%lu waits compared with poll(2)", sum);
    for (unsigned i = 0; i < ENTRY_POINTS; i++)
        fprintf(out, "%s fdslots_%s %lu", i == 0 ? ":" : ",", names[i], waits[i]);
    fputc('\n', out);
}

/* ---- the wait ---- */

#define SECOND INT64_C(1000000000)

/* No test here sleeps: a wait that has nothing to report gets a timeout of 0, or almost 0. */
static int64_t choose_timeout(const struct entry *e, unsigned manner, bool ready)
{
    static const int64_t times[] = {0, 0, 0, 1, SECOND, 100 * SECOND, SECOND + 1, FDSLOTS_FOREVER};
    if (ready)
        return times[manner % 8];
    return e->takes_ns && manner % 32 == 7 ? 1 : 0;
}

/* In some manners the wait has a mask, which equals the mask in force. */
static int wait_by(const struct entry *e, struct fdslots *buffer, unsigned manner, bool ready)
{
    const int64_t timeout = choose_timeout(e, manner, ready);
    const bool masked = e->takes_mask && manner / 8 % 4 == 1;
    sigset_t mask;
    if (masked)
        sigprocmask(SIG_BLOCK, NULL, &mask);
    int rc;
    do /* the program that runs the model may have timers, which interrupt the wait */
        rc = e->wait(buffer, timeout, masked ? &mask : NULL);
    while (rc == -EINTR);
    waits[e->point]++;
    return rc;
}

/* ---- the report ---- */

/* The ready list names every slot that has revents once. */
static bool ready_list_agrees(const struct subject *s, int rc)
{
    uint32_t count;
    const uint32_t *ready = fdslots_ready(s->buffer, &count);
    bool listed[SLOTS] = {false};
    if (rc != (int)count)
        return model_complain(s, "result and ready count", 0, rc, (int)count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = ready[i] / s->stride;
        if (ready[i] % s->stride != 0 || slot >= SLOTS || listed[slot])
            return model_complain(s, "ready list", ready[i], (int)i, 0);
        listed[slot] = true;
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (listed[i] != (fdslots_get_revents(s->buffer, place(s, i)) != 0))
            return model_complain(s, "listed", i, listed[i], !listed[i]);
    return true;
}

static bool slots_agree(const struct subject *s)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        int fd = s->slots[i].fd < 0 ? -ENOENT : model_own(s, s->slots[i].fd);
        int events = s->slots[i].fd < 0 ? 0 : (int)given(s, s->slots[i].events);
        if (fdslots_get_fd(s->buffer, place(s, i)) != fd)
            return model_complain(s, "fd", i, fdslots_get_fd(s->buffer, place(s, i)), fd);
        if (fdslots_get_events(s->buffer, place(s, i)) != events)
            return model_complain(s, "events", i, fdslots_get_events(s->buffer, place(s, i)),
                                  events);
    }
    return true;
}

/* Unless the stride is 1, there are empty slots between those of the model. */
static int64_t lowest_from(const struct subject *s, unsigned from, bool used)
{
    for (unsigned i = from; i < SLOTS; i++) {
        const bool is_used = s->slots[i].fd >= 0;
        if (is_used == used)
            return place(s, i);
        if (is_used && s->stride > 1)
            return place(s, i) + 1;
    }
    const uint32_t end = SLOTS * s->stride;
    if (!used && fdslots_capacity(s->buffer) > end)
        return end;
    return used ? -ENOENT : -ENOSPC;
}

/* Compares what the buffer says about its slots beyond fd and events. */
static bool looks_agree(const struct subject *s)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const uint32_t index = place(s, i);
        const struct expected *e = &s->slots[i];
        const int hidden = e->fd >= 0 && (e->paused || e->fired);
        if (fdslots_is_paused(s->buffer, index) != hidden)
            return model_complain(s, "paused", i, !hidden, hidden);
        if (fdslots_next_used(s->buffer, index) != lowest_from(s, i, true))
            return model_complain(s, "next used", i, 0, 0);
        if (fdslots_next_free(s->buffer, index) != lowest_from(s, i, false))
            return model_complain(s, "next free", i, 0, 0);
    }
    return true;
}

/* Whether the slot's file changes by itself, or was changed from elsewhere. */
static bool is_disturbed(const struct expected *e)
{
    const struct object *o = object_at(e->fd);
    return o != NULL && (object_changes_by_itself(o) || object_was_disturbed(o));
}

static bool is_once(const struct expected *e)
{
    const struct object *o = model_once_at(e->fd);
    return o != NULL && !object_changes_by_itself(o);
}

/* With a limit on the ready slots, a polled slot also shows events that were held back earlier. */
static bool held_agrees(const struct subject *s, unsigned slot, int got, int told)
{
    const struct expected *e = &s->slots[slot];
    const int wanted = (int)(e->events & 0xffff) | POLLERR | POLLHUP | POLLNVAL;
    return s->max_ready != 0 && (got & wanted & ~e->held) == (told & ~e->held);
}

/* A file may change between two questions, for example when a TCP segment arrives. The answer is
 * right if poll(2) gave it either before or after the wait. */
static bool revents_agree(struct subject *s, const struct pollfd *before)
{
    struct pollfd after[SLOTS];
    bool asked = false;
    for (unsigned i = 0; i < SLOTS; i++) {
        int got = fdslots_get_revents(s->buffer, place(s, i));
        bool once = is_once(&s->slots[i]);
        if (once ? model_once_agrees(s, before, i) : got == (uint16_t)before[i].revents)
            continue;
        if (!once && held_agrees(s, i, got, (uint16_t)before[i].revents))
            continue;
        if (got == 0 && !once && (s->max_ready != 0 || !model_must_report(s, before, i)))
            continue;
        if (!asked) {
            model_forget_answers();
            model_ask(s, after);
            asked = true;
        }
        if ((once || got != (uint16_t)after[i].revents) && !is_disturbed(&s->slots[i]))
            return model_complain(s, "revents", i, got, (uint16_t)before[i].revents);
    }
    return s->max_ready != 0 || !model_owes(s) || model_complain(s, "an event is lost", 0, 0, 0);
}

/* The events that the buffer may keep for a slot that was not reported. There are none for sockets
 * and pipes, unless they are polled beside the set. */
static int may_be_held(const struct subject *s, const struct pollfd *before, unsigned slot)
{
    return model_may_be_polled(s, slot) ? (uint16_t)before[slot].revents : 0;
}

/* A one-shot slot is hidden once it was reported, and an edge is due again once the event was gone.
 * Held events stay while no slot wants them. */
static void take_note(struct subject *s, const struct pollfd *before)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const int held = s->slots[i].held;
        const int wanted = (int)(s->slots[i].events & 0xffff) | POLLERR | POLLHUP | POLLNVAL;
        bool reported = fdslots_get_revents(s->buffer, place(s, i)) != 0;
        s->slots[i].due = !reported && before[i].revents == 0;
        s->slots[i].held = reported ? held & ~wanted : held | may_be_held(s, before, i);
        if ((s->slots[i].events & FDSLOTS_ONESHOT) != 0 && reported)
            s->slots[i].fired = true;
    }
}

/* A wait that fails leaves the ready set empty. */
static bool failure_agrees(struct subject *s, const struct entry *e, int rc,
                           const struct pollfd *before)
{
    if (!model_may_fail(s, e->point, rc))
        return model_complain(s, "error", 0, -rc, 0);
    model_owe_all(s, before);
    return slots_agree(s) && ready_list_agrees(s, 0);
}

static bool must_report_any(const struct subject *s, const struct pollfd *fds)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (model_must_report(s, fds, i))
            return true;
    return false;
}

static bool wait_agrees(struct subject *s, const struct entry *e, unsigned manner,
                        const struct pollfd *before)
{
    const bool ready = must_report_any(s, before);
    int rc = wait_by(e, s->buffer, manner, ready);
    if (rc < 0)
        return failure_agrees(s, e, rc, before);
    if (rc == 0 && ready)
        return model_complain(s, "nothing reported", 0, 0, 1);
    if (s->max_ready != 0 && rc > (int)s->max_ready)
        return model_complain(s, "too many reported", 0, rc, (int)s->max_ready);
    if (!revents_agree(s, before) || !slots_agree(s) || !ready_list_agrees(s, rc))
        return false;
    take_note(s, before);
    return looks_agree(s);
}

/* With a limit on the ready slots, waits in a row report every slot that is ready and stays so. The
 * turns go by fds, so most waits are needed if half of the slots share one fd, and twice as many if
 * fds that epoll refuses take every second wait. A ghost makes the turns start again. */
static bool rounds_agree(struct subject *s, const struct entry *e, unsigned manner)
{
    const unsigned rounds = SLOTS * SLOTS / s->max_ready;
    bool seen[SLOTS] = {false};
    struct pollfd before[SLOTS];
    unsigned missing = 0;
    for (unsigned round = 0; round < rounds && missing < SLOTS; round++) {
        model_ask(s, before);
        if (!wait_agrees(s, e, manner + round, before))
            return false;
        for (unsigned i = 0; i < SLOTS; i++)
            seen[i] |= fdslots_get_revents(s->buffer, place(s, i)) != 0;
        while (missing < SLOTS && (seen[missing] || !model_must_report(s, before, missing)))
            missing++;
        if (missing == SLOTS && model_owes(s))
            missing--;
    }
    return missing == SLOTS || world.limit != 0 ||
           model_complain(s, "never reported", missing, 0, before[missing].revents);
}

/* The entry points that work here, looked up only once, because a look-up makes two system
 * calls. */
static const struct entry *entry_of(enum entry_point point)
{
    static const struct entry *entries[ENTRY_POINTS];
    static bool known[ENTRY_POINTS];
    if (!known[point]) {
        entries[point] = entry_for(point);
        known[point] = true;
    }
    return entries[point];
}

bool model_agrees(struct subject *s, unsigned manner)
{
    struct pollfd before[SLOTS];
    const struct entry *e = entry_of(s->by[s->turn++ % s->turns]);
    if (e == NULL || (s->edges && entry_of(ENTRY_EPOLL_WAIT) == NULL))
        return true;
    if (s->max_ready != 0)
        return rounds_agree(s, e, manner);
    model_ask(s, before);
    return wait_agrees(s, e, manner, before);
}
