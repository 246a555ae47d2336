/* SPDX-License-Identifier: ISC
 *
 * Buffers without epoll, by FDSLOTS_NO_EPOLL or because the library was built without it.
 * Everything else works as usual, and no fd is ever opened.
 */
#include "child.h"
#include "kernel.h"
#include "snapshot.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define NSLOTS 4

static struct fdslots *s;
static int full[2];
static int fds_before;

static void setup(void)
{
    make_pipe(full, true);
    fds_before = open_fds();
    EXPECT(fdslots_create(NSLOTS, FDSLOTS_NO_EPOLL, &s), 0);
    EXPECT(fdslots_set_index(s, 1, full[0], POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    ck_assert_int_eq(open_fds(), fds_before);
    close_pipe(full);
}

static void says_enotsup(struct fdslots *slots)
{
    struct snapshot before;
    const struct timespec at_once = {0, 0};
    const struct timespec bad = {-1, 0};
    EXPECT(fdslots_poll(slots, NSLOTS, 0), 1);
    snapshot_take(&before, slots);
    EXPECT(fdslots_epoll_wait(slots, 0), -ENOTSUP);
    EXPECT(fdslots_epoll_wait(slots, -1), -ENOTSUP);
    EXPECT(fdslots_epoll_pwait(slots, &at_once, NULL), -ENOTSUP);
    EXPECT(fdslots_epoll_pwait(slots, &bad, NULL), -ENOTSUP);
    EXPECT(fdslots_epoll_fd(slots), -ENOTSUP);
    EXPECT(fdslots_rebuild(slots), -ENOTSUP);
    snapshot_compare(&before, slots, "a call that is not supported");
}

START_TEST(the_entry_points_say_so)
{
    says_enotsup(s);
}
END_TEST

START_TEST(wait_goes_by_poll)
{
    sigset_t none;
    sigemptyset(&none);
    bool masks = fdslots_has(FDSLOTS_HAS_PPOLL) == 1;
    EXPECT(fdslots_wait(s, 0, NULL), 1);
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_wait(s, 1, masks ? &none : NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    EXPECT(fdslots_pause_index(s, 1), 0);
    int64_t start = now_ns();
    EXPECT(fdslots_wait(s, 3000001, NULL), 0);
    ck_assert_int_ge(now_ns() - start, 3000001);
    struct fdslots_stats stats = stats_of(s);
    ck_assert_uint_eq(stats.waits, 4);
    ck_assert_uint_eq(stats.poll_calls, 4);
    ck_assert_uint_eq(stats.epoll_calls + stats.epoll_ctl_calls, 0);
    ck_assert_uint_eq(stats.rebuilds + stats.fallbacks, 0);
}
END_TEST

static const uint32_t flags[] = {FDSLOTS_EDGE, FDSLOTS_EXCLUSIVE};

START_TEST(what_needs_epoll_is_refused_by_wait)
{
    struct snapshot before;
    EXPECT(fdslots_wait(s, 0, NULL), 1);
    /* Setting the slot succeeds; only the wait refuses. */
    EXPECT(fdslots_set_index(s, 3, full[0], POLLIN | flags[_i]), 0);
    snapshot_take(&before, s);
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), -ENOTSUP);
    EXPECT(fdslots_poll(s, NSLOTS, -1), -ENOTSUP);
    snapshot_compare(&before, s, "a wait that is not supported");
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
}
END_TEST

START_TEST(no_fd_is_opened)
{
    for (int again = 0; again < 200; again++)
        EXPECT(fdslots_wait(s, 0, NULL), 1);
    fdslots_epoll_fd(s);
    ck_assert_int_eq(open_fds(), fds_before);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_set_index(s, 0, dup(full[0]), POLLIN), 0);
    EXPECT(fdslots_close_index(s, 0), 0);
    ck_assert_int_eq(open_fds(), fds_before);
}
END_TEST

/* ---- the library as it was built ---- */

START_TEST(built_without)
{
    struct fdslots *plain = make_slots(NSLOTS);
    EXPECT(fdslots_set_index(plain, 1, full[0], POLLIN), 0);
    says_enotsup(plain);
    EXPECT(fdslots_wait(plain, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL), 0);
    EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL_NS), 0);
    fdslots_destroy(plain);
}
END_TEST

/* fdslots_has() leaves no fd open, and needs no fd of the caller's. */
START_TEST(has_leaves_nothing)
{
    EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL), have_epoll());
    int ns = fdslots_has(FDSLOTS_HAS_EPOLL_NS);
    ck_assert(ns == 0 || ns == 1);
    ck_assert(have_epoll() || ns == 0);
    EXPECT(fdslots_has(0), -EINVAL);
    EXPECT(fdslots_has(99), -EINVAL);
    ck_assert_int_eq(open_fds(), fds_before);
}
END_TEST

START_TEST(null_is_refused)
{
    EXPECT(fdslots_epoll_wait(NULL, 0), -EINVAL);
    EXPECT(fdslots_epoll_pwait(NULL, NULL, NULL), -EINVAL);
    EXPECT(fdslots_epoll_fd(NULL), -EINVAL);
    EXPECT(fdslots_rebuild(NULL), -EINVAL);
    EXPECT(fdslots_set_max_ready(NULL, 1), -EINVAL);
    EXPECT(fdslots_set_max_ready(NULL, 0), -EINVAL);
}
END_TEST

Suite *suite_no_epoll(void)
{
    Suite *suite = suite_create("without epoll");
    TCase *tcase = add_case(suite, "without epoll");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_entry_points_say_so);
    tcase_add_test(tcase, wait_goes_by_poll);
    tcase_add_loop_test(tcase, what_needs_epoll_is_refused_by_wait, 0, LENGTH(flags));
    tcase_add_test(tcase, no_fd_is_opened);
    tcase_add_test(tcase, has_leaves_nothing);
    tcase_add_test(tcase, null_is_refused);
    if (!have_epoll())
        tcase_add_test(tcase, built_without);
    return suite;
}
