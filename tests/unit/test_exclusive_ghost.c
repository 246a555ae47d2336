/* SPDX-License-Identifier: ISC
 *
 * A process that stops watching a file with FDSLOTS_EXCLUSIVE takes no more wakes, however it stops
 * and however it waits afterwards. All later events go to the processes that still watch.
 */
#include "asleep.h"
#include "child.h"
#include "kernel.h"
#include "sets.h"

#include <fcntl.h>
#include <unistd.h>

#define MANY      200 /* enough slots for fdslots_wait() to choose the set */
#define NSLOTS    (MANY + 8)
#define HIGH      200
#define LONG_TIME INT64_C(10000000000) /* for a wake that never comes; no test measures it */

static const struct entry *e;
static struct fdslots *s;
static int shared; /* the file, which stays open in this process */
static int own;    /* the number that the file has in the process that leaves, in slot 0 */
static int quit;   /* in slot 1 */
static uint32_t flags;

static void setup(void)
{
    shared = event_fd(false);
    quit = event_fd(false);
}

static void teardown(void)
{
    close(shared);
    close(quit);
}

static void make(uint32_t extra)
{
    CHILD_EXPECT(fdslots_create(NSLOTS, 0, &s), 0);
    own = fcntl(shared, F_DUPFD_CLOEXEC, HIGH); /* a number that no set of the library gets */
    CHILD_EXPECT(fdslots_set_index(s, 0, own, POLLIN | FDSLOTS_EXCLUSIVE | extra), 0);
    CHILD_EXPECT(fdslots_set_index(s, 1, quit, POLLIN), 0);
}

/* ---- ways to leave ---- */

static void invalidate_and_close(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    close(own);
}

static void close_index(void)
{
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
}

/* The rule is broken, but the ghost is known. */
static void close_before_close_index(void)
{
    close(own);
    CHILD_EXPECT(fdslots_close_index(s, 0), -EBADF);
}

static void set_another(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 0, event_fd(false), POLLIN), 0);
    close(own);
}

static void set_another_of_the_number(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    number_reused(own, false);
    CHILD_EXPECT(fdslots_set_index(s, 0, own, POLLIN), 0);
}

static void set_an_exclusive_of_the_number(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    number_reused(own, false);
    CHILD_EXPECT(fdslots_set_index(s, 2, own, POLLIN | FDSLOTS_EXCLUSIVE), 0);
}

static void pause_it(void)
{
    CHILD_EXPECT(fdslots_pause_index(s, 0), 0);
}

static void pause_and_close(void)
{
    pause_it();
    invalidate_and_close();
}

static void pause_wait_and_close(void)
{
    pause_it();
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    invalidate_and_close();
}

static void want_other_events_and_close(void)
{
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLPRI), 0);
    invalidate_and_close();
}

static void share_and_close(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 2, own, POLLOUT | FDSLOTS_EXCLUSIVE), 0);
    CHILD_EXPECT(fdslots_set_events(s, 2, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(fdslots_invalidate_index(s, 2), 0);
    invalidate_and_close();
}

static void close_and_nest(void)
{
    invalidate_and_close();
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
}

/* It stays, but every event now wakes it along with the others. */
static void stay_without_the_flag(void)
{
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLIN), 0);
}

static void (*const ways[])(void) = {
    invalidate_and_close,      close_index,
    close_before_close_index,  set_another,
    set_another_of_the_number, pause_it,
    pause_and_close,           set_an_exclusive_of_the_number,
    pause_wait_and_close,      want_other_events_and_close,
    share_and_close,           close_and_nest,
    stay_without_the_flag,
};
#define WAYS LENGTH(ways)

static void (*leave)(void);

/* ---- two processes ---- */

static int arrived[2];
static int go[2];

/* It registers first, so that the kernel would wake it first. */
static void leaver(void)
{
    make(flags);
    for (uint32_t i = 0; i < MANY; i++)
        CHILD_EXPECT(fdslots_set_index(s, 8 + i, quit, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    for (int again = 0; again < 20; again++)
        CHILD_EXPECT(fdslots_wait(s, 0, NULL), 0);
    turn_give(arrived);
    turn_await(go);
    leave();
    turn_give(arrived);
    do
        CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL) >= 1, true);
    while (fdslots_get_revents(s, 1) == 0);
    fdslots_destroy(s);
}

static const struct entry *stayer_waits;

static void stayer(void)
{
    make(0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    turn_give(arrived);
    CHILD_EXPECT(stayer_waits->wait(s, LONG_TIME, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 0), POLLIN);
    fdslots_destroy(s);
}

START_TEST(the_wake_is_for_those_who_stay)
{
    if (child_case_left_out(_i))
        return;
    leave = ways[_i % WAYS];
    e = entry_at(_i / WAYS % entry_count());
    flags = _i / WAYS / entry_count() != 0 ? FDSLOTS_EDGE : 0;
    stayer_waits = entry_for(_i % 2 == 0 ? ENTRY_EPOLL_WAIT : ENTRY_WAIT);
    /* The poll entry points refuse a slot that is paused and exclusive. */
    if (!e->is_epoll && (leave == pause_it || leave == pause_wait_and_close ||
                         leave == set_an_exclusive_of_the_number))
        return;
    turn_make(arrived);
    turn_make(go);
    pid_t first = child_start(leaver);
    turn_await(arrived);
    pid_t second = child_start(stayer);
    turn_await(arrived);
    asleep_await(second);
    turn_give(go);
    turn_await(arrived);
    asleep_await(first);
    event_set(shared);
    child_end(second);
    event_set(quit);
    child_end(first);
    close_pipe(arrived);
    close_pipe(go);
}
END_TEST

/* After one wait by any entry point, the set no longer holds the file. */
static void leave_and_look(void)
{
    make(flags);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(sets_hold(own), 1);
    leave();
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(sets_hold(own), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    event_set(quit);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT((intmax_t)stats_of(s).ghosts_dropped, 0);
}

static void (*const closing_ways[])(void) = {
    invalidate_and_close, close_index,     close_before_close_index,
    set_another,          pause_and_close, share_and_close,
    pause_wait_and_close, close_and_nest,  want_other_events_and_close,
};

START_TEST(nothing_of_it_is_left)
{
    if (child_case_left_out(_i))
        return;
    leave = closing_ways[_i % LENGTH(closing_ways)];
    e = entry_at(_i / LENGTH(closing_ways) % entry_count());
    flags = _i / LENGTH(closing_ways) / entry_count() != 0 ? FDSLOTS_EDGE : 0;
    if (e->is_epoll || leave != pause_wait_and_close)
        child_run(leave_and_look);
}
END_TEST

/* ---- a child that inherits the set and keeps it open ---- */

static pid_t keeper;

static void keep(void)
{
    turn_await(go);
    CHILD_EXPECT(sets_hold(own), 0); /* looks at the inherited set */
}

static void destroy_and_wait_elsewhere(void)
{
    make(flags);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    keeper = child_start(keep);
    fdslots_destroy(s);
    turn_give(go);
    child_end(keeper);
}

static void rebuild_and_leave(void)
{
    make(flags);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    keeper = child_start(keep);
    CHILD_EXPECT(fdslots_set_index(s, 0, shared, POLLIN | FDSLOTS_EXCLUSIVE | flags), 0);
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    turn_give(go);
    child_end(keeper);
}

static void (*const parents[])(void) = {destroy_and_wait_elsewhere, rebuild_and_leave};

START_TEST(a_child_inherits_no_exclusive_registration)
{
    flags = _i % 2 != 0 ? FDSLOTS_EDGE : 0;
    turn_make(go);
    child_run(parents[_i / 2]);
    close_pipe(go);
}
END_TEST

/* A child registers in a set of its own, and takes no wake from its parent when it leaves. */
static void child_comes_and_leaves(void)
{
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    invalidate_and_close();
    turn_give(arrived);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
}

static void rouse(void)
{
    event_set(shared);
}

/* The parent sets its slot again, so its own registration comes after that of the child. */
static void parent_stays(void)
{
    make(0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    pid_t pid = child_start(child_comes_and_leaves);
    turn_await(arrived);
    asleep_await(pid);
    CHILD_EXPECT(fdslots_set_index(s, 0, own, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    pid_t other = child_when_asleep(rouse);
    CHILD_EXPECT(entry_for(ENTRY_EPOLL_WAIT)->wait(s, LONG_TIME, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 0), POLLIN);
    child_end(other);
    event_set(quit);
    child_end(pid);
}

START_TEST(a_child_that_leaves_takes_no_wake)
{
    e = entry_at(_i);
    turn_make(arrived);
    child_run(parent_stays);
    close_pipe(arrived);
}
END_TEST

Suite *suite_exclusive_ghost(void)
{
    Suite *suite = suite_create("exclusive ghosts");
    if (!have_exclusive())
        return suite;
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "exclusive ghosts");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, the_wake_is_for_those_who_stay, 0, 2 * WAYS * entries);
    tcase_add_loop_test(tcase, nothing_of_it_is_left, 0, 2 * LENGTH(closing_ways) * entries);
    tcase_add_loop_test(tcase, a_child_inherits_no_exclusive_registration, 0, 2 * LENGTH(parents));
    tcase_add_loop_test(tcase, a_child_that_leaves_takes_no_wake, 0, entries);
    return suite;
}
