/* SPDX-License-Identifier: ISC
 *
 * Files that the kernel's set refuses, for whatever reason. The slot is polled, and the sixty
 * others are served as if it were not there.
 */
#include "child.h"
#include "clients.h"
#include "kernel.h"
#include "sets.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Every test here runs in a child. */
static const struct entry *e;

/* ---- files that are refused ---- */

static int set_of(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(EPOLL_CLOEXEC);
    CHILD_EXPECT(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
    return set;
}

static int a_set(void)
{
    return set_of(probe);
}

/* A chain of sets, each in the next. It is as long as the kernel accepts, so one more set is too
 * many. */
static int a_chain(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int top = set_of(probe);
    for (;;) {
        int above = epoll_create1(EPOLL_CLOEXEC);
        if (epoll_ctl(above, EPOLL_CTL_ADD, top, &event) != 0) {
            close(above);
            return top;
        }
        top = above;
    }
}

static int nested_fd(struct fdslots *buffer)
{
    int fd = fdslots_epoll_fd(buffer);
    CHILD_EXPECT(fd >= 0, true);
    return fd;
}

static int itself(void)
{
    return nested_fd(clients);
}

static struct fdslots *other; /* a buffer that holds the one under test */

static int a_circle(void)
{
    CHILD_EXPECT(fdslots_create(2, 0, &other), 0);
    CHILD_EXPECT(fdslots_set_index(other, 0, nested_fd(clients), POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(other, 1, probe, POLLIN), 0);
    return nested_fd(other);
}

/* The set of another loop, which holds this buffer. */
static int a_circle_of_sets(void)
{
    return set_of(nested_fd(clients));
}

static int a_closed_number(void)
{
    return 900;
}

#define CIRCLE   1u /* ready while this buffer is, which only poll(2) can tell */
#define WAKES    2u /* becomes ready with the probe */
#define FOR_GOOD 4u /* the set can never accept it */

static const struct odd {
    const char *name;
    int (*open)(void);
    uint32_t events;
    unsigned traits;
} odds[] = {
    {"an epoll set, exclusive", a_set, POLLIN | FDSLOTS_EXCLUSIVE, WAKES},
    {"an epoll set, exclusive edge", a_set, POLLIN | FDSLOTS_EXCLUSIVE | FDSLOTS_EDGE, WAKES},
    {"a chain of sets", a_chain, POLLIN, WAKES},
    {"a chain of sets, edge", a_chain, POLLIN | FDSLOTS_EDGE, WAKES},
    {"the buffer itself", itself, POLLIN, CIRCLE},
    {"the buffer itself, RDNORM", itself, POLLRDNORM, CIRCLE},
    {"the buffer itself, exclusive", itself, POLLIN | FDSLOTS_EXCLUSIVE, CIRCLE},
    {"a circle of buffers", a_circle, POLLIN, CIRCLE | WAKES},
    {"a circle of sets", a_circle_of_sets, POLLIN, CIRCLE},
    {"a regular file", regular_file, POLLIN | POLLOUT, FOR_GOOD},
    {"a regular file, edge", regular_file, POLLIN | FDSLOTS_EDGE, FOR_GOOD},
    {"a closed number", a_closed_number, POLLIN, FOR_GOOD},
    {"a closed number, edge", a_closed_number, POLLIN | FDSLOTS_EDGE, FOR_GOOD},
};

static const struct odd *odd;

static void serves(int expected, bool odd_one)
{
    clients_served(e, odd->name, expected, odd_one);
}

static void add_odd_one(void)
{
    want[ODD] = (struct pollfd){.fd = odd->open(), .events = (short)(uint16_t)odd->events};
    CHILD_EXPECT(fdslots_set_index(clients, ODD, want[ODD].fd, odd->events), 0);
}

static bool odd_one_is_ready(void)
{
    struct pollfd pollfd = want[ODD];
    CHILD_EXPECT(poll(&pollfd, 1, 0) >= 0, true);
    return pollfd.revents != 0;
}

static bool understands(uint32_t events)
{
    return e->is_epoll || (events & (FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE)) == 0;
}

/* The odd slot is either there from the beginning, or it is added last. */
static bool before_the_first_wait;

static void all_are_served(void)
{
    clients_make(0);
    if (!before_the_first_wait)
        serves(CLIENTS, false);
    add_odd_one();
    for (int again = 0; again < 3; again++)
        serves(CLIENTS, odd_one_is_ready());
    event_set(probe);
    serves(CLIENTS, odd_one_is_ready());
    CHILD_EXPECT(fdslots_rebuild(clients), 0);
    CHILD_EXPECT(fdslots_epoll_fd(clients) >= 0, true);
    serves(CLIENTS, odd_one_is_ready());
    for (uint32_t i = 0; i < CLIENTS; i++)
        event_clear(want[i].fd);
    serves(0, odd_one_is_ready());
    for (uint32_t i = 0; i < CLIENTS; i++)
        event_set(want[i].fd);
    CHILD_EXPECT(fdslots_set_events(clients, 1, POLLIN | POLLPRI), 0);
    serves(CLIENTS, odd_one_is_ready());
    CHILD_EXPECT(fdslots_invalidate_index(clients, ODD), 0);
    serves(CLIENTS, false);
}

START_TEST(others_are_served)
{
    if (child_case_left_out(_i))
        return;
    odd = &odds[_i / 2 % LENGTH(odds)];
    e = entry_at(_i / 2 / LENGTH(odds));
    before_the_first_wait = _i % 2 != 0;
    if (understands(odd->events) && ((odd->events & FDSLOTS_EXCLUSIVE) == 0 || have_exclusive()))
        child_run(all_are_served);
}
END_TEST

/* Every edge of the clients comes once. None is lost because of the odd slot, which is
 * level-triggered. */
static void edges_are_served(void)
{
    clients_make(FDSLOTS_EDGE);
    if (!before_the_first_wait)
        serves(CLIENTS, false);
    add_odd_one();
    if (before_the_first_wait)
        serves(CLIENTS, odd_one_is_ready());
    for (uint32_t i = 0; i < CLIENTS; i++)
        CHILD_EXPECT(fdslots_set_index(clients, i, want[i].fd, POLLIN | FDSLOTS_EDGE), 0);
    serves(CLIENTS, odd_one_is_ready());
    event_set(probe);
    for (int again = 0; again < 3; again++)
        serves(0, odd_one_is_ready());
    event_set(want[7].fd);
    serves(1, odd_one_is_ready());
    serves(0, odd_one_is_ready());
}

START_TEST(edges_of_others_are_served)
{
    if (child_case_left_out(_i))
        return;
    odd = &odds[_i / 2 % LENGTH(odds)];
    e = entry_at(_i / 2 / LENGTH(odds));
    before_the_first_wait = _i % 2 != 0;
    if (e->is_epoll && (odd->traits & CIRCLE) == 0 &&
        ((odd->events & FDSLOTS_EXCLUSIVE) == 0 || have_exclusive()))
        child_run(edges_are_served);
}
END_TEST

static void rouse_probe(void)
{
    event_set(probe);
}

static void sleeps(void)
{
    clients_make(0);
    add_odd_one();
    for (uint32_t i = 0; i < CLIENTS; i++)
        event_clear(want[i].fd);
    pid_t pid = child_when_asleep(rouse_probe);
    CHILD_EXPECT(e->wait(clients, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(clients, ODD), POLLIN);
    child_end(pid);
}

START_TEST(it_ends_a_sleep)
{
    odd = &odds[_i % LENGTH(odds)];
    e = entry_at(_i / LENGTH(odds));
    if ((odd->traits & WAKES) != 0 && understands(odd->events) && have_exclusive())
        child_run(sleeps);
}
END_TEST

/* A refused file is tried again more and more seldom, and never if the set cannot accept it. */
static void is_seldom_asked(void)
{
    clients_make(0);
    add_odd_one();
    serves(CLIENTS, odd_one_is_ready());
    CHILD_EXPECT(fdslots_epoll_wait(clients, 0), CLIENTS + odd_one_is_ready());
    const uint64_t before = stats_of(clients).epoll_ctl_calls;
    for (int again = 0; again < 100; again++)
        serves(CLIENTS, odd_one_is_ready());
    CHILD_EXPECT(stats_of(clients).epoll_ctl_calls - before <=
                     ((odd->traits & FOR_GOOD) != 0 ? 0 : 10),
                 true);
}

START_TEST(a_refusal_costs_little_later)
{
    if (child_case_left_out(_i))
        return;
    odd = &odds[_i % LENGTH(odds)];
    e = entry_at(_i / LENGTH(odds));
    if (understands(odd->events) && have_exclusive())
        child_run(is_seldom_asked);
}
END_TEST

/* The slot gets a file that the set accepts, or it asks for events that the set can watch. */
static void is_taken_later(void)
{
    odd = &odds[0];
    clients_make(0);
    add_odd_one();
    serves(CLIENTS, false);
    CHILD_EXPECT(sets_hold(want[ODD].fd), 0);
    CHILD_EXPECT(fdslots_set_events(clients, ODD, POLLIN), 0);
    serves(CLIENTS, false);
    CHILD_EXPECT(fdslots_epoll_wait(clients, 0), CLIENTS);
    CHILD_EXPECT(sets_hold(want[ODD].fd), 1);
    event_set(probe);
    serves(CLIENTS, true);
    const uint64_t polled = stats_of(clients).polled;
    CHILD_EXPECT(fdslots_epoll_wait(clients, 0), CLIENTS + 1);
    CHILD_EXPECT((intmax_t)(stats_of(clients).polled - polled), 0);
}

START_TEST(is_registered_when_the_reason_is_gone)
{
    e = entry_at(_i);
    if (e->is_epoll && have_exclusive())
        child_run(is_taken_later);
}
END_TEST

/* The other buffer drops this one, which breaks the circle. */
static void circle_is_broken(void)
{
    clients_make(0);
    CHILD_EXPECT(fdslots_create(2, 0, &other), 0);
    CHILD_EXPECT(fdslots_set_index(other, 0, nested_fd(clients), POLLIN), 0);
    CHILD_EXPECT(fdslots_set_index(other, 1, probe, POLLIN), 0);
    want[ODD] = (struct pollfd){.fd = nested_fd(other), .events = POLLIN};
    CHILD_EXPECT(fdslots_set_index(clients, ODD, want[ODD].fd, POLLIN), 0);
    serves(CLIENTS, true);
    CHILD_EXPECT(fdslots_invalidate_index(other, 0), 0);
    CHILD_EXPECT(fdslots_epoll_fd(other), want[ODD].fd);
    serves(CLIENTS, false);
    event_set(probe);
    serves(CLIENTS, true);
    CHILD_EXPECT(fdslots_set_index(clients, ODD, want[ODD].fd, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(clients, 0), CLIENTS + 1);
    CHILD_EXPECT(sets_hold(want[ODD].fd), 1);
    serves(CLIENTS, true);
}

START_TEST(is_registered_when_the_circle_is_broken)
{
    odd = &odds[0];
    e = entry_at(_i);
    child_run(circle_is_broken);
}
END_TEST

Suite *suite_refused(void)
{
    Suite *suite = suite_create("refused");
    if (!have_epoll())
        return suite;
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "refused");
    tcase_add_loop_test(tcase, others_are_served, 0, 2 * LENGTH(odds) * entries);
    tcase_add_loop_test(tcase, edges_of_others_are_served, 0, 2 * LENGTH(odds) * entries);
    tcase_add_loop_test(tcase, it_ends_a_sleep, 0, LENGTH(odds) * entries);
    tcase_add_loop_test(tcase, a_refusal_costs_little_later, 0, LENGTH(odds) * entries);
    tcase_add_loop_test(tcase, is_registered_when_the_reason_is_gone, 0, entries);
    tcase_add_loop_test(tcase, is_registered_when_the_circle_is_broken, 0, entries);
    return suite;
}
