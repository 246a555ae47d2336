/* SPDX-License-Identifier: ISC
 *
 * A program sets up its buffer and then sandboxes itself: from then on, a filter refuses calls that
 * worked before.
 */
#include "child.h"
#include "filter.h"
#include "pair.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NSLOTS 4

static const int errors[] = {ENOSYS, EPERM, EACCES};
static int error;

static void setup(void)
{
    pair_setup(NSLOTS, 0);
}

static void run(int nth, void (*fn)(void))
{
    error = errors[nth];
    if (have_epoll() && filter_works())
        child_run(fn);
}

/* ---- no other set can be made ---- */

static void rebuild_refused(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, ready, POLLIN | FDSLOTS_EDGE), 0);
    CHILD_EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    filter_refuse(SYS_epoll_create1, FILTER_ANY, error);
    CHILD_EXPECT(fdslots_rebuild(s), -error);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    event_set(idle);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 0);
}

START_TEST(the_old_set_is_kept)
{
    run(_i, rebuild_refused);
}
END_TEST

/* The ghost stays, because no new set can be made. Its reports are dropped for ever. */
static void ghost_kept(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 1, idle, POLLIN | FDSLOTS_EDGE), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    filter_refuse(SYS_epoll_create1, FILTER_ANY, error);
    CHILD_EXPECT(dup(ready) >= 0, true);
    close(ready);
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    for (int again = 0; again < 20; again++)
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    event_set(idle);
    CHILD_EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 0);
}

START_TEST(ghosts_are_dropped_all_the_same)
{
    run(_i, ghost_kept);
}
END_TEST

/* Ghosts fill all the events of every report. The slots that they keep out are in the next ones. */
static uint32_t beside_ghosts; /* flags of the slot */

static void ghosts_everywhere(void)
{
    for (int of_each = 0; of_each < 2; of_each++) {
        for (uint32_t i = 0; i < NSLOTS; i++) {
            int fd = event_fd(true);
            CHILD_EXPECT(dup(fd) >= 0, true);
            CHILD_EXPECT(fdslots_set_index(s, i, fd, POLLIN), 0);
        }
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), NSLOTS);
        for (uint32_t i = 0; i < NSLOTS; i++) {
            close(fdslots_get_fd(s, i));
            CHILD_EXPECT(fdslots_invalidate_index(s, i), 0);
        }
    }
    filter_refuse(SYS_epoll_create1, FILTER_ANY, error);
    const uint64_t rebuilds = stats_of(s).rebuilds;
    CHILD_EXPECT(fdslots_set_index(s, 0, ready, POLLIN | beside_ghosts), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 0), POLLIN);
    event_clear(ready);
    for (int again = 0; again < 3; again++)
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    event_set(ready);
    CHILD_EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(stats_of(s).rebuilds == rebuilds, true);
}

START_TEST(a_report_of_ghosts_alone_hides_no_slot)
{
    beside_ghosts = _i < LENGTH(errors) ? 0 : FDSLOTS_EDGE;
    run(_i % LENGTH(errors), ghosts_everywhere);
}
END_TEST

static void ready_ghost(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(dup(ready) >= 0, true);
    close(ready);
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    filter_refuse(SYS_epoll_create1, FILTER_ANY, error);
}

/* A ghost makes the set read ready, also beside a polled slot, or keeps signals out. A wait that
 * must go on for such a ghost fails. One that takes the place of the only slot that a wait may
 * report does not keep it. */
static void ghost_in_the_way(void)
{
    const struct timespec ms = {0, 1000000};
    sigset_t none;
    sigemptyset(&none);
    ready_ghost();
    CHILD_EXPECT(fdslots_epoll_pwait(s, NULL, &none), -error);
    CHILD_EXPECT(fdslots_epoll_pwait(s, &ms, NULL), -error);
    CHILD_EXPECT(fdslots_set_index(s, 2, idle, POLLIN | FDSLOTS_POLLED), 0);
    CHILD_EXPECT(fdslots_epoll_pwait(s, &ms, NULL), -error);
    CHILD_EXPECT(fdslots_set_max_ready(s, 1), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_wait(s, 1000000, NULL), 0);
    event_set(idle);
    CHILD_EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
}

START_TEST(a_wait_that_a_ghost_holds_up_fails)
{
    run(_i, ghost_in_the_way);
}
END_TEST

/* ---- the set cannot be told ---- */

static void outer_set_refused(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    const int outer = fdslots_epoll_fd(s);
    CHILD_EXPECT(outer >= 0, true);
    filter_refuse(SYS_epoll_ctl, FILTER_ANY, error);
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_epoll_fd(s), -error);
    CHILD_EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
}

START_TEST(a_nested_buffer_goes_on)
{
    run(_i, outer_set_refused);
}
END_TEST

static void addition_refused(void)
{
    struct fdslots *checked;
    CHILD_EXPECT(fdslots_create(NSLOTS, FDSLOTS_CHECK, &checked), 0);
    CHILD_EXPECT(fdslots_set_index(checked, 0, idle, POLLIN), 0);
    CHILD_EXPECT(fdslots_wait(checked, 0, NULL), 0);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, error);
    for (int again = 0; again < 3; again++)
        CHILD_EXPECT(fdslots_wait(checked, 0, NULL), 0);
    CHILD_EXPECT(fdslots_get_revents(checked, 0), 0);
    CHILD_EXPECT(fdslots_close_index(checked, 0), 0);
    fdslots_destroy(checked);
}

START_TEST(no_fd_is_taken_for_lost)
{
    run(_i, addition_refused);
}
END_TEST

/* ---- waits that fail ---- */

#ifdef SYS_epoll_wait
static const long wait_number = SYS_epoll_wait;
#else
static const long wait_number = SYS_epoll_pwait;
#endif

static void set_fails(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    filter_refuse(SYS_epoll_ctl, FILTER_ANY, error);
    CHILD_EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0); /* the slot is polled */
    event_set(idle);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    filter_refuse(wait_number, FILTER_ANY, error);
    filter_refuse(SYS_epoll_pwait, FILTER_ANY, error);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), -error);
    event_clear(ready);
    event_clear(idle);
    CHILD_EXPECT(fdslots_poll(s, NSLOTS, 0), 0);
}

START_TEST(nothing_is_reported_that_is_over)
{
    run(_i, set_fails);
}
END_TEST

/* ---- the waker of a child ---- */

static void child_without_waker(void)
{
    filter_refuse(SYS_eventfd2, FILTER_ANY, error);
    filter_refuse(SYS_pipe2, FILTER_ANY, error);
    const int before = open_fds();
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_get_fd(s, 3), -ENOENT);
    CHILD_EXPECT(fdslots_wake(s), -ENOENT);
    CHILD_EXPECT(fdslots_waker_drain(s), -ENOENT);
    CHILD_EXPECT(open_fds() <= before, true);
}

/* Another slot holds the inherited waker, too, and goes on holding an open file. */
static void child_with_a_sharer(void)
{
    const int number = fdslots_get_fd(s, 3);
    CHILD_EXPECT(fdslots_set_index(s, 2, number, POLLPRI), 0);
    filter_refuse(SYS_eventfd2, FILTER_ANY, error);
    filter_refuse(SYS_pipe2, FILTER_ANY, error);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_get_fd(s, 3), -ENOENT);
    CHILD_EXPECT(fcntl(number, F_GETFD) >= 0, true);
}

static void with_a_waker(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    CHILD_EXPECT(fdslots_waker_open(s, 3), 0);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 1);
    child_run(child_without_waker);
    child_run(child_with_a_sharer);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 2);
}

START_TEST(a_child_has_none_where_none_can_be_made)
{
    run(_i, with_a_waker);
}
END_TEST

/* ---- another thread ---- */

/* A filter applies only to the thread that installs it. */
static void *shut_in(void *arg)
{
    struct fdslots *own = arg;
    filter_refuse(SYS_ppoll, FILTER_ANY, error);
    const struct timespec half = {0, 500000};
    CHILD_EXPECT(fdslots_ppoll(own, NSLOTS, &half, NULL), 1);
    return NULL;
}

static void beside_another_thread(void)
{
    sigset_t none;
    sigemptyset(&none);
    const struct timespec whole = {0, 1000000};
    struct fdslots *other = make_slots(NSLOTS);
    CHILD_EXPECT(fdslots_set_index(other, 0, ready, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 0, idle, POLLIN), 0);
    pthread_t thread;
    CHILD_EXPECT(pthread_create(&thread, NULL, shut_in, other), 0);
    CHILD_EXPECT(pthread_join(thread, NULL), 0);
    CHILD_EXPECT(fdslots_ppoll(s, NSLOTS, &whole, &none), 0);
    fdslots_destroy(other);
}

START_TEST(others_keep_their_calls)
{
    if (fdslots_has(FDSLOTS_HAS_PPOLL) == 1)
        run(_i, beside_another_thread);
}
END_TEST

Suite *suite_sandbox(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tcase = add_case(suite, "sandbox");
    tcase_add_checked_fixture(tcase, setup, pair_teardown);
    tcase_add_loop_test(tcase, the_old_set_is_kept, 0, LENGTH(errors));
    tcase_add_loop_test(tcase, ghosts_are_dropped_all_the_same, 0, LENGTH(errors));
    tcase_add_loop_test(tcase, a_report_of_ghosts_alone_hides_no_slot, 0, 2 * LENGTH(errors));
    tcase_add_loop_test(tcase, a_wait_that_a_ghost_holds_up_fails, 0, LENGTH(errors));
    tcase_add_loop_test(tcase, a_nested_buffer_goes_on, 0, LENGTH(errors));
    tcase_add_loop_test(tcase, no_fd_is_taken_for_lost, 0, LENGTH(errors));
    tcase_add_loop_test(tcase, nothing_is_reported_that_is_over, 0, LENGTH(errors));
    tcase_add_loop_test(tcase, a_child_has_none_where_none_can_be_made, 0, LENGTH(errors));
    tcase_add_loop_test(tcase, others_keep_their_calls, 0, LENGTH(errors));
    return suite;
}
