/* SPDX-License-Identifier: ISC
 *
 * fdslots_epoll_fd: one fd stands for the buffer in another loop.
 */
#include "child.h"
#include "kernel.h"
#include "oracle.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#define NSLOTS 6

static struct fdslots *s;
static int ready; /* in slot 1 */
static int idle;  /* in slot 2 */
static int nested;
static int loop; /* an epoll set that holds it */

static void setup(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    s = make_slots(NSLOTS);
    ready = event_fd(true);
    idle = event_fd(false);
    EXPECT(fdslots_set_index(s, 2, idle, POLLIN), 0);
    nested = fdslots_epoll_fd(s);
    ck_assert_int_ge(nested, 0);
    loop = epoll_create1(EPOLL_CLOEXEC);
    ck_assert_int_eq(epoll_ctl(loop, EPOLL_CTL_ADD, nested, &event), 0);
}

static void teardown(void)
{
    close(loop);
    fdslots_destroy(s);
    close(ready);
    close(idle);
}

/* By poll(2), by epoll, and by the same fd again. */
static void reads(bool is_ready)
{
    struct pollfd pollfd = {.fd = nested, .events = POLLIN};
    struct epoll_event event;
    EXPECT(fdslots_epoll_fd(s), nested);
    ck_assert_int_eq(poll(&pollfd, 1, is_ready ? -1 : 0), is_ready);
    ck_assert_int_eq(pollfd.revents, is_ready ? POLLIN : 0);
    ck_assert_int_eq(epoll_wait(loop, &event, 1, is_ready ? -1 : 0), is_ready);
}

START_TEST(reads_ready_while_a_slot_is)
{
    for (int round = 0; round < 3; round++) {
        reads(false);
        event_set(idle);
        reads(true);
        reads(true); /* level: as long as the slot is */
        EXPECT(fdslots_epoll_wait(s, 0), 1);
        EXPECT(fdslots_get_revents(s, 2), POLLIN);
        reads(true);
        event_clear(idle);
        reads(false);
    }
}
END_TEST

START_TEST(follows_the_changes)
{
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    reads(true);
    EXPECT(fdslots_pause_index(s, 1), 0);
    reads(false);
    EXPECT(fdslots_resume_index(s, 1), 0);
    reads(true);
    EXPECT(fdslots_set_events(s, 1, POLLPRI), 0);
    reads(false);
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
    reads(true);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    reads(false);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN | FDSLOTS_ONESHOT), 0);
    reads(true);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    reads(false);
    EXPECT(fdslots_resume_index(s, 1), 0);
    reads(true);
    EXPECT(fdslots_close_index(s, 1), 0);
    reads(false);
    ready = event_fd(true);
}
END_TEST

START_TEST(files_that_epoll_refuses_do_not_show)
{
    int file = regular_file();
    EXPECT(fdslots_set_index(s, 3, file, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, 900, POLLIN), 0);
    reads(false);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    reads(false);
    event_set(idle);
    reads(true);
    close(file);
}
END_TEST

/* Unlike the set inside, which is made anew. */
START_TEST(is_the_same_after_a_rebuild)
{
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_rebuild(s), 0);
        reads(false);
        event_set(idle);
        reads(true);
        EXPECT(fdslots_rebuild(s), 0);
        reads(true);
        event_clear(idle);
        reads(false);
    }
}
END_TEST

START_TEST(is_the_same_after_a_ghost)
{
    struct pollfd pollfd = {.fd = nested, .events = POLLIN};
    int kept = dup(ready);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    reads(true);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    close(ready);
    ck_assert_int_eq(poll(&pollfd, 1, 0), 1); /* only a wait can tell */
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).ghosts_dropped, 1);
    reads(false);
    event_clear(kept);
    event_set(kept);
    reads(false);
    event_set(idle);
    reads(true);
    close(kept);
}
END_TEST

/* The set inside is taken out of the outer one even if a child keeps it open. */
static int turn[2];

static void hold(void)
{
    turn_await(turn);
}

START_TEST(a_child_keeps_the_old_set)
{
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    reads(true);
    turn_make(turn);
    pid_t pid = child_start(hold);
    EXPECT(fdslots_rebuild(s), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    reads(false);
    event_set(idle);
    reads(true);
    turn_give(turn);
    child_end(pid);
    close_pipe(turn);
}
END_TEST

static void child_has_another(void)
{
    struct pollfd pollfd = {.events = POLLIN};
    CHILD_EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    pollfd.fd = fdslots_epoll_fd(s);
    CHILD_EXPECT(pollfd.fd >= 0, true);
    CHILD_EXPECT(poll(&pollfd, 1, -1), 1);
    CHILD_EXPECT(fdslots_epoll_fd(s), pollfd.fd);
    CHILD_EXPECT(fdslots_invalidate_index(s, 1), 0);
    CHILD_EXPECT(fdslots_epoll_fd(s), pollfd.fd);
    CHILD_EXPECT(poll(&pollfd, 1, 0), 0);
    fdslots_destroy(s);
}

START_TEST(a_child_gets_another)
{
    reads(false);
    child_run(child_has_another);
    reads(false);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    reads(true);
    child_run(child_has_another);
    reads(true);
}
END_TEST

/* ---- epoll fds in slots ---- */

START_TEST(its_own_fd_is_refused)
{
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, nested, POLLIN), 0);
    for (int again = 0; again < 2; again++) {
        EXPECT(fdslots_epoll_wait(s, -1), -EINVAL);
        EXPECT(fdslots_epoll_pwait(s, NULL, NULL), -EINVAL);
        EXPECT(fdslots_epoll_fd(s), -EINVAL);
        EXPECT(fdslots_rebuild(s), -EINVAL);
        EXPECT(fdslots_get_fd(s, 4), nested);
    }
    EXPECT(fdslots_set_index(s, 4, nested, POLLRDNORM), 0);
    EXPECT(fdslots_epoll_wait(s, -1), -EINVAL);
    EXPECT(fdslots_invalidate_index(s, 4), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    reads(true);
}
END_TEST

/* The kernel wakes those who wait on an epoll set with POLLIN alone: also who wants RDNORM only is
 * to be woken. */
START_TEST(sets_of_others)
{
    const struct entry *e = entry_at(_i);
    struct epoll_event event = {.events = EPOLLIN};
    int outer = epoll_create1(EPOLL_CLOEXEC);
    int inner = epoll_create1(EPOLL_CLOEXEC);
    ck_assert_int_eq(epoll_ctl(inner, EPOLL_CTL_ADD, idle, &event), 0);
    ck_assert_int_eq(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event), 0);
    struct pollfd want[NSLOTS] = {{outer, POLLIN, 0},           {inner, POLLRDNORM, 0},
                                  {inner, POLLIN | POLLOUT, 0}, {outer, POLLRDNORM, 0},
                                  {outer, POLLOUT, 0},          {-1, 0, 0}};
    oracle_fill(s, want, NSLOTS);
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 0);
        event_set(idle);
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 4);
        event_clear(idle);
    }
    want[0].fd = want[2].fd = -1;
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 0);
    event_set(idle);
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2); /* those with RDNORM alone */
    close(inner);
    close(outer);
}
END_TEST

START_TEST(a_buffer_in_a_buffer)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *outer = make_slots(2);
    EXPECT(fdslots_set_index(outer, 1, nested, POLLIN), 0);
    EXPECT(e->wait(outer, 0, NULL), 0);
    event_set(idle);
    EXPECT(e->wait(outer, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(outer, 1), POLLIN);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    event_clear(idle);
    EXPECT(e->wait(outer, 0, NULL), 0);
    fdslots_destroy(outer);
}
END_TEST

START_TEST(a_circle_is_refused)
{
    struct fdslots *other = make_slots(2);
    EXPECT(fdslots_set_index(other, 1, nested, POLLIN), 0);
    int fd = fdslots_epoll_fd(other);
    ck_assert_int_ge(fd, 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 5, fd, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, -1), -ELOOP);
    EXPECT(fdslots_epoll_wait(s, -1), -ELOOP);
    EXPECT(fdslots_get_fd(s, 5), fd);
    EXPECT(fdslots_invalidate_index(s, 5), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    EXPECT(fdslots_epoll_wait(other, -1), 1);
    fdslots_destroy(other);
}
END_TEST

START_TEST(too_deep_is_refused)
{
    enum { DEEP = 8 };
    struct epoll_event event = {.events = EPOLLIN};
    int chain[DEEP];
    int depth = 0;
    chain[0] = epoll_create1(EPOLL_CLOEXEC);
    for (int fd; depth + 1 < DEEP; chain[++depth] = fd) {
        fd = epoll_create1(EPOLL_CLOEXEC);
        if (epoll_ctl(fd, EPOLL_CTL_ADD, chain[depth], &event) != 0) {
            close(fd);
            break;
        }
    }
    ck_assert_int_lt(depth, DEEP - 1);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, chain[depth], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, -1), -ELOOP);
    EXPECT(fdslots_set_index(s, 3, chain[0], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    for (int i = 0; i <= depth; i++)
        close(chain[i]);
}
END_TEST

Suite *suite_nesting(void)
{
    Suite *suite = suite_create("nesting");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "nesting");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, reads_ready_while_a_slot_is);
    tcase_add_test(tcase, follows_the_changes);
    tcase_add_test(tcase, files_that_epoll_refuses_do_not_show);
    tcase_add_test(tcase, is_the_same_after_a_rebuild);
    tcase_add_test(tcase, is_the_same_after_a_ghost);
    tcase_add_test(tcase, a_child_keeps_the_old_set);
    tcase_add_test(tcase, a_child_gets_another);
    tcase_add_test(tcase, its_own_fd_is_refused);
    tcase_add_loop_test(tcase, sets_of_others, 0, entry_count());
    tcase_add_loop_test(tcase, a_buffer_in_a_buffer, 0, entry_count());
    tcase_add_test(tcase, a_circle_is_refused);
    tcase_add_test(tcase, too_deep_is_refused);
    return suite;
}
