/* SPDX-License-Identifier: ISC
 *
 * A wait sleeps on polled slots and on the set at once. Either ends it, timeouts and signals work
 * as without polled slots, and an edge comes once.
 */
#include "alarm.h"
#include "child.h"
#include "kernel.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define NSLOTS 4
#define MS     INT64_C(1000000)

static const struct entry *e;
static struct fdslots *s;
static int polled; /* in slot 0 */
static int other;  /* in slot 1, registered */

static void setup(void)
{
    s = make_slots(NSLOTS);
    polled = event_fd(false);
    other = event_fd(false);
    EXPECT(fdslots_set_index(s, 0, polled, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_index(s, 1, other, POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(polled);
    close(other);
}

static void rouse_polled(void)
{
    event_set(polled);
}

static void rouse_other(void)
{
    event_set(other);
}

static void rouse_both(void)
{
    event_set(polled);
    event_set(other);
}

static const struct {
    void (*rouse)(void);
    bool polled;
    bool other;
} rousers[] = {{rouse_polled, true, false}, {rouse_other, false, true}, {rouse_both, true, true}};

/* The wait sleeps in the first round and in later ones. */
START_TEST(either_ends_the_sleep)
{
    const bool both = rousers[_i % 3].polled && rousers[_i % 3].other;
    e = entry_at(_i / 3);
    for (int again = 0; again < 3; again++) {
        pid_t pid = child_when_asleep(rousers[_i % 3].rouse);
        int rc = e->wait(s, FDSLOTS_FOREVER, NULL);
        child_end(pid);
        ck_assert_int_ge(rc, 1);
        ck_assert_int_le(rc, both ? 2 : 1); /* the second event may have come too late */
        EXPECT(e->wait(s, 0, NULL), both ? 2 : 1);
        EXPECT(fdslots_get_revents(s, 0), rousers[_i % 3].polled ? POLLIN : 0);
        EXPECT(fdslots_get_revents(s, 1), rousers[_i % 3].other ? POLLIN : 0);
        if (rousers[_i % 3].polled)
            event_clear(polled);
        if (rousers[_i % 3].other)
            event_clear(other);
        EXPECT(e->wait(s, 0, NULL), 0);
    }
}
END_TEST

/* No slot is registered at all. */
START_TEST(polled_slots_alone)
{
    e = entry_at(_i);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    ck_assert_int_eq(wait_full_time(e, s, MS), 0);
    pid_t pid = child_when_asleep(rouse_polled);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    child_end(pid);
    event_clear(polled);
    EXPECT(fdslots_pause_index(s, 0), 0);
    ck_assert_int_eq(wait_full_time(e, s, MS), 0);
}
END_TEST

/* A ready polled slot does not cost the set its edge, and an edge does not cost the polled slot its
 * report. */
START_TEST(an_edge_comes_once)
{
    e = entry_at(_i);
    if (!e->is_epoll)
        return;
    EXPECT(fdslots_set_index(s, 1, other, POLLIN | FDSLOTS_EDGE), 0);
    for (int again = 0; again < 3; again++) {
        const bool beside = again > 0; /* the polled slot is ready, too */
        if (beside)
            event_set(polled);
        EXPECT(e->wait(s, 0, NULL), beside);
        event_set(other);
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1 + beside);
        EXPECT(fdslots_get_revents(s, 1), POLLIN);
        EXPECT(e->wait(s, 0, NULL), beside);
        EXPECT(fdslots_get_revents(s, 1), 0);
        if (beside)
            event_clear(polled);
    }
    pid_t pid = child_when_asleep(rouse_other);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(e->wait(s, 0, NULL), 0);
    child_end(pid);
}
END_TEST

START_TEST(oneshots_of_both_kinds)
{
    e = entry_at(_i);
    EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_ONESHOT | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_ONESHOT), 0);
    event_set(polled);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(e->wait(s, 0, NULL), 0);
    event_set(other);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    ck_assert_int_eq(wait_full_time(e, s, MS), 0);
    EXPECT(fdslots_resume_index(s, 0), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    EXPECT(e->wait(s, 0, NULL), 0);
}
END_TEST

/* ---- time ---- */

static const int64_t timeouts[] = {0, 1, 999, 500000, MS, MS + 1, 10 * MS, 20 * MS + 999999};

START_TEST(a_timeout_never_ends_early)
{
    e = entry_at(_i % entry_count());
    ck_assert_int_eq(wait_full_time(e, s, timeouts[_i / entry_count()]), 0);
    ck_assert_int_eq(wait_full_time(e, s, timeouts[_i / entry_count()]), 0);
    event_set(polled);
    EXPECT(e->wait(s, timeouts[_i / entry_count()], NULL), 1);
}
END_TEST

/* A ghost beside the polled slots wakes the set, but the wait goes on until its timeout. */
START_TEST(a_ghost_does_not_end_it)
{
    e = entry_at(_i);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    int kept = fcntl(other, F_DUPFD_CLOEXEC, 100);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    close(other);
    event_set(kept);
    ck_assert_int_eq(wait_full_time(e, s, 10 * MS), 0);
    pid_t pid = child_when_asleep(rouse_polled);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 0), POLLIN);
    child_end(pid);
    close(kept);
    other = event_fd(false);
}
END_TEST

/* ---- signals ---- */

/* Beside polled slots, only ppoll(2) can sleep with a mask. */
static bool sleeps_with_mask(void)
{
    return e->takes_mask && fdslots_has(FDSLOTS_HAS_PPOLL) == 1;
}

static void send_signal(void)
{
    kill(getppid(), SIGUSR1);
}

START_TEST(a_signal_ends_the_sleep)
{
    e = entry_at(_i);
    signals_count(SIGUSR1);
    pid_t pid = child_when_asleep(send_signal);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), -EINTR);
    ck_assert_int_eq(signals_seen, 1);
    child_end(pid);
    signals_restore();
    uint32_t count;
    fdslots_ready(s, &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(the_mask_lets_a_signal_in)
{
    e = entry_at(_i);
    if (!sleeps_with_mask())
        return;
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    sigset_t inside = signals_mask_without(SIGUSR1);
    pid_t pid = child_when_asleep(send_signal);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, &inside), -EINTR);
    ck_assert_int_eq(signals_seen, 1);
    child_end(pid);
    signals_restore();
}
END_TEST

static const int64_t pending_timeouts[] = {0, 1, 10 * MS, FDSLOTS_FOREVER};

START_TEST(a_pending_signal_ends_it_at_once)
{
    const int64_t timeout = pending_timeouts[_i / entry_count()];
    e = entry_at(_i % entry_count());
    if (!sleeps_with_mask())
        return;
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    sigset_t inside = signals_mask_without(SIGUSR1);
    raise(SIGUSR1);
    EXPECT(e->wait(s, timeout, &inside), -EINTR);
    ck_assert_int_eq(signals_seen, 1);
    raise(SIGUSR1);
    event_set(polled);
    EXPECT(e->wait(s, timeout, &inside), 1); /* a ready slot wins over the signal */
    EXPECT(fdslots_get_revents(s, 0), POLLIN);
    event_clear(polled);
    event_set(other);
    EXPECT(e->wait(s, timeout, &inside), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    ck_assert_int_eq(signals_seen, 1);
    event_clear(other);
    EXPECT(e->wait(s, timeout, &inside), -EINTR);
    ck_assert_int_eq(signals_seen, 2);
    signals_restore();
}
END_TEST

/* The mask is in force during the wait, and nowhere else. */
static void signal_then_event(void)
{
    kill(getppid(), SIGUSR1);
    event_set(polled);
}

START_TEST(the_mask_blocks_inside)
{
    e = entry_at(_i);
    if (!sleeps_with_mask())
        return;
    sigset_t all;
    sigfillset(&all);
    signals_count(SIGUSR1);
    pid_t pid = child_when_asleep(signal_then_event);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, &all), 1);
    EXPECT(fdslots_get_revents(s, 0), POLLIN);
    ck_assert_int_eq(signals_seen, 1);
    child_end(pid);
    signals_restore();
}
END_TEST

Suite *suite_polled_sleep(void)
{
    Suite *suite = suite_create("polled slots asleep");
    if (!have_epoll())
        return suite;
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "polled slots asleep");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, either_ends_the_sleep, 0, 3 * entries);
    tcase_add_loop_test(tcase, polled_slots_alone, 0, entries);
    tcase_add_loop_test(tcase, an_edge_comes_once, 0, entries);
    tcase_add_loop_test(tcase, oneshots_of_both_kinds, 0, entries);
    tcase_add_loop_test(tcase, a_timeout_never_ends_early, 0, LENGTH(timeouts) * entries);
    tcase_add_loop_test(tcase, a_ghost_does_not_end_it, 0, entries);
    tcase_add_loop_test(tcase, a_signal_ends_the_sleep, 0, entries);
    tcase_add_loop_test(tcase, the_mask_lets_a_signal_in, 0, entries);
    tcase_add_loop_test(tcase, a_pending_signal_ends_it_at_once, 0,
                        LENGTH(pending_timeouts) * entries);
    tcase_add_loop_test(tcase, the_mask_blocks_inside, 0, entries);
    return suite;
}
