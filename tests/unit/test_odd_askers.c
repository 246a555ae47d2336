/* SPDX-License-Identifier: ISC
 *
 * Files whose answer depends on the process or thread that asks, or that work only when asked. A
 * signalfd answers for the calling thread, and an AF_XDP socket sends when it is asked.
 * FDSLOTS_POLLED makes every wait ask them.
 */
#include "child.h"
#include "kernel.h"
#include "odd.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NSLOTS 4
#define SLOT   2

static const enum entry_point asked[] = {ENTRY_POLL, ENTRY_EPOLL_WAIT, ENTRY_WAIT};
#define ASKED LENGTH(asked)

static struct fdslots *s;
static const struct entry *e;

static void setup(void)
{
    s = make_slots(NSLOTS);
}

static void teardown(void)
{
    fdslots_destroy(s);
}

/* ---- a signal for one thread ---- */

/* The thread that the signal is for. It gets the buffer when it is its turn. */
struct owner {
    pthread_t thread;
    pid_t id;
    int fd;
    int there[2], back[2];
    int64_t timeout_ns;
    int rc, revents, poll_says;
};

static void *look(void *arg)
{
    struct owner *owner = arg;
    owner->id = (pid_t)syscall(SYS_gettid);
    turn_give(owner->back);
    turn_await(owner->there);
    owner->rc = e->wait(s, owner->timeout_ns, NULL);
    owner->revents = fdslots_get_revents(s, SLOT);
    struct pollfd pollfd = {owner->fd, POLLIN, 0};
    poll(&pollfd, 1, 0);
    owner->poll_says = pollfd.revents;
    return NULL;
}

static sigset_t rt_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 4);
    return set;
}

static void owner_start(struct owner *owner, uint32_t flag)
{
    const sigset_t set = rt_signal();
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    owner->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    ck_assert_int_ge(owner->fd, 0);
    turn_make(owner->there);
    turn_make(owner->back);
    ck_assert_int_eq(pthread_create(&owner->thread, NULL, look, owner), 0);
    turn_await(owner->back);
    EXPECT(fdslots_set_index(s, SLOT, owner->fd, POLLIN | flag), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
}

static void owner_signal(const struct owner *owner)
{
    ck_assert_int_eq((int)syscall(SYS_tgkill, getpid(), owner->id, SIGRTMIN + 4), 0);
}

/* A signal that is left over ends with its thread. */
static void owner_end(struct owner *owner)
{
    const sigset_t set = rt_signal();
    pthread_join(owner->thread, NULL);
    close(owner->fd);
    close_pipe(owner->there);
    close_pipe(owner->back);
    ck_assert_int_eq(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
}

/* This thread waits while a signal is pending for the owner. Returns what the owner then sees. */
static int seen_by_owner(enum entry_point point, uint32_t flag)
{
    struct owner owner = {.timeout_ns = 0};
    e = entry_for(point);
    if (e == NULL)
        return -1;
    owner_start(&owner, flag);
    owner_signal(&owner);
    EXPECT(e->wait(s, 0, NULL), 0);
    turn_give(owner.there);
    owner_end(&owner);
    ck_assert_int_eq(owner.poll_says, POLLIN);
    ck_assert_int_eq(owner.rc, owner.revents != 0);
    return owner.revents;
}

START_TEST(polled_each_thread_sees_its_signals)
{
    int seen = seen_by_owner(asked[_i], FDSLOTS_POLLED);
    ck_assert(seen == POLLIN || entry_for(asked[_i]) == NULL);
}
END_TEST

START_TEST(by_poll_it_is_so_anyway)
{
    ck_assert_int_eq(seen_by_owner(ENTRY_POLL, 0), POLLIN);
}
END_TEST

/* When the wrong thread looks, the kernel finds nothing and drops the file from the ready list of
 * the set. */
START_TEST(the_set_forgets_the_signal)
{
    ck_assert_int_le(seen_by_owner(ENTRY_EPOLL_WAIT, 0), 0);
}
END_TEST

START_TEST(a_signal_ends_the_wait_of_its_thread)
{
    struct owner owner = {.timeout_ns = FDSLOTS_FOREVER};
    e = entry_for(asked[_i]);
    if (e == NULL)
        return;
    owner_start(&owner, FDSLOTS_POLLED);
    turn_give(owner.there);
    owner_signal(&owner);
    owner_end(&owner);
    ck_assert_int_eq(owner.rc, 1);
    ck_assert_int_eq(owner.revents, POLLIN);
}
END_TEST

/* ---- packets that are sent on request ---- */

static struct odd socket_;

/* Queue a packet for a slot that is already registered, and wait. Returns whether the kernel took
 * the packet. */
static uint32_t taken_by_wait(uint32_t flag)
{
    odd_xdp_put(&socket_);
    CHILD_EXPECT(fdslots_set_index(s, SLOT, socket_.fd, POLLIN | flag), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    uint32_t before = odd_xdp_taken(&socket_);
    CHILD_EXPECT(before, 1); /* the registration itself asks the file */
    odd_xdp_put(&socket_);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    return odd_xdp_taken(&socket_) - before;
}

static void have_socket(void)
{
    if (odd_open(&socket_, odd_xdp))
        return;
    printf("skipped: no AF_XDP here\n");
    fflush(stdout);
    _exit(EXIT_SUCCESS);
}

static void is_sent(void)
{
    have_socket();
    CHILD_EXPECT(taken_by_wait(FDSLOTS_POLLED), 1);
}

static void is_sent_by_poll(void)
{
    have_socket();
    CHILD_EXPECT(taken_by_wait(0), 1);
}

static void is_not_sent(void)
{
    have_socket();
    CHILD_EXPECT(taken_by_wait(0), 0);
}

START_TEST(polled_each_wait_sends)
{
    e = entry_for(asked[_i]);
    if (e != NULL)
        child_run(is_sent);
}
END_TEST

START_TEST(each_poll_sends_anyway)
{
    e = entry_for(ENTRY_POLL);
    child_run(is_sent_by_poll);
}
END_TEST

START_TEST(the_set_does_not_send)
{
    e = entry_for(ENTRY_EPOLL_WAIT);
    if (e != NULL)
        child_run(is_not_sent);
}
END_TEST

Suite *suite_odd_askers(void)
{
    Suite *suite = suite_create("odd askers");
    TCase *tcase = add_case(suite, "signals of a thread");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, polled_each_thread_sees_its_signals, 0, ASKED);
    tcase_add_test(tcase, by_poll_it_is_so_anyway);
    tcase_add_test(tcase, the_set_forgets_the_signal);
    tcase_add_loop_test(tcase, a_signal_ends_the_wait_of_its_thread, 0, ASKED);
    tcase = add_case(suite, "AF_XDP");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, polled_each_wait_sends, 0, ASKED);
    tcase_add_test(tcase, each_poll_sends_anyway);
    tcase_add_test(tcase, the_set_does_not_send);
    return suite;
}
