/* SPDX-License-Identifier: ISC
 *
 * How many epoll_ctl(2) calls are made if the kernel refuses them. The slot is polled beside the
 * set. A refusal for a reason that may pass is tried again, more and more seldom.
 */
#include "child.h"
#include "filter.h"
#include "pair.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NSLOTS 4

static void setup(void)
{
    pair_setup(NSLOTS, 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, idle, POLLIN), 0);
}

/* Check the result of a wait, and how many epoll_ctl(2) calls it made. */
static void waits(int ready_slots, int ctls)
{
    const uint64_t before = stats_of(s).epoll_ctl_calls;
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), ready_slots);
    CHILD_EXPECT((intmax_t)(stats_of(s).epoll_ctl_calls - before), ctls);
}

static int refusal;

/* Slots 0 and 2 are polled, and tried again after 1, 2, 4 and at most 1024 waits. */
static void registration_refused(void)
{
    int third = event_fd(true);
    waits(1, 2);
    CHILD_EXPECT(fdslots_set_index(s, 0, third, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 2, third, POLLOUT), 0);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, refusal);
    waits(3, 1);
    for (int patience = 1; patience <= 2048; patience *= 2) {
        for (int left = patience < 1024 ? patience : 1024; left > 1; left--)
            waits(3, 0);
        waits(3, 1);
    }
    CHILD_EXPECT((intmax_t)stats_of(s).fallbacks, 0);
    /* The other slot has changed, so it is tried at once. */
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    waits(2, 1);
    waits(2, 0);
    CHILD_EXPECT(fdslots_poll(s, NSLOTS, 0), 2); /* a poll entry point does not tell the set */
    CHILD_EXPECT(fdslots_invalidate_index(s, 2), 0);
    for (int again = 0; again < 5; again++)
        waits(1, 0); /* the cause is gone, and there is nothing left to remove or to try */
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
}

/* Slots that are polled because of their kind or by request are not offered to the set along with
 * the refused ones. */
static void refused_among_others(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, regular_file(), POLLPRI), 0);
    CHILD_EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_POLLED), 0);
    waits(1, 1);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, ENOMEM);
    CHILD_EXPECT(fdslots_set_index(s, 2, event_fd(true), POLLIN), 0);
    waits(2, 1);
    for (int wait = 1; wait <= 31; wait++)
        waits(2, (wait & (wait + 1)) == 0);
}

START_TEST(others_are_not_offered)
{
    if (filter_works())
        child_run(refused_among_others);
}
END_TEST

static const int passing[] = {ENOMEM, ENOSPC, ELOOP, EINVAL, ENOSYS};

START_TEST(a_registration_fails_for_a_time)
{
    if (!filter_works())
        return;
    refusal = passing[_i];
    child_run(registration_refused);
}
END_TEST

/* A refusal that is due to the file or to the number is not tried again until the slot gets another
 * owner. */
static void file_refused(void)
{
    int third = event_fd(true);
    waits(1, 2);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, refusal);
    CHILD_EXPECT(fdslots_set_index(s, 0, third, POLLIN), 0);
    waits(2, 1);
    for (int again = 0; again < 20; again++)
        waits(2, 0);
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLOUT), 0);
    waits(2, 0);
    CHILD_EXPECT(fdslots_get_revents(s, 0), POLLOUT);
    CHILD_EXPECT(fdslots_set_index(s, 0, third, POLLIN), 0);
    waits(2, 1);
}

static const int lasting[] = {EPERM, EBADF};

START_TEST(a_registration_fails_for_good)
{
    if (!filter_works())
        return;
    refusal = lasting[_i];
    child_run(file_refused);
}
END_TEST

/* An exclusive registration is removed before it is replaced. If the new one is refused, none is
 * left and the slot is polled, even if the events are set back. */
static void replacing_refused(void)
{
    event_set(idle);
    CHILD_EXPECT(fdslots_set_index(s, 3, idle, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    waits(2, 2);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, ENOMEM);
    CHILD_EXPECT(fdslots_set_events(s, 3, POLLOUT | FDSLOTS_EXCLUSIVE), 0);
    waits(2, 2);
    CHILD_EXPECT(fdslots_get_revents(s, 3), POLLOUT);
    CHILD_EXPECT(fdslots_set_events(s, 3, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    waits(2, 1); /* no wait misses the slot */
    CHILD_EXPECT(fdslots_get_revents(s, 3), POLLIN);
    waits(2, 0);
}

START_TEST(replacing_fails)
{
    if (!filter_works() || !have_exclusive())
        return;
    child_run(replacing_refused);
}
END_TEST

/* The slot must report the events that it asks for now, not those that are still registered. */
static void modifying_refused(void)
{
    waits(1, 2);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_MOD, ENOMEM);
    CHILD_EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    waits(2, 4); /* MOD fails, ADD finds the entry, DEL, ADD */
    CHILD_EXPECT(fdslots_get_revents(s, 3), POLLOUT);
    waits(2, 0);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, ENOMEM);
    CHILD_EXPECT(fdslots_set_events(s, 3, POLLPRI), 0);
    for (int again = 0; again < 20; again++) {
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
        CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
        CHILD_EXPECT(fdslots_get_revents(s, 3), 0);
    }
    CHILD_EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds <= 1, true);
}

START_TEST(modifying_fails)
{
    if (!filter_works())
        return;
    child_run(modifying_refused);
}
END_TEST

Suite *suite_refused_calls(void)
{
    Suite *suite = suite_create("refused calls");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "refused calls");
    tcase_add_checked_fixture(tcase, setup, pair_teardown);
    tcase_add_loop_test(tcase, a_registration_fails_for_a_time, 0, LENGTH(passing));
    tcase_add_loop_test(tcase, a_registration_fails_for_good, 0, LENGTH(lasting));
    tcase_add_test(tcase, others_are_not_offered);
    tcase_add_test(tcase, replacing_fails);
    tcase_add_test(tcase, modifying_fails);
    return suite;
}
