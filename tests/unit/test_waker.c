/* SPDX-License-Identifier: ISC
 *
 * The waker: no wake is lost, whoever makes it and whenever.
 */
#include "child.h"
#include "common.h"
#include "entry.h"
#include "env.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(bad_input)
{
    struct fdslots *s = make_slots(4);
    int p[2];
    make_pipe(p, false);
    EXPECT(fdslots_waker_open(NULL, 0), -EINVAL);
    EXPECT(fdslots_wake(NULL), -EINVAL);
    EXPECT(fdslots_waker_drain(NULL), -EINVAL);
    EXPECT(fdslots_waker_open(s, 4), -EINVAL);
    EXPECT(fdslots_wake(s), -ENOENT);
    EXPECT(fdslots_waker_drain(s), -ENOENT);
    EXPECT(fdslots_set_index(s, 1, p[0], POLLIN), 0);
    EXPECT(fdslots_waker_open(s, 1), -EBUSY);
    EXPECT(fdslots_waker_open(s, 0), 0);
    EXPECT(fdslots_waker_open(s, 2), -EEXIST);
    EXPECT(fdslots_get_fd(s, 2), -ENOENT);
    fdslots_destroy(s);
    close_pipe(p);
}
END_TEST

START_TEST(a_wake_before_the_wait_counts)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *s = make_slots(4);
    EXPECT(fdslots_waker_open(s, 3), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_wake(s), 0);
    EXPECT(fdslots_wake(s), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 3), POLLIN);
    EXPECT(fdslots_waker_drain(s), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_waker_drain(s), 0);
    fdslots_destroy(s);
}
END_TEST

START_TEST(a_full_waker_is_success)
{
    struct fdslots *s = make_slots(1);
    EXPECT(fdslots_waker_open(s, 0), 0);
    uint64_t most = UINT64_MAX - 1; /* the maximum of an eventfd; a pipe takes it as eight wakes */
    ck_assert_int_eq(
        write(fdslots_get_fd(s, 0), &most, sizeof most) == sizeof most || errno == EBADF, 1);
    for (int i = 0; i < 70000; i++)
        EXPECT(fdslots_wake(s), 0);
    EXPECT(fdslots_poll(s, 1, 0), 1);
    EXPECT(fdslots_waker_drain(s), 0);
    EXPECT(fdslots_poll(s, 1, 0), 0);
    fdslots_destroy(s);
}
END_TEST

START_TEST(it_ends_with_its_slot)
{
    struct fdslots *s = make_slots(2);
    EXPECT(fdslots_waker_open(s, 0), 0);
    EXPECT(fdslots_close_index(s, 0), 0);
    EXPECT(fdslots_wake(s), -ENOENT);
    EXPECT(fdslots_waker_drain(s), -ENOENT);
    EXPECT(fdslots_waker_open(s, 1), 0);
    EXPECT(fdslots_wake(s), 0);
    EXPECT(fdslots_poll(s, 2, 0), 1);
    fdslots_destroy(s);
}
END_TEST

#define WAKERS 8
#define WAKES  125000

/* Under valgrind only one thread runs at a time, and each change to another is slow. */
static long wakes_of_each(void)
{
    return under_valgrind() ? WAKES / 50 : WAKES;
}

struct work {
    struct fdslots *s;
    atomic_long made;
};

static void *make_work(void *arg)
{
    struct work *work = arg;
    for (long i = wakes_of_each(); i > 0; i--) {
        atomic_fetch_add(&work->made, 1);
        if (fdslots_wake(work->s) != 0)
            return arg;
    }
    return NULL;
}

/* If a wake were lost, the waiter would sleep for ever with work left to do. */
START_TEST(a_million_wakes_none_lost)
{
    const struct entry *e = entry_at(_i);
    struct work work = {.s = make_slots(8)};
    pthread_t threads[WAKERS];
    void *failed;
    EXPECT(fdslots_waker_open(work.s, 5), 0);
    for (int i = 0; i < WAKERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, make_work, &work), 0);
    for (long done = 0; done < WAKERS * wakes_of_each();) {
        EXPECT(e->wait(work.s, FDSLOTS_FOREVER, NULL), 1);
        EXPECT(fdslots_waker_drain(work.s), 0);
        done += atomic_exchange(&work.made, 0);
    }
    for (int i = 0; i < WAKERS; i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    fdslots_destroy(work.s);
}
END_TEST

/* ---- a wake while the waker is opened ---- */

#define OPENINGS 20000

static _Atomic(struct fdslots *) opened; /* NULL once it is woken */

/* A wake that comes too early for the waker says so. */
static void *wake_as_soon_as_possible(void *arg)
{
    struct fdslots *s;
    for (int i = 0; i < OPENINGS; i++) {
        while ((s = atomic_load(&opened)) == NULL)
            sched_yield();
        int rc;
        do
            rc = fdslots_wake(s);
        while (rc == -ENOENT);
        atomic_store(&opened, NULL);
        if (rc != 0)
            return arg;
    }
    return NULL;
}

START_TEST(a_wake_while_it_is_opened_counts)
{
    pthread_t thread;
    void *failed;
    ck_assert_int_eq(pthread_create(&thread, NULL, wake_as_soon_as_possible, &failed), 0);
    for (int i = 0; i < OPENINGS; i++) {
        struct fdslots *s = make_slots(1);
        atomic_store(&opened, s);
        EXPECT(fdslots_waker_open(s, 0), 0);
        while (atomic_load(&opened) != NULL)
            sched_yield();
        EXPECT(fdslots_poll(s, 1, 0), 1);
        fdslots_destroy(s);
    }
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
}
END_TEST

static struct fdslots *woken_by_signal;

static void wake_from_handler(int signo)
{
    (void)signo;
    fdslots_wake(woken_by_signal);
}

START_TEST(a_handler_may_wake)
{
    const struct entry *e = entry_at(_i);
    struct sigaction act = {.sa_handler = wake_from_handler};
    struct sigaction old;
    woken_by_signal = make_slots(2);
    EXPECT(fdslots_waker_open(woken_by_signal, 1), 0);
    sigaction(SIGUSR1, &act, &old);
    errno = 77;
    raise(SIGUSR1);
    ck_assert_int_eq(errno, 77);
    EXPECT(e->wait(woken_by_signal, FDSLOTS_FOREVER, NULL), 1);
    sigaction(SIGUSR1, &old, NULL);
    fdslots_destroy(woken_by_signal);
}
END_TEST

/* Run the function in a child, which must exit with status 0. */
static void in_child(const struct entry *e, struct fdslots *s,
                     bool (*run)(const struct entry *e, struct fdslots *s))
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(run(e, s) ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

static bool drain_in_child(const struct entry *e, struct fdslots *s)
{
    return e->wait(s, 0, NULL) == 0 && fdslots_wake(s) == 0 &&
           e->wait(s, FDSLOTS_FOREVER, NULL) == 1 && fdslots_waker_drain(s) == 0 &&
           e->wait(s, 0, NULL) == 0;
}

/* Before the first wait, the fd is still the parent's. */
static bool drain_first_in_child(const struct entry *e, struct fdslots *s)
{
    return fdslots_waker_drain(s) == 0 && e->wait(s, 0, NULL) == 0;
}

static bool wake_first_in_child(const struct entry *e, struct fdslots *s)
{
    return fdslots_wake(s) == 0 && e->wait(s, FDSLOTS_FOREVER, NULL) == 1;
}

static bool destroy_in_child(const struct entry *e, struct fdslots *s)
{
    (void)e;
    int fd = fdslots_get_fd(s, 1);
    int other = open("/dev/null", O_RDONLY);
    /* Like a daemon that closed all that it inherited and opened something else. */
    if (dup2(other, fd) != fd)
        return false;
    fdslots_destroy(s);
    return fcntl(fd, F_GETFD) >= 0;
}

/* A waker that the parent has paused stays paused. */
static bool stays_paused_in_child(const struct entry *e, struct fdslots *s)
{
    return fdslots_wake(s) == 0 && e->wait(s, 0, NULL) == 0 && fdslots_wake(s) == 0 &&
           e->wait(s, 0, NULL) == 0 && fdslots_resume_index(s, 1) == 0 &&
           e->wait(s, FDSLOTS_FOREVER, NULL) == 1 && fdslots_waker_drain(s) == 0 &&
           e->wait(s, 0, NULL) == 0;
}

/* The child has closed the waker's number, got another file with it, and set the slot again. The
 * library must not take that file for the waker, neither in the first wait nor when it is
 * closed. */
static bool number_is_anothers_in_child(const struct entry *e, struct fdslots *s)
{
    const int fd = fdslots_get_fd(s, 1);
    int other[2];
    if (pipe(other) < 0 || dup2(other[0], fd) != fd || write(other[1], "x", 1) != 1)
        return false;
    return fdslots_set_index(s, 1, fd, POLLIN) == 0 && e->wait(s, FDSLOTS_FOREVER, NULL) == 1 &&
           fdslots_get_fd(s, 1) == fd && fcntl(fd, F_GETFD) >= 0 && fdslots_wake(s) == -ENOENT &&
           fdslots_close_index(s, 1) == 0 && fcntl(fd, F_GETFD) < 0;
}

static bool number_is_closed_in_child(const struct entry *e, struct fdslots *s)
{
    const int fd = fdslots_get_fd(s, 1);
    int other[2];
    if (pipe(other) < 0 || dup2(other[0], fd) != fd)
        return false;
    return fdslots_set_index(s, 0, fd, POLLIN) == 0 && fdslots_close_index(s, 0) == 0 &&
           fcntl(fd, F_GETFD) < 0 && fdslots_invalidate_index(s, 1) == 0 &&
           e->wait(s, 0, NULL) == 0 && fdslots_waker_open(s, 1) == 0 && fdslots_wake(s) == 0 &&
           e->wait(s, FDSLOTS_FOREVER, NULL) == 1;
}

START_TEST(a_child_has_its_own)
{
    const struct entry *e = entry_at(_i);
    struct fdslots *s = make_slots(2);
    EXPECT(fdslots_waker_open(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    in_child(e, s, wake_first_in_child);
    EXPECT(e->wait(s, 0, NULL), 0); /* the child's wakes do not reach the parent */
    EXPECT(fdslots_wake(s), 0);
    in_child(e, s, drain_in_child);
    in_child(e, s, drain_first_in_child);
    EXPECT(e->wait(s, 0, NULL), 1); /* the parent's wakes do not reach the child */
    in_child(e, s, destroy_in_child);
    in_child(e, s, number_is_anothers_in_child);
    in_child(e, s, number_is_closed_in_child);
    EXPECT(fdslots_waker_drain(s), 0);
    EXPECT(fdslots_pause_index(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    in_child(e, s, stays_paused_in_child);
    fdslots_destroy(s);
}
END_TEST

/* ---- closed numbers in other slots ---- */

static const struct entry *entry;
static struct fdslots *inherited;

/* Run this in a child of a process whose buffer has a waker in a slot. */
static void run_with_inherited(void (*fn)(void), uint32_t index)
{
    inherited = make_slots(4);
    EXPECT(fdslots_waker_open(inherited, index), 0);
    child_run(fn);
    EXPECT(entry->wait(inherited, 0, NULL), 0);
    fdslots_destroy(inherited);
}

/* The two lowest free numbers. */
static void put_closed_numbers(struct fdslots *s)
{
    int ends[2];
    CHILD_EXPECT(pipe(ends), 0);
    for (int i = 0; i < 2; i++) {
        CHILD_EXPECT(fdslots_set_index(s, (uint32_t)i, ends[i], POLLIN), 0);
        close(ends[i]);
    }
}

/* The waker has taken none of these numbers, and outlives the slots. */
static void numbers_stay_closed(struct fdslots *s)
{
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(entry->wait(s, FDSLOTS_FOREVER, NULL), 3);
    CHILD_EXPECT(fdslots_get_revents(s, 3), POLLIN);
    for (uint32_t i = 0; i < 2; i++) {
        CHILD_EXPECT(fdslots_get_revents(s, i), POLLNVAL);
        CHILD_EXPECT(fcntl(fdslots_get_fd(s, i), F_GETFD), -1);
        CHILD_EXPECT(fdslots_close_index(s, i), -EBADF);
    }
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    CHILD_EXPECT(entry->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(entry->wait(s, FDSLOTS_FOREVER, NULL), 1);
}

static void opened_above_closed_numbers(void)
{
    struct fdslots *s = make_slots(4);
    put_closed_numbers(s);
    CHILD_EXPECT(fdslots_waker_open(s, 3), 0);
    numbers_stay_closed(s);
    fdslots_destroy(s);
}

/* The inherited waker is in another slot, too, and stays open. */
static void inherited_beside_closed_numbers(void)
{
    put_closed_numbers(inherited);
    CHILD_EXPECT(fdslots_set_index(inherited, 2, fdslots_get_fd(inherited, 3), POLLPRI), 0);
    numbers_stay_closed(inherited);
}

START_TEST(closed_numbers_are_not_taken)
{
    entry = entry_at(_i);
    child_run(opened_above_closed_numbers);
    run_with_inherited(inherited_beside_closed_numbers, 3);
}
END_TEST

/* ---- no fd left ---- */

static void set_limit(rlim_t most)
{
    struct rlimit limit;
    CHILD_EXPECT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most;
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static rlim_t lowest_free_fd(void)
{
    int fd = dup(STDOUT_FILENO);
    close(fd);
    return (rlim_t)fd;
}

static void no_fd_for_a_waker(void)
{
    const rlim_t lowest = lowest_free_fd();
    struct fdslots *s = make_slots(4);
    set_limit(lowest);
    for (int again = 0; again < 3; again++) {
        CHILD_EXPECT(fdslots_waker_open(s, 1), -EMFILE);
        CHILD_EXPECT(fdslots_get_fd(s, 1), -ENOENT);
        CHILD_EXPECT(fdslots_wake(s), -ENOENT);
        CHILD_EXPECT(fdslots_poll(s, 4, 0), 0);
    }
    set_limit(lowest + 3);
    CHILD_EXPECT(fdslots_waker_open(s, 1), 0);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(entry->wait(s, FDSLOTS_FOREVER, NULL), 1);
    fdslots_destroy(s);
}

/* If no fd is left, the inherited waker is closed to make room for the child's own. */
static void no_fd_for_the_childs_own(void)
{
    const rlim_t lowest = lowest_free_fd();
    set_limit(lowest);
    CHILD_EXPECT(fdslots_poll(inherited, 4, 0), 0);
    CHILD_EXPECT(fdslots_wake(inherited), 0);
    CHILD_EXPECT(fdslots_poll(inherited, 4, 0), 1);
    set_limit(lowest + 3);
    CHILD_EXPECT(entry->wait(inherited, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(inherited, 2), POLLIN);
}

/* The limit is too low for any waker, so the inherited one makes no room when it is closed. Its
 * number becomes another file, which the buffer must not watch and not close. */
static int number;
static rlim_t enough;

static void number_becomes_another_file(void)
{
    int other[2];
    set_limit(enough);
    CHILD_EXPECT(pipe(other), 0);
    CHILD_EXPECT(write(other[1], "x", 1), 1);
    CHILD_EXPECT(dup2(other[0], number), number);
    set_limit((rlim_t)number);
}

static void nothing_is_reported(void)
{
    CHILD_EXPECT(fdslots_poll(inherited, 4, 0), 0);
    CHILD_EXPECT(fdslots_get_revents(inherited, 2), 0);
    CHILD_EXPECT(fdslots_get_fd(inherited, 2) != number, true);
}

static void lose_the_waker(void)
{
    number = fdslots_get_fd(inherited, 2);
    enough = (rlim_t)number + 8;
    set_limit((rlim_t)number);
    nothing_is_reported();
    const int64_t generation = fdslots_get_generation(inherited, 2);
    number_becomes_another_file();
    nothing_is_reported();
    CHILD_EXPECT(fdslots_resume_index(inherited, 2), 0);
    nothing_is_reported();
    CHILD_EXPECT(fdslots_get_generation(inherited, 2), generation);
    CHILD_EXPECT(fdslots_wake(inherited), 0);
    nothing_is_reported();
}

static void closes_without_a_waker(void)
{
    lose_the_waker();
    CHILD_EXPECT(fdslots_close_index(inherited, 2), 0);
    CHILD_EXPECT(fcntl(number, F_GETFD) >= 0, true);
    CHILD_EXPECT(fdslots_wake(inherited), -ENOENT);
    fdslots_destroy(inherited);
    CHILD_EXPECT(fcntl(number, F_GETFD) >= 0, true);
}

static void destroys_without_a_waker(void)
{
    lose_the_waker();
    fdslots_destroy(inherited);
    CHILD_EXPECT(fcntl(number, F_GETFD) >= 0, true);
}

static void opens_a_waker_later(void)
{
    lose_the_waker();
    set_limit(enough);
    CHILD_EXPECT(entry->wait(inherited, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(inherited, 2), POLLIN);
    CHILD_EXPECT(fdslots_is_paused(inherited, 2), 0);
    CHILD_EXPECT(fcntl(number, F_GETFD) >= 0, true);
}

static void opens_a_paused_waker_later(void)
{
    CHILD_EXPECT(fdslots_pause_index(inherited, 2), 0);
    lose_the_waker();
    CHILD_EXPECT(fdslots_pause_index(inherited, 2), 0);
    set_limit(enough);
    CHILD_EXPECT(entry->wait(inherited, 0, NULL), 0);
    CHILD_EXPECT(fdslots_resume_index(inherited, 2), 0);
    CHILD_EXPECT(entry->wait(inherited, FDSLOTS_FOREVER, NULL), 1);
}

static void (*const later[])(void) = {closes_without_a_waker, destroys_without_a_waker,
                                      opens_a_waker_later, opens_a_paused_waker_later};

START_TEST(no_fd_is_left_for_a_child)
{
    entry = entry_at(_i % entry_count());
    if (!under_valgrind()) /* it simulates the limit, and only for open(2) */
        run_with_inherited(later[_i / entry_count()], 2);
}
END_TEST

START_TEST(no_fd_is_left)
{
    entry = entry_at(_i);
    child_run(no_fd_for_a_waker);
    run_with_inherited(no_fd_for_the_childs_own, 2);
}
END_TEST

Suite *suite_waker(void)
{
    Suite *suite = suite_create("waker");
    TCase *tcase = add_case(suite, "waker");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, bad_input);
    tcase_add_loop_test(tcase, a_wake_before_the_wait_counts, 0, entry_count());
    tcase_add_test(tcase, a_full_waker_is_success);
    tcase_add_test(tcase, it_ends_with_its_slot);
    tcase_add_loop_test(tcase, a_million_wakes_none_lost, 0, entry_count());
    tcase_add_test(tcase, a_wake_while_it_is_opened_counts);
    tcase_add_loop_test(tcase, a_handler_may_wake, 0, entry_count());
    tcase_add_loop_test(tcase, a_child_has_its_own, 0, entry_count());
    tcase_add_loop_test(tcase, closed_numbers_are_not_taken, 0, entry_count());
    tcase_add_loop_test(tcase, no_fd_is_left, 0, entry_count());
    tcase_add_loop_test(tcase, no_fd_is_left_for_a_child, 0, LENGTH(later) * entry_count());
    return suite;
}
