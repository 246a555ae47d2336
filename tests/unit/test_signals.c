/* SPDX-License-Identifier: ISC
 *
 * Signals and masks: a signal that the mask lets in ends the wait, and a blocked one does not. A
 * stop of the process ends a wait by the set alone.
 */
#include "alarm.h"
#include "asleep.h"
#include "child.h"
#include "common.h"
#include "kernel.h"

#include <sys/wait.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static struct fdslots *s;
static int empty[2];
static int full[2];

static void setup(void)
{
    s = make_slots(4);
    make_pipe(empty, false);
    make_pipe(full, true);
    ck_assert_int_eq(fdslots_set_index(s, 0, empty[0], POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(empty);
    close_pipe(full);
}

static bool is_pending(int signo)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signo) == 1;
}

/* The mask after a wait equals the mask before it, signal for signal. */
static void same_mask(const sigset_t *before)
{
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    for (int signo = 1; signo < NSIG; signo++)
        ck_assert_int_eq(sigismember(&now, signo), sigismember(before, signo));
}

static void nothing_is_ready(void)
{
    uint32_t count = 17;
    fdslots_ready(s, &count);
    ck_assert_uint_eq(count, 0);
    for (uint32_t i = 0; i < 4; i++)
        EXPECT(fdslots_get_revents(s, i), 0);
}

START_TEST(a_signal_ends_the_wait)
{
    const struct entry *e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 1, full[0], POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 1); /* so that the failing wait has a ready set to empty */
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    alarm_start();
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), -EINTR);
    ck_assert_int_gt(signals_seen, 0);
    alarm_stop();
    nothing_is_ready();
    EXPECT(fdslots_get_fd(s, 0), empty[0]);
    EXPECT(fdslots_get_events(s, 0), POLLIN);
}
END_TEST

/* The signal is blocked outside, let in by the mask, and arrives while the wait sleeps. */
START_TEST(the_mask_lets_a_signal_in)
{
    const struct entry *e = entry_at(_i);
    if (!e->takes_mask)
        return;
    sigset_t inside = signals_mask_without(SIGALRM);
    alarm_start();
    signals_block(SIGALRM);
    sigset_t before;
    sigprocmask(SIG_SETMASK, NULL, &before);
    int seen = signals_seen;
    EXPECT(e->wait(s, FDSLOTS_FOREVER, &inside), -EINTR);
    ck_assert_int_gt(signals_seen, seen);
    same_mask(&before);
    alarm_stop();
    nothing_is_ready();
}
END_TEST

static const int64_t pending_timeouts[] = {0, 1, 10 * MS, FDSLOTS_FOREVER};

START_TEST(a_pending_signal_ends_the_wait_at_once)
{
    const struct entry *e = entry_at(_i % entry_count());
    if (!e->takes_mask)
        return;
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    sigset_t before;
    sigprocmask(SIG_SETMASK, NULL, &before);
    sigset_t inside = signals_mask_without(SIGUSR1);
    raise(SIGUSR1);
    ck_assert_int_eq(signals_seen, 0);
    EXPECT(e->wait(s, pending_timeouts[_i / entry_count()], &inside), -EINTR);
    ck_assert_int_eq(signals_seen, 1);
    same_mask(&before);
    EXPECT(e->wait(s, 0, &inside), 0);
    ck_assert_int_eq(signals_seen, 1);
    signals_restore();
}
END_TEST

/* An fd was closed after its slot was emptied, but a dup keeps the file open. The set therefore
 * reads as ready. epoll_pwait(2) lets in no signal while the set reports an event, nor does
 * ppoll(2) while the set is ready beside a polled slot. */
START_TEST(a_ghost_keeps_no_signal_out)
{
    const struct entry *e = entry_at(_i / 2);
    if (!e->takes_mask || !have_epoll())
        return;
    const int copy = dup(full[0]);
    EXPECT(fdslots_set_events(s, 0, _i % 2 != 0 ? POLLIN | FDSLOTS_POLLED : POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, copy, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    close(copy);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    sigset_t inside = signals_mask_without(SIGUSR1);
    raise(SIGUSR1);
    EXPECT(e->wait(s, 0, &inside), -EINTR);
    ck_assert_int_eq(signals_seen, 1);
    signals_restore();
}
END_TEST

START_TEST(an_empty_set_blocks_none)
{
    const struct entry *e = entry_at(_i);
    if (!e->takes_mask)
        return;
    sigset_t none;
    sigemptyset(&none);
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    raise(SIGUSR1);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, &none), -EINTR);
    ck_assert_int_eq(signals_seen, 1);
    raise(SIGUSR1);
    EXPECT(e->wait(s, 0, &none), -EINTR);
    ck_assert_int_eq(signals_seen, 2);
    signals_restore();
}
END_TEST

START_TEST(no_mask_leaves_the_mask)
{
    const struct entry *e = entry_at(_i);
    sigset_t before;
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    sigprocmask(SIG_SETMASK, NULL, &before);
    raise(SIGUSR1);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(e->wait(s, 10 * MS, NULL), 0);
    ck_assert_int_eq(signals_seen, 0);
    ck_assert(is_pending(SIGUSR1));
    same_mask(&before);
    signals_restore();
    ck_assert_int_eq(signals_seen, 1);
}
END_TEST

/* The mask replaces the caller's mask. It does not add to it or take from it. */
START_TEST(the_mask_blocks_inside)
{
    const struct entry *e = entry_at(_i);
    if (!e->takes_mask)
        return;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    alarm_start();
    sigprocmask(SIG_SETMASK, NULL, &before);
    EXPECT(e->wait(s, 100 * MS, &all), 0); /* five alarms come, and none of them ends the wait */
    const int seen = signals_seen;
    same_mask(&before);
    alarm_stop(); /* also if this test fails, so that no alarm disturbs those after it */
    ck_assert_int_gt(seen, 0); /* the alarms are delivered right after the wait */
}
END_TEST

START_TEST(ready_beats_a_signal)
{
    const struct entry *e = entry_at(_i % entry_count());
    if (!e->takes_mask)
        return;
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    sigset_t inside = signals_mask_without(SIGUSR1);
    EXPECT(fdslots_set_index(s, 3, full[0], POLLIN), 0);
    raise(SIGUSR1);
    EXPECT(e->wait(s, pending_timeouts[_i / entry_count()], &inside), 1);
    EXPECT(fdslots_get_revents(s, 3), POLLIN);
    ck_assert_int_eq(signals_seen, 0);
    /* The signal is left for a later wait, which has no ready slot to report. */
    ck_assert(is_pending(SIGUSR1));
    EXPECT(fdslots_pause_index(s, 3), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, &inside), -EINTR);
    ck_assert_int_eq(signals_seen, 1);
    signals_restore();
}
END_TEST

/* A held event is reported though poll(2) no longer sees it. The slot is ready all the same, so the
 * signal is left pending. */
START_TEST(a_held_event_beats_a_signal)
{
    const struct entry *e = entry_at(_i % entry_count());
    if (!e->takes_mask || !have_epoll())
        return;
    for (uint32_t i = 1; i < 3; i++)
        EXPECT(fdslots_set_index(s, i, full[0], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    char byte;
    ck_assert_int_eq(read(full[0], &byte, 1), 1);
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    sigset_t inside = signals_mask_without(SIGUSR1);
    raise(SIGUSR1);
    EXPECT(e->wait(s, pending_timeouts[_i / entry_count()], &inside), 1);
    ck_assert_int_eq(signals_seen, 0);
    ck_assert(is_pending(SIGUSR1));
    const bool may_block = fdslots_has(FDSLOTS_HAS_PPOLL) == 1;
    EXPECT(e->wait(s, FDSLOTS_FOREVER, &inside), may_block ? -EINTR : -ENOTSUP);
    ck_assert_int_eq(signals_seen, may_block);
    signals_restore();
}
END_TEST

/* If a signal ends the wait before a one-shot slot is reported, the slot has not fired. */
START_TEST(a_signal_spends_no_oneshot)
{
    const struct entry *e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 0, empty[0], POLLIN | FDSLOTS_ONESHOT), 0);
    alarm_start();
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), -EINTR);
    alarm_stop();
    ck_assert_int_eq(fdslots_view(s)[0].fd, empty[0]);
}
END_TEST

/* ---- without a handler ---- */

static const struct entry *stopped;
static bool is_polled;

/* A stop ends epoll_wait(2), but not poll(2). */
static void wait_while_stopped(void)
{
    const bool ends = stopped->is_epoll && !is_polled;
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLIN | (is_polled ? FDSLOTS_POLLED : 0)), 0);
    if (ends)
        CHILD_EXPECT(stopped->wait(s, FDSLOTS_FOREVER, NULL), -EINTR);
    CHILD_EXPECT(stopped->wait(s, FDSLOTS_FOREVER, NULL), 1);
}

START_TEST(a_stop_ends_a_wait_by_the_set_alone)
{
    int status;
    stopped = entry_at(_i % entry_count());
    is_polled = _i >= entry_count();
    if (stopped->point == ENTRY_WAIT || stopped->point == ENTRY_WAIT_UNTIL)
        return; /* they choose */
    pid_t pid = child_start(wait_while_stopped);
    asleep_await(pid);
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status));
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
    ck_assert_int_eq(write(empty[1], "x", 1), 1);
    child_end(pid);
}
END_TEST

Suite *suite_signals(void)
{
    Suite *suite = suite_create("signals");
    TCase *tcase = add_case(suite, "signals");
    int pending = LENGTH(pending_timeouts) * entry_count();
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_signal_ends_the_wait, 0, entry_count());
    tcase_add_loop_test(tcase, the_mask_lets_a_signal_in, 0, entry_count());
    tcase_add_loop_test(tcase, a_pending_signal_ends_the_wait_at_once, 0, pending);
    tcase_add_loop_test(tcase, a_ghost_keeps_no_signal_out, 0, 2 * entry_count());
    tcase_add_loop_test(tcase, an_empty_set_blocks_none, 0, entry_count());
    tcase_add_loop_test(tcase, no_mask_leaves_the_mask, 0, entry_count());
    tcase_add_loop_test(tcase, the_mask_blocks_inside, 0, entry_count());
    tcase_add_loop_test(tcase, ready_beats_a_signal, 0, pending);
    tcase_add_loop_test(tcase, a_held_event_beats_a_signal, 0, pending);
    tcase_add_loop_test(tcase, a_signal_spends_no_oneshot, 0, entry_count());
    tcase_add_loop_test(tcase, a_stop_ends_a_wait_by_the_set_alone, 0, 2 * entry_count());
    return suite;
}
