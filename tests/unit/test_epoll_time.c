/* SPDX-License-Identifier: ISC
 *
 * Timeouts and signals of the epoll waits: nanoseconds, and the fallback for kernels without
 * epoll_pwait2(2). The tests of all entry points cover the rest.
 */
#include "alarm.h"
#include "child.h"
#include "filter.h"
#include "kernel.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)

static struct fdslots *s;
static int idle;

static void setup(void)
{
    s = make_slots(4);
    idle = event_fd(false);
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(idle);
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / (1000 * MS)),
                             .tv_nsec = (long)(ns % (1000 * MS))};
}

/* Return the shortest duration of twenty waits. */
static int64_t shortest(int64_t ns, const sigset_t *mask)
{
    int64_t least = INT64_MAX;
    for (int again = 0; again < 20; again++) {
        const struct timespec timeout = timespec_of(ns);
        int64_t start = now_ns();
        CHILD_EXPECT(fdslots_epoll_pwait(s, &timeout, mask), 0);
        int64_t elapsed = now_ns() - start;
        CHILD_EXPECT(elapsed >= ns, true);
        least = elapsed < least ? elapsed : least;
    }
    return least;
}

static const int64_t times[] = {1,      100 * US,      MS - 1,     MS,
                                MS + 1, MS + 500 * US, 2 * MS - 1, 3 * MS + 1};

START_TEST(nanoseconds_are_never_early)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int t = 0; t < LENGTH(times); t++) {
        shortest(times[t], NULL);
        shortest(times[t], &mask);
    }
}
END_TEST

/* ---- without epoll_pwait2 ---- */

static int refusal;

/* Even the first call falls back. A timeout that is rounded up becomes whole milliseconds. */
static void falls_back(void)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    filter_refuse(SYS_epoll_pwait2, FILTER_ANY, refusal);
    CHILD_EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL_NS), 0);
    CHILD_EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL), 1);
    CHILD_EXPECT(shortest(500 * US, NULL) >= MS, true);
    for (int t = 0; t < LENGTH(times); t++) {
        shortest(times[t], NULL);
        shortest(times[t], &mask);
    }
    event_set(idle);
    const struct timespec timeout = timespec_of(MS + 1);
    CHILD_EXPECT(fdslots_epoll_pwait(s, &timeout, &mask), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
    CHILD_EXPECT(fdslots_wait(s, MS + 1, &mask), 1);
}

static const int refusals[] = {ENOSYS, EPERM};

START_TEST(falls_back_for_that_very_call)
{
    if (!filter_works())
        return;
    refusal = refusals[_i];
    child_run(falls_back);
}
END_TEST

/* The library remembers the refusal. The filter refuses first, and kills on a second attempt. */
static void asks_once(void)
{
    filter_refuse(SYS_epoll_pwait2, FILTER_ANY, refusal);
    shortest(500 * US, NULL);
    filter_kill(SYS_epoll_pwait2);
    for (int again = 0; again < 5; again++)
        shortest(500 * US, NULL);
    struct fdslots *another = make_slots(2);
    CHILD_EXPECT(fdslots_set_index(another, 1, idle, POLLIN), 0);
    const struct timespec timeout = timespec_of(MS + 1);
    CHILD_EXPECT(fdslots_epoll_pwait(another, &timeout, NULL), 0);
    fdslots_destroy(another);
}

START_TEST(asks_once_in_a_process)
{
    if (!filter_works())
        return;
    refusal = refusals[_i];
    child_run(asks_once);
}
END_TEST

/* Timeouts of whole milliseconds, and endless ones, never need epoll_pwait2(2). */
static void does_without(void)
{
    filter_kill(SYS_epoll_pwait2);
    event_set(idle);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, 3), 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
    const struct timespec at_once = {0, 0};
    const struct timespec whole = timespec_of(3 * MS);
    CHILD_EXPECT(fdslots_epoll_pwait(s, &at_once, NULL), 1);
    CHILD_EXPECT(fdslots_epoll_pwait(s, &whole, NULL), 1);
    CHILD_EXPECT(fdslots_epoll_pwait(s, NULL, NULL), 1);
}

START_TEST(whole_milliseconds_do_without)
{
    if (!filter_works())
        return;
    child_run(does_without);
}
END_TEST

/* The mask is in force in the fallback, too. */
static void masks_fall_back(void)
{
    const int64_t waits[] = {0, 1, MS + 1, 3 * MS, INT64_C(3600000) * MS};
    filter_refuse(SYS_epoll_pwait2, FILTER_ANY, refusal);
    for (int w = 0; w < LENGTH(waits); w++) {
        const struct timespec timeout = timespec_of(waits[w]);
        signals_count(SIGUSR1);
        signals_block(SIGUSR1);
        sigset_t inside = signals_mask_without(SIGUSR1);
        raise(SIGUSR1);
        CHILD_EXPECT(fdslots_epoll_pwait(s, &timeout, &inside), -EINTR);
        CHILD_EXPECT(signals_seen, 1);
        signals_restore();
    }
}

START_TEST(the_mask_holds_in_the_fallback)
{
    if (!filter_works())
        return;
    refusal = refusals[_i];
    child_run(masks_fall_back);
}
END_TEST

/* ---- signals ---- */

/* Only a wait with a mask looks for the pending signal. That takes a second system call, which is
 * made only if it is needed. */
START_TEST(a_pending_signal_and_a_ready_slot)
{
    const struct timespec at_once = {0, 0};
    signals_count(SIGUSR1);
    signals_block(SIGUSR1);
    sigset_t inside = signals_mask_without(SIGUSR1);
    event_set(idle);
    raise(SIGUSR1);
    EXPECT(fdslots_epoll_pwait(s, &at_once, &inside), 1);
    ck_assert_int_eq(signals_seen, 0);
    event_clear(idle);
    EXPECT(fdslots_epoll_pwait(s, &at_once, NULL), 0); /* without a mask, no signal is let in */
    ck_assert_int_eq(signals_seen, 0);
    EXPECT(fdslots_epoll_pwait(s, &at_once, &inside), -EINTR);
    ck_assert_int_eq(signals_seen, 1);
    EXPECT(fdslots_epoll_pwait(s, &at_once, &inside), 0);
    signals_restore();
}
END_TEST

/* A refusal loses no edge that the caller has not seen. */
START_TEST(bad_times_are_refused)
{
    const struct timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}, {-1, 999999999}};
    uint32_t count;
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN | FDSLOTS_EDGE), 0);
    event_set(idle);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    struct fdslots_stats before = stats_of(s);
    EXPECT(fdslots_epoll_pwait(s, &bad[_i], NULL), -EINVAL);
    struct fdslots_stats after = stats_of(s);
    ck_assert_mem_eq(&before, &after, sizeof before); /* the kernel was not asked */
    ck_assert_ptr_nonnull(fdslots_ready(s, &count));
    ck_assert_uint_eq(count, 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
}
END_TEST

Suite *suite_epoll_time(void)
{
    Suite *suite = suite_create("time of epoll");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "time");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nanoseconds_are_never_early);
    tcase_add_loop_test(tcase, falls_back_for_that_very_call, 0, LENGTH(refusals));
    tcase_add_loop_test(tcase, asks_once_in_a_process, 0, LENGTH(refusals));
    tcase_add_test(tcase, whole_milliseconds_do_without);
    tcase_add_loop_test(tcase, the_mask_holds_in_the_fallback, 0, LENGTH(refusals));
    tcase_add_test(tcase, a_pending_signal_and_a_ready_slot);
    tcase_add_loop_test(tcase, bad_times_are_refused, 0, 4);
    return suite;
}
