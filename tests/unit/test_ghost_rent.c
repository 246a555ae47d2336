/* SPDX-License-Identifier: ISC
 *
 * A large buffer hands files over to others, where they stay open. Every such file leaves a ghost.
 * No ghost is ever reported, and no ghost costs as much as a pass over the whole buffer.
 */
#include "child.h"
#include "kernel.h"
#include "sets.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define MANY    2000
#define HANDS   200 /* number of files that are handed over */
#define A_WHILE INT64_C(5000000)
#define HIGH    (MANY + 200)

static const struct entry *e;
static struct fdslots *s;
static int kept[HANDS];
static int given; /* number of files handed over so far */

/* Runs in a child, because it raises the limit of open files. */
static void make(void)
{
    struct rlimit limit;
    CHILD_EXPECT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 2 * HIGH ? limit.rlim_max : 2 * HIGH;
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHILD_EXPECT(fdslots_create(MANY + 2, 0, &s), 0);
    int idle = event_fd(false);
    for (uint32_t i = 0; i < MANY; i++) {
        int fd = dup(idle);
        if (fd < 0) {
            dprintf(STDOUT_FILENO, "skipped: too few files may be open\n");
            _exit(EXIT_SUCCESS);
        }
        CHILD_EXPECT(fdslots_set_index(s, i, fd, POLLIN), 0);
    }
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
}

/* Take in a file and hand it over. This keeps the one rule, but the file stays open elsewhere. */
static void hand_over(bool ready, uint32_t flags)
{
    int fd = event_fd(ready);
    kept[given] = dup(fd);
    CHILD_EXPECT(kept[given] >= 0, true);
    CHILD_EXPECT(fdslots_set_index(s, MANY, fd, POLLIN | flags), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), ready);
    CHILD_EXPECT(fdslots_invalidate_index(s, MANY), 0);
    close(fd);
    given++;
}

static void nothing_is_seen(void)
{
    uint32_t count;
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    fdslots_ready(s, &count);
    CHILD_EXPECT(count, 0);
}

static void costs_at_most(const struct fdslots_stats *before, uint64_t ctls, uint64_t rebuilds)
{
    const struct fdslots_stats now = stats_of(s);
    CHILD_EXPECT(now.epoll_ctl_calls - before->epoll_ctl_calls <= ctls, true);
    CHILD_EXPECT(now.rebuilds - before->rebuilds <= rebuilds, true);
}

/* Every file ends soon after it was handed over, as with a child that serves one request. */
static void hand_over_and_end(uint64_t rebuilds)
{
    const struct fdslots_stats before = stats_of(s);
    for (int i = 0; i < HANDS; i++) {
        hand_over(true, 0);
        nothing_is_seen();
        close(kept[--given]);
    }
    costs_at_most(&before, 5 * HANDS + MANY, rebuilds);
}

static void each_ends(void)
{
    make();
    hand_over_and_end(1);
}

/* All files stay open and ready. The cost of their reports is bounded by the cost of a new set. */
static void all_stay(void)
{
    make();
    const struct fdslots_stats before = stats_of(s);
    for (int i = 0; i < HANDS; i++) {
        hand_over(true, 0);
        nothing_is_seen();
    }
    const struct fdslots_stats now = stats_of(s);
    costs_at_most(&before, 5 * HANDS + 20 * MANY, 20);
    CHILD_EXPECT(now.ghosts_dropped < 40 * MANY, true);
    for (int i = 0; i < 10 * MANY; i++)
        nothing_is_seen();
    CHILD_EXPECT(stats_of(s).ghosts_dropped - now.ghosts_dropped < 3 * MANY, true);
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    nothing_is_seen();
}

/* Idle ghosts report nothing, so not even a rebuild is due. */
static void all_are_idle(void)
{
    make();
    const struct fdslots_stats before = stats_of(s);
    for (int i = 0; i < HANDS; i++) {
        hand_over(false, 0);
        nothing_is_seen();
    }
    costs_at_most(&before, 5 * HANDS, 0);
}

/* An edge-triggered ghost reports an event only once. */
static void all_have_edges(void)
{
    make();
    const struct fdslots_stats before = stats_of(s);
    e = entry_for(ENTRY_EPOLL_WAIT);
    for (int i = 0; i < HANDS; i++) {
        hand_over(true, FDSLOTS_EDGE);
        nothing_is_seen();
        event_set(kept[i]);
        nothing_is_seen();
    }
    costs_at_most(&before, 5 * HANDS + MANY, 1);
}

/* A new set would hold few files, but all slots are looked at to make it. */
static void most_are_paused(void)
{
    make();
    for (uint32_t i = 1; i < MANY; i++)
        CHILD_EXPECT(fdslots_pause_index(s, i), 0);
    nothing_is_seen();
    hand_over_and_end(5);
}

/* A wait reports one slot at most, and a ghost takes its place. */
static void one_at_a_time(void)
{
    make();
    CHILD_EXPECT(fdslots_set_max_ready(s, 1), 0);
    const uint64_t before = stats_of(s).epoll_calls;
    hand_over_and_end(1);
    CHILD_EXPECT(stats_of(s).epoll_calls - before <= 5 * HANDS, true);
}

/* The ghost that fills the first report is an edge, so it does not come again. */
static void an_edge_is_first(void)
{
    make();
    CHILD_EXPECT(fdslots_set_max_ready(s, 1), 0);
    const struct fdslots_stats before = stats_of(s);
    for (int i = 0; i < HANDS / 2; i++) {
        hand_over(true, FDSLOTS_EDGE);
        hand_over(false, 0);
        event_set(kept[given - 2]);
        event_set(kept[given - 1]);
        nothing_is_seen();
        close(kept[--given]);
        close(kept[--given]);
    }
    CHILD_EXPECT(stats_of(s).epoll_calls - before.epoll_calls <= 10 * HANDS, true);
    costs_at_most(&before, 5 * HANDS + MANY, 1);
}

/* A ghost wakes the loop in which the buffer is nested, again and again, until it is gone. */
static void nested(void)
{
    enum { FEW = 320 }; /* files of their own, because the kernel nests no set with more of one */
    CHILD_EXPECT(fdslots_create(MANY + 1, 0, &s), 0);
    for (uint32_t i = 0; i < FEW; i++)
        CHILD_EXPECT(fdslots_set_index(s, i, event_fd(false), POLLIN), 0);
    struct pollfd outer = {.fd = fdslots_epoll_fd(s), .events = POLLIN};
    hand_over(true, 0);
    CHILD_EXPECT(fdslots_epoll_fd(s), outer.fd);
    CHILD_EXPECT(poll(&outer, 1, 0), 1);
    int turns = 0;
    for (; poll(&outer, 1, 0) > 0; turns++)
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(turns <= FEW / 10, true);
}

static void (*const hands[])(void) = {
    each_ends,       all_stay,      all_are_idle,     all_have_edges,
    most_are_paused, one_at_a_time, an_edge_is_first, nested,
};

START_TEST(a_hand_over_costs_little)
{
    if (child_case_left_out(_i))
        return;
    e = entry_at(_i % entry_count());
    child_run(hands[_i / entry_count()]);
}
END_TEST

/* ---- a ghost that stays ready, and a wait that may block ---- */

static int late;         /* the eventfd that really ends the wait */
static bool many_polled; /* each time that the wait goes on, it looks at many polled slots again */

static void rouse(void)
{
    event_set(late);
}

/* The wait does fall asleep: the child that wakes it waits for that first. */
static void sleeps_beside_a_ghost(void)
{
    make();
    for (uint32_t i = 0; many_polled && i < MANY; i += 2)
        CHILD_EXPECT(fdslots_set_events(s, i, POLLIN | FDSLOTS_POLLED), 0);
    late = event_fd(false);
    CHILD_EXPECT(fdslots_set_index(s, MANY + 1, late, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    for (int i = 0; i < 3; i++)
        hand_over(true, 0);
    pid_t pid = child_when_asleep(rouse);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, MANY + 1), POLLIN);
    child_end(pid);
    event_clear(late);
    CHILD_EXPECT(wait_full_time(e, s, A_WHILE), 0);
    hand_over(true, 0);
    CHILD_EXPECT(wait_full_time(e, s, A_WHILE), 0);
    CHILD_EXPECT(stats_of(s).ghosts_dropped < 10 * MANY, true);
    if (many_polled)
        CHILD_EXPECT(stats_of(s).poll_calls < MANY / 20, true);
}

START_TEST(a_wait_does_not_spin)
{
    e = entry_at(_i / 2);
    many_polled = _i % 2 != 0;
    child_run(sleeps_beside_a_ghost);
}
END_TEST

/* ---- small buffers ---- */

static bool after_a_peak;

/* A ghost that stays and reports is gone after as many waits as there are files in the set, however
 * many slots were used before. */
static void goes_soon(void)
{
    int fd = event_fd(true);
    int other = event_fd(false);
    CHILD_EXPECT(fdslots_create(MANY, 0, &s), 0);
    if (after_a_peak)
        CHILD_EXPECT(fdslots_set_index(s, MANY - 1, fd, POLLIN), 0);
    CHILD_EXPECT(fdslots_invalidate_index(s, MANY - 1), 0);
    kept[0] = fcntl(fd, F_DUPFD_CLOEXEC, HIGH / 4);
    CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 1, other, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    close(fd);
    for (int i = 0; i < 10; i++) {
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
        nothing_is_seen();
    }
    CHILD_EXPECT(sets_hold(fd), 0);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 1);
    event_set(other);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
}

START_TEST(a_small_set_is_soon_without)
{
    e = entry_at(_i / 2);
    after_a_peak = _i % 2 != 0;
    child_run(goes_soon);
}
END_TEST

Suite *suite_ghost_rent(void)
{
    Suite *suite = suite_create("ghosts for rent");
    if (!have_epoll())
        return suite;
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "ghosts for rent");
    tcase_add_loop_test(tcase, a_hand_over_costs_little, 0, LENGTH(hands) * entries);
    tcase_add_loop_test(tcase, a_wait_does_not_spin, 0, 2 * entries);
    tcase_add_loop_test(tcase, a_small_set_is_soon_without, 0, 2 * entries);
    return suite;
}
