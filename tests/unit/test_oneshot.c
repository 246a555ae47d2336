/* SPDX-License-Identifier: ISC
 *
 * One-shot slots: a slot that has been reported is silent until it is armed again.
 */
#include "common.h"

#include <unistd.h>

static struct fdslots *s;
static const struct entry *e;
static int full[2];
static int other[2]; /* in slot 4, always ready */

static void setup(void)
{
    s = make_slots(5);
    make_pipe(full, true);
    make_pipe(other, true);
    ck_assert_int_eq(fdslots_set_index(s, 2, full[0], POLLIN | FDSLOTS_ONESHOT), 0);
    ck_assert_int_eq(fdslots_set_index(s, 4, other[0], POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(full);
    close_pipe(other);
}

static void is_reported(void)
{
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    EXPECT(fdslots_get_revents(s, 4), POLLIN);
    EXPECT(fdslots_get_fd(s, 2), full[0]); /* paused, but still readable */
    EXPECT(fdslots_get_events(s, 2), POLLIN | (int)FDSLOTS_ONESHOT);
    ck_assert_int_lt(fdslots_view(s)[2].fd, 0);
}

static void is_silent(void)
{
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), 0);
    EXPECT(fdslots_get_revents(s, 4), POLLIN);
    EXPECT(fdslots_get_fd(s, 2), full[0]);
    EXPECT(fdslots_next_used(s, 2), 2);
}

static int find_fd(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)revents;
    if (index == 2)
        *(int *)arg = fd;
    return 0;
}

START_TEST(is_reported_once)
{
    int fd = -1;
    e = entry_at(_i);
    is_reported();
    EXPECT(fdslots_iter_ready(s, find_fd, &fd), 0);
    ck_assert_int_eq(fd, full[0]);
    is_silent();
    is_silent();
}
END_TEST

START_TEST(is_not_spent_by_a_wait_that_reports_nothing)
{
    char byte;
    e = entry_at(_i);
    ck_assert_int_eq(read(full[0], &byte, 1), 1);
    EXPECT(e->wait(s, 0, NULL), 1);
    ck_assert_int_eq(fdslots_view(s)[2].fd, full[0]);
    ck_assert_int_eq(write(full[1], "x", 1), 1);
    is_reported();
    is_silent();
}
END_TEST

START_TEST(hang_up_spends_it_too)
{
    int gone[2];
    e = entry_at(_i);
    make_pipe(gone, false);
    close(gone[1]);
    EXPECT(fdslots_set_index(s, 0, gone[0], FDSLOTS_ONESHOT), 0);
    EXPECT(e->wait(s, 0, NULL), 3);
    EXPECT(fdslots_get_revents(s, 0), POLLHUP);
    is_silent();
    close(gone[0]);
}
END_TEST

START_TEST(set_events_arms)
{
    e = entry_at(_i);
    is_reported();
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_ONESHOT), 0); /* equal events arm it, too */
    ck_assert_int_eq(fdslots_view(s)[2].fd, full[0]);
    is_reported();
    EXPECT(fdslots_set_events(s, 2, POLLPRI | FDSLOTS_ONESHOT), 0);
    is_silent();
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_ONESHOT), 0);
    is_reported();
    is_silent();
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0); /* no longer one-shot */
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_ONESHOT), 0);
    is_reported();
    is_silent();
}
END_TEST

START_TEST(resume_arms)
{
    e = entry_at(_i);
    is_reported();
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_reported();
    is_silent();
}
END_TEST

START_TEST(set_index_arms)
{
    e = entry_at(_i);
    is_reported();
    EXPECT(fdslots_set_index(s, 2, full[0], POLLIN | FDSLOTS_ONESHOT), 0);
    is_reported();
    is_silent();
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    EXPECT(fdslots_get_fd(s, 2), -ENOENT);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_set_index(s, 2, full[0], POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(e->wait(s, 0, NULL), 2);
}
END_TEST

START_TEST(a_pause_is_a_pause)
{
    e = entry_at(_i);
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_ONESHOT), 0);
    is_silent();
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_reported();
    EXPECT(fdslots_pause_index(s, 2), 0); /* the slot is now paused for two reasons */
    EXPECT(fdslots_get_fd(s, 2), full[0]);
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_ONESHOT), 0);
    is_silent();
    EXPECT(fdslots_resume_index(s, 2), 0); /* ends both pauses */
    is_reported();
}
END_TEST

START_TEST(a_reported_one_can_be_closed)
{
    e = entry_at(_i);
    int fd = dup(full[0]);
    EXPECT(fdslots_set_index(s, 3, fd, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT(e->wait(s, 0, NULL), 3);
    EXPECT(fdslots_close_index(s, 3), 0);
    ck_assert_int_eq(dup(full[0]), fd); /* proves that this fd was closed */
    close(fd);
}
END_TEST

static int arm(void *arg, uint32_t index, int fd, uint32_t revents)
{
    (void)fd, (void)revents;
    ++*(int *)arg;
    EXPECT(fdslots_resume_index(s, index), 0);
    return 0;
}

START_TEST(can_be_armed_while_walked)
{
    e = entry_at(_i);
    for (int round = 0; round < 3; round++) {
        int calls = 0;
        is_reported();
        EXPECT(fdslots_iter_ready(s, arm, &calls), 0);
        ck_assert_int_eq(calls, 2);
    }
}
END_TEST

Suite *suite_oneshot(void)
{
    Suite *suite = suite_create("one-shot");
    TCase *tcase = add_case(suite, "one-shot");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, is_reported_once, 0, entry_count());
    tcase_add_loop_test(tcase, is_not_spent_by_a_wait_that_reports_nothing, 0, entry_count());
    tcase_add_loop_test(tcase, hang_up_spends_it_too, 0, entry_count());
    tcase_add_loop_test(tcase, set_events_arms, 0, entry_count());
    tcase_add_loop_test(tcase, resume_arms, 0, entry_count());
    tcase_add_loop_test(tcase, set_index_arms, 0, entry_count());
    tcase_add_loop_test(tcase, a_pause_is_a_pause, 0, entry_count());
    tcase_add_loop_test(tcase, a_reported_one_can_be_closed, 0, entry_count());
    tcase_add_loop_test(tcase, can_be_armed_while_walked, 0, entry_count());
    return suite;
}
