/* SPDX-License-Identifier: ISC
 *
 * Which of its parent's library fds a child of fork(2) closes: only those that it can prove to be
 * still the same files.
 */
#include "child.h"
#include "kernel/epoll.h"
#include "pair.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NSLOTS 6
#define FIRST  3
#define LAST   40

static void setup(void)
{
    pair_setup(NSLOTS, 0);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 4, ready, POLLOUT), 0);
}

/* ---- a set whose fdinfo is longer than what the library reads ---- */

#define MANY 200

static struct fdslots *many;

static void the_same_files(void)
{
    int before = open_fds();
    for (uint32_t i = 0; i < MANY; i++)
        CHILD_EXPECT(fdslots_set_events(many, i, POLLIN | POLLPRI), 0);
    CHILD_EXPECT(fdslots_epoll_wait(many, 0), 0);
    CHILD_EXPECT(open_fds(), before);
}

/* It is still the same set, whoever owns the slots now. */
static void other_owners(void)
{
    int before = open_fds();
    for (uint32_t i = 0; i < MANY; i++)
        CHILD_EXPECT(fdslots_set_index(many, i, fdslots_get_fd(many, i), POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(many, 0), 0);
    CHILD_EXPECT(open_fds(), before);
}

START_TEST(a_long_proof)
{
    many = make_slots(MANY);
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_set_index(many, i, event_fd(false), POLLIN), 0);
    EXPECT(fdslots_epoll_wait(many, 0), 0);
    child_run(the_same_files);
    child_run(other_owners);
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(fdslots_close_index(many, i), 0);
    fdslots_destroy(many);
}
END_TEST

/* ---- a child that closes all that it has inherited, as daemons do ---- */

static void close_all(void)
{
    for (int fd = FIRST; fd < LAST; fd++)
        close(fd);
}

static int open_epoll(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

/* Uses no helper of Check, because Check's own fds have been closed. */
static int open_event(void)
{
    return eventfd(1, EFD_CLOEXEC);
}

static int open_a_file(void)
{
    return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int (*const opens[])(void) = {open_event, open_a_file, open_epoll};
static int (*open_one)(void);
static struct fdslots *other;

static void open_others(void)
{
    for (int fd = open_one(); fd < LAST - 1; fd = open_one())
        CHILD_EXPECT(fd >= 0, true);
}

static void others_are_open(void)
{
    for (int fd = FIRST; fd < LAST; fd++)
        CHILD_EXPECT(fcntl(fd, F_GETFD) >= 0, true);
}

static void waits_among_others(void)
{
    close_all();
    open_others();
    fdslots_epoll_wait(s, 0);
    others_are_open();
    fdslots_destroy(s);
    others_are_open();
}

static void ends_among_others(void)
{
    close_all();
    open_others();
    fdslots_destroy(s);
    others_are_open();
}

START_TEST(nothing_else_is_closed)
{
    open_one = opens[_i];
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_ge(fdslots_epoll_fd(s), 0);
    child_run(waits_among_others);
    child_run(ends_among_others);
}
END_TEST

static int number; /* number of the set of s before the fork */

/* The new set of one buffer gets the number that the set of the other buffer had. */
static void buffers_change_numbers(void)
{
    close_all();
    while (open_a_file() < number - 1)
        ;
    CHILD_EXPECT(fdslots_invalidate_index(other, 0), 0);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 0);
    for (uint32_t i = 0; i < NSLOTS; i++)
        CHILD_EXPECT(fdslots_invalidate_index(s, i), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    int fd = open_event();
    CHILD_EXPECT(fdslots_set_index(other, 0, fd, POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(s, 0, fd, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 1);
    int before = open_fds();
    fdslots_destroy(s);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 1);
    fdslots_destroy(other);
    CHILD_EXPECT(open_fds(), before - 2);
}

START_TEST(buffers_do_not_close_each_other)
{
    other = make_slots(NSLOTS);
    number = open_epoll(); /* gets the lowest free number */
    close(number);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    EXPECT(fdslots_set_index(other, 0, ready, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(other, 0), 1);
    child_run(buffers_change_numbers);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 0);
    fdslots_destroy(other);
}
END_TEST

/* Both sets hold the same file under the same name, and the child has closed both sets. */
static void sets_have_changed_numbers(void)
{
    const int old = s->kernel->fd;
    close(old); /* makes it the lowest free number */
    close(other->kernel->fd);
    CHILD_EXPECT(fdslots_epoll_wait(other, 0), 1);
    CHILD_EXPECT(other->kernel->fd, old);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(s->kernel->fd != old, true);
    for (uint32_t i = 0; i < NSLOTS; i++)
        CHILD_EXPECT(fdslots_invalidate_index(s, i), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(fdslots_epoll_wait(other, -1), 1);
    fdslots_destroy(s);
    CHILD_EXPECT(fdslots_epoll_wait(other, -1), 1);
}

START_TEST(buffers_with_one_file_do_not_close_each_other)
{
    other = make_slots(NSLOTS);
    EXPECT(fdslots_set_index(other, 0, ready, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    EXPECT(fdslots_epoll_wait(other, 0), 1);
    child_run(sets_have_changed_numbers);
    EXPECT_WAIT(fdslots_epoll_wait(s, 0), 2, 0);
    fdslots_destroy(other);
}
END_TEST

/* A set of the child has the number of the inherited one, and holds the file of a slot under a name
 * that the slot never had. */
static void set_with_a_like_name(void)
{
    const int old = s->kernel->fd;
    const struct event_name later = {0, s->slots[0].generation + 1};
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = fdslots_epoll_data(s->kernel, later)};
    close(old);
    CHILD_EXPECT(open_epoll(), old);
    CHILD_EXPECT(epoll_ctl(old, EPOLL_CTL_ADD, ready, &event), 0);
    fdslots_destroy(s);
    CHILD_EXPECT(fcntl(old, F_GETFD) >= 0, true);
}

START_TEST(a_like_name_proves_nothing)
{
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    child_run(set_with_a_like_name);
}
END_TEST

Suite *suite_child_fds(void)
{
    Suite *suite = suite_create("fds in a child");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "child fds");
    tcase_add_checked_fixture(tcase, setup, pair_teardown);
    tcase_add_test(tcase, a_long_proof);
    tcase_add_loop_test(tcase, nothing_else_is_closed, 0, LENGTH(opens));
    tcase_add_test(tcase, buffers_do_not_close_each_other);
    tcase_add_test(tcase, buffers_with_one_file_do_not_close_each_other);
    tcase_add_test(tcase, a_like_name_proves_nothing);
    return suite;
}
