/* SPDX-License-Identifier: ISC
 *
 * Ghosts are files that stay in the kernel's set, out of reach, because a dup or a child keeps them
 * open after their fd was closed. No caller may ever see one.
 */
#include "child.h"
#include "kept.h"

#include <fcntl.h>
#include <unistd.h>

#define A_WHILE INT64_C(20000000)

/* Ways to lose the fd of slot 1 while its file stays open. Each leaves the next owner, if any, in
 * slot 1 or 2. */
struct way {
    const char *name;
    void (*lose)(int fd);
    int visible; /* number of ready slots afterwards */
    /* Reports of the ghost that are dropped before a rebuild: one for each file in the set. */
    int reports;
    bool at_once; /* the next wait rebuilds the set at once, because the ghost is exclusive */
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

static void close_while_paused(int fd)
{
    EXPECT(fdslots_pause_index(s, 1), 0); /* a paused slot keeps its owner */
    close(fd);
}

static void make_exclusive(int fd)
{
    EXPECT(fdslots_set_index(s, 1, fd, POLLIN | (have_exclusive() ? FDSLOTS_EXCLUSIVE : 0)), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
}

static void close_an_exclusive_one(int fd)
{
    make_exclusive(fd);
    close_after_invalidate(fd);
}

static void replace_an_exclusive_one(int fd)
{
    make_exclusive(fd);
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

#define NONE 0 /* no ghost is left, because the buffer could deregister the file */
static const struct way ways[] = {
    {"closed after invalidate", close_after_invalidate, 0, 1, false},
    {"reused, same slot", reuse_in_the_same_slot, 0, 2, false},
    {"reused, same slot, ready", reuse_in_the_same_slot_ready, 1, 2, false},
    {"reused, another slot", reuse_in_another_slot, 0, 2, false},
    {"reused by a regular file", reuse_by_a_regular_file, 1, 1, false},
    {"reused, then close_index", reuse_and_close_by_the_buffer, 0, 1, false},
    {"exclusive, closed", close_an_exclusive_one, 0, 1, true},
    {"exclusive, reused", replace_an_exclusive_one, 0, 2, true},
    {"shared, closed", share_then_close, 0, 1, false},
    {"paused, closed", close_while_paused, 0, 1, false},
    {"close_index", close_by_the_buffer, 0, NONE, false},
    {"close_index of a paused slot", close_a_paused_one_by_the_buffer, 0, NONE, false},
    {"close_index of a shared fd", close_a_shared_one_by_the_buffer, 0, NONE, false},
    {"closed after a wait", close_after_a_wait, 0, NONE, false},
    {"paused, closed after waits", close_a_paused_one, 0, NONE, false},
};
#define WAYS LENGTH(ways)

static bool rebuilds_at_once(const struct way *way)
{
    return way->at_once && have_exclusive();
}

static void ready_slots(int count)
{
    EXPECT(fdslots_get_revents(s, 0), 0);
    uint32_t got;
    const uint32_t *list = fdslots_ready(s, &got);
    ck_assert_uint_eq(got, (unsigned)count);
    for (uint32_t i = 0; i < got; i++)
        ck_assert_uint_ne(list[i], 0);
}

static void counts(int dropped, int rebuilds)
{
    struct fdslots_stats stats = stats_of(s);
    ck_assert_int_eq((int)stats.ghosts_dropped, dropped);
    ck_assert_int_eq((int)stats.rebuilds, rebuilds);
}

/* Waits have looked `times` times while the ghost was ready. Every look drops one report until
 * there have been as many reports as files in the set; the look after that finds a set without the
 * ghost. */
static void has_been_seen(const struct way *way, int times)
{
    if (rebuilds_at_once(way))
        counts(0, 1);
    else
        counts(times < way->reports ? times : way->reports,
               way->reports > 0 && times > way->reports);
}

/* Waits since `before` that have asked the set. Beside polled slots, a wait asks the set only if it
 * reads as ready; those waits are counted by their poll(2). */
static int looks_since(const struct fdslots_stats *before)
{
    struct fdslots_stats now = stats_of(s);
    return (int)(now.polled > 0 ? now.polled : now.epoll_calls - before->epoll_calls);
}

/* The ghost is ready before the wait begins. */
START_TEST(no_wait_shows_a_ghost)
{
    const struct way *way = &ways[_i % WAYS];
    e = entry_at(_i / WAYS);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    way->lose(lost);
    const struct fdslots_stats before = stats_of(s);
    event_set(kept);
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, 0, NULL), way->visible);
        ready_slots(way->visible);
        has_been_seen(way, looks_since(&before));
    }
    if (way->visible == 0)
        ck_assert_int_eq(wait_full_time(e, s, A_WHILE / 4), 0);
    has_been_seen(way, looks_since(&before));
    for (int again = 0; again < 4; again++) {
        EXPECT(fdslots_epoll_wait(s, 0), way->visible);
        has_been_seen(way, looks_since(&before));
    }
    has_been_seen(way, 4); /* the ghost does not come back */
    event_clear(kept);
    event_set(kept);
    EXPECT(fdslots_epoll_wait(s, 0), way->visible);
    has_been_seen(way, 5);
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
    const struct fdslots_stats before = stats_of(s);
    event_set(kept);
    if (way->visible > 0)
        EXPECT(e->wait(s, A_WHILE, NULL), way->visible);
    else
        ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    ready_slots(way->visible);
    has_been_seen(way, looks_since(&before));
}
END_TEST

/* A timed wait notes its beginning only if there may be a ghost, so that meeting one does not start
 * the timeout over. No test can see that from outside; this one looks inside. */
START_TEST(a_ghost_is_expected)
{
    const struct way *way = &ways[_i];
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert(!s->ghosts_possible);
    way->lose(lost);
    EXPECT(fdslots_epoll_wait(s, 0), way->visible);
    ck_assert_int_eq(s->ghosts_possible, way->reports > 0 && !rebuilds_at_once(way));
    event_set(kept);
    for (int again = 0; again < way->reports; again++) {
        EXPECT(fdslots_epoll_wait(s, 0), way->visible);
        ck_assert_int_eq(s->ghosts_possible, !rebuilds_at_once(way));
    }
    EXPECT(fdslots_epoll_wait(s, 0), way->visible);
    ck_assert(!s->ghosts_possible);
}
END_TEST

/* ---- a ghost that becomes ready while the wait sleeps ---- */

static int turn[2];
static int late[2]; /* the pipe that really ends the wait */

static void ghost_then_data(void)
{
    turn_await(turn);
    event_set(kept);
    poll(NULL, 0, 5); /* not needed, but it makes it likely that the wait sees the ghost alone */
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

/* ---- files that a child keeps open ---- */

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
    const struct way way = {.reports = by_buffer ? NONE : 2};
    const struct fdslots_stats before = stats_of(s);
    ck_assert_int_eq(write(p[1], "x", 1), 1); /* the child still has its end */
    ck_assert_int_eq(wait_full_time(e, s, A_WHILE), 0);
    has_been_seen(&way, looks_since(&before));
    for (int again = 0; again < 3; again++) {
        EXPECT(fdslots_epoll_wait(s, 0), 0);
        has_been_seen(&way, looks_since(&before));
    }
    turn_give(turn);
    child_end(pid);
    close(p[1]);
    close_pipe(turn);
}
END_TEST

/* ---- more ---- */

/* The file comes back to its number, so it is a ghost no more. */
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
    counts(0, 0);
    if (!have_exclusive())
        return;
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    counts(0, 0);
}
END_TEST

/* The file comes back to a number that was free. The kernel's old entry for it names another
 * slot. */
START_TEST(a_ghost_that_comes_back_to_a_free_number)
{
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    close_after_invalidate(lost);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_int_eq(dup2(kept, lost), lost);
    EXPECT(fdslots_set_index(s, 2, lost, POLLIN), 0);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 0, 3); /* ADD finds it, DEL, ADD */
    event_set(kept);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 1, 0);
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    counts(0, 0);
}
END_TEST

/* An exclusive ghost cannot be modified, so the set was rebuilt because of it. */
START_TEST(an_exclusive_ghost_that_comes_back)
{
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_set_index(s, 1, number_reused(lost, false), POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    counts(0, 1);
    ck_assert_int_eq(dup2(kept, lost), lost);
    EXPECT(fdslots_set_index(s, 1, lost, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    event_set(kept);
    EXPECT(fdslots_epoll_wait(s, -1), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    counts(0, 1);
}
END_TEST

/* A caller breaks the rule: the number is another file, but set_events() asserts that it is the
 * same. The set then holds two files under one name. No slot may be reported twice. */
START_TEST(two_files_under_one_name)
{
    const int slots = _i + 1; /* one slot alone, or two that share the fd */
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

/* A caller that did not tell of a close may be told of events of another file, but the slot stays
 * intact. */
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
    tcase_add_test(tcase, a_ghost_that_comes_back_to_a_free_number);
    if (have_exclusive())
        tcase_add_test(tcase, an_exclusive_ghost_that_comes_back);
    tcase_add_loop_test(tcase, two_files_under_one_name, 0, 2);
    tcase_add_test(tcase, a_ghost_of_a_oneshot_slot);
    return suite;
}
