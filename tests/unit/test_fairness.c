/* SPDX-License-Identifier: ISC
 *
 * fdslots_set_max_ready(): a wait never reports more than n slots, and every slot has its turn.
 */
#include "kernel.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define READY 13

static struct fdslots *s;
static const struct entry *e;
static int fds[READY];

static void setup(void)
{
    s = make_slots(64);
    for (int i = 0; i < READY; i++)
        fds[i] = event_fd(true);
}

static void teardown(void)
{
    fdslots_destroy(s);
    for (int i = 0; i < READY; i++)
        close(fds[i]);
}

/* Make this many waits, and count how often each slot was ready. */
static void count_turns(int waits, int most, int turns[64])
{
    for (int w = 0; w < waits; w++) {
        uint32_t count;
        int rc = e->wait(s, FDSLOTS_FOREVER, NULL);
        const uint32_t *ready = fdslots_ready(s, &count);
        ck_assert_int_ge(rc, 1);
        ck_assert_int_le(rc, most);
        ck_assert_uint_eq(count, (unsigned)rc);
        expect_distinct(ready, count);
        for (uint32_t r = 0; r < count; r++) {
            ck_assert_int_ne(fdslots_get_revents(s, ready[r]), 0);
            turns[ready[r]]++;
        }
    }
}

/* Every entry point is tested with every limit. */
#define LIMITS(n) ((n)*entry_count())

static int choose(int i)
{
    e = entry_at(i % entry_count());
    return i / entry_count() + 1;
}

/* fdslots_wait() may change from one mechanism to another, and each keeps its own turns, so only
 * the other entry points must be exact. */
static void are_equal(int turns, int wanted, int tolerance)
{
    if (e->point < ENTRY_WAIT)
        ck_assert_int_le(abs(turns - wanted), tolerance);
    ck_assert_int_gt(turns, 0);
}

START_TEST(equal_turns)
{
    const int most = choose(_i);
    int turns[64] = {0};
    for (uint32_t i = 0; i < READY; i++)
        EXPECT(fdslots_set_index(s, 3 * i, fds[i], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, (uint32_t)most), 0);
    count_turns(10 * READY, most, turns);
    for (uint32_t i = 0; i < READY; i++)
        are_equal(turns[3 * i], 10 * most, 0);
}
END_TEST

START_TEST(equal_turns_of_refused_files)
{
    const int most = choose(_i);
    int turns[64] = {0};
    int files[READY];
    for (uint32_t i = 0; i < READY; i++) {
        files[i] = i % 3 == 0 ? 900 : regular_file(); /* a third of them are closed numbers */
        EXPECT(fdslots_set_index(s, 2 * i, files[i], POLLIN), 0);
    }
    EXPECT(fdslots_set_max_ready(s, (uint32_t)most), 0);
    count_turns(10 * READY, most, turns);
    for (uint32_t i = 0; i < READY; i++)
        are_equal(turns[2 * i], 10 * most, 0);
    for (uint32_t i = 0; i < READY; i++)
        if (files[i] != 900)
            close(files[i]);
}
END_TEST

/* A wait on the lowest slots alone does not take the turns of the others, whatever the lengths of
 * later waits. */
START_TEST(turns_of_waits_on_some_slots)
{
    static const uint32_t lengths[][4] = {{8, 4}, {4, 8, 6}, {6, 4, 6, 4}, {8, 2, 2, 2}};
    const uint32_t *lengths_here = lengths[_i];
    int turns[8] = {0};
    for (uint32_t i = 0; i < 8; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    uint32_t longest = 0;
    for (int w = 0; w < 7; w++)
        EXPECT(fdslots_poll(s, 8, 0), 1); /* it is the turn of a slot that few of the waits reach */
    for (int round = 0; round < 100; round++)
        for (int w = 0; w < 4 && lengths_here[w] > 0; w++) {
            EXPECT(fdslots_poll(s, lengths_here[w], 0), 1);
            turns[fdslots_ready(s, NULL)[0]]++;
            longest = longest > lengths_here[w] ? longest : lengths_here[w];
        }
    for (uint32_t i = 0; i < longest; i++)
        ck_assert_int_ge(turns[i], 10);
}
END_TEST

/* The same with a gap: without care, the first ready slot above many idle ones would have most
 * turns. */
START_TEST(turns_beside_a_gap)
{
    int turns[64] = {0};
    static const uint32_t slots[] = {0, 1, 2, 40, 41, 63};
    for (uint32_t i = 0; i < LENGTH(slots); i++)
        EXPECT(fdslots_set_index(s, slots[i], fds[i], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    for (int w = 0; w < 4; w++)
        EXPECT(fdslots_poll(s, 64, 0), 1);
    for (int w = 0; w < 400; w++) {
        EXPECT(fdslots_poll(s, 41, 0), 1); /* it is the turn of slot 41 */
        turns[fdslots_ready(s, NULL)[0]]++;
    }
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_int_ge(turns[slots[i]], 80);
}
END_TEST

/* A wait on the lowest slots alone does not take the turns of polled slots above them either. */
START_TEST(turns_of_polled_slots)
{
    int turns[64] = {0};
    for (uint32_t i = 0; i < READY; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    for (int round = 0; round < 100; round++) {
        EXPECT(fdslots_epoll_wait(s, 0), 1);
        turns[fdslots_ready(s, NULL)[0]]++;
        EXPECT(fdslots_poll(s, READY / 2, 0), 1);
    }
    for (uint32_t i = 0; i < READY; i++)
        ck_assert_int_gt(turns[i], 0);
}
END_TEST

/* One fd is in all slots. */
START_TEST(equal_turns_of_one_fd)
{
    const int most = choose(_i);
    int turns[64] = {0};
    for (uint32_t i = 0; i < READY; i++)
        EXPECT(fdslots_set_index(s, i, fds[0], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, (uint32_t)most), 0);
    count_turns(40 * READY, most, turns);
    for (uint32_t i = 0; i < READY; i++)
        are_equal(turns[i], turns[0], 1);
}
END_TEST

/* Eventfds, shared fds, regular files and closed numbers: every slot is reported some time. */
START_TEST(none_starves)
{
    const int most = choose(_i);
    int turns[64] = {0};
    int file = regular_file();
    for (uint32_t i = 0; i < READY; i++) {
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
        EXPECT(fdslots_set_index(s, 20 + i, fds[i % 2], POLLIN | POLLOUT), 0);
        EXPECT(fdslots_set_index(s, 40 + i, i % 4 == 0 ? 900 : file, POLLIN), 0);
    }
    EXPECT(fdslots_set_max_ready(s, (uint32_t)most), 0);
    const int in_turn = 8 * 3 * READY; /* waits, more than enough for one report of each slot */
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 64; i++)
            turns[i] = 0;
        count_turns(in_turn, most, turns);
        for (uint32_t i = 0; i < READY; i++) {
            ck_assert_int_gt(turns[i], 0);
            ck_assert_int_gt(turns[20 + i], 0);
            ck_assert_int_gt(turns[40 + i], 0);
        }
    }
    close(file);
}
END_TEST

/* There are fewer refused files than one wait may report, beside few other slots or many. */
START_TEST(room_for_both)
{
    const int limit = choose(_i);
    const int most = (limit - 1) % 8 + 1;
    const uint32_t others = limit <= 8 ? 3 : READY;
    int turns[64] = {0};
    int file = regular_file();
    EXPECT(fdslots_set_index(s, 40, file, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 50, file, POLLOUT), 0);
    for (uint32_t i = 0; i < others; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, (uint32_t)most), 0);
    count_turns(8 * READY, most, turns);
    ck_assert_int_gt(turns[40], 0);
    ck_assert_int_gt(turns[50], 0);
    for (uint32_t i = 0; i < others; i++)
        ck_assert_int_gt(turns[i], 0);
    close(file);
}
END_TEST

/* One event of a shared fd may make many slots ready. A wait still reports at most n. */
START_TEST(shared_and_single)
{
    const int most = choose(_i);
    int turns[64] = {0};
    for (uint32_t i = 0; i < READY; i++) {
        EXPECT(fdslots_set_index(s, 2 * i, fds[i], POLLIN), 0);
        EXPECT(fdslots_set_index(s, 2 * i + 1, fds[i % 2], POLLOUT), 0);
    }
    EXPECT(fdslots_set_max_ready(s, (uint32_t)most), 0);
    count_turns(20 * READY, most, turns);
    for (uint32_t i = 0; i < 2 * READY; i++)
        ck_assert_int_gt(turns[i], 0);
}
END_TEST

/* An fd that was shared once delays no later report. */
START_TEST(shared_no_more)
{
    for (uint32_t i = 0; i < READY; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 20, fds[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 21, fds[1], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), READY + 2);
    if (_i > 0)
        EXPECT(fdslots_rebuild(s), 0);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 21), 0);
    EXPECT(fdslots_set_max_ready(s, 5), 0);
    for (int again = 0; again < 5; again++)
        EXPECT(fdslots_epoll_wait(s, -1), 5);
}
END_TEST

/* Slots join and leave a shared fd between waits that cut. */
START_TEST(changes_between_cuts)
{
    int turns[64] = {0};
    e = entry_for(ENTRY_EPOLL_WAIT);
    for (uint32_t i = 0; i < 6; i++)
        EXPECT(fdslots_set_index(s, i, fds[0], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 2), 0);
    count_turns(1, 2, turns);
    for (uint32_t i = 0; i < 6; i++)
        if (turns[i] > 0)
            EXPECT(fdslots_set_events(s, i, POLLPRI), 0); /* slots that have had their turn */
    int later[64] = {0};
    count_turns(2, 2, later);
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_int_eq(turns[i] + later[i], 1);
    for (uint32_t i = 0; i < 6; i++)
        EXPECT(fdslots_set_events(s, i, turns[i] > 0 ? POLLIN : POLLPRI), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 2);
    EXPECT(fdslots_epoll_wait(s, -1), 2);
}
END_TEST

/* A slot that has had its turn is not passed over if no other slot is ready. */
START_TEST(only_those_who_had_a_turn_are_ready)
{
    for (uint32_t i = 0; i < 6; i++)
        EXPECT(fdslots_set_index(s, i, fds[0], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 2), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 2);
    for (uint32_t i = 0; i < 6; i++)
        if (fdslots_get_revents(s, i) == 0)
            EXPECT(fdslots_set_events(s, i, POLLPRI), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 2);
    EXPECT(fdslots_epoll_wait(s, -1), 2);
}
END_TEST

START_TEST(the_limit_can_change)
{
    e = entry_at(_i);
    for (uint32_t i = 0; i < READY; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), READY); /* all of them at first */
    EXPECT(fdslots_set_max_ready(s, 0), -EINVAL);
    EXPECT(e->wait(s, 0, NULL), READY);
    EXPECT(fdslots_set_max_ready(s, 5), 0);
    EXPECT(e->wait(s, 0, NULL), 5);
    EXPECT(fdslots_poll(s, 64, 0), 5);
    EXPECT(fdslots_set_max_ready(s, 64), 0);
    EXPECT(e->wait(s, 0, NULL), READY);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_poll(s, 3, 0), 1);                /* also if it is the turn of another slot */
    EXPECT(fdslots_set_max_ready(s, UINT32_MAX), 0); /* above the capacity, which means all */
    EXPECT(e->wait(s, 0, NULL), READY);
}
END_TEST

/* The next wait reports the current state. poll(2) can be asked again about such a file, because
 * its event stays until the caller has handled it. */
START_TEST(what_a_poll_left_out_is_asked_again)
{
    e = entry_at(_i);
    for (int again = 0; again < 3; again++) {
        for (uint32_t i = 0; i < READY; i++) {
            event_set(fds[i]);
            EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
        }
        EXPECT(fdslots_set_max_ready(s, 2), 0);
        for (int wait = 0; wait <= again; wait++)
            EXPECT(fdslots_poll(s, 64, 0), 2);
        for (uint32_t i = 0; i + 1 < READY; i++)
            event_clear(fds[i]);
        EXPECT(fdslots_set_max_ready(s, 64), 0);
        EXPECT(e->wait(s, 0, NULL), 1);
        EXPECT(fdslots_get_revents(s, READY - 1), POLLIN);
    }
}
END_TEST

/* Some polled slots did not fit into a wait, so they are known to be ready. A later wait does not
 * report a slot that is out of its range, that is paused, or that now wants other events. */
START_TEST(what_is_left_out_is_reported_where_it_is_wanted)
{
    const struct timespec at_once = {0, 0};
    for (uint32_t i = 1; i <= 4; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN | FDSLOTS_POLLED), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_set_max_ready(s, 1), 0);
        EXPECT(fdslots_epoll_wait(s, -1), 1);
        EXPECT(fdslots_poll(s, 3, -1), 1);
        EXPECT(fdslots_set_max_ready(s, 64), 0);
        EXPECT(fdslots_poll(s, 3, -1), 2);
        EXPECT(fdslots_set_max_ready(s, 1), 0);
        EXPECT(fdslots_epoll_wait(s, -1), 1);
        EXPECT(fdslots_set_max_ready(s, 64), 0);
        EXPECT(fdslots_pause_index(s, 2), 0);
        EXPECT(fdslots_set_events(s, 3, POLLPRI | FDSLOTS_POLLED), 0);
        EXPECT(fdslots_poll(s, 1, 0), 0);
        EXPECT(fdslots_poll(s, 4, -1), 1);
        EXPECT(fdslots_get_revents(s, 1), POLLIN);
        EXPECT(fdslots_ppoll(s, 64, &at_once, NULL), 2);
        EXPECT(fdslots_get_revents(s, 2), 0);
        EXPECT(fdslots_get_revents(s, 3), 0);
        EXPECT(fdslots_get_revents(s, 4), POLLIN);
        EXPECT(fdslots_epoll_wait(s, -1), 2);
        EXPECT(fdslots_resume_index(s, 2), 0);
        EXPECT(fdslots_set_events(s, 3, POLLIN | FDSLOTS_POLLED), 0);
        EXPECT(fdslots_epoll_wait(s, -1), 4);
    }
}
END_TEST

/* A file may report an event only once, to whoever asks first. If a wait has no room for it, a
 * later wait by any entry point reports it once, although poll(2) no longer does. A new owner of
 * the slot does not get it. */
START_TEST(what_was_left_out_comes_though_it_is_over)
{
    uint32_t first = 0;
    e = entry_at(_i);
    for (uint32_t i = 0; i < 3; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    while (fdslots_get_revents(s, first) == 0)
        first++;
    const uint32_t held = (first + 1) % 3;
    const uint32_t other = (first + 2) % 3;
    for (uint32_t i = 0; i < 3; i++)
        event_clear(fds[i]);
    EXPECT(fdslots_set_max_ready(s, 64), 0);
    EXPECT(fdslots_set_index(s, other, fds[other], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, held), POLLIN);
    for (int i = 0; i < entry_count(); i++)
        EXPECT(entry_at(i)->wait(s, 0, NULL), 0);
}
END_TEST

/* By then the set answers for the slot. The event is reported once, whichever of the two comes
 * first. */
START_TEST(what_was_left_out_is_registered_since)
{
    EXPECT(fdslots_set_index(s, 0, fds[0], POLLIN | (_i > 0 ? FDSLOTS_POLLED : 0)), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_set_events(s, 0, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_set_index(s, 1, fds[0], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_poll(s, 64, 0), 1);
    EXPECT(fdslots_get_revents(s, 1), 0);
    EXPECT(fdslots_set_events(s, 1, POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 64), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    const uint32_t *ready = fdslots_ready(s, NULL);
    ck_assert_uint_ne(ready[0], ready[1]);
}
END_TEST

/* A one-shot slot that was left out has not fired. */
START_TEST(what_is_left_out_is_not_spent)
{
    int turns[64] = {0};
    e = entry_at(_i);
    for (uint32_t i = 0; i < READY; i++)
        EXPECT(fdslots_set_index(s, i, i % 2 ? fds[i] : fds[0], POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT(fdslots_set_max_ready(s, 4), 0);
    int reported = 0;
    while (reported < READY) {
        int rc = e->wait(s, FDSLOTS_FOREVER, NULL);
        ck_assert_int_ge(rc, 1);
        const uint32_t *ready = fdslots_ready(s, NULL);
        for (int r = 0; r < rc; r++)
            turns[ready[r]]++;
        reported += rc;
    }
    EXPECT(e->wait(s, 0, NULL), 0);
    for (uint32_t i = 0; i < READY; i++)
        ck_assert_int_eq(turns[i], 1);
}
END_TEST

/* ---- many ---- */

#define MANY 10000

START_TEST(one_wait_reports_them_all)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit raised = {MANY + 100, limit.rlim_max};
    if (limit.rlim_cur < MANY + 100 && setrlimit(RLIMIT_NOFILE, &raised) != 0)
        return; /* the hard limit is too low */
    int *many = calloc(MANY, sizeof *many);
    ck_assert_ptr_nonnull(many);
    struct fdslots *wide = make_slots(MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        many[i] = event_fd(true);
        EXPECT(fdslots_set_index(wide, i, many[i], POLLIN), 0);
    }
    EXPECT_WAIT_OF(wide, fdslots_epoll_wait(wide, -1), MANY, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_get_revents(wide, i), POLLIN);
    EXPECT_WAIT_OF(wide, fdslots_epoll_wait(wide, -1), MANY, 0);
    for (uint32_t i = 0; i < MANY; i++)
        event_clear(many[i]);
    EXPECT_WAIT_OF(wide, fdslots_epoll_wait(wide, 0), 0, 0);
    fdslots_destroy(wide);
    for (uint32_t i = 0; i < MANY; i++)
        close(many[i]);
    free(many);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

/* A slot that asks for poll only after a wait has left it out does not lose what later waits leave
 * out. */
START_TEST(polled_since_it_was_left_out)
{
    for (uint32_t i = 0; i < 2; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    for (int again = 0; again < 2; again++)
        EXPECT(fdslots_poll(s, 2, 0), 1);
    for (uint32_t i = 0; i < 2; i++)
        EXPECT(fdslots_set_events(s, i, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_poll(s, 2, 0), 1);
    const uint32_t other = 1 - fdslots_ready(s, NULL)[0];
    for (int i = 0; i < 2; i++)
        event_clear(fds[i]);
    EXPECT(fdslots_poll(s, 2, 0), 1);
    EXPECT(fdslots_get_revents(s, other), POLLIN);
}
END_TEST

/* A slot that is polled only because another one with its fd asks for it loses nothing either. */
START_TEST(left_out_beside_one_that_is_polled)
{
    EXPECT(fdslots_set_index(s, 0, fds[0], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_index(s, 1, fds[0], POLLIN), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    for (int again = 0; again < 4; again++) {
        event_set(fds[0]);
        EXPECT(fdslots_epoll_wait(s, 0), 1);
        const uint32_t other = 1 - fdslots_ready(s, NULL)[0];
        event_clear(fds[0]);
        EXPECT(fdslots_poll(s, 2, 0), 1);
        EXPECT(fdslots_get_revents(s, other), POLLIN);
    }
}
END_TEST

/* A slot that no longer asks for poll does not show what was left out before, because its file
 * keeps its events, and this one is over. */
START_TEST(not_polled_since_it_was_left_out)
{
    for (uint32_t i = 0; i < 2; i++)
        EXPECT(fdslots_set_index(s, i, fds[i], POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_poll(s, 2, 0), 1);
    for (uint32_t i = 0; i < 2; i++) {
        EXPECT(fdslots_set_events(s, i, POLLIN), 0);
        event_clear(fds[i]);
    }
    EXPECT(fdslots_poll(s, 2, 0), 0);
}
END_TEST

Suite *suite_fairness(void)
{
    Suite *suite = suite_create("fairness");
    TCase *tcase = add_case(suite, "turns");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, equal_turns, 0, LIMITS(READY));
    tcase_add_loop_test(tcase, equal_turns_of_refused_files, 0, LIMITS(READY));
    tcase_add_test(tcase, turns_beside_a_gap);
    tcase_add_loop_test(tcase, turns_of_waits_on_some_slots, 0, 4);
    if (have_epoll())
        tcase_add_test(tcase, turns_of_polled_slots);
    tcase_add_loop_test(tcase, equal_turns_of_one_fd, 0, LIMITS(READY));
    tcase_add_loop_test(tcase, none_starves, 0, LIMITS(5));
    tcase_add_loop_test(tcase, room_for_both, 0, LIMITS(16));
    tcase_add_loop_test(tcase, shared_and_single, 0, LIMITS(READY));
    tcase_add_loop_test(tcase, the_limit_can_change, 0, entry_count());
    tcase_add_loop_test(tcase, what_a_poll_left_out_is_asked_again, 0, entry_count());
    tcase_add_loop_test(tcase, what_is_left_out_is_not_spent, 0, entry_count());
    tcase_add_test(tcase, polled_since_it_was_left_out);
    tcase_add_test(tcase, not_polled_since_it_was_left_out);
    if (have_epoll())
        tcase_add_test(tcase, left_out_beside_one_that_is_polled);
    if (!have_epoll())
        return suite;
    tcase = add_case(suite, "turns of the set");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, shared_no_more, 0, 2);
    tcase_add_test(tcase, changes_between_cuts);
    tcase_add_test(tcase, only_those_who_had_a_turn_are_ready);
    tcase_add_test(tcase, what_is_left_out_is_reported_where_it_is_wanted);
    tcase_add_loop_test(tcase, what_was_left_out_is_registered_since, 0, 2);
    tcase_add_loop_test(tcase, what_was_left_out_comes_though_it_is_over, 0, entry_count());
    TCase *many = add_case(suite, "many");
    tcase_add_test(many, one_wait_reports_them_all);
    return suite;
}
