/* SPDX-License-Identifier: ISC
 *
 * fdslots_set_max_ready() beside polled slots: every slot has its turn. If a wait saw an event but
 * had no room for it, the event is kept for a later wait, because the file may not report it again.
 */
#include "child.h"
#include "kernel.h"
#include "one_time.h"

#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MANY 12 /* number of slots of each kind */

static const struct entry *e;
static struct fdslots *s;
static int ready;

static void setup(void)
{
    s = make_slots(4 * MANY);
    ready = event_fd(true);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(ready);
}

/* ---- turns of slots that stay ready ---- */

static void fill(int dups[MANY], int file)
{
    for (uint32_t i = 0; i < MANY; i++) {
        dups[i] = dup(ready);
        EXPECT(fdslots_set_index(s, 4 * i, dups[i], POLLIN), 0);
        EXPECT(fdslots_set_index(s, 4 * i + 1, file, POLLIN), 0);
        EXPECT(fdslots_set_index(s, 4 * i + 2, ready, POLLIN | POLLOUT | FDSLOTS_POLLED), 0);
        EXPECT(fdslots_set_index(s, 4 * i + 3, 900, POLLIN), 0);
    }
}

static void count_turn(int most, int turns[4 * MANY])
{
    uint32_t count;
    int rc = e->wait(s, FDSLOTS_FOREVER, NULL);
    const uint32_t *list = fdslots_ready(s, &count);
    ck_assert_int_ge(rc, 1);
    ck_assert_int_le(rc, most);
    ck_assert_uint_eq(count, (unsigned)rc);
    expect_distinct(list, count);
    for (uint32_t r = 0; r < count; r++) {
        static const int wanted[] = {POLLIN, POLLIN, POLLIN | POLLOUT, POLLNVAL};
        EXPECT(fdslots_get_revents(s, list[r]), wanted[list[r] % 4]);
        turns[list[r]]++;
    }
}

START_TEST(each_has_its_turn)
{
    const int most = _i / entry_count() * 5 + 1;
    int turns[4 * MANY] = {0};
    int dups[MANY];
    int file = regular_file();
    e = entry_at(_i % entry_count());
    fill(dups, file);
    EXPECT(fdslots_set_max_ready(s, (uint32_t)most), 0);
    const int waits = 10 * 4 * MANY; /* more than enough for one turn of every slot */
    for (int round = 0; round < 3; round++) {
        memset(turns, 0, sizeof turns);
        for (int w = 0; w < waits; w++)
            count_turn(most, turns);
        for (int i = 0; i < 4 * MANY; i++)
            ck_assert_msg(turns[i] > 0, "slot %d had no turn in %d waits", i, waits);
    }
    for (int i = 0; i < MANY; i++)
        close(dups[i]);
    close(file);
}
END_TEST

/* ---- events that a file reports once and the buffer keeps ---- */

enum { FILES = 4 };
static int files[FILES];

/* Runs in a child. The first slots hold files that get an event, and one more slot is always
 * ready. */
static void begin(uint32_t flags, const struct entry *first)
{
    const struct one_time *source = one_time_at(0);
    one_time_begin(source);
    fdslots_destroy(s);
    CHILD_EXPECT(fdslots_create(2 * FILES, 0, &s), 0);
    for (uint32_t i = 0; i < FILES; i++) {
        files[i] = one_time_open(source);
        CHILD_EXPECT(fdslots_set_index(s, i, files[i], POLLPRI | flags), 0);
    }
    CHILD_EXPECT(fdslots_set_index(s, FILES, ready, POLLIN), 0);
    CHILD_EXPECT(first->wait(s, 0, NULL), 1);
    one_time_event(source);
}

static int seen[2 * FILES];

static void note_seen(void)
{
    uint32_t count;
    const uint32_t *list = fdslots_ready(s, &count);
    for (uint32_t r = 0; r < count; r++) {
        seen[list[r]]++;
        if (list[r] < FILES)
            CHILD_EXPECT(fdslots_get_revents(s, list[r]), POLLPRI | POLLERR);
    }
}

static uint32_t most;

static void wait_in_turns(void)
{
    begin(0, e);
    CHILD_EXPECT(fdslots_set_max_ready(s, most), 0);
    for (int wait = 0; wait < 4 * FILES; wait++) {
        int rc = e->wait(s, FDSLOTS_FOREVER, NULL);
        CHILD_EXPECT(rc >= 1 && rc <= (int)most, true);
        note_seen();
    }
    for (uint32_t i = 0; i < FILES; i++)
        CHILD_EXPECT(seen[i], 1);
    CHILD_EXPECT(seen[FILES] >= 2, true);
}

START_TEST(each_event_comes_once)
{
    e = entry_at(_i % entry_count());
    most = (uint32_t)(_i / entry_count()) + 1;
    child_run(wait_in_turns);
}
END_TEST

/* The wait that saw the event reports one slot. The other files' events must come later. */
static uint32_t begin_cut(uint32_t flags)
{
    begin(flags, entry_for(ENTRY_EPOLL_WAIT));
    CHILD_EXPECT(fdslots_set_max_ready(s, 1), 0);
    for (int wait = 0; wait < 2;
         wait++) { /* one of these waits may report the slot that is always ready */
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
        note_seen();
    }
    CHILD_EXPECT(fdslots_pause_index(s, FILES), 0);
    CHILD_EXPECT(fdslots_set_max_ready(s, 2 * FILES), 0);
    uint32_t held = 0;
    while (held < FILES && seen[held] > 0)
        held++;
    CHILD_EXPECT(held < FILES, true);
    return held;
}

static void all_came_once(void)
{
    note_seen();
    for (uint32_t i = 0; i < FILES; i++)
        CHILD_EXPECT(seen[i], 1);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

static void wait_with_all(void)
{
    begin_cut(0);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL) >= 1, true); /* the wait does not block */
    all_came_once();
}

static void wait_after_a_rebuild(void)
{
    begin_cut(0);
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL) >= 1, true);
    all_came_once();
}

static void wait_after_a_pause(void)
{
    const uint32_t held = begin_cut(0);
    CHILD_EXPECT(fdslots_pause_index(s, held), 0);
    CHILD_EXPECT(fdslots_resume_index(s, held), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL) >= 1, true);
    all_came_once();
}

static void wait_while_paused(void)
{
    const uint32_t held = begin_cut(0);
    CHILD_EXPECT(fdslots_pause_index(s, held), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL) >= 1, true);
    CHILD_EXPECT(fdslots_get_revents(s, held), 0);
    note_seen();
    CHILD_EXPECT(fdslots_resume_index(s, held), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    all_came_once();
}

static void wait_as_oneshot(void)
{
    begin_cut(FDSLOTS_ONESHOT);
    CHILD_EXPECT(e->wait(s, 0, NULL) >= 1, true);
    all_came_once();
}

/* A new owner of the slot does not get the event. */
static void wait_for_another_owner(void)
{
    const uint32_t held = begin_cut(0);
    CHILD_EXPECT(fdslots_set_index(s, held, event_fd(false), POLLIN | POLLPRI), 0);
    e->wait(s, 0, NULL);
    CHILD_EXPECT(fdslots_get_revents(s, held), 0);
    seen[held]++;
    all_came_once();
}

static void wait_without_it(void)
{
    const uint32_t held = begin_cut(0);
    CHILD_EXPECT(fdslots_close_index(s, held), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL) >= 1, true);
    CHILD_EXPECT(fdslots_get_revents(s, held), 0);
    seen[held]++;
    all_came_once();
}

static void (*const ways[])(void) = {
    wait_with_all,   wait_after_a_rebuild,   wait_after_a_pause, wait_while_paused,
    wait_as_oneshot, wait_for_another_owner, wait_without_it,
};

START_TEST(what_was_held_back_comes)
{
    e = entry_at(_i % entry_count());
    child_run(ways[_i / entry_count()]);
}
END_TEST

/* A wait left out that the number of a slot is closed. By the next wait it is a file, so that is
 * over. */
START_TEST(a_closed_number_that_was_left_out_is_asked_again)
{
    const int closed = 900;
    const struct entry *first = entry_at(_i % entry_count());
    e = entry_at(_i / entry_count() % entry_count());
    const bool is_ready = _i >= entry_count() * entry_count();
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_index(s, 1, closed, POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(first->wait(s, FDSLOTS_FOREVER, NULL), 1);
    const bool left_out = fdslots_get_revents(s, 1) == 0;
    const int file = event_fd(is_ready);
    ck_assert_int_eq(dup2(file, closed), closed);
    EXPECT(fdslots_set_max_ready(s, 4 * MANY), 0);
    event_clear(ready);
    if (left_out) {
        EXPECT(e->wait(s, 1000000, NULL), is_ready);
        EXPECT(fdslots_get_revents(s, 1), is_ready ? POLLIN : 0);
    }
    EXPECT(fdslots_close_index(s, 1), 0);
    close(file);
}
END_TEST

/* The reverse: the number of a slot that was left out is closed by the next wait. */
START_TEST(what_was_left_out_is_over_once_it_is_closed)
{
    e = entry_at(_i % entry_count());
    const bool flagged = _i < entry_count();
    for (uint32_t i = 0; i < 2; i++)
        EXPECT(fdslots_set_index(s, i, flagged ? event_fd(true) : regular_file(),
                                 POLLIN | (flagged ? FDSLOTS_POLLED : 0)),
               0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    for (uint32_t i = 0; i < 2; i++)
        close(fdslots_get_fd(s, i));
    EXPECT(fdslots_set_max_ready(s, 2), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    for (uint32_t i = 0; i < 2; i++)
        EXPECT(fdslots_get_revents(s, i), POLLNVAL);
}
END_TEST

/* Slots are left out by poll while their number is a regular file, of which events are kept. By the
 * next wait it is a pipe, and the set answers for all of them, so what they hold is not reported
 * beside that. */
START_TEST(what_was_left_out_of_another_file_is_not_reported_twice)
{
    int p[2], q[2];
    uint32_t count;
    const int number = regular_file();
    struct fdslots *four = make_slots(4);
    make_pipe(p, true);
    EXPECT(fdslots_set_index(four, 0, p[0], POLLIN), 0);
    for (uint32_t i = 1; i < 4; i++)
        EXPECT(fdslots_set_index(four, i, number, POLLIN), 0);
    EXPECT(fdslots_set_max_ready(four, 1), 0);
    EXPECT(fdslots_poll(four, 4, 0), 1);
    EXPECT(fdslots_close_index(four, 3), 0);
    make_pipe(q, true);
    ck_assert_int_eq(dup2(q[0], number), number);
    EXPECT(fdslots_set_index(four, 3, number, POLLIN), 0);
    for (int again = 0; again < 6; again++) {
        EXPECT(fdslots_set_max_ready(four, 1), 0);
        EXPECT(fdslots_poll(four, 4, 0), 1);
        EXPECT(fdslots_set_max_ready(four, UINT32_MAX), 0);
        EXPECT(fdslots_epoll_wait(four, 0), 4);
        const uint32_t *list = fdslots_ready(four, &count);
        expect_distinct(list, count);
        EXPECT(fdslots_get_fd(four, 0), p[0]);
    }
    ck_assert_uint_eq(stats_of(four).ghosts_dropped, 0);
    fdslots_destroy(four);
    close(number);
    close_pipe(p), close_pipe(q);
}
END_TEST

/* A slot that was not told that its file is closed does not report what it held of it. */
START_TEST(what_was_left_out_is_over_for_all_slots_with_the_fd)
{
    int p[2], q[2];
    e = entry_at(_i);
    make_pipe(p, true);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    for (uint32_t i = 1; i < 3; i++)
        EXPECT(fdslots_set_index(s, i, p[0], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_poll(s, 3, 0), 1);
    EXPECT(fdslots_close_index(s, 1), 0);
    make_pipe(q, false);
    ck_assert_int_eq(dup2(q[0], p[0]), p[0]);
    EXPECT(fdslots_set_max_ready(s, 4 * MANY), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), 0);
    close_pipe(p), close_pipe(q);
}
END_TEST

/* Nor does it treat events of the next file as those of the closed one, which were kept. */
START_TEST(the_next_file_of_a_number_is_of_another_kind)
{
    const int number = regular_file();
    const int event = event_fd(true);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    for (uint32_t i = 1; i < 3; i++)
        EXPECT(fdslots_set_index(s, i, number, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_poll(s, 3, 0), 1);
    EXPECT(fdslots_close_index(s, 1), 0);
    ck_assert_int_eq(dup2(event, number), number);
    do
        EXPECT(fdslots_poll(s, 3, 0), 1);
    while (fdslots_get_revents(s, 2) != 0);
    event_clear(event);
    EXPECT(fdslots_set_max_ready(s, 4 * MANY), 0);
    EXPECT(fdslots_poll(s, 3, 0), 1);
    EXPECT(fdslots_get_revents(s, 2), 0);
    close(number), close(event);
}
END_TEST

/* A terminal keeps its input until it is read, so what was left out is not reported once it is
 * read.
 */
START_TEST(a_terminal_that_was_left_out_is_asked_again)
{
    char byte;
    int master, terminal;
    e = entry_at(_i);
    ck_assert_int_eq(openpty(&master, &terminal, NULL, NULL, NULL), 0);
    for (uint32_t i = 0; i < 3; i++)
        EXPECT(fdslots_set_index(s, i, master, POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(write(terminal, "x", 1), 1);
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
        ck_assert_int_eq(read(master, &byte, 1), 1);
        EXPECT(e->wait(s, 0, NULL), 0);
    }
    close(terminal), close(master);
}
END_TEST

/* A paused slot is not polled, though it holds an event. So a wait makes one call, as if the slot
 * were empty. */
START_TEST(a_paused_one_costs_nothing)
{
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_set_index(s, i, ready, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_pause_index(s, i), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    const struct fdslots_stats before = stats_of(s);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).poll_calls, before.poll_calls);
    ck_assert_uint_eq(stats_of(s).polled, before.polled);
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_resume_index(s, i), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
}
END_TEST

Suite *suite_polled_turns(void)
{
    Suite *suite = suite_create("polled slots in turns");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "polled slots in turns");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, each_has_its_turn, 0, 4 * entry_count());
    tcase_add_loop_test(tcase, each_event_comes_once, 0, (FILES + 1) * entry_count());
    tcase_add_loop_test(tcase, what_was_held_back_comes, 0, LENGTH(ways) * entry_count());
    tcase_add_loop_test(tcase, a_closed_number_that_was_left_out_is_asked_again, 0,
                        2 * entry_count() * entry_count());
    tcase_add_loop_test(tcase, what_was_left_out_is_over_once_it_is_closed, 0, 2 * entry_count());
    tcase_add_test(tcase, what_was_left_out_of_another_file_is_not_reported_twice);
    tcase_add_loop_test(tcase, what_was_left_out_is_over_for_all_slots_with_the_fd, 0,
                        entry_count());
    tcase_add_test(tcase, the_next_file_of_a_number_is_of_another_kind);
    tcase_add_loop_test(tcase, a_terminal_that_was_left_out_is_asked_again, 0, entry_count());
    tcase_add_test(tcase, a_paused_one_costs_nothing);
    return suite;
}
