/* SPDX-License-Identifier: ISC
 *
 * A call that refuses its arguments changes nothing. The report of the last wait stays, and so does
 * what the next wait has to report, such as an edge that nobody has seen.
 */
#include "child.h"
#include "kernel.h"
#include "snapshot.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define NSLOTS 8

static const struct entry *e;
static struct fdslots *s;
/* In slot 0, in slot 6, which is paused, and in slot 7, a one-shot that has been reported. */
static int ready;
static int seen;   /* in slot 1, possibly with an edge: reported by the last wait */
static int unseen; /* in slot 3: ready since the last wait */
static int file;   /* in slot 4, which is polled */
static uint32_t edge;

static void setup_with(uint32_t flag)
{
    edge = flag;
    s = make_slots(NSLOTS);
    ready = event_fd(true);
    seen = event_fd(true);
    unseen = event_fd(false);
    file = regular_file();
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, seen, POLLIN | edge), 0);
    EXPECT(fdslots_set_index(s, 3, unseen, POLLIN | edge), 0);
    EXPECT(fdslots_set_index(s, 4, file, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 6, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 7, ready, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT(fdslots_pause_index(s, 6), 0);
}

static void setup_edge(void)
{
    setup_with(FDSLOTS_EDGE);
}

static void setup_level(void)
{
    setup_with(0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(ready);
    close(seen);
    close(unseen);
    close(file);
}

/* ---- calls and the errors that they return ---- */

static const struct timespec bad_times[] = {
    {-1, 0}, {0, -1}, {0, 1000000000}, {0, LONG_MAX}, {1, LONG_MIN}, {-1, 999999999}, {LONG_MIN, 0},
};
static const uint32_t bad_counts[] = {NSLOTS + 1, INT_MAX, UINT32_MAX};
static sigset_t none;

/* Only the sign is checked: if several arguments are bad, any of their errors will do. */
static void poll_calls(void)
{
    for (int i = 0; i < LENGTH(bad_counts); i++) {
        ck_assert_int_lt(fdslots_poll(s, bad_counts[i], 0), 0);
        ck_assert_int_lt(fdslots_poll(s, bad_counts[i], -1), 0);
        ck_assert_int_lt(fdslots_ppoll(s, bad_counts[i], NULL, NULL), 0);
        ck_assert_int_lt(fdslots_ppoll(s, bad_counts[i], &bad_times[0], NULL), 0);
        ck_assert_int_lt(fdslots_ppoll(s, bad_counts[i], NULL, &none), 0);
    }
    if (edge == 0)
        return;
    EXPECT(fdslots_poll(s, NSLOTS, -1), -ENOTSUP);
    EXPECT(fdslots_poll(s, 2, 0), -ENOTSUP);
    EXPECT(fdslots_ppoll(s, NSLOTS, NULL, NULL), -ENOTSUP);
    EXPECT(fdslots_ppoll(s, 4, NULL, NULL), -ENOTSUP);
}

static void timed_calls(void)
{
    for (int i = 0; i < LENGTH(bad_times); i++) {
        ck_assert_int_lt(fdslots_ppoll(s, NSLOTS, &bad_times[i], NULL), 0);
        EXPECT(fdslots_ppoll(s, 0, &bad_times[i], NULL), -EINVAL);
        ck_assert_int_lt(fdslots_ppoll(s, NSLOTS, &bad_times[i], &none), 0);
        if (!have_epoll())
            continue;
        EXPECT(fdslots_epoll_pwait(s, &bad_times[i], NULL), -EINVAL);
        EXPECT(fdslots_epoll_pwait(s, &bad_times[i], &none), -EINVAL);
    }
}

static const uint32_t bad_events[] = {0x0800,
                                      0x4000,
                                      0x8000,
                                      0x100000,
                                      0x80000000,
                                      UINT32_MAX,
                                      FDSLOTS_EXCLUSIVE | FDSLOTS_ONESHOT,
                                      FDSLOTS_EXCLUSIVE | POLLPRI};

static void set_calls(void)
{
    for (uint32_t i = 0; i < NSLOTS; i++)
        for (int k = 0; k < LENGTH(bad_events); k++) {
            EXPECT(fdslots_set_index(s, i, ready, bad_events[k]), -EINVAL);
            EXPECT(fdslots_set_index(s, i, -1, bad_events[k]), -EINVAL);
            EXPECT(fdslots_set_events(s, i, bad_events[k]), -EINVAL);
        }
    for (int k = 0; k < LENGTH(bad_counts); k++) {
        const uint32_t index = bad_counts[k] - 1;
        EXPECT(fdslots_set_index(s, index, ready, POLLIN), -EINVAL);
        EXPECT(fdslots_set_events(s, index, POLLIN), -EINVAL);
        EXPECT(fdslots_invalidate_index(s, index), -EINVAL);
        EXPECT(fdslots_close_index(s, index), -EINVAL);
        EXPECT(fdslots_pause_index(s, index), -EINVAL);
        EXPECT(fdslots_resume_index(s, index), -EINVAL);
        EXPECT(fdslots_waker_open(s, index), -EINVAL);
    }
    EXPECT(fdslots_set_events(s, 2, POLLIN), -ENOENT);
    EXPECT(fdslots_close_index(s, 2), -ENOENT);
    EXPECT(fdslots_pause_index(s, 2), -ENOENT);
    EXPECT(fdslots_resume_index(s, 2), -ENOENT);
}

static void other_calls(void)
{
    struct fdslots *out = s;
    EXPECT(fdslots_set_max_ready(s, 0), -EINVAL);
    EXPECT(fdslots_iter_ready(s, NULL, NULL), -EINVAL);
    EXPECT(fdslots_dump(s, NULL), -EINVAL);
    EXPECT(fdslots_get_stats(s, NULL, 8), -EINVAL);
    EXPECT(fdslots_waker_open(s, 0), -EBUSY);
    EXPECT(fdslots_waker_open(s, 6), -EBUSY);
    EXPECT(fdslots_waker_drain(s), -ENOENT);
    EXPECT(fdslots_wake(s), -ENOENT);
    EXPECT(fdslots_init(s, 8, NSLOTS, 0, &out), -EINVAL);
    EXPECT(fdslots_create(0, 0, &out), -EINVAL);
    EXPECT(fdslots_create(NSLOTS, UINT32_MAX, &out), -EINVAL);
    ck_assert_ptr_eq(out, s);
}

static void null_calls(void)
{
    EXPECT(fdslots_poll(NULL, 0, 0), -EINVAL);
    EXPECT(fdslots_wait(NULL, 0, NULL), -EINVAL);
    EXPECT_QUIET(fdslots_clear_ready(NULL));
    EXPECT_QUIET(fdslots_destroy(NULL));
}

static void (*const calls[])(void) = {poll_calls, timed_calls, set_calls, other_calls, null_calls};

/* ---- what must not change ---- */

static void same_mask(const sigset_t *before)
{
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    for (int signo = 1; signo < NSIG; signo++)
        ck_assert_int_eq(sigismember(&now, signo), sigismember(before, signo));
}

static void refused_in_between(void (*refused)(void))
{
    struct snapshot before;
    sigset_t mask;
    const struct fdslots_stats stats = stats_of(s);
    const int fds = open_fds();
    sigprocmask(SIG_SETMASK, NULL, &mask);
    snapshot_take(&before, s);
    refused();
    snapshot_compare(&before, s, "a refused call");
    same_mask(&mask);
    ck_assert_int_eq(open_fds(), fds);
    const struct fdslots_stats after = stats_of(s);
    ck_assert_mem_eq(&after, &stats, sizeof stats);
}

/* Check the next report: the slots that are always ready, and those with an edge. */
static void reports(int count, int of_seen, int of_unseen)
{
    EXPECT(e->wait(s, 0, NULL), count);
    EXPECT(fdslots_get_revents(s, 0), POLLIN);
    EXPECT(fdslots_get_revents(s, 1), of_seen);
    EXPECT(fdslots_get_revents(s, 3), of_unseen);
    EXPECT(fdslots_get_revents(s, 4), POLLIN);
    EXPECT(fdslots_get_revents(s, 6), 0);
}

START_TEST(an_edge_is_not_lost)
{
    e = entry_at(_i % entry_count());
    if (!e->is_epoll)
        return;
    refused_in_between(calls[_i / entry_count()]);
    EXPECT(e->wait(s, 0, NULL), 4);
    refused_in_between(calls[_i / entry_count()]);
    event_set(unseen);
    refused_in_between(calls[_i / entry_count()]);
    reports(3, 0, POLLIN);
    EXPECT(fdslots_pause_index(s, 3), 0); /* drops an edge that nobody has seen */
    refused_in_between(calls[_i / entry_count()]);
    EXPECT(fdslots_resume_index(s, 3), 0);
    reports(3, 0, POLLIN);
    refused_in_between(calls[_i / entry_count()]);
    reports(2, 0, 0);
}
END_TEST

START_TEST(a_report_is_not_lost)
{
    e = entry_at(_i % entry_count());
    refused_in_between(calls[_i / entry_count()]);
    EXPECT(e->wait(s, 0, NULL), 4);
    refused_in_between(calls[_i / entry_count()]);
    event_set(unseen);
    refused_in_between(calls[_i / entry_count()]);
    reports(4, POLLIN, POLLIN);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    refused_in_between(calls[_i / entry_count()]);
    ck_assert_int_ge(e->wait(s, 0, NULL), 1);
    refused_in_between(calls[_i / entry_count()]);
}
END_TEST

/* The calls run in a child that has made no other call. */
static void (*childs_calls)(void);

static void child_refuses(void)
{
    const int fds = open_fds();
    childs_calls();
    CHILD_EXPECT(open_fds() <= fds, true); /* the child may close fds of its parent */
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
    CHILD_EXPECT(e->wait(s, 0, NULL), 3); /* all but the one-shot */
}

START_TEST(a_child_refuses_too)
{
    e = entry_at(_i % entry_count());
    childs_calls = calls[_i / entry_count()];
    EXPECT(e->wait(s, 0, NULL), 4);
    child_run(child_refuses);
}
END_TEST

/* ---- a buffer without a set ---- */

START_TEST(without_a_set)
{
    struct fdslots *with = s;
    struct snapshot before;
    EXPECT(fdslots_create(NSLOTS, FDSLOTS_NO_EPOLL, &s), 0);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 2);
    snapshot_take(&before, s);
    const struct fdslots_stats stats = stats_of(s);
    for (int i = 0; i < LENGTH(bad_times); i++)
        ck_assert_int_lt(fdslots_epoll_pwait(s, &bad_times[i], NULL), 0);
    EXPECT(fdslots_epoll_wait(s, -1), -ENOTSUP);
    EXPECT(fdslots_epoll_pwait(s, NULL, &none), -ENOTSUP);
    EXPECT(fdslots_epoll_fd(s), -ENOTSUP);
    EXPECT(fdslots_rebuild(s), -ENOTSUP);
    snapshot_compare(&before, s, "a call that wants a set");
    EXPECT(fdslots_set_index(s, 2, ready, POLLIN | FDSLOTS_EDGE), 0);
    snapshot_take(&before, s);
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), -ENOTSUP);
    EXPECT(fdslots_poll(s, NSLOTS, -1), -ENOTSUP);
    snapshot_compare(&before, s, "a wait that wants a set");
    const struct fdslots_stats after = stats_of(s);
    ck_assert_mem_eq(&after, &stats, sizeof stats);
    fdslots_destroy(s);
    s = with;
}
END_TEST

/* A mask is refused if there is no ppoll(2) to take it. */
START_TEST(without_a_mask)
{
    if (fdslots_has(FDSLOTS_HAS_PPOLL) == 1)
        return;
    struct snapshot before;
    const struct timespec at_once = {0, 0};
    EXPECT(fdslots_poll(s, NSLOTS, 0), 4);
    snapshot_take(&before, s);
    EXPECT(fdslots_ppoll(s, NSLOTS, &at_once, &none), -ENOTSUP);
    EXPECT(fdslots_ppoll(s, NSLOTS, NULL, &none), -ENOTSUP);
    snapshot_compare(&before, s, "a mask");
}
END_TEST

Suite *suite_refusals(void)
{
    Suite *suite = suite_create("refusals");
    const int each = LENGTH(calls) * entry_count();
    TCase *tcase = add_case(suite, "level");
    tcase_add_checked_fixture(tcase, setup_level, teardown);
    tcase_add_loop_test(tcase, a_report_is_not_lost, 0, each);
    tcase_add_loop_test(tcase, a_child_refuses_too, 0, each);
    tcase_add_test(tcase, without_a_set);
    tcase_add_test(tcase, without_a_mask);
    if (!have_epoll())
        return suite;
    tcase = add_case(suite, "edge");
    tcase_add_checked_fixture(tcase, setup_edge, teardown);
    tcase_add_loop_test(tcase, an_edge_is_not_lost, 0, each);
    return suite;
}
