/* SPDX-License-Identifier: ISC
 *
 * Ghosts: files that stay in the kernel's set, out of reach, because a dup or a child keeps them
 * open after their fd was closed. Nobody may ever see one.
 */
#include "child.h"
#include "kept.h"

#include <fcntl.h>
#include <unistd.h>

#define A_WHILE INT64_C(20000000)

/* Ways to lose the fd of slot 1, whose file lives on; each leaves what else is in slot 1 or 2. */
struct way {
    const char *name;
    void (*lose)(int fd);
    int visible; /* ready slots afterwards */
    int ghosts;  /* that a wait by epoll sees */
};

static const struct entry *e;
static void setup(void)
{
    kept_setup(0);
}

static void close_after_invalidate(int fd)
{
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    close(fd);
}

static void reuse_in_the_same_slot(int fd)
{
    EXPECT(fdslots_set_index(s, 1, number_reused(fd, false), POLLIN), 0);
}

static void reuse_in_the_same_slot_ready(int fd)
{
    EXPECT(fdslots_set_index(s, 1, number_reused(fd, true), POLLIN), 0);
}

static void reuse_in_another_slot(int fd)
{
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_set_index(s, 2, number_reused(fd, false), POLLIN), 0);
}

static void reuse_by_a_regular_file(int fd)
{
    int file = regular_file();
    dup2(file, fd);
    close(file);
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN), 0);
}

static void reuse_and_close_by_the_buffer(int fd)
{
    EXPECT(fdslots_set_index(s, 1, number_reused(fd, true), POLLIN), 0);
    EXPECT(fdslots_close_index(s, 1), 0);
}

static void replace_an_exclusive_one(int fd)
{
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN | (have_exclusive() ? FDSLOTS_EXCLUSIVE : 0)), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_set_index(s, 1, number_reused(fd, false), POLLIN), 0);
}

static void share_then_close(int fd)
{
    EXPECT(fdslots_set_index(s, 2, fd, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_invalidate_index(s, 2), 0);
    close(fd);
}

static void close_by_the_buffer(int fd)
{
    (void)fd;
    EXPECT(fdslots_close_index(s, 1), 0);
}

static void close_a_paused_one_by_the_buffer(int fd)
{
    (void)fd;
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_close_index(s, 1), 0);
}

static void close_a_shared_one_by_the_buffer(int fd)
{
    EXPECT(fdslots_set_index(s, 2, fd, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_close_index(s, 2), 0);
}

static void close_after_a_wait(int fd)
{
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    close(fd);
}

static void close_a_paused_one(int fd)
{
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    close(fd);
}

static void close_while_paused(int fd)
{
    EXPECT(fdslots_pause_index(s, 1), 0); /* the slot has the same owner as before */
    close(fd);
}

static const struct way ways[] = {
    {"closed after invalidate", close_after_invalidate, 0, 1},
    {"reused, same slot", reuse_in_the_same_slot, 0, 1},
    {"reused, same slot, ready", reuse_in_the_same_slot_ready, 1, 1},
    {"reused, another slot", reuse_in_another_slot, 0, 1},
    {"reused by a regular file", reuse_by_a_regular_file, 1, 1},
    {"reused, then close_index", reuse_and_close_by_the_buffer, 0, 1},
    {"exclusive, reused", replace_an_exclusive_one, 0, 1},
    {"shared, closed", share_then_close, 0, 1},
    {"paused, closed", close_while_paused, 0, 1},
    /* Nothing is left where the buffer could deregister the file. */
    {"close_index", close_by_the_buffer, 0, 0},
    {"close_index of a paused slot", close_a_paused_one_by_the_buffer, 0, 0},
    {"close_index of a shared fd", close_a_shared_one_by_the_buffer, 0, 0},
    {"closed after a wait", close_after_a_wait, 0, 0},
    {"paused, closed after waits", close_a_paused_one, 0, 0},
};
#define WAYS LENGTH(ways)

static void ready_slots(int count)
{
    EXPECT(fdslots_get_revents(s, 0), 0);
    uint32_t got;
    const uint32_t *ready = fdslots_ready(s, &got);
    ck_assert_uint_eq(got, (unsigned)count);
    for (uint32_t i = 0; i < got; i++)
        ck_assert_uint_ne(ready[i], 0);
}

static void dropped(int ghosts)
{
    struct fdslots_stats stats = stats_of(s);
    ck_assert_uint_eq(stats.ghosts_dropped, (unsigned)ghosts);
    ck_assert_uint_eq(stats.rebuilds, (unsigned)ghosts);
}

/* Ready when the wait begins. */
START_TEST(no_wait_shows_a_ghost)
{
    const struct way *way = &ways[_i % WAYS];
    e = entry_at(_i / WAYS);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    way->lose(lost);
    event_set(kept);
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, 0, NULL), way->visible);
        ready_slots(way->visible);
    }
    if (way->visible == 0)
        ck_assert_int_eq(wait_full_time(e, s, A_WHILE / 4), 0);
    EXPECT(fdslots_epoll_wait(s, 0), way->visible);
    dropped(way->ghosts); /* by the first wait that saw it; gone for good */
    event_clear(kept);
    event_set(kept);
    EXPECT(fdslots_epoll_wait(s, 0), way->visible);
    dropped(way->ghosts);
    event_set(idle);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), way->visible + 1);
}
END_TEST

START_TEST(a_ghost_does_not_end_a_timed_wait)
{
    const struct way *way = &ways[_i % WAYS];
    e = entry_at(_i / WAYS);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    way->lose(lost);
    event_set(kept);
    if (way->visible > 0)
        EXPECT(e->wait(s, A_WHILE, NULL), way->visible);
    else
        ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    ready_slots(way->visible);
}
END_TEST

/* Where a ghost may be, and only there, a timed wait notes when it begins. No test can tell from
 * outside that one does not start over when it meets a ghost: this one looks inside. */
START_TEST(a_ghost_is_expected)
{
    const struct way *way = &ways[_i];
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert(!s->epoll.ghosts_possible);
    way->lose(lost);
    EXPECT(fdslots_epoll_wait(s, 0), way->visible);
    ck_assert_int_eq(s->epoll.ghosts_possible, way->ghosts > 0);
    event_set(kept);
    EXPECT(fdslots_epoll_wait(s, 0), way->visible);
    ck_assert(!s->epoll.ghosts_possible);
}
END_TEST

/* ---- a ghost that comes to life while the wait sleeps ---- */

static int turn[2];
static int late[2]; /* a pipe, for what really ends the wait */

static void ghost_then_data(void)
{
    turn_await(turn);
    event_set(kept);
    poll(NULL, 0, 5); /* not needed, but the wait is likely to see the ghost alone */
    CHILD_EXPECT(write(late[1], "x", 1), 1);
}

START_TEST(a_ghost_does_not_end_an_endless_wait)
{
    e = entry_at(_i);
    make_pipe(late, false);
    turn_make(turn);
    EXPECT(fdslots_set_index(s, 3, late[0], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    close_after_invalidate(lost);
    pid_t pid = child_start(ghost_then_data);
    turn_give(turn);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 3), POLLIN);
    child_end(pid);
    close_pipe(late);
    close_pipe(turn);
}
END_TEST

/* ---- kept by a child ---- */

static void hold_until_told(void)
{
    turn_await(turn);
}

START_TEST(a_child_keeps_the_file)
{
    int p[2];
    e = entry_at(_i % entry_count());
    bool by_buffer = _i >= entry_count();
    make_pipe(p, false);
    turn_make(turn);
    EXPECT(fdslots_set_index(s, 2, p[0], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    pid_t pid = child_start(hold_until_told);
    if (by_buffer)
        EXPECT(fdslots_close_index(s, 2), 0);
    else
        EXPECT(fdslots_invalidate_index(s, 2), 0);
    if (!by_buffer)
        close(p[0]);
    ck_assert_int_eq(write(p[1], "x", 1), 1); /* the child's end is still there */
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    dropped(by_buffer ? 0 : 1);
    turn_give(turn);
    child_end(pid);
    close(p[1]);
    close_pipe(turn);
}
END_TEST

/* ---- more ---- */

/* A file comes back to its number: what was a ghost is none any more. */
START_TEST(a_ghost_that_comes_back)
{
    e = entry_at(_i);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_set_index(s, 1, number_reused(lost, false), POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    ck_assert_int_eq(dup2(kept, lost), lost);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    event_set(kept);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    dropped(0);
    if (!have_exclusive())
        return;
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    dropped(0);
}
END_TEST

/* An exclusive one, which cannot be modified. */
START_TEST(an_exclusive_ghost_that_comes_back)
{
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_set_index(s, 1, number_reused(lost, false), POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_int_eq(dup2(kept, lost), lost);
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    event_set(kept);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    dropped(0);
}
END_TEST

/* A caller who breaks the rule: the number is another file, and set_events is told that it is not.
 * Two files are then in the set under one name; no slot may be reported twice. */
START_TEST(two_files_under_one_name)
{
    const int slots = _i + 1; /* alone, shared */
    if (slots == 2)
        EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    number_reused(lost, true);
    event_set(kept);
    EXPECT(fdslots_set_events(s, 1, POLLIN | POLLPRI), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_epoll_wait(s, 0), slots);
        ready_slots(slots);
        EXPECT(fdslots_get_revents(s, 1), POLLIN);
    }
}
END_TEST

/* Many at once are seen by one wait, and gone after it, also where few may be reported. */
START_TEST(many_ghosts)
{
    enum { MANY = 40 };
    int keep[MANY];
    struct fdslots *many = make_slots(MANY + 1);
    int ready = event_fd(true);
    for (uint32_t i = 0; i < MANY; i++) {
        int fd = event_fd(true);
        keep[i] = dup(fd);
        EXPECT(fdslots_set_index(many, i, fd, POLLIN), 0);
    }
    EXPECT(fdslots_epoll_wait(many, 0), MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        int fd = fdslots_get_fd(many, i);
        EXPECT(fdslots_invalidate_index(many, i), 0);
        close(fd);
    }
    if (_i > 0)
        EXPECT(fdslots_set_max_ready(many, (uint32_t)_i), 0);
    EXPECT(fdslots_set_index(many, MANY, ready, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(many, -1), 1);
    EXPECT(fdslots_get_revents(many, MANY), POLLIN);
    EXPECT(fdslots_epoll_wait(many, 0), 1);
    EXPECT_WAIT_OF(many, fdslots_epoll_wait(many, 0), 1, 0);
    ck_assert_uint_ge(stats_of(many).ghosts_dropped, _i > 0 ? 1 : MANY);
    ck_assert_uint_eq(stats_of(many).rebuilds, 1);
    fdslots_destroy(many);
    for (uint32_t i = 0; i < MANY; i++)
        close(keep[i]);
    close(ready);
}
END_TEST

/* A rebuild on request leaves none either, whether or not one was seen. */
/* Who did not tell of a close may be told of another file, but the slot stays sound. */
START_TEST(a_ghost_of_a_oneshot_slot)
{
    EXPECT(fdslots_set_index(s, 1, lost, POLLOUT), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    number_reused(lost, true);
    EXPECT(fdslots_set_events(s, 1, POLLIN | FDSLOTS_ONESHOT), 0);
    ck_assert_int_gt(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_resume_index(s, 1), 0);
    EXPECT(fdslots_poll(s, KEPT_SLOTS, 0), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
}
END_TEST

/* As many ready slots as the buffer has, and a ghost before them. */
START_TEST(a_ghost_takes_the_place_of_nobody)
{
    struct fdslots *full = make_slots(2);
    int ready[] = {event_fd(true), event_fd(true), event_fd(true)};
    EXPECT(fdslots_set_index(full, 0, ready[2], POLLIN), 0);
    EXPECT(fdslots_epoll_wait(full, 0), 1);
    int other = dup(ready[2]);
    EXPECT(fdslots_invalidate_index(full, 0), 0);
    close(ready[2]);
    for (uint32_t i = 0; i < 2; i++)
        EXPECT(fdslots_set_index(full, i, ready[i], POLLIN), 0);
    EXPECT(entry_at(_i)->wait(full, FDSLOTS_FOREVER, NULL), 2);
    fdslots_destroy(full);
    close(other);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(rebuild_lays_ghosts)
{
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    close_after_invalidate(lost);
    event_set(kept);
    EXPECT(fdslots_rebuild(s), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).ghosts_dropped, 0);
    ck_assert_uint_eq(stats_of(s).rebuilds, 1);
}
END_TEST

Suite *suite_ghosts(void)
{
    Suite *suite = suite_create("ghosts");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "ghosts");
    tcase_add_checked_fixture(tcase, setup, kept_teardown);
    tcase_add_loop_test(tcase, no_wait_shows_a_ghost, 0, WAYS * entry_count());
    tcase_add_loop_test(tcase, a_ghost_does_not_end_a_timed_wait, 0, WAYS * entry_count());
    tcase_add_loop_test(tcase, a_ghost_is_expected, 0, WAYS);
    tcase_add_loop_test(tcase, a_ghost_does_not_end_an_endless_wait, 0, entry_count());
    tcase_add_loop_test(tcase, a_child_keeps_the_file, 0, 2 * entry_count());
    tcase_add_loop_test(tcase, a_ghost_that_comes_back, 0, entry_count());
    if (have_exclusive())
        tcase_add_test(tcase, an_exclusive_ghost_that_comes_back);
    tcase_add_loop_test(tcase, two_files_under_one_name, 0, 2);
    tcase_add_loop_test(tcase, many_ghosts, 0, 4);
    tcase_add_loop_test(tcase, a_ghost_takes_the_place_of_nobody, 0, entry_count());
    tcase_add_test(tcase, a_ghost_of_a_oneshot_slot);
    tcase_add_test(tcase, rebuild_lays_ghosts);
    return suite;
}
