/* SPDX-License-Identifier: ISC
 *
 * Forks in a row, where every child is the parent of the next. The number of open library fds does
 * not grow with the generations, and no process disturbs another.
 */
#include "child.h"
#include "env.h"
#include "filter.h"
#include "keep_prices.h"
#include "kernel.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NSLOTS    8
#define FEW       10 /* generations */
#define MANY      40
#define MOST_MORE (FEW / 4) /* largest number of additional fds */

/* What every generation uses the buffer for. */
#define BY_SET   1
#define NESTED   2
#define WAKER    4
#define POLLED   8
#define CHECKED  16
#define CHANGING 32
#define SETTING  64
#define APART    128 /* the set holds no file, because all are polled */

static const int uses[] = {
    WAKER,
    BY_SET,
    BY_SET | WAKER,
    BY_SET | WAKER | CHANGING,
    BY_SET | NESTED | POLLED,
    BY_SET | NESTED | SETTING,
    BY_SET | NESTED | APART,
    BY_SET | NESTED | WAKER,
    NESTED | WAKER | CHECKED,
    BY_SET | NESTED | WAKER | POLLED | CHECKED | CHANGING,
};

/* Every test here runs in a child. */
static const struct entry *e;
static struct fdslots *s;
static int use;
static int ready;
static int generations;
static int at_first;

static void make(void)
{
    CHILD_EXPECT(fdslots_create(NSLOTS, (use & CHECKED) != 0 ? FDSLOTS_CHECK : 0, &s), 0);
    keep_prices(s); /* a trial of the set would open an fd */
    const uint32_t events = POLLIN | ((use & APART) != 0 ? FDSLOTS_POLLED : 0);
    ready = event_fd(true);
    CHILD_EXPECT(fdslots_set_index(s, 1, ready, events), 0);
    CHILD_EXPECT(fdslots_set_index(s, 2, event_fd(false), events), 0);
    if ((use & POLLED) != 0)
        CHILD_EXPECT(fdslots_set_index(s, 3, open("/dev/null", O_RDONLY), POLLPRI), 0);
    if ((use & WAKER) != 0)
        CHILD_EXPECT(fdslots_waker_open(s, 0), 0);
}

static void use_waker(void)
{
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 2);
    CHILD_EXPECT(fdslots_get_revents(s, 0), POLLIN);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
}

/* Every slot gets another owner, though with the same fd. */
static void set_all_again(void)
{
    for (int64_t i = 0; (i = fdslots_next_used(s, (uint32_t)i)) >= 0; i++)
        CHILD_EXPECT(fdslots_set_index(s, (uint32_t)i, fdslots_get_fd(s, (uint32_t)i),
                                       (uint32_t)fdslots_get_events(s, (uint32_t)i)),
                     0);
}

static void use_once(void)
{
    if ((use & SETTING) != 0)
        set_all_again();
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    if ((use & BY_SET) != 0)
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    if ((use & NESTED) != 0)
        CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
    if ((use & WAKER) != 0)
        use_waker();
    if ((use & CHANGING) != 0)
        CHILD_EXPECT(fdslots_set_events(s, 1, POLLIN | (generations % 2 ? POLLPRI : 0)), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
}

/* Return how many inherited fds a child must leave open. A set that holds no file proves nothing.
 */
static int unproven(void)
{
    return (use & APART) != 0;
}

static void next_generation(void)
{
    use_once();
    at_first += unproven();
    if (--generations > 0)
        child_run(next_generation);
    else
        CHILD_EXPECT(open_fds() <= at_first + MOST_MORE, true);
    use_once(); /* unaffected by what its descendants did */
}

static void ancestor(void)
{
    make();
    use_once();
    at_first = open_fds();
    child_run(next_generation);
    use_once();
    CHILD_EXPECT(open_fds(), at_first);
}

static void descend(int nth_use, int count)
{
    use = uses[nth_use % LENGTH(uses)];
    e = entry_at(nth_use / LENGTH(uses));
    generations = count;
    if (have_epoll() || (use & (BY_SET | NESTED | CHECKED)) == 0)
        child_run(ancestor);
}

START_TEST(fds_do_not_grow)
{
    if (child_case_left_out(_i))
        return;
    descend(_i, FEW);
}
END_TEST

START_TEST(fds_do_not_grow_in_many)
{
    if (!UNDER_ASAN && !under_valgrind()) /* a fork takes long there */
        descend(_i, MANY);
}
END_TEST

/* A child that destroys the buffer has fewer fds than before, and the parent keeps its own. */
static void destroys(void)
{
    int before = open_fds();
    fdslots_destroy(s);
    CHILD_EXPECT(open_fds(), before - at_first + unproven());
    CHILD_EXPECT(fcntl(ready, F_GETFD) >= 0, true);
}

static void uses_and_destroys(void)
{
    int before = open_fds();
    use_once();
    fdslots_destroy(s);
    CHILD_EXPECT(open_fds(), before - at_first + unproven());
    CHILD_EXPECT(fcntl(ready, F_GETFD) >= 0, true);
}

static void ancestor_of_destroyers(void)
{
    make();
    use_once();
    at_first = open_fds();
    fdslots_destroy(s);
    at_first -= open_fds(); /* the number of the library's fds */
    make();
    use_once();
    child_run(destroys);
    child_run(uses_and_destroys);
    use_once();
}

START_TEST(destroy_closes_what_it_may)
{
    if (child_case_left_out(_i))
        return;
    use = uses[_i % LENGTH(uses)];
    e = entry_at(_i / LENGTH(uses));
    if (have_epoll() || (use & (BY_SET | NESTED | CHECKED)) == 0)
        child_run(ancestor_of_destroyers);
}
END_TEST

/* ---- a child must not change its parent's set ---- */

static int low;   /* a number for the child's own set */
static int set;   /* the number of the parent's set */
static int outer; /* the number of the set that holds it */
static int turn[2];

static void child_waits(void)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
}

static void child_destroys(void)
{
    fdslots_destroy(s);
}

static void child_changes(void)
{
    CHILD_EXPECT(fdslots_close_index(s, 2), 0);
    CHILD_EXPECT(fdslots_invalidate_index(s, 4), 0);
    child_waits();
}

static void child_rebuilds(void)
{
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
    child_waits();
}

static void (*const childs_calls[])(void) = {child_waits, child_destroys, child_changes,
                                             child_rebuilds};
static void (*childs_call)(void);

static void watched_child(void)
{
    turn_await(turn);
    close(low);
    for (int i = 0; i < 2; i++) {
        filter_kill_with(SYS_epoll_ctl, i == 0 ? set : outer, EPOLL_CTL_DEL);
        filter_kill_with(SYS_epoll_ctl, i == 0 ? set : outer, EPOLL_CTL_MOD);
    }
    childs_call();
}

/* Since the fork, the parent has removed an fd that the child takes for registered. */
static void parent_changes_meanwhile(void)
{
    low = dup(STDERR_FILENO);
    use = 0;
    make();
    CHILD_EXPECT(fdslots_set_index(s, 4, dup(ready), POLLIN), 0);
    CHILD_EXPECT(fdslots_pause_index(s, 4), 0);
    set = dup(low);
    outer = dup(low);
    close(set);
    close(outer);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_epoll_fd(s), outer);
    turn_make(turn);
    pid_t pid = child_start(watched_child);
    CHILD_EXPECT(fdslots_pause_index(s, 1), 0);
    CHILD_EXPECT(fdslots_pause_index(s, 2), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    turn_give(turn);
    child_end(pid);
    CHILD_EXPECT(fdslots_resume_index(s, 1), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 0);
}

START_TEST(the_parents_set_is_left_alone)
{
    e = entry_at(_i % entry_count());
    childs_call = childs_calls[_i / entry_count()];
    if (filter_works())
        child_run(parent_changes_meanwhile);
}
END_TEST

Suite *suite_generations(void)
{
    Suite *suite = suite_create("generations");
    TCase *tcase = add_case(suite, "generations");
    tcase_add_loop_test(tcase, fds_do_not_grow, 0, LENGTH(uses) * entry_count());
    tcase_add_loop_test(tcase, destroy_closes_what_it_may, 0, LENGTH(uses) * entry_count());
    if (have_epoll())
        tcase_add_loop_test(tcase, the_parents_set_is_left_alone, 0,
                            LENGTH(childs_calls) * entry_count());
    tcase = add_case(suite, "long");
    tcase_set_tags(tcase, "long");
    tcase_add_loop_test(tcase, fds_do_not_grow_in_many, 0, LENGTH(uses) * entry_count());
    return suite;
}
