/* SPDX-License-Identifier: ISC
 *
 * FDSLOTS_EDGE behaves as EPOLLET in epoll(7): it reports new events only, and loses none.
 */
#include "kernel.h"
#include "snapshot.h"

#include <time.h>
#include <unistd.h>

#define NSLOTS    6
#define A_WHILE   INT64_C(5000000)
#define LONG_TIME INT64_C(10000000000) /* for an edge that never comes; no test measures it */

static const struct entry *e;
static struct fdslots *s;
static int p[2];

static void setup(void)
{
    s = make_slots(NSLOTS);
    make_pipe(p, false);
    EXPECT(fdslots_set_index(s, 2, p[0], POLLIN | FDSLOTS_EDGE), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(p);
}

static void put_byte(void)
{
    ck_assert_int_eq(write(p[1], "x", 1), 1);
}

static void take_byte(void)
{
    char byte;
    ck_assert_int_eq(read(p[0], &byte, 1), 1);
}

static void is_reported(int revents)
{
    EXPECT(e->wait(s, LONG_TIME, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), revents);
}

static void is_silent(void)
{
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_get_revents(s, 2), 0);
}

/* The tests in a loop skip the entry points that do not support FDSLOTS_EDGE. */
static bool chosen(int i)
{
    e = entry_at(i);
    return e->is_epoll;
}

START_TEST(new_events_only)
{
    if (!chosen(_i))
        return;
    is_silent();
    put_byte();
    is_reported(POLLIN);
    is_silent(); /* although the byte is still there */
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    put_byte();
    is_reported(POLLIN);
    is_silent();
    put_byte();
    put_byte();
    is_reported(POLLIN); /* both edges in one report */
    is_silent();
    take_byte(); /* reading some bytes makes no new edge */
    is_silent();
}
END_TEST

START_TEST(ready_when_it_is_set)
{
    if (!chosen(_i))
        return;
    put_byte();
    is_reported(POLLIN);
    is_silent();
    /* Looks again, even with equal events. */
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_EDGE), 0);
    is_reported(POLLIN);
    is_silent();
    EXPECT(fdslots_set_events(s, 2, POLLIN | POLLPRI | FDSLOTS_EDGE), 0);
    is_reported(POLLIN);
    is_silent();
    EXPECT(fdslots_set_events(s, 2, FDSLOTS_EDGE), 0); /* off and on again */
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_EDGE), 0);
    is_reported(POLLIN);
    is_silent();
    EXPECT(fdslots_pause_index(s, 2), 0); /* this is no new interest */
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_silent();
    /* A new owner looks again, too. */
    EXPECT(fdslots_set_index(s, 2, p[0], POLLIN | FDSLOTS_EDGE), 0);
    is_reported(POLLIN);
    is_silent();
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0); /* level-triggered again */
    is_reported(POLLIN);
    is_reported(POLLIN);
}
END_TEST

START_TEST(combined_events_come_once)
{
    if (!chosen(_i))
        return;
    put_byte();
    close(p[1]);
    is_reported(POLLIN | POLLHUP);
    is_silent();
    p[1] = p[0];
}
END_TEST

START_TEST(a_pause_loses_nothing)
{
    if (!chosen(_i))
        return;
    EXPECT(fdslots_pause_index(s, 2), 0);
    put_byte(); /* before the kernel has been told of any of this */
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_reported(POLLIN);
    is_silent();

    EXPECT(fdslots_pause_index(s, 2), 0); /* with a wait in between */
    put_byte();
    is_silent();
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_reported(POLLIN);
    is_silent();

    put_byte();
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_pause_index(s, 2), 0); /* before the caller has read the report */
    EXPECT(fdslots_get_revents(s, 2), 0);
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_reported(POLLIN);
    is_silent();

    put_byte();
    EXPECT(fdslots_pause_index(s, 2), 0); /* the edge is pending in the kernel, not reported yet */
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_reported(POLLIN);
    is_silent();
}
END_TEST

/* set_events() drops one of the reported events, and asks for it again before the next wait. */
START_TEST(a_dropped_event_comes_again)
{
    if (!chosen(_i))
        return;
    int fd = event_fd(true);
    EXPECT(fdslots_set_index(s, 2, fd, POLLIN | POLLOUT | FDSLOTS_EDGE), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLIN | POLLOUT);
    EXPECT(fdslots_set_events(s, 2, POLLOUT | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_get_revents(s, 2), POLLOUT);
    EXPECT(fdslots_set_events(s, 2, POLLIN | POLLOUT | FDSLOTS_EDGE), 0);
    is_reported(POLLIN | POLLOUT);
    is_silent();
    close(fd);
}
END_TEST

START_TEST(with_oneshot)
{
    if (!chosen(_i))
        return;
    const uint32_t events = POLLIN | FDSLOTS_EDGE | FDSLOTS_ONESHOT;
    EXPECT(fdslots_set_index(s, 2, p[0], events), 0);
    put_byte();
    is_reported(POLLIN);
    is_silent();
    put_byte();
    is_silent(); /* disarmed */
    EXPECT(fdslots_set_events(s, 2, events), 0);
    is_reported(POLLIN);                         /* the pending event is reported at once */
    EXPECT(fdslots_set_events(s, 2, events), 0); /* armed again before the next wait */
    is_reported(POLLIN);
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_reported(POLLIN);
    is_silent();
    take_byte();
    take_byte();
    EXPECT(fdslots_resume_index(s, 2), 0);
    is_silent();
    put_byte();
    is_reported(POLLIN);
    is_silent();
}
END_TEST

/* The set was not told that the slot was hidden, so nothing but the resume makes it look again. */
START_TEST(with_oneshot_resumed_at_once)
{
    if (!chosen(_i))
        return;
    EXPECT(fdslots_set_index(s, 2, p[0], POLLIN | FDSLOTS_EDGE | FDSLOTS_ONESHOT), 0);
    put_byte();
    for (int again = 0; again < 3; again++) {
        is_reported(POLLIN);
        EXPECT(fdslots_resume_index(s, 2), 0);
    }
    take_byte();
    is_silent();
}
END_TEST

/* Slots that share an edge-triggered fd all see the same edge, as far as each wants its events. */
START_TEST(a_shared_fd)
{
    if (!chosen(_i))
        return;
    EXPECT(fdslots_set_index(s, 0, p[0], POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_set_index(s, 5, p[0], POLLPRI | FDSLOTS_EDGE), 0);
    put_byte();
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(e->wait(s, 0, NULL), 0);
    put_byte();
    EXPECT(fdslots_set_max_ready(s, 1), 0); /* an edge comes once, so the limit does not cut it */
    EXPECT(e->wait(s, LONG_TIME, NULL), 2);
    EXPECT(fdslots_get_revents(s, 0), POLLIN);
    EXPECT(e->wait(s, 0, NULL), 0);
}
END_TEST

/* If one slot with the fd is level-triggered, the others are reported as it is. */
START_TEST(a_shared_fd_beside_a_level_slot)
{
    if (!chosen(_i))
        return;
    EXPECT(fdslots_set_index(s, 0, p[0], POLLIN), 0);
    put_byte();
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, LONG_TIME, NULL), 2);
        EXPECT(fdslots_get_revents(s, 2), POLLIN);
    }
    EXPECT(fdslots_pause_index(s, 0), 0); /* a paused slot wants no events */
    is_reported(POLLIN);
    is_silent();
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    put_byte();
    is_reported(POLLIN);
    is_silent();
}
END_TEST

/* Events that came during the pause were reported to the other slots only. */
START_TEST(a_pause_beside_others_loses_nothing)
{
    if (!chosen(_i))
        return;
    EXPECT(fdslots_set_index(s, 0, p[0], POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_pause_index(s, 2), 0);
    put_byte();
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 0), POLLIN);
    EXPECT(fdslots_resume_index(s, 2), 0);
    EXPECT(e->wait(s, 0, NULL), 2); /* the kernel looks again for all of them */
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    EXPECT(e->wait(s, 0, NULL), 0);
}
END_TEST

/* The kernel has watched the newly wanted event for the other slot all along, and reported it long
 * ago. */
START_TEST(an_event_wanted_beside_others)
{
    if (!chosen(_i))
        return;
    int fd = event_fd(true);
    EXPECT(fdslots_set_index(s, 0, fd, POLLIN | POLLOUT | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_set_index(s, 2, fd, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN | POLLOUT | FDSLOTS_EDGE), 0);
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_get_revents(s, 2), POLLIN | POLLOUT);
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    close(fd);
}
END_TEST

START_TEST(more_edges_than_one_wait_may_report)
{
    if (!chosen(_i))
        return;
    int seen[NSLOTS] = {0};
    for (uint32_t i = 0; i < NSLOTS; i++)
        EXPECT(fdslots_set_index(s, i, event_fd(true), POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_set_max_ready(s, 4), 0);
    EXPECT(e->wait(s, LONG_TIME, NULL), 4);
    for (uint32_t i = 0; i < NSLOTS; i++)
        seen[i] += fdslots_get_revents(s, i) == POLLIN;
    EXPECT(e->wait(s, LONG_TIME, NULL), 2);
    for (uint32_t i = 0; i < NSLOTS; i++)
        seen[i] += fdslots_get_revents(s, i) == POLLIN;
    for (uint32_t i = 0; i < NSLOTS; i++)
        ck_assert_int_eq(seen[i], 1);
    EXPECT(e->wait(s, 0, NULL), 0);
    for (uint32_t i = 0; i < NSLOTS; i++)
        EXPECT(fdslots_close_index(s, i), 0);
}
END_TEST

START_TEST(a_rebuild_reports_what_is_ready_again)
{
    if (!chosen(_i))
        return;
    put_byte();
    is_reported(POLLIN);
    is_silent();
    EXPECT(fdslots_rebuild(s), 0);
    is_reported(POLLIN);
    is_silent();
}
END_TEST

/* poll(2) knows no edges, so a polled slot is level-triggered. */
START_TEST(a_polled_slot_is_level)
{
    if (!chosen(_i))
        return;
    int file = regular_file();
    EXPECT(fdslots_set_index(s, 2, file, POLLIN | FDSLOTS_EDGE), 0);
    is_reported(POLLIN);
    is_reported(POLLIN);
    EXPECT(fdslots_set_index(s, 2, p[0], POLLIN | FDSLOTS_EDGE | FDSLOTS_POLLED), 0);
    is_silent();
    put_byte();
    is_reported(POLLIN);
    is_reported(POLLIN);
    take_byte();
    is_silent();
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_EDGE), 0);
    put_byte();
    is_reported(POLLIN);
    is_silent();
    close(file);
}
END_TEST

/* ---- the poll entry points refuse, and change nothing ---- */

static int poll_part(uint32_t nfds)
{
    return fdslots_poll(s, nfds, 0);
}

static int ppoll_part(uint32_t nfds)
{
    const struct timespec at_once = {0, 0};
    return fdslots_ppoll(s, nfds, &at_once, NULL);
}

static int (*const polls[])(uint32_t nfds) = {poll_part, ppoll_part};
static const uint32_t refused_flags[] = {FDSLOTS_EDGE, FDSLOTS_EXCLUSIVE,
                                         FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE};

START_TEST(polls_refuse)
{
    struct snapshot before;
    uint32_t flags = refused_flags[_i / LENGTH(polls)];
    int (*poll_slots)(uint32_t nfds) = polls[_i % LENGTH(polls)];
    EXPECT(fdslots_set_index(s, 2, p[0], POLLIN | flags), 0);
    EXPECT(fdslots_set_index(s, 0, p[1], POLLOUT), 0);
    EXPECT(poll_slots(2), 1);
    snapshot_take(&before, s);
    EXPECT(poll_slots(3), -ENOTSUP);
    EXPECT(poll_slots(NSLOTS), -ENOTSUP);
    /* Even a wait without a timeout returns at once. */
    EXPECT(fdslots_poll(s, NSLOTS, -1), -ENOTSUP);
    snapshot_compare(&before, s, "a refused poll");
    EXPECT(poll_slots(2), 1); /* slots out of range do not matter */
    EXPECT(poll_slots(0), 0);
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(poll_slots(NSLOTS), -ENOTSUP); /* a paused slot is still in range */
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0);
    EXPECT(poll_slots(NSLOTS), 1);
    EXPECT(fdslots_set_events(s, 2, POLLIN | flags), 0);
    EXPECT(poll_slots(NSLOTS), -ENOTSUP);
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    EXPECT(poll_slots(NSLOTS), 1);
}
END_TEST

Suite *suite_edge(void)
{
    Suite *suite = suite_create("edge");
    TCase *tcase = add_case(suite, "edge");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, polls_refuse, 0, LENGTH(polls) * LENGTH(refused_flags));
    if (!have_epoll())
        return suite;
    tcase_add_loop_test(tcase, new_events_only, 0, entry_count());
    tcase_add_loop_test(tcase, ready_when_it_is_set, 0, entry_count());
    tcase_add_loop_test(tcase, combined_events_come_once, 0, entry_count());
    tcase_add_loop_test(tcase, a_pause_loses_nothing, 0, entry_count());
    tcase_add_loop_test(tcase, a_dropped_event_comes_again, 0, entry_count());
    tcase_add_loop_test(tcase, with_oneshot, 0, entry_count());
    tcase_add_loop_test(tcase, with_oneshot_resumed_at_once, 0, entry_count());
    tcase_add_loop_test(tcase, a_shared_fd, 0, entry_count());
    tcase_add_loop_test(tcase, a_shared_fd_beside_a_level_slot, 0, entry_count());
    tcase_add_loop_test(tcase, a_pause_beside_others_loses_nothing, 0, entry_count());
    tcase_add_loop_test(tcase, an_event_wanted_beside_others, 0, entry_count());
    tcase_add_loop_test(tcase, more_edges_than_one_wait_may_report, 0, entry_count());
    tcase_add_loop_test(tcase, a_rebuild_reports_what_is_ready_again, 0, entry_count());
    tcase_add_loop_test(tcase, a_polled_slot_is_level, 0, entry_count());
    return suite;
}
