/* SPDX-License-Identifier: ISC
 *
 * The waker in a forked child. The child's own waker replaces the inherited one, and only in a slot
 * that still belongs to the waker. If the number has become another file, that file is the child's
 * business.
 */
#include "child.h"
#include "filter.h"
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NSLOTS 8
#define LAST   64 /* above all fds that the test has open */

static const struct entry *e;
static struct fdslots *s;
static uint32_t flags; /* flags of the buffer */
static int number;     /* number of the waker in the parent, in slot 0 */

/* Every test here runs in children; even the parents are children. */
static void make(void)
{
    CHILD_EXPECT(fdslots_create(NSLOTS, flags, &s), 0);
    CHILD_EXPECT(fdslots_waker_open(s, 0), 0);
    number = fdslots_get_fd(s, 0);
}

static void make_and_wait(void)
{
    make();
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

/* ---- a child that closes all that it has inherited, and tells the buffer ---- */

static int ends[2];

static void close_all(void)
{
    for (int fd = 3; fd < LAST; fd++)
        close(fd);
}

static void tell_all(void)
{
    for (uint32_t i = 0; i < NSLOTS; i++)
        CHILD_EXPECT(fdslots_invalidate_index(s, i), 0);
}

/* A socket of the child gets the number of the inherited waker. */
static void take_the_number(void)
{
    CHILD_EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    if (ends[0] == number)
        return;
    if (ends[1] == number) {
        ends[1] = ends[0];
        ends[0] = number;
        return;
    }
    CHILD_EXPECT(dup2(ends[0], number), number);
    close(ends[0]);
    ends[0] = number;
}

static void start_anew(void)
{
    tell_all();
    close_all();
    take_the_number();
}

static bool peer_sees_the_end(void)
{
    struct pollfd pollfd = {.fd = ends[1], .events = POLLIN};
    return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLHUP) != 0;
}

static void socket_works(uint32_t index)
{
    CHILD_EXPECT(fdslots_set_index(s, index, ends[0], POLLIN), 0);
    CHILD_EXPECT(write(ends[1], "x", 1), 1);
    for (int again = 0; again < 2; again++) {
        CHILD_EXPECT(e->wait(s, 0, NULL), 1);
        CHILD_EXPECT(fdslots_get_revents(s, index), POLLIN);
        CHILD_EXPECT(fdslots_get_fd(s, index), ends[0]);
    }
    char bytes[16];
    CHILD_EXPECT(read(ends[0], bytes, sizeof bytes), 1);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(peer_sees_the_end(), false);
    CHILD_EXPECT(fdslots_close_index(s, index), 0);
    CHILD_EXPECT(peer_sees_the_end(), true);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

static void socket_in_another_slot(void)
{
    start_anew();
    socket_works(5);
}

static void socket_in_the_slot_of_the_waker(void)
{
    start_anew();
    socket_works(0);
}

static void socket_closed_at_once(void)
{
    start_anew();
    CHILD_EXPECT(fdslots_set_index(s, 5, ends[0], POLLIN), 0);
    CHILD_EXPECT(fdslots_close_index(s, 5), 0);
    CHILD_EXPECT(peer_sees_the_end(), true);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

static void socket_closed_in_the_slot_of_the_waker(void)
{
    start_anew();
    CHILD_EXPECT(fdslots_set_index(s, 0, ends[0], POLLIN), 0);
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
    CHILD_EXPECT(peer_sees_the_end(), true);
}

/* Setting the slot tells the library. */
static void socket_set_over_the_waker(void)
{
    close_all();
    take_the_number();
    socket_works(0);
}

/* A wake writes eight bytes and a drain reads them, but not on the socket. */
static void socket_is_no_waker(void)
{
    char bytes[16];
    start_anew();
    CHILD_EXPECT(fdslots_set_index(s, 0, ends[0], POLLIN), 0);
    fdslots_wake(s);
    CHILD_EXPECT(read(ends[1], bytes, sizeof bytes), -1);
    CHILD_EXPECT(write(ends[1], "12345678", 8), 8);
    fdslots_waker_drain(s);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    fdslots_wake(s);
    fdslots_waker_drain(s);
    CHILD_EXPECT(read(ends[1], bytes, sizeof bytes), -1);
    CHILD_EXPECT(read(ends[0], bytes, sizeof bytes), 8);
}

static void socket_outlives_the_buffer(void)
{
    start_anew();
    CHILD_EXPECT(fdslots_set_index(s, 0, ends[0], POLLIN), 0);
    fdslots_destroy(s);
    CHILD_EXPECT(peer_sees_the_end(), false);
    CHILD_EXPECT(fcntl(ends[0], F_GETFD) >= 0, true);
}

static void socket_outlives_a_buffer_that_waited(void)
{
    start_anew();
    CHILD_EXPECT(fdslots_set_index(s, 3, ends[0], POLLIN), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    fdslots_destroy(s);
    CHILD_EXPECT(peer_sees_the_end(), false);
    CHILD_EXPECT(fcntl(ends[0], F_GETFD) >= 0, true);
}

/* ---- a second waker ---- */

static void waker_works(uint32_t index)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, index), POLLIN);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

static void opened_in_the_same_slot(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(fdslots_waker_open(s, 0), 0);
    waker_works(0);
}

static void opened_in_another_slot(void)
{
    start_anew();
    CHILD_EXPECT(fdslots_set_index(s, 0, ends[0], POLLIN), 0);
    CHILD_EXPECT(fdslots_waker_open(s, 6), 0);
    waker_works(6);
    CHILD_EXPECT(fdslots_get_fd(s, 0), ends[0]);
    CHILD_EXPECT(peer_sees_the_end(), false);
}

/* A wake that returned 0 is not lost, even if the waker that it was for is gone. */
static void woken_without_its_slot(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(fdslots_waker_drain(s), -ENOENT);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_wake(s), -ENOENT);
    CHILD_EXPECT(fdslots_waker_open(s, 3), 0);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    waker_works(3);
}

static void opened_after_a_wait(void)
{
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_waker_open(s, 4), 0);
    waker_works(4);
}

static void opened_after_close_index(void)
{
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
    CHILD_EXPECT(fdslots_wake(s), -ENOENT);
    CHILD_EXPECT(fdslots_waker_open(s, 2), 0);
    waker_works(2);
}

/* What is refused changes nothing, not even the waker's slot. */
static void not_opened_twice(void)
{
    const int64_t generation = fdslots_get_generation(s, 0);
    CHILD_EXPECT(fdslots_waker_open(s, 4), -EEXIST);
    CHILD_EXPECT(fdslots_waker_open(s, 0), -EEXIST);
    CHILD_EXPECT(fdslots_get_generation(s, 0), generation);
    CHILD_EXPECT(fdslots_get_fd(s, 0), number);
    waker_works(0);
}

/* ---- a slot that still belongs to the waker ---- */

static void kept_as_it_is(void)
{
    waker_works(0);
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
    CHILD_EXPECT(fdslots_wake(s), -ENOENT);
}

static void paused_in_the_child(void)
{
    CHILD_EXPECT(fdslots_pause_index(s, 0), 0);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_resume_index(s, 0), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
}

static void woken_first(void)
{
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 0), POLLIN);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    waker_works(0);
}

static void drained_first(void)
{
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    waker_works(0);
}

static void nobody_woke(void)
{
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

/* The wake was for the waker that is closed since, so a child of the child must not find it. */
static void woken_before_another_was_opened(void)
{
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
    CHILD_EXPECT(fdslots_waker_open(s, 0), 0);
    child_run(nobody_woke);
    waker_works(0);
}

/* The wake was for the child, so a child of the child must not find it. */
static void woken_before_a_fork(void)
{
    CHILD_EXPECT(fdslots_wake(s), 0);
    child_run(nobody_woke);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    waker_works(0);
}

static void closed_all_but_told_nothing_of_the_waker(void)
{
    close_all();
    waker_works(0); /* nobody told the buffer, so the slot still belongs to the waker */
}

static void other_events_in_the_child(void)
{
    const uint32_t events = POLLIN | FDSLOTS_ONESHOT;
    CHILD_EXPECT(fdslots_set_events(s, 0, events), 0);
    waker_works(0);
    CHILD_EXPECT(fdslots_get_events(s, 0), (int)events);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0); /* the one-shot has fired */
    CHILD_EXPECT(fdslots_resume_index(s, 0), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
}

/* A resize makes no system call that a waker would need. */
static void resized(void)
{
    const int64_t generation = fdslots_get_generation(s, 0);
    CHILD_EXPECT(fdslots_resize(&s, 128), 0);
    CHILD_EXPECT(fdslots_set_index(s, 100, number, POLLIN), 0);
    CHILD_EXPECT(fdslots_invalidate_index(s, 100), 0);
    CHILD_EXPECT(fdslots_resize(&s, NSLOTS), 0);
    CHILD_EXPECT(fdslots_get_generation(s, 0), generation);
    CHILD_EXPECT(fdslots_get_fd(s, 0), number);
    waker_works(0);
}

/* The number stays what it was, because the caller has put it into a slot. */
static void also_in_another_slot(void)
{
    CHILD_EXPECT(fdslots_set_index(s, 2, number, POLLPRI), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fcntl(number, F_GETFD) >= 0, true);
    waker_works(0);
    CHILD_EXPECT(fdslots_close_index(s, 2), 0);
    CHILD_EXPECT(fcntl(number, F_GETFD), -1);
    waker_works(0);
}

static void (*const children[])(void) = {
    socket_in_another_slot,
    socket_in_the_slot_of_the_waker,
    socket_closed_at_once,
    socket_closed_in_the_slot_of_the_waker,
    socket_set_over_the_waker,
    socket_is_no_waker,
    socket_outlives_the_buffer,
    socket_outlives_a_buffer_that_waited,
    opened_in_the_same_slot,
    opened_in_another_slot,
    opened_after_a_wait,
    woken_without_its_slot,
    opened_after_close_index,
    not_opened_twice,
    kept_as_it_is,
    paused_in_the_child,
    woken_first,
    woken_before_a_fork,
    drained_first,
    woken_before_another_was_opened,
    closed_all_but_told_nothing_of_the_waker,
    other_events_in_the_child,
    also_in_another_slot,
    resized,
};
static void (*child)(void);

/* The parent keeps its waker. */
static void parent(void)
{
    make_and_wait();
    child_run(child);
    CHILD_EXPECT(fdslots_get_fd(s, 0), number);
    waker_works(0);
    CHILD_EXPECT(fdslots_wake(s), 0);
    child_run(child); /* a wake is pending in the parent, and stays pending there */
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    waker_works(0);
}

START_TEST(in_a_child)
{
    if (child_case_left_out(_i))
        return;
    child = children[_i % LENGTH(children)];
    e = entry_at(_i / LENGTH(children) % entry_count());
    flags = _i / LENGTH(children) / entry_count() != 0 ? FDSLOTS_CHECK : 0;
    child_run(parent);
}
END_TEST

/* ---- changes that the parent made to the slot ---- */

static void is_paused_still(void)
{
    CHILD_EXPECT(fdslots_wake(s), 0);
    for (int again = 0; again < 3; again++)
        CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    CHILD_EXPECT(fdslots_get_fd(s, 0) >= 0, true);
    CHILD_EXPECT(fdslots_resume_index(s, 0), 0);
    CHILD_EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    CHILD_EXPECT(fdslots_resume_index(s, 0), 0); /* needed for a one-shot slot */
    waker_works(0);
}

static void paused_by_the_parent(void)
{
    make_and_wait();
    CHILD_EXPECT(fdslots_pause_index(s, 0), 0);
    child_run(is_paused_still);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    child_run(is_paused_still);
    is_paused_still();
}

static void fired_in_the_parent(void)
{
    make_and_wait();
    CHILD_EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_ONESHOT), 0);
    CHILD_EXPECT(fdslots_wake(s), 0);
    CHILD_EXPECT(e->wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_waker_drain(s), 0);
    child_run(is_paused_still);
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
}

/* The slot is not the waker's, and the child's own waker does not replace it: it holds an ordinary
 * fd. */
static void is_an_ordinary_fd(void)
{
    for (int again = 0; again < 2; again++) {
        CHILD_EXPECT(e->wait(s, 0, NULL), 0);
        CHILD_EXPECT(fdslots_get_fd(s, 3), number);
        CHILD_EXPECT(fdslots_get_fd(s, 0), -ENOENT);
    }
    uint64_t one = 1;
    /* The write fails if the fd is the read end of a pipe. */
    if (write(number, &one, sizeof one) == sizeof one) {
        CHILD_EXPECT(e->wait(s, 0, NULL), 1);
        CHILD_EXPECT(read(number, &one, sizeof one), sizeof one);
        CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    }
    CHILD_EXPECT(fdslots_close_index(s, 3), 0);
    CHILD_EXPECT(fcntl(number, F_GETFD), -1);
}

static void moved_by_the_parent(void)
{
    make_and_wait();
    CHILD_EXPECT(fdslots_invalidate_index(s, 0), 0);
    CHILD_EXPECT(fdslots_set_index(s, 3, number, POLLIN), 0);
    waker_works(3);
    child_run(is_an_ordinary_fd);
    waker_works(3);
}

static void (*const parents[])(void) = {paused_by_the_parent, fired_in_the_parent,
                                        moved_by_the_parent};

START_TEST(as_the_parent_left_it)
{
    e = entry_at(_i % entry_count());
    child_run(parents[_i / entry_count()]);
}
END_TEST

/* ---- a waker that is a pipe ---- */

/* Only the read end of the pipe is in a slot. The child closes all other fds, and directories get
 * their numbers. */
static void take_other_numbers(void)
{
    for (int fd = 3; fd < LAST; fd++)
        if (fd != number)
            close(fd);
    while (open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < LAST)
        ;
}

static void expect_directories(void)
{
    struct stat st;
    for (int fd = 3; fd < LAST; fd++)
        CHILD_EXPECT(fd == number || (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)), true);
}

static void waits_beside_directories(void)
{
    take_other_numbers();
    CHILD_EXPECT(e->wait(s, 0, NULL), 0);
    expect_directories();
    waker_works(0);
    fdslots_destroy(s);
    expect_directories();
}

static void ends_beside_directories(void)
{
    take_other_numbers();
    fdslots_destroy(s);
    expect_directories();
}

static void closes_beside_directories(void)
{
    take_other_numbers();
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
    expect_directories();
    CHILD_EXPECT(fcntl(number, F_GETFD), -1);
}

/* A child that closed nothing leaves no end open. It may close the inherited set, too. */
static void closes_both_ends(void)
{
    const int before = open_fds();
    CHILD_EXPECT(fdslots_close_index(s, 0), 0);
    CHILD_EXPECT(open_fds() <= before - 2, true);
}

static void (*const others[])(void) = {waits_beside_directories, ends_beside_directories,
                                       closes_beside_directories, closes_both_ends, kept_as_it_is};

static void parent_with_a_pipe(void)
{
    filter_refuse(SYS_eventfd2, FILTER_ANY, ENOSYS);
    make_and_wait();
    child_run(child);
    waker_works(0);
}

START_TEST(as_a_pipe)
{
    if (!filter_works())
        return;
    child = others[_i % LENGTH(others)];
    e = entry_at(_i / LENGTH(others));
    flags = 0;
    child_run(parent_with_a_pipe);
}
END_TEST

Suite *suite_waker_child(void)
{
    Suite *suite = suite_create("waker in a child");
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "waker in a child");
    tcase_add_loop_test(tcase, in_a_child, 0, (1 + have_epoll()) * LENGTH(children) * entries);
    tcase_add_loop_test(tcase, as_the_parent_left_it, 0, LENGTH(parents) * entries);
    tcase_add_loop_test(tcase, as_a_pipe, 0, LENGTH(others) * entries);
    return suite;
}
