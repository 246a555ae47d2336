/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_EXCLUSIVE: setting a slot refuses what the kernel would refuse. Otherwise the slot works
 * as without the flag, except that an event wakes one waiter, not all.
 */
#include "child.h"
#include "core/slots.h"
#include "kernel.h"
#include "snapshot.h"

#include <sys/epoll.h>
#include <unistd.h>

#define NSLOTS 4

static const struct entry *e;
static struct fdslots *s;
static int fd;

static void setup(void)
{
    s = make_slots(NSLOTS);
    fd = event_fd(false);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(fd);
}

static const uint32_t bad[] = {POLLPRI,    POLLRDHUP,  POLLRDNORM,     POLLRDBAND,
                               POLLWRNORM, POLLWRBAND, FDSLOTS_ONESHOT};

START_TEST(is_refused_beside)
{
    struct snapshot before;
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 2, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    snapshot_take(&before, s);
    const uint32_t events = POLLIN | FDSLOTS_EXCLUSIVE | bad[_i];
    EXPECT(fdslots_set_index(s, 0, fd, events), -EINVAL);
    EXPECT(fdslots_set_index(s, 1, fd, events), -EINVAL);
    EXPECT(fdslots_set_index(s, 2, -1, events), -EINVAL);
    EXPECT(fdslots_set_events(s, 1, events), -EINVAL);
    EXPECT(fdslots_set_events(s, 2, events | FDSLOTS_EDGE), -EINVAL);
    snapshot_compare(&before, s, "a refused flag");
}
END_TEST

static const uint32_t good[] = {0,
                                POLLIN,
                                POLLOUT,
                                POLLIN | POLLOUT,
                                POLLIN | POLLERR | POLLHUP,
                                POLLIN | POLLNVAL,
                                POLLIN | FDSLOTS_EDGE};

START_TEST(is_taken_with)
{
    e = entry_at(_i / LENGTH(good));
    if (!e->is_epoll)
        return;
    uint32_t events = good[_i % LENGTH(good)];
    EXPECT(fdslots_set_index(s, 1, fd, events | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_get_events(s, 1), (int)(events | FDSLOTS_EXCLUSIVE));
    event_set(fd);
    int want = (int)events & (POLLIN | POLLOUT);
    EXPECT(e->wait(s, 0, NULL), want != 0);
    EXPECT(fdslots_get_revents(s, 1), want);
    EXPECT(e->wait(s, 0, NULL), want != 0 && (events & FDSLOTS_EDGE) == 0);
}
END_TEST

START_TEST(can_be_changed)
{
    e = entry_at(_i);
    if (!e->is_epoll)
        return;
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_events(s, 1, POLLOUT | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLOUT);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | POLLPRI | POLLOUT), 0); /* not exclusive any more */
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_EXCLUSIVE), 0); /* exclusive again */
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    event_set(fd);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_rebuild(s), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
}
END_TEST

/* If a slot that shares the fd is not exclusive, the kernel's restrictions do not apply. */
START_TEST(can_share_its_fd)
{
    e = entry_at(_i);
    if (!e->is_epoll)
        return;
    EXPECT(fdslots_set_index(s, 0, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    event_set(fd);
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_set_index(s, 2, fd, POLLIN | POLLPRI | POLLRDHUP), 0);
    EXPECT(e->wait(s, 0, NULL), 3);
    EXPECT(fdslots_set_index(s, 3, fd, POLLOUT | FDSLOTS_ONESHOT), 0);
    EXPECT(e->wait(s, 0, NULL), 4);
    EXPECT(e->wait(s, 0, NULL), 3);
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    EXPECT(fdslots_invalidate_index(s, 3), 0);
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN | POLLPRI), 0); /* the remaining slot is not exclusive */
    EXPECT(e->wait(s, 0, NULL), 1);
}
END_TEST

/* The kernel refuses an epoll fd with EPOLLEXCLUSIVE. The slot is polled instead, and the fd is
 * offered again after one wait, then two, then four. */
START_TEST(an_epoll_fd_is_polled)
{
    e = entry_at(_i);
    if (!e->is_epoll)
        return;
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(EPOLL_CLOEXEC);
    int inner = event_fd(false);
    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, inner, &event), 0);
    event_set(fd);
    EXPECT(fdslots_set_index(s, 0, fd, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, set, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT_WAIT_BESIDE(e->wait(s, 0, NULL), 1, 2, 1);
    EXPECT_WAIT_BESIDE(e->wait(s, 0, NULL), 1, 1, 1);
    EXPECT_WAIT_BESIDE(e->wait(s, 0, NULL), 1, 0, 1);
    event_set(inner);
    EXPECT_WAIT_BESIDE(e->wait(s, FDSLOTS_FOREVER, NULL), 2, 1, 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    EXPECT(fdslots_get_fd(s, 1), set);
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0); /* without the flag the kernel accepts it */
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 0);
    close(set);
    close(inner);
}
END_TEST

/* With FDSLOTS_POLLED it is an ordinary polled slot, and the kernel has nothing to refuse. */
START_TEST(a_polled_one_is_ordinary)
{
    e = entry_at(_i);
    if (!e->is_epoll)
        return;
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN | FDSLOTS_EXCLUSIVE | FDSLOTS_POLLED), 0);
    EXPECT_WAIT_BESIDE(e->wait(s, 0, NULL), 0, 0, 0);
    event_set(fd);
    EXPECT_WAIT_BESIDE(e->wait(s, FDSLOTS_FOREVER, NULL), 1, 0, 0);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
}
END_TEST

/* ---- an epoll without EPOLLEXCLUSIVE ---- */

/* The flag can be set and read as everywhere. All calls that would have to tell the kernel refuse
 * it. */
START_TEST(is_not_ignored)
{
    struct snapshot before;
    event_set(fd);
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_set_index(s, 2, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_get_events(s, 2), POLLIN | (int)FDSLOTS_EXCLUSIVE);
    snapshot_take(&before, s);
    EXPECT(fdslots_epoll_wait(s, -1), -ENOTSUP);
    EXPECT(fdslots_epoll_pwait(s, NULL, NULL), -ENOTSUP);
    EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), -ENOTSUP);
    EXPECT(fdslots_poll(s, NSLOTS, -1), -ENOTSUP);
    EXPECT(fdslots_epoll_fd(s), -ENOTSUP);
    EXPECT(fdslots_rebuild(s), -ENOTSUP);
    snapshot_compare(&before, s, "a refused wait");
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_EDGE), 0); /* EDGE is supported there */
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL), 1);
}
END_TEST

/* ---- two processes that wait for the same file ---- */

static int turn[2];
static int done[2];

static void wait_in_a_child(void)
{
    struct fdslots *own = NULL;
    CHILD_EXPECT(fdslots_create(2, 0, &own), 0);
    CHILD_EXPECT(fdslots_set_index(own, 0, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    CHILD_EXPECT(fdslots_epoll_fd(own) >= 0, true); /* registered from here on */
    turn_give(turn);
    CHILD_EXPECT(fdslots_epoll_wait(own, -1), 1);
    event_clear(fd);
    fdslots_destroy(own);
    turn_give(done);
}

/* Every event wakes one process, and every waiter has its turn. */
START_TEST(wakes_who_waits)
{
    enum { WAITERS = 3 };
    pid_t pid[WAITERS];
    turn_make(turn);
    turn_make(done);
    for (int i = 0; i < WAITERS; i++) {
        pid[i] = child_start(wait_in_a_child);
        turn_await(turn);
    }
    for (int i = 0; i < WAITERS; i++) {
        event_set(fd);
        turn_await(done);
    }
    for (int i = 0; i < WAITERS; i++)
        child_end(pid[i]);
    close_pipe(turn);
    close_pipe(done);
}
END_TEST

/* The set is made anew for an exclusive file that may have outlived its fd, but not for one that
 * leaves the set before it is closed. */
START_TEST(leaves_in_time)
{
    const int leaving = event_fd(false);
    EXPECT(fdslots_set_index(s, 0, fd, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, leaving, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    if (_i == 0) {
        EXPECT(fdslots_invalidate_index(s, 1), 0);
        EXPECT(fdslots_epoll_wait(s, 0), 0);
        EXPECT(close(leaving), 0);
    } else {
        EXPECT(fdslots_close_index(s, 1), 0);
    }
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).rebuilds, 0);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, 3);
}
END_TEST

/* What an exclusive slot leaves behind is withdrawn by the next wait, whatever its way, and does
 * not concern the waits after it. */
START_TEST(is_withdrawn_once)
{
    e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 0, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    ck_assert(s->exclusive_changed);
    EXPECT(e->wait(s, 0, NULL), 0);
    ck_assert(!s->exclusive_changed);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, 2);
}
END_TEST

/* A rebuild makes one set, and tells it of each file once, although there are changes to withdraw.
 */
START_TEST(a_rebuild_tells_the_set_once)
{
    const int other = event_fd(false);
    EXPECT(fdslots_set_index(s, 0, fd, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_set_index(s, 1, other, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_pause_index(s, 0), 0);
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
    EXPECT(fdslots_rebuild(s), 0);
    ck_assert_uint_eq(stats_of(s).rebuilds, 1);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, 2 + 2); /* DEL of the one, ADD of the other */
    close(other);
}
END_TEST

Suite *suite_exclusive(void)
{
    Suite *suite = suite_create("exclusive");
    TCase *tcase = add_case(suite, "exclusive");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, is_refused_beside, 0, LENGTH(bad));
    if (have_epoll() && !have_exclusive())
        tcase_add_test(tcase, is_not_ignored);
    if (!have_exclusive())
        return suite;
    tcase_add_loop_test(tcase, is_taken_with, 0, LENGTH(good) * entry_count());
    tcase_add_loop_test(tcase, can_be_changed, 0, entry_count());
    tcase_add_loop_test(tcase, can_share_its_fd, 0, entry_count());
    tcase_add_loop_test(tcase, an_epoll_fd_is_polled, 0, entry_count());
    tcase_add_loop_test(tcase, a_polled_one_is_ordinary, 0, entry_count());
    tcase_add_loop_test(tcase, leaves_in_time, 0, 2);
    tcase_add_test(tcase, wakes_who_waits);
    tcase_add_loop_test(tcase, is_withdrawn_once, 0, entry_count());
    tcase_add_test(tcase, a_rebuild_tells_the_set_once);
    return suite;
}
