/* SPDX-License-Identifier: ISC
 *
 * Waits that may fail. Their answers are compared with a plain poll(2).
 */
#include "fault_world.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* ---- the entry points ---- */

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

static int ms_of(int64_t ns)
{
    return ns == FDSLOTS_FOREVER ? -1 : (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

static const struct timespec *timespec_of(int64_t ns, struct timespec *time)
{
    *time = (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
    return ns == FDSLOTS_FOREVER ? NULL : time;
}

static const sigset_t *no_signals(void)
{
    static sigset_t mask;
    sigemptyset(&mask);
    return &mask;
}

static int by_poll(struct fdslots *s, int64_t ns)
{
    return fdslots_poll(s, WORLD_SLOTS, ms_of(ns));
}

static int by_ppoll(struct fdslots *s, int64_t ns)
{
    struct timespec time;
    return fdslots_ppoll(s, WORLD_SLOTS, timespec_of(ns, &time), NULL);
}

static int by_epoll_wait(struct fdslots *s, int64_t ns)
{
    return fdslots_epoll_wait(s, ms_of(ns));
}

static int by_epoll_pwait(struct fdslots *s, int64_t ns)
{
    struct timespec time;
    return fdslots_epoll_pwait(s, timespec_of(ns, &time), NULL);
}

static int by_epoll_pwait_masked(struct fdslots *s, int64_t ns)
{
    struct timespec time;
    return fdslots_epoll_pwait(s, timespec_of(ns, &time), no_signals());
}

static int by_wait(struct fdslots *s, int64_t ns)
{
    return fdslots_wait(s, ns, NULL);
}

static int by_wait_masked(struct fdslots *s, int64_t ns)
{
    return fdslots_wait(s, ns, no_signals());
}

static int by_wait_until(struct fdslots *s, int64_t ns)
{
    struct timespec time;
    fault->inside = false; /* this call is the test's own */
    clock_gettime(CLOCK_MONOTONIC, &time);
    fault->inside = true;
    const int64_t start = time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
    return fdslots_wait_until(s, ns < FDSLOTS_FOREVER - start ? start + ns : ns, NULL);
}

static bool always(void)
{
    return true;
}

static bool have_ppoll(void)
{
    return fdslots_has(FDSLOTS_HAS_PPOLL) == 1;
}

static bool have_epoll(void)
{
    return fdslots_has(FDSLOTS_HAS_EPOLL) == 1;
}

/* A failure may turn a slot into a polled one, and a mask then needs ppoll(2). */
static bool have_both(void)
{
    return have_epoll() && have_ppoll();
}

#define BY_EPOLL 2
static const struct way ways[] = {
    {"poll", by_poll, always, false, false},
    {"ppoll", by_ppoll, have_ppoll, false, false},
    {"epoll_wait", by_epoll_wait, have_epoll, true, false},
    {"epoll_pwait", by_epoll_pwait, have_epoll, true, false},
    {"epoll_pwait, masked", by_epoll_pwait_masked, have_both, true, false},
    {"wait", by_wait, always, true, true},
    {"wait, masked", by_wait_masked, have_ppoll, true, true},
    {"wait_until", by_wait_until, always, true, false}, /* it has no other clock */
};

const struct way *way_at(int i)
{
    for (const struct way *way = ways; way < ways + sizeof ways / sizeof ways[0]; way++)
        if (way->available() && i-- == 0)
            return way;
    return NULL;
}

/* ---- failures, and the answers that they excuse ---- */

static bool about_epoll_wait(void)
{
    return fault->kind == FAULT_EPOLL_WAIT || fault->kind == FAULT_EPOLL_PWAIT ||
           fault->kind == FAULT_EPOLL_PWAIT2;
}

/* Whether a signal ended a wait that found nothing. */
static bool was_interrupted(void)
{
    return fault->error == EINTR && (about_epoll_wait() || fault->kind == FAULT_PSELECT ||
                                     fault->kind == FAULT_POLL || fault->kind == FAULT_PPOLL);
}

/* Whether a mechanism failed as a whole, so that fdslots_wait() has to use the other. */
static bool needs_the_other(void)
{
    const int error = fault->error;
    switch (fault->kind) {
    case FAULT_POLL:
    case FAULT_PPOLL:
        return error != EINTR;
    case FAULT_EPOLL_CREATE:
    case FAULT_EPOLL_WAIT:
    case FAULT_EPOLL_PWAIT:
        return error != EINTR;
    default:
        return false;
    }
}

static bool only_epoll_will_do(const struct world *w)
{
    for (uint32_t i = 0; i < WORLD_SLOTS; i++)
        if ((w->want[i].events & (FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE)) != 0 && w->want[i].fd >= 0)
            return true;
    return false;
}

static struct fdslots_stats stats_of(const struct world *w)
{
    struct fdslots_stats stats;
    fdslots_get_stats(w->s, &stats, sizeof stats);
    return stats;
}

/* Both mechanisms need poll(2) if slots are polled beside the set. They need the clock if there is
 * no ppoll(2). */
static bool has_other_now(const struct world *w)
{
    if (fault->kind == FAULT_POLL || fault->kind == FAULT_PPOLL)
        return have_epoll() && stats_of(w).polled == 0;
    return have_epoll() && !only_epoll_will_do(w) && (have_ppoll() || fault->kind != FAULT_CLOCK);
}

/* ---- the answer ---- */

static void ask_oracle(const struct world *w, struct pollfd *fds)
{
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        const struct want *want = &w->want[i];
        fds[i] = (struct pollfd){.fd = want->paused || want->fired ? -1 : want->fd,
                                 .events = (short)(uint16_t)want->events};
    }
    EXPECT(poll(fds, WORLD_SLOTS, 0) >= 0, "the oracle failed");
}

/* Whether revents may be 0 although poll(2) reports an event. */
static bool may_be_silent(const struct world *w, const struct want *want, bool partial)
{
    const bool edge = (want->events & FDSLOTS_EDGE) != 0;
    return partial || w->cut || (edge && !want->edge_due);
}

static void check_slot(const struct world *w, uint32_t i, int expected, bool partial)
{
    int got = fdslots_get_revents(w->s, i);
    EXPECT(got == expected || (got == 0 && may_be_silent(w, &w->want[i], partial)),
           "slot %u, fd %d, events %#x: revents %#x, poll(2) says %#x", i, w->want[i].fd,
           (unsigned)w->want[i].events, (unsigned)got, (unsigned)expected);
}

static void take_report(struct world *w, uint32_t i)
{
    struct want *want = &w->want[i];
    if (fdslots_get_revents(w->s, i) == 0)
        return;
    want->edge_due = false;
    want->fired = (want->events & FDSLOTS_ONESHOT) != 0;
}

/* The ready list names every slot that has revents once. */
static void check_list(const struct world *w, int64_t rc)
{
    bool listed[WORLD_SLOTS] = {false};
    uint32_t count;
    const uint32_t *ready = fdslots_ready(w->s, &count);
    EXPECT(count == (uint64_t)rc, "%u slots are listed as ready, not %d", count, (int)rc);
    for (uint32_t r = 0; r < count; r++) {
        EXPECT(!listed[ready[r]], "slot %u is listed twice", ready[r]);
        EXPECT(fdslots_get_revents(w->s, ready[r]) > 0,
               "slot %u is listed as ready, but has no revents", ready[r]);
        listed[ready[r]] = true;
    }
    for (uint32_t i = 0; i < WORLD_SLOTS; i++)
        EXPECT(listed[i] == (fdslots_get_revents(w->s, i) != 0),
               "slot %u is not listed, or has no revents", i);
}

static void check_answer(struct world *w, int64_t rc, bool hit)
{
    struct pollfd oracle[WORLD_SLOTS];
    ask_oracle(w, oracle);
    const bool lied = hit && world_was_lied_to(w);
    const bool partial = hit && (about_epoll_wait() || was_interrupted());
    for (uint32_t i = 0; i < WORLD_SLOTS && !lied; i++)
        check_slot(w, i, (uint16_t)oracle[i].revents, partial);
    check_list(w, rc);
    if (w->woken && !hit)
        EXPECT(fdslots_get_revents(w->s, (uint32_t)w->waker) == POLLIN, "a wake is lost");
    for (uint32_t i = 0; i < WORLD_SLOTS; i++)
        take_report(w, i);
    world_check_slots(w);
}

static void check_error(const struct world *w)
{
    world_check_slots(w);
    uint32_t count;
    fdslots_ready(w->s, &count);
    EXPECT(count == 0, "%u slots are ready after an error", count);
    for (uint32_t i = 0; i < WORLD_SLOTS; i++)
        EXPECT(fdslots_get_revents(w->s, i) == 0, "slot %u has revents after an error", i);
    if (w->way->has_other && has_other_now(w))
        EXPECT(fault->error == EINTR, "an error, although there is another mechanism");
}

/* ---- the wait ---- */

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NS_PER_S + time.tv_nsec;
}

static const int *errors_of(const struct world *w)
{
    return w->way->is_epoll ? world_epoll_errors : world_poll_errors;
}

/* Wait once. Returns whether a call failed in the wait. */
static bool look_once(struct world *w, int64_t timeout_ns)
{
    const uint32_t fired = fault->fired;
    const uint64_t before = stats_of(w).fallbacks;
    const int64_t start = now();
    int64_t rc = LIB(w->way->wait(w->s, timeout_ns));
    const bool hit = fault->fired > fired;
    if (w->is_child) { /* its waker has another fd, or there is none yet */
        w->want[w->waker].fd = fdslots_get_fd(w->s, (uint32_t)w->waker);
        w->want[w->waker].paused = fdslots_is_paused(w->s, (uint32_t)w->waker) == 1;
    }
    if (world_failed(errors_of(w), rc, fired)) {
        check_error(w);
        return true;
    }
    EXPECT(rc > 0 || now() - start >= timeout_ns, "the wait returned early");
    check_answer(w, rc, hit);
    uint64_t more = stats_of(w).fallbacks - before;
    EXPECT(more == 0 || (hit && fault->error != EINTR), "a fallback for no reason");
    EXPECT(rc > 0 || !hit || !was_interrupted(), "a signal is not reported");
    if (hit && w->way->has_other && !w->checks && !only_epoll_will_do(w) && needs_the_other())
        EXPECT(more == 1, "a fallback is not counted");
    return hit;
}

void world_clear_up_lies(struct world *w)
{
    if (!world_was_lied_to(w))
        return;
    fault_lift();
    for (uint32_t i = 0; w->checks && i < WORLD_SLOTS; i++)
        if (w->want[i].fd >= 0)
            put(w, i, w->want[i].fd, w->want[i].events);
    if (have_epoll())
        EXPECT(LIB(fdslots_rebuild(w->s)) == 0, "rebuild fails for no reason");
}

void look_for(struct world *w, int64_t timeout_ns)
{
    for (int again = 0; look_once(w, timeout_ns); again++) {
        world_clear_up_lies(w);
        if (again == PATIENCE)
            fault_lift();
    }
}

static void look_once_in_vain(struct world *w)
{
    if (look_once(w, 0))
        world_clear_up_lies(w);
}

void look(struct world *w)
{
    look_for(w, 0);
}

void look_by_epoll(struct world *w)
{
    const struct way *way = w->way;
    if (!way->is_epoll || !have_epoll())
        return;
    w->way = &ways[BY_EPOLL];
    look(w);
    w->way = way;
}

void flicker(struct world *w, uint32_t index, uint32_t events)
{
    uint32_t before = w->want[index].events;
    change(w, index, events);
    look_once_in_vain(w);
    change(w, index, before);
    look(w);
    rest(w, index);
    look_once_in_vain(w);
    resume(w, index);
    look(w);
}
