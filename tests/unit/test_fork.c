/* SPDX-License-Identifier: ISC
 *
 * After fork(2), parent and child both go on with their copies of a buffer. Each has a kernel set
 * of its own, and neither notices the other.
 */
#include "child.h"
#include "filter.h"
#include "kernel.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NSLOTS 6

static const struct entry *e;
static struct fdslots *s;
static void *mem;
static size_t size;
static int ready;
static int idle;
static int to_child[2];
static int to_parent[2];

/* The buffer is in the caller's memory, so fork(2) copies a page of the caller's. */
static struct fdslots *mapped_slots(void)
{
    struct fdslots *mapped = NULL;
    size = fdslots_size(NSLOTS);
    mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(mem, MAP_FAILED);
    EXPECT(fdslots_init(mem, size, NSLOTS, 0, &mapped), 0);
    return mapped;
}

static void fill(void)
{
    ready = event_fd(true);
    idle = event_fd(false);
    turn_make(to_child);
    turn_make(to_parent);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, ready, POLLOUT), 0);
}

static void setup(void)
{
    s = make_slots(NSLOTS);
    mem = NULL;
    fill();
}

static void setup_mapped(void)
{
    s = mapped_slots();
    fill();
}

static void teardown(void)
{
    fdslots_destroy(s);
    if (mem != NULL)
        munmap(mem, size);
    close(ready);
    close(idle);
    close_pipe(to_child);
    close_pipe(to_parent);
}

/* ---- neither disturbs the other ---- */

static void child_changes_everything(void)
{
    turn_await(to_child);
    CHILD_EXPECT(e->wait(s, 0, NULL), 2);
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(fdslots_set_events(s, 4, POLLPRI), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
    CHILD_EXPECT(fdslots_pause_index(s, 1), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1); /* slot 4 holds the closed number */
    CHILD_EXPECT(fdslots_get_revents(s, 4), POLLNVAL);
    fdslots_destroy(s);
    turn_give(to_parent);
    turn_await(to_child);
}

START_TEST(a_child_does_not_silence_its_parent)
{
    e = entry_at(_i);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    pid_t pid = child_start(child_changes_everything);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 0);
    turn_give(to_child);
    turn_await(to_parent);
    /* The parent makes no more calls, and does not rebuild its set. */
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 0);
    event_set(idle);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 3, 0);
    ck_assert_uint_eq(stats_of(s).rebuilds, 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 3);
    turn_give(to_child);
    child_end(pid);
    EXPECT(e->wait(s, 0, NULL), 3);
}
END_TEST

static void child_closes_at_once(void)
{
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
    CHILD_EXPECT(fdslots_close_index(s, 1), 0);
    CHILD_EXPECT(fdslots_get_fd(s, 0), -ENOENT);
}

static void child_destroys_at_once(void)
{
    fdslots_destroy(s);
}

static void child_rebuilds_at_once(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
}

static void child_changes_and_ends(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(fdslots_set_events(s, 4, 0), 0);
}

static void (*const first_calls[])(void) = {child_closes_at_once, child_destroys_at_once,
                                            child_rebuilds_at_once, child_changes_and_ends};

START_TEST(whatever_a_child_calls_first)
{
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    child_run(first_calls[_i]);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 0);
    event_set(idle);
    EXPECT_WAIT(fdslots_epoll_wait(s, -1), 3, 0);
}
END_TEST

static void child_sees_its_own(void)
{
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    turn_give(to_parent);
    turn_await(to_child);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(fdslots_get_fd(s, 2), -ENOENT);
    CHILD_EXPECT(fdslots_epoll_wait(s, 1), 2);
}

START_TEST(a_parent_does_not_disturb_its_child)
{
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    pid_t pid = child_start(child_sees_its_own);
    turn_await(to_parent);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_pause_index(s, 4), 0);
    EXPECT(fdslots_set_index(s, 2, ready, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    fdslots_destroy(s);
    s = NULL;
    turn_give(to_child);
    child_end(pid);
}
END_TEST

/* Changes noted before the fork count in both processes. */
static void child_has_the_changes(void)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 5), POLLOUT);
}

#define MANY 64

static struct fdslots *many;
static int spare;

/* After a single change, fdslots_wait() tells the kernel of just that change. */
static void child_changes_one(void)
{
    CHILD_EXPECT(fdslots_set_index(many, 0, spare, POLLOUT), 0);
    CHILD_EXPECT(fdslots_wait(many, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_set_events(many, 0, POLLIN), 0);
    CHILD_EXPECT(fdslots_wait(many, 0, NULL), 0);
    fdslots_destroy(many);
}

START_TEST(a_child_that_changes_one_of_many)
{
    many = make_slots(MANY);
    spare = event_fd(false);
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_set_index(many, i, i == 0 ? spare : idle, POLLIN), 0);
    while (stats_of(many).epoll_calls < 2)
        EXPECT(fdslots_wait(many, 0, NULL), 0);
    child_run(child_changes_one);
    EXPECT(fdslots_wait(many, 0, NULL), 0);
    event_set(spare);
    EXPECT(fdslots_wait(many, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(many, 0), POLLIN);
    ck_assert_uint_eq(stats_of(many).ghosts_dropped, 0);
    ck_assert_uint_eq(stats_of(many).rebuilds, 0);
    fdslots_destroy(many);
    close(spare);
}
END_TEST

START_TEST(changes_before_the_fork)
{
    e = entry_at(_i);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_pause_index(s, 4), 0);
    EXPECT(fdslots_set_index(s, 5, idle, POLLOUT), 0);
    child_run(child_has_the_changes);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
}
END_TEST

/* ---- generations, and other ways to fork ---- */

/* On s390x, clone(2) takes the stack first. */
#ifdef __s390__
#define CLONE_ARGUMENTS 0, SIGCHLD
#else
#define CLONE_ARGUMENTS SIGCHLD, 0
#endif

/* Bypasses the C library and therefore its atfork handlers, as _Fork() does. */
static pid_t bare_fork(void)
{
    return (pid_t)syscall(SYS_clone, CLONE_ARGUMENTS, 0, 0, 0);
}

static pid_t (*const forks[])(void) = {fork, bare_fork};
static pid_t (*fork_by)(void);

/* Fork by fork_by, and go on in the child. Returns true in the child; the parent waits for the end
 * of the child and returns false. */
static bool in_child(void)
{
    int status = -1;
    pid_t pid = fork_by();
    if (pid == 0)
        return true;
    CHILD_EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, true);
    return false;
}

static void use(unsigned rebuilds)
{
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, rebuilds);
    CHILD_EXPECT(fdslots_set_index(s, 5, idle, POLLOUT), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 3);
    CHILD_EXPECT(fdslots_invalidate_index(s, 5), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
}

/* A child and a grandchild. If child_is_idle is true, the child makes no wait before it forks. */
static void generations(bool child_is_idle)
{
    if (in_child()) {
        if (!child_is_idle)
            use(1);
        if (in_child()) {
            use(child_is_idle ? 1 : 2);
            fdslots_destroy(s);
            _exit(EXIT_SUCCESS);
        }
        use(1);
        fdslots_destroy(s);
        _exit(EXIT_SUCCESS);
    }
}

static void run_generations(void)
{
    use(0);
    generations(false);
    use(0);
    generations(true);
    use(0);
}

START_TEST(two_generations)
{
    fork_by = forks[_i];
    child_run(run_generations);
}
END_TEST

/* A kernel without MADV_WIPEONFORK returns EINVAL. User-mode emulation accepts any advice and does
 * nothing. If an earlier test in the same process has already found that pages are wiped, the
 * library does not ask again. */
static const int advice_answers[] = {EINVAL, 0};
static int advice_answer;

static void run_without_wiping(void)
{
    filter_refuse(SYS_madvise, FILTER_ANY, advice_answer);
    run_generations();
}

START_TEST(without_pages_that_are_wiped)
{
    if (!filter_works())
        return;
    advice_answer = advice_answers[_i];
    fork_by = fork;
    child_run(run_without_wiping);
}
END_TEST

static void add_common_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_child_does_not_silence_its_parent, 0, entry_count());
    tcase_add_loop_test(tcase, whatever_a_child_calls_first, 0, LENGTH(first_calls));
    tcase_add_test(tcase, a_parent_does_not_disturb_its_child);
    tcase_add_test(tcase, a_child_that_changes_one_of_many);
    tcase_add_loop_test(tcase, changes_before_the_fork, 0, entry_count());
    tcase_add_loop_test(tcase, two_generations, 0, LENGTH(forks));
    tcase_add_loop_test(tcase, without_pages_that_are_wiped, 0, LENGTH(advice_answers));
}

Suite *suite_fork(void)
{
    Suite *suite = suite_create("fork");
    if (!have_epoll())
        return suite;
    TCase *own = add_case(suite, "in memory of its own");
    tcase_add_checked_fixture(own, setup, teardown);
    add_common_tests(own);
    TCase *mapped = add_case(suite, "in the caller's memory");
    tcase_add_checked_fixture(mapped, setup_mapped, teardown);
    add_common_tests(mapped);
    return suite;
}
