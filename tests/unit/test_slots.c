/* SPDX-License-Identifier: ISC
 *
 * Setting and reading slots. If only a wait shows the effect, every entry point makes that wait.
 */
#include "common.h"
#include "oracle.h"

#include <fcntl.h>
#include <unistd.h>

static struct fdslots *s;
static int full[2];  /* a pipe with a byte in it */
static int empty[2]; /* a pipe without data */

static void setup(void)
{
    s = make_slots(10);
    make_pipe(full, true);
    make_pipe(empty, false);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close_pipe(full);
    close_pipe(empty);
}

static void is_empty(uint32_t index)
{
    EXPECT(fdslots_get_fd(s, index), -ENOENT);
    EXPECT(fdslots_get_events(s, index), 0);
    EXPECT(fdslots_get_revents(s, index), 0);
}

static void holds(uint32_t index, int fd, uint32_t events)
{
    EXPECT(fdslots_get_fd(s, index), fd);
    EXPECT(fdslots_get_events(s, index), (int)events);
}

START_TEST(new_slots_are_empty)
{
    for (uint32_t i = 0; i < 10; i++) {
        is_empty(i);
        EXPECT(fdslots_next_used(s, i), -ENOENT);
        ck_assert_int_ge(fdslots_get_generation(s, i), 0);
    }
}
END_TEST

START_TEST(set_and_get)
{
    EXPECT(fdslots_set_index(s, 7, 3, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 2, 0, POLLOUT | POLLPRI), 0);
    EXPECT(fdslots_set_index(s, 9, INT32_MAX, 0), 0); /* no fd is checked before a wait */
    holds(7, 3, POLLIN);
    holds(2, 0, POLLOUT | POLLPRI);
    holds(9, INT32_MAX, 0);
    for (uint32_t i = 0; i < 10; i++)
        if (i != 7 && i != 2 && i != 9)
            is_empty(i);
    ck_assert_int_eq(fdslots_view(s)[7].fd, 3);
    ck_assert_int_eq(fdslots_view(s)[7].events, POLLIN);
    ck_assert_int_lt(fdslots_view(s)[3].fd, 0);
}
END_TEST

static const uint32_t all_bits[] = {
    POLLIN,     POLLPRI,    POLLOUT,      POLLRDHUP,       POLLRDNORM,
    POLLRDBAND, POLLWRNORM, POLLWRBAND,   POLLERR,         POLLHUP,
    POLLNVAL,   0,          FDSLOTS_EDGE, FDSLOTS_ONESHOT, FDSLOTS_EXCLUSIVE,
};
#define ALL_POLL                                                                                   \
    (POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND |  \
     POLLERR | POLLHUP | POLLNVAL)

START_TEST(events_read_back_as_set)
{
    for (int i = 0; i < LENGTH(all_bits); i++) {
        EXPECT(fdslots_set_index(s, 1, full[0], all_bits[i]), 0);
        holds(1, full[0], all_bits[i]);
        EXPECT(fdslots_set_events(s, 1, 0), 0);
        holds(1, full[0], 0);
        EXPECT(fdslots_set_events(s, 1, all_bits[i]), 0);
        holds(1, full[0], all_bits[i]);
        ck_assert_int_eq(fdslots_view(s)[1].events, (short)all_bits[i]);
    }
    EXPECT(fdslots_set_index(s, 1, full[0], ALL_POLL | FDSLOTS_EDGE | FDSLOTS_ONESHOT), 0);
    holds(1, full[0], ALL_POLL | FDSLOTS_EDGE | FDSLOTS_ONESHOT);
    uint32_t exclusive = POLLIN | POLLOUT | FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE;
    EXPECT(fdslots_set_events(s, 1, exclusive), 0);
    holds(1, full[0], exclusive);
}
END_TEST

START_TEST(invalidate_empties)
{
    EXPECT(fdslots_set_index(s, 4, full[0], POLLIN), 0);
    EXPECT(fdslots_invalidate_index(s, 4), 0);
    is_empty(4);
    ck_assert_int_ge(fcntl(full[0], F_GETFD), 0); /* the caller's fd is not touched */
    EXPECT(fdslots_invalidate_index(s, 4), 0);
    EXPECT(fdslots_invalidate_index(s, 9), 0); /* a slot that was never used */
    EXPECT(fdslots_set_index(s, 4, full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, -1, POLLIN), 0);
    is_empty(4);
    EXPECT(fdslots_set_index(s, 4, full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, INT32_MIN, 0), 0);
    is_empty(4);
    EXPECT(fdslots_set_index(s, 8, -1, POLLIN), 0);
    is_empty(8);
}
END_TEST

START_TEST(an_empty_slot_is_no_slot)
{
    for (uint32_t i = 3; i < 10; i += 6) { /* a slot that was used before, and one that never was */
        EXPECT(fdslots_set_index(s, 3, full[0], POLLIN), 0);
        EXPECT(fdslots_invalidate_index(s, 3), 0);
        EXPECT(fdslots_set_events(s, i, POLLIN), -ENOENT);
        EXPECT(fdslots_pause_index(s, i), -ENOENT);
        EXPECT(fdslots_resume_index(s, i), -ENOENT);
        EXPECT(fdslots_close_index(s, i), -ENOENT);
        is_empty(i);
        EXPECT(fdslots_next_used(s, 0), -ENOENT);
    }
}
END_TEST

START_TEST(close_closes)
{
    for (int paused = 0; paused < 2; paused++) {
        int fd = dup(full[0]);
        EXPECT(fdslots_set_index(s, 5, fd, POLLIN), 0);
        if (paused)
            EXPECT(fdslots_pause_index(s, 5), 0);
        int64_t generation = fdslots_get_generation(s, 5);
        EXPECT(fdslots_close_index(s, 5), 0);
        is_empty(5);
        ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
        ck_assert_int_ne(fdslots_get_generation(s, 5), generation);
        ck_assert_int_ge(fcntl(full[0], F_GETFD), 0);
    }
}
END_TEST

START_TEST(close_of_a_closed_fd_empties_all_the_same)
{
    int fd = dup(full[0]);
    EXPECT(fdslots_set_index(s, 5, fd, POLLIN), 0);
    close(fd);
    EXPECT(fdslots_close_index(s, 5), -EBADF);
    is_empty(5);
}
END_TEST

START_TEST(destroy_keeps_the_callers_fds)
{
    int next_fd = dup(full[0]);
    close(next_fd);
    struct fdslots *other = make_slots(4);
    EXPECT(fdslots_set_index(other, 0, full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(other, 1, full[1], POLLOUT), 0);
    for (int i = 0; i < entry_count(); i++)
        EXPECT(entry_at(i)->wait(other, 0, NULL), 2);
    EXPECT_QUIET(fdslots_destroy(other));
    ck_assert_int_ge(fcntl(full[0], F_GETFD), 0);
    ck_assert_int_ge(fcntl(full[1], F_GETFD), 0);
    ck_assert_int_eq(dup(full[0]), next_fd); /* the buffer leaves no fd of its own open */
    close(next_fd);
}
END_TEST

static void changes_owner(bool expected, int rc, int64_t *generation)
{
    ck_assert_int_eq(rc, 0);
    int64_t now = fdslots_get_generation(s, 6);
    ck_assert_int_ge(now, 0);
    ck_assert_int_le(now, UINT32_MAX);
    ck_assert_int_eq(now != *generation, expected);
    *generation = now;
}

START_TEST(generation_changes_with_the_owner_only)
{
    int64_t g = fdslots_get_generation(s, 6);
    changes_owner(true, fdslots_set_index(s, 6, full[0], POLLIN), &g);
    /* Equal values, but another owner. */
    changes_owner(true, fdslots_set_index(s, 6, full[0], POLLIN), &g);
    changes_owner(false, fdslots_set_events(s, 6, POLLPRI), &g);
    changes_owner(false, fdslots_pause_index(s, 6), &g);
    changes_owner(false, fdslots_resume_index(s, 6), &g);
    changes_owner(false, fdslots_set_events(s, 6, POLLIN | FDSLOTS_ONESHOT), &g);
    ck_assert_int_eq(fdslots_poll(s, 10, 0), 1);
    changes_owner(false, 0, &g);
    changes_owner(true, fdslots_invalidate_index(s, 6), &g);
    changes_owner(true, fdslots_set_index(s, 6, dup(full[0]), POLLIN), &g);
    changes_owner(true, fdslots_close_index(s, 6), &g);
    changes_owner(true, fdslots_set_index(s, 6, full[0], POLLIN), &g);
    changes_owner(true, fdslots_set_index(s, 6, -1, 0), &g);
    /* Other slots have generations of their own. */
    changes_owner(false, fdslots_set_index(s, 5, full[0], POLLIN), &g);
    changes_owner(false, fdslots_set_index(s, 9, full[0], POLLIN), &g);
}
END_TEST

START_TEST(next_used_walks_the_used_ones)
{
    const uint32_t used[] = {0, 63, 64, 100, 4095, 4096, 9999};
    struct fdslots *many = make_slots(10000);
    for (int i = LENGTH(used) - 1; i >= 0; i--)
        EXPECT(fdslots_set_index(many, used[i], 0, 0), 0);
    EXPECT(fdslots_pause_index(many, 64), 0); /* a paused slot is a used one */
    int n = 0;
    for (int64_t i = fdslots_next_used(many, 0); i >= 0;
         i = fdslots_next_used(many, (uint32_t)i + 1))
        ck_assert_int_eq(i, used[n++]);
    ck_assert_int_eq(n, LENGTH(used));
    EXPECT(fdslots_next_used(many, 101), 4095);
    EXPECT(fdslots_next_used(many, 10000), -ENOENT);
    EXPECT(fdslots_next_used(many, UINT32_MAX), -ENOENT);
    EXPECT(fdslots_invalidate_index(many, 9999), 0);
    EXPECT(fdslots_next_used(many, 4097), -ENOENT);
    fdslots_destroy(many);
}
END_TEST

/* ---- free slots ---- */

static const uint32_t capacities[] = {1, 63, 64, 65, 128, 4096, 4097, 10000};

static int64_t first_empty(const struct fdslots *many, uint32_t from)
{
    for (; from < fdslots_capacity(many); from++)
        if (fdslots_get_fd(many, from) < 0)
            return from;
    return -ENOSPC;
}

/* Search from the indices at which something may go wrong, and from some others. */
static void agree_on_free(const struct fdslots *many, uint32_t index)
{
    const uint32_t from[] = {0, index, index + 1, index | 63, (index | 63) + 1, index / 2, 4095};
    for (int i = 0; i < LENGTH(from); i++)
        EXPECT(fdslots_next_free(many, from[i]), first_empty(many, from[i]));
}

/* The slots are filled from below, emptied in another order, and filled again. */
START_TEST(next_free_finds_what_a_search_would)
{
    const uint32_t nslots = capacities[_i];
    struct fdslots *many = make_slots(nslots);
    for (uint32_t i = 0; i < nslots; i++) {
        EXPECT(fdslots_next_free(many, 0), i);
        EXPECT(fdslots_set_index(many, i, 0, 0), 0);
        EXPECT(fdslots_set_index(many, i, 0, POLLIN), 0);
    }
    EXPECT(fdslots_next_free(many, 0), -ENOSPC);
    for (uint32_t i = 0; i < nslots && i < 300; i++) {
        const uint32_t index = i * 67 % nslots;
        EXPECT(fdslots_invalidate_index(many, index), 0);
        agree_on_free(many, index);
    }
    for (int64_t i; (i = fdslots_next_free(many, 0)) >= 0;) {
        EXPECT(fdslots_set_index(many, (uint32_t)i, 0, 0), 0);
        agree_on_free(many, (uint32_t)i);
    }
    fdslots_destroy(many);
}
END_TEST

/* Slots that were never used are free, even below used ones. */
START_TEST(next_free_where_nothing_was_used)
{
    struct fdslots *many = make_slots(10000);
    EXPECT(fdslots_next_free(many, 0), 0);
    EXPECT(fdslots_next_free(many, 9999), 9999);
    EXPECT(fdslots_next_free(many, 10000), -ENOSPC);
    EXPECT(fdslots_set_index(many, 5000, 0, 0), 0);
    EXPECT(fdslots_next_free(many, 0), 0);
    EXPECT(fdslots_next_free(many, 5000), 5001);
    EXPECT(fdslots_next_free(many, 9000), 9000);
    fdslots_destroy(many);
}
END_TEST

/* ---- paused or not ---- */

START_TEST(is_paused_says_whether_anything_can_be_reported)
{
    EXPECT(fdslots_is_paused(s, 1), 0);
    EXPECT(fdslots_set_index(s, 1, 0, POLLIN), 0);
    EXPECT(fdslots_is_paused(s, 1), 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_is_paused(s, 1), 1);
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
    EXPECT(fdslots_is_paused(s, 1), 1);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT(fdslots_is_paused(s, 1), 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_set_index(s, 1, full[0], POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT(fdslots_is_paused(s, 1), 0);
    EXPECT(fdslots_poll(s, 10, 0), 1);
    EXPECT(fdslots_is_paused(s, 1), 1);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_ONESHOT), 0);
    EXPECT(fdslots_is_paused(s, 1), 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_is_paused(s, 1), 0);
    EXPECT(fdslots_is_paused(s, 10), -EINVAL);
    EXPECT(fdslots_is_paused(NULL, 0), -EINVAL);
}
END_TEST

/* ---- effects on a wait ---- */

/* Holes and emptied ends do not change the answers. test_limits.c shows that empty slots at the end
 * do not reach the kernel. */
START_TEST(sparse_slots)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *many = make_slots(500);
    struct pollfd want[500];
    for (uint32_t i = 0; i < 500; i++)
        want[i] = (struct pollfd){-1, POLLIN, 0};
    const uint32_t order[] = {250, 3, 499, 64, 0, 63};
    for (int i = 0; i < LENGTH(order); i++) {
        want[order[i]].fd = i % 2 == 0 ? full[0] : empty[0];
        EXPECT(fdslots_set_index(many, order[i], want[order[i]].fd, POLLIN), 0);
        oracle_check(e, many, want, 500);
    }
    const uint32_t back[] = {499, 64, 250, 0, 63, 3};
    for (int i = 0; i < LENGTH(back); i++) {
        want[back[i]].fd = -1;
        EXPECT(fdslots_invalidate_index(many, back[i]), 0);
        oracle_check(e, many, want, 500);
    }
    fdslots_destroy(many);
}
END_TEST

START_TEST(paused_slots_are_invisible)
{
    const struct entry *e = entry_at(_i);
    int gone[2];
    make_pipe(gone, false);
    close(gone[1]); /* HUP at gone[0], although no events are wanted */
    EXPECT(fdslots_set_index(s, 1, gone[0], 0), 0);
    EXPECT(fdslots_set_index(s, 2, full[0], POLLIN | FDSLOTS_POLLED), 0);
    /* A closed number reads NVAL, but the paused fd 0 does not. */
    EXPECT(fdslots_set_index(s, 0, 901, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 3);
    for (uint32_t i = 0; i < 3; i++) {
        int fd = fdslots_get_fd(s, i);
        int events = fdslots_get_events(s, i);
        ck_assert_int_ne(fdslots_get_revents(s, i), 0);
        EXPECT(fdslots_pause_index(s, i), 0);
        EXPECT(fdslots_get_revents(s, i), 0);
        EXPECT(fdslots_pause_index(s, i), 0); /* pausing twice has the effect of once */
        EXPECT(fdslots_get_fd(s, i), fd);
        EXPECT(fdslots_get_events(s, i), events);
        ck_assert_int_lt(fdslots_view(s)[i].fd, 0);
        EXPECT(e->wait(s, 0, NULL), 2 - (int)i);
        EXPECT(fdslots_get_revents(s, i), 0);
    }
    EXPECT(fdslots_next_used(s, 0), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0); /* set_events() does not end the pause */
    EXPECT(e->wait(s, 0, NULL), 0);
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT(fdslots_resume_index(s, i), 0);
        EXPECT(fdslots_resume_index(s, i), 0);
        EXPECT(e->wait(s, 0, NULL), (int)i + 1);
    }
    EXPECT(fdslots_pause_index(s, 2), 0);
    EXPECT(fdslots_set_index(s, 2, full[0], POLLIN), 0); /* a new owner is not paused */
    EXPECT(e->wait(s, 0, NULL), 3);
    close(gone[0]);
}
END_TEST

START_TEST(a_set_clears_what_was_reported)
{
    const struct entry *e = entry_at(_i);
    EXPECT(fdslots_set_index(s, 0, full[0], POLLIN | POLLRDNORM), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_get_revents(s, 0), POLLIN | POLLRDNORM);
    EXPECT(fdslots_set_events(s, 0, POLLIN | POLLOUT), 0);
    EXPECT(fdslots_get_revents(s, 0), POLLIN); /* events that are still wanted stay */
    EXPECT(fdslots_set_events(s, 0, POLLOUT), 0);
    EXPECT(fdslots_get_revents(s, 0), 0);
    EXPECT(fdslots_set_events(s, 0, POLLIN), 0);
    EXPECT(fdslots_get_revents(s, 0), 0); /* dropped events do not come back before a wait */
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_set_index(s, 0, full[0], POLLIN), 0);
    EXPECT(fdslots_get_revents(s, 0), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_get_revents(s, 0), 0);
}
END_TEST

/* ERR, HUP and NVAL are always reported, so a change of events does not drop them. */
START_TEST(set_events_keeps_what_is_always_reported)
{
    const struct entry *e = entry_at(_i);
    int gone[2];
    make_pipe(gone, true);
    close(gone[1]);
    EXPECT(fdslots_set_index(s, 0, gone[0], POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, 901, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 2);
    EXPECT(fdslots_get_revents(s, 0), POLLIN | POLLHUP);
    EXPECT(fdslots_set_events(s, 0, 0), 0);
    EXPECT(fdslots_set_events(s, 1, POLLOUT), 0);
    EXPECT(fdslots_get_revents(s, 0), POLLHUP);
    EXPECT(fdslots_get_revents(s, 1), POLLNVAL);
    close(gone[0]);
}
END_TEST

START_TEST(buffers_share_nothing)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *other = make_slots(10);
    EXPECT(fdslots_set_index(s, 1, full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(other, 1, full[0], POLLIN), 0);
    EXPECT(fdslots_set_index(other, 2, full[1], POLLOUT), 0);
    EXPECT(e->wait(other, 0, NULL), 2);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_get_revents(other, 1), POLLIN);
    EXPECT(e->wait(other, 0, NULL), 2);
    EXPECT_QUIET(fdslots_destroy(other));
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
}
END_TEST

START_TEST(changes_between_waits_are_seen)
{
    const struct entry *e = entry_at(_i);
    struct pollfd want[4] = {
        {full[0], POLLIN, 0}, {empty[0], POLLIN, 0}, {full[1], POLLOUT, 0}, {-1, 0, 0}};
    oracle_fill(s, want, 4);
    oracle_check(e, s, want, 4);
    want[0].fd = empty[0]; /* two slots change places */
    want[1].fd = full[0];
    oracle_fill(s, want, 2);
    oracle_check(e, s, want, 4);
    want[2].events = POLLIN;
    EXPECT(fdslots_set_events(s, 2, POLLIN), 0);
    oracle_check(e, s, want, 4);
    want[2].events = POLLOUT;
    EXPECT(fdslots_set_events(s, 2, POLLOUT), 0);
    oracle_check(e, s, want, 4);
    want[3] = want[1]; /* one slot moves */
    want[1].fd = -1;
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_set_index(s, 3, full[0], POLLIN), 0);
    oracle_check(e, s, want, 4);
    EXPECT(fdslots_pause_index(s, 3), 0);
    EXPECT(fdslots_resume_index(s, 3), 0);
    oracle_check(e, s, want, 4);
}
END_TEST

/* However often slots change between two waits, the memory for the changes does not fill up. */
START_TEST(any_number_of_changes_is_seen)
{
    const struct entry *e = entry_at(_i);
    struct pollfd want[2] = {{full[0], POLLIN, 0}, {empty[0], POLLIN, 0}};
    for (uint32_t again = 0; again < 5000; again++) {
        EXPECT(fdslots_set_index(s, 0, full[0], POLLIN), 0);
        EXPECT(fdslots_set_index(s, 1, empty[0], POLLIN | FDSLOTS_ONESHOT), 0);
        EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_POLLED), 0);
        EXPECT(fdslots_set_events(s, 0, POLLOUT), 0);
        EXPECT(fdslots_pause_index(s, again % 2), 0);
        EXPECT(fdslots_resume_index(s, again % 2), 0);
        EXPECT(fdslots_invalidate_index(s, again % 2), 0);
    }
    oracle_fill(s, want, 2);
    oracle_check(e, s, want, 2);
}
END_TEST

Suite *suite_slots(void)
{
    Suite *suite = suite_create("slots");
    TCase *tcase = add_case(suite, "memory only");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, new_slots_are_empty);
    tcase_add_test(tcase, set_and_get);
    tcase_add_test(tcase, events_read_back_as_set);
    tcase_add_test(tcase, invalidate_empties);
    tcase_add_test(tcase, an_empty_slot_is_no_slot);
    tcase_add_test(tcase, close_closes);
    tcase_add_test(tcase, close_of_a_closed_fd_empties_all_the_same);
    tcase_add_test(tcase, destroy_keeps_the_callers_fds);
    tcase_add_test(tcase, generation_changes_with_the_owner_only);
    tcase_add_test(tcase, next_used_walks_the_used_ones);
    tcase_add_loop_test(tcase, next_free_finds_what_a_search_would, 0, LENGTH(capacities));
    tcase_add_test(tcase, next_free_where_nothing_was_used);
    tcase_add_test(tcase, is_paused_says_whether_anything_can_be_reported);
    tcase = add_case(suite, "with waits");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, sparse_slots, 0, entry_count());
    tcase_add_loop_test(tcase, paused_slots_are_invisible, 0, entry_count());
    tcase_add_loop_test(tcase, a_set_clears_what_was_reported, 0, entry_count());
    tcase_add_loop_test(tcase, set_events_keeps_what_is_always_reported, 0, entry_count());
    tcase_add_loop_test(tcase, buffers_share_nothing, 0, entry_count());
    tcase_add_loop_test(tcase, changes_between_waits_are_seen, 0, entry_count());
    tcase_add_loop_test(tcase, any_number_of_changes_is_seen, 0, entry_count());
    return suite;
}
