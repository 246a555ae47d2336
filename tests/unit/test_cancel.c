/* SPDX-License-Identifier: ISC
 *
 * A thread that is cancelled inside a call leaves the buffer intact: the slots are unchanged, the
 * next wait is correct, and no fd is lost or closed twice.
 */
#include "asleep.h"
#include "child.h"
#include "env.h"
#include "kernel.h"
#include "sets.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NSLOTS 8

static const struct entry *e;
static struct fdslots *s;
static int idle;   /* in slot 0 */
static int late;   /* in slot 1, edge-triggered if the entry point supports that */
static int shot;   /* in slot 2, one-shot */
static int polled; /* in slot 3, or in no slot */
static int kept;   /* another fd of a file that the set may still hold */
static uint32_t edge;

static void make(uint32_t flags)
{
    EXPECT(fdslots_create(NSLOTS, flags, &s), 0);
    idle = event_fd(false);
    late = event_fd(false);
    shot = event_fd(false);
    polled = event_fd(false);
    kept = -1;
    edge = e->is_epoll && have_epoll() ? FDSLOTS_EDGE : 0;
    EXPECT(fdslots_set_index(s, 0, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, late, POLLIN | edge), 0);
    EXPECT(fdslots_set_index(s, 2, shot, POLLIN | FDSLOTS_ONESHOT), 0);
}

static void end(void)
{
    fdslots_destroy(s);
    close(idle);
    close(late);
    close(shot);
    close(polled);
    close(kept);
}

/* ---- states before the wait ---- */

static void never_waited(void)
{
    make(0);
}

static void waited(void)
{
    make(0);
    EXPECT(e->wait(s, 0, NULL), 0);
    if (have_epoll())
        EXPECT(fdslots_epoll_wait(s, 0), 0);
}

static void with_a_polled_slot(void)
{
    waited();
    EXPECT(fdslots_set_index(s, 3, polled, POLLIN | FDSLOTS_POLLED), 0);
}

static void with_changes(void)
{
    waited();
    EXPECT(fdslots_set_index(s, 0, idle, POLLIN), 0);
    EXPECT(fdslots_set_events(s, 2, POLLIN | POLLPRI | FDSLOTS_ONESHOT), 0);
}

static void with_a_ghost(void)
{
    waited();
    int fd = event_fd(false);
    kept = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    EXPECT(fdslots_set_index(s, 5, fd, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    if (have_epoll())
        EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_invalidate_index(s, 5), 0);
    close(fd);
}

static void checked(void)
{
    make(have_epoll() ? FDSLOTS_CHECK : 0);
    EXPECT(e->wait(s, 0, NULL), 0);
}

static void (*const states[])(void) = {never_waited, waited,       with_a_polled_slot,
                                       with_changes, with_a_ghost, checked};
#define STATES LENGTH(states)

/* ---- the thread ---- */

static atomic_int thread_id;
static const sigset_t *mask;
static int64_t timeout;

static void *wait_there(void *arg)
{
    (void)arg;
    atomic_store(&thread_id, (int)syscall(SYS_gettid));
    e->wait(s, timeout, mask);
    return NULL;
}

static void cancel_a_sleeping_wait(void)
{
    pthread_t thread;
    void *result = NULL;
    atomic_store(&thread_id, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_there, NULL), 0);
    while (atomic_load(&thread_id) == 0)
        ;
    asleep_await(atomic_load(&thread_id));
    ck_assert_int_eq(pthread_cancel(thread), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
}

/* The thread is cancelled before it reaches a cancellation point of the call. */
static void (*call)(void);

static void *call_there(void *arg)
{
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(old, &old);
    call();
    return arg;
}

static void cancel_at_once(void (*fn)(void))
{
    pthread_t thread;
    call = fn;
    ck_assert_int_eq(pthread_create(&thread, NULL, call_there, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* ---- checks after the cancellation ---- */

static void slots_are_whole(void)
{
    EXPECT(fdslots_get_fd(s, 0), idle);
    EXPECT(fdslots_get_fd(s, 1), late);
    EXPECT(fdslots_get_fd(s, 2), shot);
    EXPECT(fdslots_get_events(s, 0), POLLIN);
    EXPECT(fdslots_get_events(s, 1), POLLIN | (int)edge);
    for (uint32_t i = 0; i < NSLOTS; i++) {
        int fd = fdslots_get_fd(s, i);
        ck_assert(fd < 0 || fcntl(fd, F_GETFD) >= 0);
    }
}

/* First nothing is ready. Then every slot becomes ready, and an edge is reported once. */
static void waits_are_right(void)
{
    EXPECT(e->wait(s, 0, NULL), 0);
    event_set(late);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 1), POLLIN);
    EXPECT(e->wait(s, 0, NULL), edge == 0);
    event_clear(late);
    event_set(shot);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 2), POLLIN);
    event_set(idle);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    event_clear(idle);
    if (fdslots_get_fd(s, 3) == polled) {
        event_set(polled);
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
        EXPECT(fdslots_get_revents(s, 3), POLLIN);
        event_clear(polled);
    }
    EXPECT(e->wait(s, 0, NULL), 0);
}

/* The library has at most one set open. */
static void no_fd_is_lost(int before)
{
    if (have_epoll())
        EXPECT(fdslots_rebuild(s), 0);
    ck_assert_int_le(open_fds(), before + 1);
    if (!have_epoll())
        return;
    ck_assert_int_eq(sets_hold(idle), 1);
    ck_assert_int_eq(sets_hold(late), 1);
}

static const int64_t timeouts[] = {FDSLOTS_FOREVER, INT64_C(3600000000000), INT64_C(3600000000001)};

START_TEST(inside_a_wait)
{
    sigset_t none;
    sigemptyset(&none);
    e = entry_at(_i % entry_count());
    timeout = timeouts[_i / entry_count() % LENGTH(timeouts)];
    states[_i / entry_count() / LENGTH(timeouts)]();
    const bool with_mask = e->takes_mask && fdslots_has(FDSLOTS_HAS_PPOLL) == 1;
    const int before = open_fds();
    for (int again = 0; again < 3; again++) {
        mask = with_mask && again == 1 ? &none : NULL;
        cancel_a_sleeping_wait();
        slots_are_whole();
    }
    ck_assert_int_le(open_fds(), before + 1);
    waits_are_right();
    no_fd_is_lost(before);
    end();
}
END_TEST

static void wait_at_once(void)
{
    e->wait(s, 0, NULL);
}

START_TEST(before_a_wait)
{
    e = entry_at(_i % entry_count());
    states[_i / entry_count()]();
    const int before = open_fds();
    event_set(late);
    for (int again = 0; again < 3; again++)
        cancel_at_once(wait_at_once);
    slots_are_whole();
    event_clear(late);
    ck_assert_int_le(open_fds(), before + 1);
    waits_are_right();
    no_fd_is_lost(before);
    end();
}
END_TEST

/* ---- a child's first wait ---- */

static void child_is_woken(void)
{
    CHILD_EXPECT(fdslots_wake(s), 0);
    cancel_at_once(wait_at_once);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 6), POLLIN);
}

START_TEST(inside_the_first_wait_of_a_child)
{
    e = entry_at(_i % entry_count());
    states[_i / entry_count()]();
    EXPECT(fdslots_waker_open(s, 6), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    child_run(child_is_woken);
    end();
}
END_TEST

/* ---- calls that close ---- */

/* Either both steps are done, or neither. */
static void close_slot_0(void)
{
    fdslots_close_index(s, 0);
}

START_TEST(inside_close_index)
{
    e = entry_at(_i % entry_count());
    states[_i / entry_count()]();
    const int before = open_fds();
    cancel_at_once(close_slot_0);
    const bool is_open = fcntl(idle, F_GETFD) >= 0;
    EXPECT(fdslots_get_fd(s, 0), is_open ? idle : -ENOENT);
    if (is_open)
        EXPECT(fdslots_close_index(s, 0), 0);
    ck_assert_int_eq(open_fds(), before - 1);
    int other = event_fd(true); /* most likely with the same number */
    EXPECT(e->wait(s, 0, NULL), 0);
    ck_assert_int_ge(fcntl(other, F_GETFD), 0);
    close(other);
    idle = event_fd(false);
    EXPECT(fdslots_set_index(s, 0, idle, POLLIN), 0);
    waits_are_right();
    no_fd_is_lost(before);
    end();
}
END_TEST

static void rebuild(void)
{
    fdslots_rebuild(s);
}

static void nest(void)
{
    fdslots_epoll_fd(s);
}

static void open_waker(void)
{
    fdslots_waker_open(s, 6);
}

static void ask_for_features(void)
{
    fdslots_has(FDSLOTS_HAS_EPOLL);
    fdslots_has(FDSLOTS_HAS_EPOLL_NS);
    fdslots_has(FDSLOTS_HAS_PPOLL);
}

static void (*const others[])(void) = {rebuild, ask_for_features, nest, open_waker};

START_TEST(inside_other_calls)
{
    e = entry_at(_i % entry_count());
    states[_i / entry_count() / LENGTH(others)]();
    void (*other)(void) = others[_i / entry_count() % LENGTH(others)];
    const int before = open_fds();
    for (int again = 0; again < 4; again++) {
        cancel_at_once(other);
        slots_are_whole();
        EXPECT(e->wait(s, 0, NULL), 0);
    }
    ck_assert_int_le(open_fds(), before + 2);
    waits_are_right();
    fdslots_destroy(s);
    s = NULL;
    ck_assert_int_le(open_fds(), before);
    end();
}
END_TEST

/* ---- the end of the buffer ---- */

static void destroy(void)
{
    struct fdslots *ended = s;
    s = NULL;
    fdslots_destroy(ended);
}

START_TEST(inside_destroy)
{
    e = entry_at(_i % entry_count());
    const int before = open_fds();
    states[_i / entry_count()]();
    if (have_epoll())
        ck_assert_int_ge(fdslots_epoll_fd(s), 0);
    EXPECT(fdslots_waker_open(s, 7), 0);
    cancel_at_once(destroy);
    end();
    ck_assert_int_eq(open_fds(), before);
}
END_TEST

Suite *suite_cancel(void)
{
    Suite *suite = suite_create("cancelled threads");
    if (UNDER_ASAN)
        return suite; /* ASan takes the unwinding of the stack for an error */
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "cancelled threads");
    tcase_add_loop_test(tcase, inside_a_wait, 0, LENGTH(timeouts) * STATES * entries);
    tcase_add_loop_test(tcase, before_a_wait, 0, STATES * entries);
    tcase_add_loop_test(tcase, inside_the_first_wait_of_a_child, 0, STATES * entries);
    tcase_add_loop_test(tcase, inside_close_index, 0, STATES * entries);
    tcase_add_loop_test(tcase, inside_other_calls, 0, STATES * LENGTH(others) * entries);
    tcase_add_loop_test(tcase, inside_destroy, 0, STATES * entries);
    return suite;
}
