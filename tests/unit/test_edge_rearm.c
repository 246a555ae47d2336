/* SPDX-License-Identifier: ISC
 *
 * fdslots_set_events() makes the kernel look at an edge-triggered file again, even with equal
 * events, as EPOLL_CTL_MOD does. The oracle is an epoll set that is told the same.
 */
#include "env.h"
#include "kernel.h"
#include "sets.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define NSLOTS 4

static const struct entry *e;
static struct fdslots *s;
static int p[2]; /* the read end is in slot 0 */
static int raw;  /* the epoll set that is the oracle */

static void setup(void)
{
    s = make_slots(NSLOTS);
    make_pipe(p, false);
    raw = epoll_create1(EPOLL_CLOEXEC);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(p);
    close(raw);
}

static void put_byte(void)
{
    ck_assert_int_eq(write(p[1], "x", 1), 1);
}

static void take_byte(void)
{
    char byte;
    ck_assert_int_ge(read(p[0], &byte, 1), -1);
}

static bool chosen(int i)
{
    e = entry_at(i);
    return e->is_epoll;
}

static void is_reported(uint32_t index)
{
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, index), POLLIN);
    EXPECT(e->wait(s, 0, NULL), 0);
}

static void is_silent(void)
{
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
}

/* ---- all sequences of steps, compared with epoll ---- */

static void set_both(uint32_t events)
{
    struct epoll_event event = {.events = (events & (POLLIN | POLLPRI)) |
                                          ((events & FDSLOTS_EDGE) != 0 ? EPOLLET : 0)};
    EXPECT(fdslots_set_events(s, 0, events), 0);
    ck_assert_int_eq(epoll_ctl(raw, EPOLL_CTL_MOD, p[0], &event), 0);
}

static void want_edges(void)
{
    set_both(POLLIN | FDSLOTS_EDGE);
}

static void want_other_edges(void)
{
    set_both(POLLPRI | FDSLOTS_EDGE);
}

static void want_level(void)
{
    set_both(POLLIN);
}

static void wait_both(void)
{
    struct epoll_event event;
    int want = epoll_wait(raw, &event, 1, 0);
    EXPECT(e->wait(s, 0, NULL), want);
    EXPECT(fdslots_get_revents(s, 0), want > 0 ? (int)event.events : 0);
}

static void (*const steps[])(void) = {put_byte,         take_byte,  want_edges,
                                      want_other_edges, want_level, wait_both};
#define STEPS LENGTH(steps)
#define DEPTH 5

static void begin(void)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    EXPECT(fdslots_set_index(s, 0, p[0], POLLIN | FDSLOTS_EDGE), 0);
    ck_assert_int_eq(epoll_ctl(raw, EPOLL_CTL_ADD, p[0], &event), 0);
}

static void end(void)
{
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_int_eq(epoll_ctl(raw, EPOLL_CTL_DEL, p[0], NULL), 0);
    close_pipe(p);
    make_pipe(p, false);
}

START_TEST(as_epoll_with_mod)
{
    if (!chosen(_i))
        return;
    int sequences = 1;
    for (int depth = 0; depth < DEPTH; depth++)
        sequences *= STEPS;
    const int step = under_valgrind() ? 101 : 1;
    for (int sequence = 0; sequence < sequences; sequence += step) {
        begin();
        int rest = sequence;
        for (int depth = 0; depth < DEPTH; depth++, rest /= STEPS)
            steps[rest % STEPS]();
        wait_both();
        wait_both();
        end();
    }
}
END_TEST

/* ---- single cases ---- */

static void set_edge(uint32_t flags)
{
    EXPECT(fdslots_set_index(s, 0, p[0], POLLIN | FDSLOTS_EDGE | flags), 0);
}

START_TEST(equal_events_look_again)
{
    if (!chosen(_i))
        return;
    set_edge(0);
    put_byte();
    is_reported(0);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE), 0);
        is_reported(0);
    }
    take_byte();
    EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE), 0);
    is_silent();
}
END_TEST

/* This holds even if the wait in between did not tell the kernel. */
START_TEST(off_and_on_again)
{
    if (!chosen(_i))
        return;
    set_edge(0);
    put_byte();
    is_reported(0);
    EXPECT(fdslots_set_events(s, 0, FDSLOTS_EDGE), 0);
    EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE), 0);
    is_reported(0);
    for (int other = 0; other < entry_count(); other++) {
        EXPECT(fdslots_set_events(s, 0, POLLIN), 0);
        EXPECT(entry_at(other)->wait(s, 0, NULL), 1);
        EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE), 0);
        is_reported(0);
        EXPECT(fdslots_set_events(s, 0, POLLPRI), 0);
        EXPECT(entry_at(other)->wait(s, 0, NULL), 0);
        EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE), 0);
        is_reported(0);
    }
}
END_TEST

/* If the caller has read the report before the pause, no look is needed. */
START_TEST(pause_and_resume_cost_nothing)
{
    if (!chosen(_i))
        return;
    set_edge(0);
    put_byte();
    is_reported(0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    const uint64_t before = stats_of(s).epoll_ctl_calls;
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_pause_index(s, 0), 0);
        EXPECT(fdslots_resume_index(s, 0), 0);
        EXPECT(fdslots_resume_index(s, 0), 0);
        is_silent();
    }
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, before);
    put_byte();
    EXPECT(fdslots_pause_index(s, 0), 0);
    EXPECT(fdslots_resume_index(s, 0), 0);
    is_reported(0); /* reports what has come since */
}
END_TEST

START_TEST(an_edge_dropped_by_a_pause_is_looked_for)
{
    if (!chosen(_i))
        return;
    set_edge(0);
    put_byte();
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, 0, NULL), 1);
        EXPECT(fdslots_pause_index(s, 0), 0);
        EXPECT(fdslots_resume_index(s, 0), 0);
    }
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_pause_index(s, 0), 0);
    is_silent();
    EXPECT(fdslots_resume_index(s, 0), 0);
    is_reported(0);
}
END_TEST

/* The slot stays paused, and the event is reported when the pause ends. */
START_TEST(while_it_is_paused)
{
    if (!chosen(_i))
        return;
    set_edge(0);
    put_byte();
    is_reported(0);
    for (int waits = 0; waits < 2; waits++) {
        EXPECT(fdslots_pause_index(s, 0), 0);
        EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE), 0);
        if (waits > 0)
            is_silent();
        EXPECT(fdslots_resume_index(s, 0), 0);
        is_reported(0);
    }
}
END_TEST

START_TEST(an_edge_that_is_oneshot)
{
    if (!chosen(_i))
        return;
    set_edge(FDSLOTS_ONESHOT);
    put_byte();
    is_reported(0);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE | FDSLOTS_ONESHOT), 0);
        is_reported(0);
        EXPECT(fdslots_resume_index(s, 0), 0);
        is_reported(0);
    }
    EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE), 0);
    is_reported(0);
}
END_TEST

/* Of several slots with one fd, the one that looks again must see the event. The kernel may report
 * it to the others as well. */
START_TEST(beside_others)
{
    if (!chosen(_i))
        return;
    set_edge(0);
    EXPECT(fdslots_set_index(s, 1, p[0], POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(fdslots_set_index(s, 2, p[0], POLLPRI | FDSLOTS_EDGE), 0);
    put_byte();
    EXPECT(e->wait(s, 0, NULL), 2);
    is_silent();
    for (uint32_t i = 0; i < 2; i++) {
        EXPECT(fdslots_set_events(s, i, POLLIN | FDSLOTS_EDGE), 0);
        ck_assert_int_ge(e->wait(s, 0, NULL), 1);
        EXPECT(fdslots_get_revents(s, i), POLLIN);
        is_silent();
    }
    EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_EDGE), 0);
    ck_assert_int_ge(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    is_silent();
}
END_TEST

/* One look costs one call, and two looks before a wait cost no more. */
START_TEST(what_it_costs)
{
    set_edge(0);
    put_byte();
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    for (int again = 0; again < 5; again++)
        EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 0);
    EXPECT(fdslots_set_events(s, 0, POLLIN), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 1);
    /* A level-triggered slot with equal events needs no call. */
    EXPECT(fdslots_set_events(s, 0, POLLIN), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 1, 0);
}
END_TEST

/* An exclusive registration cannot be modified, but it still looks again. */
START_TEST(an_exclusive_edge_looks_again)
{
    if (!chosen(_i))
        return;
    set_edge(FDSLOTS_EXCLUSIVE);
    put_byte();
    is_reported(0);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE), 0);
        is_reported(0);
    }
    ck_assert_int_eq(sets_hold(p[0]), 1);
}
END_TEST

Suite *suite_edge_rearm(void)
{
    Suite *suite = suite_create("edges again");
    if (!have_epoll())
        return suite;
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "edges again");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, as_epoll_with_mod, 0, entries);
    tcase_add_loop_test(tcase, equal_events_look_again, 0, entries);
    tcase_add_loop_test(tcase, off_and_on_again, 0, entries);
    tcase_add_loop_test(tcase, pause_and_resume_cost_nothing, 0, entries);
    tcase_add_loop_test(tcase, an_edge_dropped_by_a_pause_is_looked_for, 0, entries);
    tcase_add_loop_test(tcase, while_it_is_paused, 0, entries);
    tcase_add_loop_test(tcase, an_edge_that_is_oneshot, 0, entries);
    tcase_add_loop_test(tcase, beside_others, 0, entries);
    tcase_add_test(tcase, what_it_costs);
    if (have_exclusive())
        tcase_add_loop_test(tcase, an_exclusive_edge_looks_again, 0, entries);
    return suite;
}
