/* SPDX-License-Identifier: ISC
 *
 * fdslots_wait() after a few changes among many slots: it tells the kernel of these changes alone,
 * with as few calls as fdslots_epoll_wait(), and every answer is the same.
 */
#include "child.h"
#include "filter.h"
#include "kernel.h"
#include "kernel/epoll.h"
#include "oracle.h"
#include "wait/choice.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MANY    256
#define AVOIDED 32 /* waits, as fdslots_wait(3) says */

static const struct entry *e;
static struct fdslots *s;
static int fds[MANY];
static struct pollfd want[MANY];
static int probe; /* an fd that stays in the slots all the time */

static void put(uint32_t index, int fd, int events)
{
    want[index] = (struct pollfd){.fd = fd, .events = (short)events};
    EXPECT(fdslots_set_index(s, index, fd, (uint32_t)events), 0);
}

static void change(uint32_t index, int events)
{
    want[index].events = (short)events;
    EXPECT(fdslots_set_events(s, index, (uint32_t)events), 0);
}

static void pause_slot(uint32_t index)
{
    want[index].fd = -1;
    EXPECT(fdslots_pause_index(s, index), 0);
}

static void resume_slot(uint32_t index)
{
    want[index].fd = fds[index];
    EXPECT(fdslots_resume_index(s, index), 0);
}

static void setup(void)
{
    e = entry_for(ENTRY_WAIT);
    s = make_slots(MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        fds[i] = event_fd(false);
        put(i, fds[i], POLLIN);
    }
    probe = fds[MANY - 1];
    while (stats_of(s).epoll_calls < 2)
        EXPECT(fdslots_wait(s, 0, NULL), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    for (uint32_t i = 0; i < MANY; i++)
        close(fds[i]);
}

/* The changes so far cost `ctls` calls, and every slot reads as poll(2) says, with and without the
 * probe ready. */
#define COSTS(ready, ctls)                                                                         \
    do {                                                                                           \
        EXPECT_WAIT(fdslots_wait(s, 0, NULL), ready, ctls);                                        \
        ck_assert_int_eq(oracle_check(e, s, want, MANY), ready);                                   \
        event_set(probe);                                                                          \
        ck_assert_int_eq(oracle_check(e, s, want, MANY), (ready) + 1);                             \
        event_clear(probe);                                                                        \
        ck_assert_int_eq(oracle_check(e, s, want, MANY), ready);                                   \
    } while (0)

START_TEST(events_cost_one_each)
{
    change(3, POLLIN | POLLPRI);
    COSTS(0, 1);
    change(3, POLLIN);
    change(77, POLLPRI);
    change(200, POLLIN | POLLOUT);
    COSTS(1, 3);
    change(200, POLLIN);
    change(200, POLLIN | POLLOUT);
    COSTS(1, 0);
}
END_TEST

START_TEST(the_same_fd_again_costs_one)
{
    put(3, fds[3], POLLIN);
    COSTS(0, 1);
    fds[3] = number_reused(fds[3], true);
    put(3, fds[3], POLLIN);
    COSTS(1, 2);
}
END_TEST

START_TEST(pauses_cost_one)
{
    pause_slot(5);
    COSTS(0, 1);
    resume_slot(5);
    COSTS(0, 1);
    pause_slot(5);
    pause_slot(130);
    resume_slot(5);
    COSTS(0, 1);
}
END_TEST

START_TEST(fds_move_between_slots)
{
    put(5, fds[9], POLLIN);
    put(9, fds[5], POLLIN | POLLOUT);
    COSTS(1, 4);
    put(9, -1, 0);
    COSTS(0, 1);
    put(9, fds[5], POLLIN);
    COSTS(0, 1);
}
END_TEST

START_TEST(slots_share_an_fd)
{
    put(7, fds[8], POLLIN); /* one slot leaves a shared fd, and the other is confirmed */
    COSTS(0, 2);
    change(7, POLLOUT);
    COSTS(1, 1);
    change(8, POLLPRI);
    COSTS(1, 1);
    put(7, fds[7], POLLIN); /* it joins again; the other one then wants fewer events */
    COSTS(0, 2);
}
END_TEST

/* Like COSTS, with a polled slot. A wait asks the set only if it reads as ready, which it does in
 * none of these waits. */
#define COSTS_BESIDE(ready, ctls)                                                                  \
    do {                                                                                           \
        EXPECT_WAIT_BESIDE(fdslots_wait(s, 0, NULL), ready, ctls, 0);                              \
        ck_assert_int_eq(oracle_check(e, s, want, MANY), ready);                                   \
        event_set(probe);                                                                          \
        ck_assert_int_eq(oracle_check(e, s, want, MANY), (ready) + 1);                             \
        event_clear(probe);                                                                        \
        ck_assert_int_eq(oracle_check(e, s, want, MANY), ready);                                   \
    } while (0)

START_TEST(a_regular_file_among_them)
{
    int file = regular_file();
    put(2, file, POLLIN);
    COSTS_BESIDE(1, 1); /* fds[2] leaves */
    change(3, POLLIN | POLLPRI);
    COSTS_BESIDE(1, 1);
    change(2, POLLOUT);
    COSTS_BESIDE(1, 0);
    put(2, fds[2], POLLIN);
    COSTS(0, 1);
    close(file);
}
END_TEST

/* A closed number is left to poll(2), however many slots hold it, and changes beside it are told
 * once. */
START_TEST(a_closed_fd_among_them)
{
    int closed = event_fd(false);
    close(closed);
    put(2, closed, POLLIN);
    COSTS_BESIDE(1, 1); /* fds[2] leaves */
    change(3, POLLIN | POLLPRI);
    COSTS_BESIDE(1, 1);
    put(4, closed, POLLIN);
    COSTS_BESIDE(2, 1); /* fds[4] leaves */
    /* poll(2) notices by itself that the number is a file. */
    ck_assert_int_eq(dup2(fds[9], closed), closed);
    COSTS_BESIDE(0, 0);
    close(closed);
    COSTS_BESIDE(2, 0);
    put(2, fds[2], POLLIN);
    put(4, fds[4], POLLIN);
    COSTS(0, 2);
}
END_TEST

/* A slot that no longer asks for poll(2) goes into the set. */
START_TEST(a_polled_one_among_them)
{
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_POLLED), 0);
    COSTS_BESIDE(0, 1);
    EXPECT(fdslots_set_events(s, 2, POLLOUT | FDSLOTS_POLLED), 0);
    want[2].events = POLLOUT;
    COSTS_BESIDE(1, 0);
    change(2, POLLIN);
    COSTS(0, 1);
}
END_TEST

/* If MOD is refused, the library registers the fd again. If ADD is refused as well, the slot is
 * polled. In no case does the wait fail or change its way. */
static void refused_changes(void)
{
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_MOD, ENOMEM);
    CHILD_EXPECT(fdslots_set_events(s, 3, POLLOUT), 0);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 1);
    CHILD_EXPECT((int)stats_of(s).polled, 0);
    CHILD_EXPECT(fdslots_get_revents(s, 3), POLLOUT);
    filter_refuse(SYS_epoll_ctl, EPOLL_CTL_ADD, EPERM);
    for (uint32_t i = 4; i < 6; i++) {
        const int polled = (int)stats_of(s).polled;
        close(fds[i]);
        fds[i] = event_fd(false);
        CHILD_EXPECT(fdslots_set_index(s, i, fds[i], POLLOUT), 0);
        CHILD_EXPECT(fdslots_wait(s, 0, NULL), (int)i - 2);
        CHILD_EXPECT(fdslots_get_revents(s, i), POLLOUT);
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), (int)i - 2);
        CHILD_EXPECT((int)stats_of(s).polled, polled + 2);
    }
    CHILD_EXPECT((int)stats_of(s).fallbacks, 0);
    CHILD_EXPECT(fdslots_set_events(s, 4, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_events(s, 5, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
}

static void refused_in_a_process_of_its_own(void)
{
    setup();
    refused_changes();
}

START_TEST(refused_changes_are_not_lost)
{
    if (filter_works())
        child_run(refused_in_a_process_of_its_own);
}
END_TEST

/* After a surprise or a change, the shortest way is taken again later. */
START_TEST(what_is_as_expected_again)
{
    event_set(probe);
    for (int i = 0; i < 4; i++)
        EXPECT(fdslots_wait(s, 0, NULL), 1);
    ck_assert(s->choice->at_once.ran < s->choice->at_once.waits);
    change(3, POLLIN | POLLPRI);
    for (int i = 0; i < 4; i++)
        EXPECT(fdslots_wait(s, 0, NULL), 1);
    ck_assert(s->choice->at_once.ran < s->choice->at_once.waits);
    event_clear(probe);
}
END_TEST

/* A call that has worked for many equal waits now fails, because the caller has closed the set. */
START_TEST(a_refusal_in_the_shortest_way)
{
    for (int i = 0; i < 4; i++)
        EXPECT_WAIT(fdslots_wait(s, 0, NULL), 0, 0);
    ck_assert(s->choice->at_once.ran < s->choice->at_once.waits);
    close(s->kernel->fd);
    event_set(probe);
    EXPECT(fdslots_wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, MANY - 1), POLLIN);
    ck_assert_uint_eq(stats_of(s).fallbacks, 1);
    /* The refused way is avoided for a while. */
    const uint64_t polls = stats_of(s).poll_calls;
    for (int i = 0; i < AVOIDED; i++) {
        ck_assert_uint_gt(s->choice->avoid_left, 0);
        EXPECT(fdslots_wait(s, 0, NULL), 1);
    }
    ck_assert_uint_eq(s->choice->avoid_left, 0);
    ck_assert_uint_eq(stats_of(s).poll_calls, polls + AVOIDED);
    EXPECT(fdslots_rebuild(s), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
}
END_TEST

Suite *suite_few_changes(void)
{
    Suite *suite = suite_create("few changes");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "few changes");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, events_cost_one_each);
    tcase_add_test(tcase, the_same_fd_again_costs_one);
    tcase_add_test(tcase, pauses_cost_one);
    tcase_add_test(tcase, fds_move_between_slots);
    tcase_add_test(tcase, slots_share_an_fd);
    tcase_add_test(tcase, a_regular_file_among_them);
    tcase_add_test(tcase, a_closed_fd_among_them);
    tcase_add_test(tcase, a_polled_one_among_them);
    tcase_add_test(tcase, refused_changes_are_not_lost);
    tcase_add_test(tcase, what_is_as_expected_again);
    tcase_add_test(tcase, a_refusal_in_the_shortest_way);
    return suite;
}
