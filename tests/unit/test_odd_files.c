/* SPDX-License-Identifier: ISC
 *
 * Files that fstat(2) cannot tell from those that epoll reports correctly. FDSLOTS_POLLED is for
 * them. With the flag, every entry point answers as poll(2) does. Without it, the kernel's set
 * answers. The events that it does not show are listed here, so a kernel that fixes this fails
 * these tests.
 *
 * poll(2) may consume an event by asking. It therefore asks a twin, a second file to which the same
 * happens.
 */
#include "child.h"
#include "kernel.h"
#include "odd.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define NSLOTS 4
#define SLOT   2
/* Keeps a broken library from taking a minute in every test. */
#define AT_MOST_NS INT64_C(5000000000)

static struct fdslots *s;
static int idle;

static void setup(void)
{
    s = make_slots(NSLOTS);
    idle = event_fd(false);
    EXPECT(fdslots_set_index(s, 0, idle, POLLIN), 0);
}

static void teardown(void)
{
    fdslots_destroy(s);
    close(idle);
}

static bool must_skip(bool made, const char *name)
{
    if (!made)
        printf("skipped: no %s here\n", name);
    return !made;
}

/* ---- histories of an event ---- */

enum step { WAIT = 1, FIRE, EVENTS, OWNER, REBUILD, FLUSH, PAUSE, RESUME };

static const struct plot {
    const char *name;
    enum step steps[8];
    bool looks; /* the kernel is told of the slot after the event, so it looks at the file */
} plots[] = {
    {"before the first wait", {FIRE, WAIT, WAIT}, true},
    {"between two waits", {WAIT, FIRE, WAIT, WAIT}, false},
    {"before other events are wanted", {WAIT, FIRE, EVENTS, WAIT, WAIT}, true},
    {"before a new owner", {WAIT, FIRE, OWNER, WAIT, WAIT}, true},
    {"before the set is made anew", {WAIT, FIRE, REBUILD, WAIT, WAIT}, true},
    {"before fdslots_epoll_fd()", {FIRE, FLUSH, WAIT, WAIT}, true},
    {"before pause and resume", {WAIT, FIRE, PAUSE, RESUME, WAIT, WAIT}, false},
    {"while paused", {WAIT, PAUSE, WAIT, FIRE, RESUME, WAIT, WAIT}, true},
};
#define PLOTS LENGTH(plots)

static const struct odd_kind *kind;
static const struct plot *plot;
static const struct entry *e;
static struct odd subject, twin;
static uint32_t events; /* the events that are wanted now */
static uint32_t flag;
static bool paused;

static int poll_says(int fd, uint32_t wanted)
{
    struct pollfd pollfd = {fd, (short)wanted, 0};
    ck_assert_int_ge(poll(&pollfd, 1, 0), 0);
    return (uint16_t)pollfd.revents;
}

/* An event that is expected may take some time to wake a set. */
static void wait_and_compare(bool is_lost)
{
    int told = paused ? 0 : poll_says(twin.fd, events);
    int want = is_lost ? 0 : told;
    int rc = e->wait(s, want != 0 ? AT_MOST_NS : 0, NULL);
    int got = fdslots_get_revents(s, SLOT);
    ck_assert_msg(rc == (want != 0) && got == want,
                  "%s, %s%s, an event %s: %d slots, revents %#x, not %#x", kind->name, e->name,
                  flag != 0 ? ", polled" : "", plot->name, rc, (unsigned)got, (unsigned)want);
}

static void tell(enum step step)
{
    if (step == EVENTS)
        events ^= POLLRDBAND;
    if (step == EVENTS)
        EXPECT(fdslots_set_events(s, SLOT, events | flag), 0);
    if (step == OWNER)
        EXPECT(fdslots_set_index(s, SLOT, subject.fd, events | flag), 0);
    if (step == REBUILD && have_epoll())
        EXPECT(fdslots_rebuild(s), 0);
    if (step == FLUSH && have_epoll())
        ck_assert_int_ge(fdslots_epoll_fd(s), 0);
    if (step == PAUSE)
        EXPECT(fdslots_pause_index(s, SLOT), 0);
    if (step == RESUME)
        EXPECT(fdslots_resume_index(s, SLOT), 0);
    if (step == PAUSE || step == RESUME)
        paused = step == PAUSE;
}

static bool open_twins(void)
{
    if (!odd_open(&subject, kind->make))
        return false;
    if (odd_open(&twin, kind->make))
        return true;
    odd_close(&subject);
    return false;
}

/* A lost event does not show in any wait. */
static void play(bool is_lost)
{
    if (must_skip(open_twins(), kind->name))
        return;
    events = kind->events;
    paused = false;
    EXPECT(fdslots_set_index(s, SLOT, subject.fd, events | flag), 0);
    for (const enum step *step = plot->steps; *step != 0; step++) {
        if (*step == WAIT)
            wait_and_compare(is_lost);
        else if (*step != FIRE)
            tell(*step);
        else {
            kind->fire(&subject);
            kind->fire(&twin);
        }
    }
    odd_close(&subject);
    odd_close(&twin);
}

/* Choose the file, the history and the entry point. Returns false if there is no such entry
 * point. */
static bool choose(int i, enum entry_point point)
{
    kind = &odd_kinds[i / PLOTS];
    plot = &plots[i % PLOTS];
    e = entry_for(point);
    return e != NULL;
}

static const enum entry_point asked[] = {ENTRY_POLL, ENTRY_EPOLL_WAIT, ENTRY_WAIT};
#define ASKED LENGTH(asked)

START_TEST(polled_it_is_as_poll_says)
{
    flag = FDSLOTS_POLLED;
    if (choose(_i / ASKED, asked[_i % ASKED]))
        play(false);
}
END_TEST

/* FDSLOTS_CHECK looks at every file before every wait. */
START_TEST(under_check_too)
{
    if (!have_epoll())
        return;
    flag = FDSLOTS_POLLED;
    fdslots_destroy(s);
    EXPECT(fdslots_create(NSLOTS, FDSLOTS_CHECK, &s), 0);
    if (choose(_i / ASKED, asked[_i % ASKED]))
        play(false);
}
END_TEST

START_TEST(by_poll_it_is_so_anyway)
{
    flag = 0;
    choose(_i, ENTRY_POLL);
    for (const enum step *step = plot->steps; *step != 0; step++)
        if (*step == REBUILD || *step == FLUSH)
            return; /* only these entry points ask the set */
    play(false);
}
END_TEST

START_TEST(the_set_does_not_show_it)
{
    flag = 0;
    if (choose(_i, ENTRY_EPOLL_WAIT))
        play(kind->way == (plot->looks ? ODD_TAKEN : ODD_SILENT));
}
END_TEST

/* ---- events that end a wait ---- */

static int there[2], back[2];
static pid_t other; /* the thread whose events are counted */

static bool perf_of_other(struct odd *o)
{
    return odd_perf_of(o, other);
}

/* The thread lives until its event has been seen, because its end would be another event. */
static void *change_name(void *arg)
{
    other = (pid_t)syscall(SYS_gettid);
    turn_give(back);
    turn_await(there);
    odd_perf_fire(NULL);
    turn_await(there);
    return arg;
}

static void wait_for_event(void)
{
    EXPECT(fdslots_set_index(s, SLOT, subject.fd, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    turn_give(there);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, SLOT), POLLIN);
    EXPECT(e->wait(s, 0, NULL), 0);
}

/* The event comes during the wait, or just before it. */
START_TEST(a_perf_event_ends_the_wait)
{
    pthread_t thread;
    e = entry_for(asked[_i]);
    turn_make(there);
    turn_make(back);
    ck_assert_int_eq(pthread_create(&thread, NULL, change_name, NULL), 0);
    turn_await(back);
    if (must_skip(odd_open(&subject, perf_of_other), "perf event of a thread") || e == NULL)
        turn_give(there);
    else
        wait_for_event();
    turn_give(there);
    pthread_join(thread, NULL);
    odd_close(&subject);
    close_pipe(there);
    close_pipe(back);
}
END_TEST

static void complete(void)
{
    odd_ring_complete(&subject);
}

/* Nothing ends a wait for the ring itself, not even poll(2). An eventfd that counts completions
 * does. */
START_TEST(an_eventfd_ends_the_wait_for_a_ring)
{
    e = entry_for(asked[_i]);
    if (e == NULL || must_skip(odd_open(&subject, odd_ring_deferred), "io_uring"))
        return;
    int counter = odd_ring_eventfd(&subject);
    EXPECT(fdslots_set_index(s, SLOT, subject.fd, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_index(s, SLOT + 1, counter, POLLIN), 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    pid_t child = child_start(complete);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    EXPECT(fdslots_get_revents(s, SLOT), POLLIN);
    EXPECT(fdslots_get_revents(s, SLOT + 1), POLLIN);
    child_end(child);
    close(counter);
    odd_close(&subject);
}
END_TEST

/* ---- fds with O_PATH ---- */

static int make_fifo(const char *path)
{
    return mkfifo(path, 0600);
}

static int make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = bind(fd, (const struct sockaddr *)&address, sizeof address);
    close(fd);
    return rc;
}

static int (*const named[])(const char *path) = {make_fifo, make_socket};

/* fstat(2) reports them as pipes and sockets, but to poll(2) and epoll they are closed. */
START_TEST(an_fd_of_a_path_reads_as_closed)
{
    char path[] = "/tmp/fdslots-XXXXXX";
    e = entry_at(_i / LENGTH(named));
    close(mkstemp(path));
    unlink(path);
    ck_assert_int_eq(named[_i % LENGTH(named)](path), 0);
    int fd = open(path, O_PATH | O_CLOEXEC);
    unlink(path);
    ck_assert_int_ge(fd, 0);
    EXPECT(fdslots_set_index(s, SLOT, fd, POLLIN), 0);
    for (int again = 0; again < 2; again++) {
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
        EXPECT(fdslots_get_revents(s, SLOT), POLLNVAL);
    }
    close(fd);
}
END_TEST

/* ---- events that fdslots_set_max_ready() cuts ---- */

/* If a wait had no room for a perf event, the next wait by any entry point reports it once. */
START_TEST(a_cut_event_comes_next)
{
    int ready = event_fd(true);
    e = entry_for(asked[_i]);
    if (!have_epoll() || must_skip(odd_open(&subject, odd_perf), "perf event"))
        return;
    odd_perf_fire(&subject);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_index(s, SLOT, subject.fd, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_max_ready(s, 1), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    bool is_cut = fdslots_get_revents(s, SLOT) == 0;
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(e->wait(s, is_cut ? AT_MOST_NS : 0, NULL), is_cut);
    EXPECT(fdslots_get_revents(s, SLOT), is_cut ? POLLIN : 0);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    close(ready);
    odd_close(&subject);
}
END_TEST

/* ---- the flag, set and cleared ---- */

/* A polled slot is not part of the set that another loop watches. */
START_TEST(polled_slots_do_not_show_through_the_set)
{
    int ready = event_fd(true);
    if (have_epoll()) {
        EXPECT(fdslots_set_index(s, SLOT, ready, POLLIN), 0);
        ck_assert_int_eq(poll_says(fdslots_epoll_fd(s), POLLIN), POLLIN);
        EXPECT(fdslots_set_events(s, SLOT, POLLIN | FDSLOTS_POLLED), 0);
        ck_assert_int_eq(poll_says(fdslots_epoll_fd(s), POLLIN), 0);
        EXPECT(fdslots_epoll_wait(s, 0), 1);
        EXPECT(fdslots_set_events(s, SLOT, POLLIN), 0);
        ck_assert_int_eq(poll_says(fdslots_epoll_fd(s), POLLIN), POLLIN);
    }
    close(ready);
}
END_TEST

/* There are enough slots to make the set worthwhile. One wait may still go without it. */
START_TEST(without_the_flag_a_slot_goes_back_to_the_set)
{
    enum { MANY = 400 };
    if (!have_epoll())
        return;
    int fd = event_fd(true);
    fdslots_destroy(s);
    s = make_slots(MANY);
    for (uint32_t i = 1; i < MANY; i++)
        EXPECT(fdslots_set_index(s, i, idle, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 0, fd, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_set_events(s, 0, POLLIN), 0);
    for (int i = 0; i < _i; i++)
        EXPECT(fdslots_wait(s, 0, NULL), 1);
    ck_assert_int_eq(poll_says(fdslots_epoll_fd(s), POLLIN), POLLIN);
    uint64_t polled = stats_of(s).polled;
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    ck_assert_uint_eq(stats_of(s).polled, polled);
    close(fd);
}
END_TEST

Suite *suite_odd_files(void)
{
    int stories = PLOTS * odd_kind_count();
    Suite *suite = suite_create("odd files");
    TCase *tcase = add_case(suite, "those that a set does not report");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, polled_it_is_as_poll_says, 0, stories * ASKED);
    tcase_add_loop_test(tcase, under_check_too, 0, stories * ASKED);
    tcase_add_loop_test(tcase, by_poll_it_is_so_anyway, 0, stories);
    tcase_add_loop_test(tcase, the_set_does_not_show_it, 0, stories);
    tcase_add_loop_test(tcase, a_perf_event_ends_the_wait, 0, ASKED);
    tcase_add_loop_test(tcase, an_eventfd_ends_the_wait_for_a_ring, 0, ASKED);
    tcase_add_loop_test(tcase, an_fd_of_a_path_reads_as_closed, 0, LENGTH(named) * entry_count());
    tcase_add_loop_test(tcase, a_cut_event_comes_next, 0, ASKED);
    tcase_add_test(tcase, polled_slots_do_not_show_through_the_set);
    tcase_add_loop_test(tcase, without_the_flag_a_slot_goes_back_to_the_set, 0, 3);
    return suite;
}
