/* SPDX-License-Identifier: ISC
 *
 * fdslots_epoll_fd() returns one fd that represents the buffer in another loop.
 */
#include "child.h"
#include "oracle.h"
#include "pair.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#define NSLOTS 6

static int nested;
static int loop; /* an epoll set that holds the nested fd */

static void setup(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    pair_setup(NSLOTS, 0);
    EXPECT(fdslots_set_index(s, 2, idle, POLLIN), 0);
    nested = fdslots_epoll_fd(s);
    ck_assert_int_ge(nested, 0);
    loop = epoll_create1(EPOLL_CLOEXEC);
    ck_assert_int_eq(epoll_ctl(loop, EPOLL_CTL_ADD, nested, &event), 0);
}

static void teardown(void)
{
    close(loop);
    pair_teardown();
}

/* The nested fd reads the same by poll(2) and by epoll, and the call returns the same fd again. */
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
        reads(true); /* level-triggered: readable as long as the slot is ready */
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

START_TEST(polled_slots_do_not_show)
{
    int file = regular_file();
    EXPECT(fdslots_set_index(s, 3, file, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, 900, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 5, ready, POLLIN | FDSLOTS_POLLED), 0);
    reads(false);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    reads(false);
    event_set(idle);
    reads(true);
    close(file);
}
END_TEST

/* The set inside is another one after a rebuild, but the outer fd is not. */
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

/* A ghost shows through the nested fd until the set is rebuilt, because only a wait can tell it
 * from a slot. */
START_TEST(is_the_same_after_a_ghost)
{
    struct pollfd pollfd = {.fd = nested, .events = POLLIN};
    int kept = dup(ready);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    reads(true);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    close(ready);
    ck_assert_int_eq(poll(&pollfd, 1, 0), 1);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).ghosts_dropped, 1); /* there is one other file in the set */
    ck_assert_uint_eq(stats_of(s).rebuilds, 0);
    reads(false);
    ck_assert_uint_eq(stats_of(s).rebuilds, 1);
    event_clear(kept);
    event_set(kept);
    reads(false);
    event_set(idle);
    reads(true);
    close(kept);
}
END_TEST

/* The inner set is removed from the outer one, even if a child keeps it open. */
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

/* The kernel refuses a set that would hold itself, so the slot is polled. It reads as ready while
 * another slot is ready. */
START_TEST(its_own_fd_is_polled)
{
    const struct entry *e = entry_at(_i);
    const short events[] = {POLLIN, POLLRDNORM, POLLIN | POLLRDNORM};
    for (int i = 0; i < LENGTH(events); i++) {
        struct pollfd want[NSLOTS] = {{-1, 0, 0}, {ready, POLLIN, 0},     {idle, POLLIN, 0},
                                      {-1, 0, 0}, {nested, events[i], 0}, {-1, 0, 0}};
        oracle_fill(s, want, NSLOTS);
        EXPECT(fdslots_epoll_fd(s), nested);
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2);
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
        event_set(idle);
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 3);
        event_clear(idle);
        EXPECT(fdslots_rebuild(s), 0);
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2);
        want[1].fd = -1;
        EXPECT(fdslots_pause_index(s, 1), 0);
        EXPECT(fdslots_epoll_fd(s), nested);
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 0);
        EXPECT(fdslots_get_fd(s, 4), nested);
    }
    EXPECT(fdslots_invalidate_index(s, 4), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 1, 0);
    reads(true);
}
END_TEST

/* The kernel wakes waiters on an epoll set with POLLIN alone. A slot that wants only POLLRDNORM is
 * therefore polled, even beside others that hold the same set. */
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
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2); /* the two slots that want only RDNORM */
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

/* The kernel refuses the circle, so the slot is polled. It is offered again after one wait, then
 * two, then four, because the circle may be broken by then. */
START_TEST(a_circle_is_polled)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *other = make_slots(2);
    EXPECT(fdslots_set_index(other, 1, nested, POLLIN), 0);
    int fd = fdslots_epoll_fd(other);
    ck_assert_int_ge(fd, 0);
    struct pollfd want[NSLOTS] = {{-1, 0, 0}, {ready, POLLIN, 0}, {idle, POLLIN, 0},
                                  {-1, 0, 0}, {-1, 0, 0},         {fd, POLLIN, 0}};
    oracle_fill(s, want, NSLOTS);
    /* Slots 1 and 5 are added, and slot 2 is confirmed. */
    EXPECT_WAIT_BESIDE(fdslots_epoll_wait(s, -1), 2, 3, 1);
    for (int wait = 1; wait <= 15; wait++)
        EXPECT_WAIT_BESIDE(fdslots_epoll_wait(s, -1), 2, (wait & (wait + 1)) == 0, 1);
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2);
    EXPECT(fdslots_get_fd(s, 5), fd);
    EXPECT(e->wait(other, FDSLOTS_FOREVER, NULL), 1);
    event_clear(ready);
    ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 0);
    EXPECT(e->wait(other, 0, NULL), 0);
    event_set(ready);
    EXPECT(fdslots_invalidate_index(other, 1), 0); /* breaks the circle */
    EXPECT(fdslots_epoll_fd(other), fd);
    for (int wait = 0; wait < 32; wait++)
        EXPECT(fdslots_epoll_wait(s, -1), 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 1, 0);
    EXPECT(fdslots_set_index(other, 1, ready, POLLIN), 0);
    EXPECT(fdslots_epoll_fd(other), fd);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 2, 0);
    EXPECT(fdslots_invalidate_index(s, 5), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 1, 1);
    EXPECT(fdslots_epoll_wait(other, -1), 1);
    fdslots_destroy(other);
}
END_TEST

START_TEST(too_deep_is_polled)
{
    enum { DEEP = 8 };
    const struct entry *e = entry_at(_i);
    struct epoll_event event = {.events = EPOLLIN};
    int chain[DEEP];
    int depth = 0;
    int deepest = event_fd(false);
    chain[0] = epoll_create1(EPOLL_CLOEXEC);
    ck_assert_int_eq(epoll_ctl(chain[0], EPOLL_CTL_ADD, deepest, &event), 0);
    for (int fd; depth + 1 < DEEP; chain[++depth] = fd) {
        fd = epoll_create1(EPOLL_CLOEXEC);
        if (epoll_ctl(fd, EPOLL_CTL_ADD, chain[depth], &event) != 0) {
            close(fd);
            break;
        }
    }
    ck_assert_int_lt(depth, DEEP - 1);
    struct pollfd want[NSLOTS] = {{-1, 0, 0},        {ready, POLLIN, 0},
                                  {idle, POLLIN, 0}, {chain[depth], POLLIN, 0},
                                  {-1, 0, 0},        {-1, 0, 0}};
    oracle_fill(s, want, NSLOTS);
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 1);
        event_set(deepest);
        ck_assert_int_eq(oracle_check(e, s, want, NSLOTS), 2);
        event_clear(deepest);
    }
    EXPECT(fdslots_set_index(s, 3, chain[0], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 1, 0);
    for (int i = 0; i <= depth; i++)
        close(chain[i]);
    close(deepest);
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
    tcase_add_test(tcase, polled_slots_do_not_show);
    tcase_add_test(tcase, is_the_same_after_a_rebuild);
    tcase_add_test(tcase, is_the_same_after_a_ghost);
    tcase_add_test(tcase, a_child_keeps_the_old_set);
    tcase_add_test(tcase, a_child_gets_another);
    tcase_add_loop_test(tcase, its_own_fd_is_polled, 0, entry_count());
    tcase_add_loop_test(tcase, sets_of_others, 0, entry_count());
    tcase_add_loop_test(tcase, a_buffer_in_a_buffer, 0, entry_count());
    tcase_add_loop_test(tcase, a_circle_is_polled, 0, entry_count());
    tcase_add_loop_test(tcase, too_deep_is_polled, 0, entry_count());
    return suite;
}
