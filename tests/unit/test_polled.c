/* SPDX-License-Identifier: ISC
 *
 * Polled slots: which files poll(2) is asked about beside the set, because of their kind or by
 * FDSLOTS_POLLED, and that such a slot behaves like any other.
 */
#include "fds.h"
#include "oracle.h"
#include "pair.h"
#include "sets.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NSLOTS 6

static const struct entry *e;

static void setup(void)
{
    pair_setup(NSLOTS, 0);
}

/* ---- files by kind ---- */

static int open_pipe(void)
{
    int p[2];
    make_pipe(p, false);
    close(p[1]);
    return p[0];
}

static int open_fifo(void)
{
    char dir[] = "/tmp/fdslots-XXXXXX";
    char path[sizeof dir + 2];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/f", dir);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int fifo = open(path, O_RDWR | O_CLOEXEC);
    unlink(path);
    rmdir(dir);
    return fifo;
}

static int open_udp(void)
{
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int open_unix(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int open_event(void)
{
    return event_fd(true);
}

static int open_timer(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int open_signal(void)
{
    sigset_t none;
    sigemptyset(&none);
    return signalfd(-1, &none, SFD_CLOEXEC);
}

static int open_watch(void)
{
    return inotify_init1(IN_CLOEXEC);
}

static int open_set(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

static int open_null(void)
{
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int open_terminal(bool master)
{
    int ends[2];
    ck_assert_int_eq(openpty(&ends[0], &ends[1], NULL, NULL, NULL), 0);
    close(ends[master]);
    return ends[!master];
}

static int open_master(void)
{
    return open_terminal(true);
}

static int open_slave(void)
{
    return open_terminal(false);
}

static int open_mounts(void)
{
    return open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
}

static int open_names(void)
{
    return open("/proc/sys/kernel/hostname", O_RDONLY | O_CLOEXEC);
}

static int open_directory(void)
{
    return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static const struct {
    const char *name;
    int (*open)(void);
    bool registered;
} kinds[] = {
    {"pipe", open_pipe, true},
    {"fifo", open_fifo, true},
    {"UDP socket", open_udp, true},
    {"UNIX socket", open_unix, true},
    {"eventfd", open_event, true},
    {"timerfd", open_timer, true},
    {"signalfd", open_signal, true},
    {"inotify", open_watch, true},
    {"epoll set", open_set, true},
    {"/dev/null", open_null, false},
    {"pty master", open_master, false},
    {"pty slave", open_slave, false},
    {"mounts", open_mounts, false},
    {"hostname", open_names, false},
    {"directory", open_directory, false},
    {"regular file", regular_file, false},
};

/* This holds even if the number was a file of the other kind before, in any slot. */
START_TEST(a_file_is_registered_or_polled_by_its_kind)
{
    int fd = kinds[_i].open();
    ck_assert_int_ge(fd, 0);
    for (int flagged = 0; flagged < 2; flagged++) {
        EXPECT(fdslots_set_index(s, 2, fd, POLLPRI | (flagged ? FDSLOTS_POLLED : 0)), 0);
        ck_assert_int_ge(fdslots_epoll_wait(s, 0), 0);
        ck_assert_msg(sets_hold(fd) == (kinds[_i].registered && !flagged), "%s", kinds[_i].name);
        EXPECT(fdslots_rebuild(s), 0);
        ck_assert_msg(sets_hold(fd) == (kinds[_i].registered && !flagged), "%s", kinds[_i].name);
    }
    close(fd);
}
END_TEST

START_TEST(a_number_gets_another_kind)
{
    int fd = open_null();
    e = entry_at(_i);
    for (int round = 0; round < 3; round++) {
        EXPECT(fdslots_set_index(s, 2, fd, POLLIN), 0);
        EXPECT(e->wait(s, 0, NULL), 1);
        EXPECT(fdslots_epoll_wait(s, 0), 1);
        ck_assert_int_eq(sets_hold(fd), 0);
        number_reused(fd, false);
        EXPECT(fdslots_set_index(s, 2, fd, POLLIN), 0);
        EXPECT(e->wait(s, 0, NULL), 0);
        EXPECT(fdslots_epoll_wait(s, 0), 0);
        ck_assert_int_eq(sets_hold(fd), 1);
        int null = open_null();
        ck_assert_int_eq(dup2(null, fd), fd);
        close(null);
    }
    close(fd);
}
END_TEST

/* poll(2) reports it as closed, and notices when it is a file again. */
START_TEST(a_closed_number_is_polled)
{
    e = entry_at(_i);
    struct pollfd want[] = {{900, POLLIN, 0}, {idle, POLLIN, 0}};
    oracle_fill(s, want, 2);
    ck_assert_int_eq(oracle_check(e, s, want, 2), 1);
    ck_assert_int_eq(dup2(idle, 900), 900);
    ck_assert_int_eq(oracle_check(e, s, want, 2), 0);
    event_set(idle);
    ck_assert_int_eq(oracle_check(e, s, want, 2), 2);
    ck_assert_int_eq(close(900), 0);
    EXPECT(fdslots_set_index(s, 0, 900, POLLIN), 0);
    ck_assert_int_eq(oracle_check(e, s, want, 2), 2);
}
END_TEST

/* ---- the flag ---- */

static const uint32_t interests[] = {POLLIN, POLLIN | POLLOUT, POLLPRI | POLLRDHUP, 0,
                                     POLLRDNORM | POLLWRBAND};

START_TEST(any_file_may_be_polled)
{
    struct subject f;
    subject_make(&f, fd_kind_at(_i));
    for (int i = 0; (e = entry_at(i)) != NULL; i++)
        for (int k = 0; k < LENGTH(interests); k++) {
            struct pollfd want[] = {{f.fd >= 0 ? f.fd : 900, (short)interests[k], 0},
                                    {ready, POLLIN, 0}};
            oracle_fill(s, want, 2);
            EXPECT(fdslots_set_index(s, 0, want[0].fd, interests[k] | FDSLOTS_POLLED), 0);
            oracle_check(e, s, want, 2);
            ck_assert_int_eq(sets_hold(want[0].fd), 0);
        }
    subject_close(&f);
}
END_TEST

START_TEST(the_flag_is_the_callers)
{
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_get_events(s, 0), POLLIN | (int)FDSLOTS_POLLED);
    ck_assert_int_eq(fdslots_view(s)[0].events, POLLIN);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    EXPECT(fdslots_get_revents(s, 0), POLLIN);
    EXPECT(fdslots_get_events(s, 0), POLLIN | (int)FDSLOTS_POLLED);
    EXPECT(fdslots_set_events(s, 0, POLLIN), 0);
    EXPECT(fdslots_get_events(s, 0), POLLIN);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    ck_assert_int_eq(sets_hold(ready), 1);
    EXPECT(fdslots_set_events(s, 0, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    ck_assert_int_eq(sets_hold(ready), 0);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_get_events(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
}
END_TEST

/* The kernel's set is not told of the slot, and the waits are counted. */
START_TEST(what_it_costs)
{
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).polled, 0);
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN | FDSLOTS_POLLED), 0);
    const uint64_t ctls = stats_of(s).epoll_ctl_calls;
    for (unsigned wait = 1; wait <= 5; wait++) {
        EXPECT(fdslots_epoll_wait(s, 0), 1);
        ck_assert_uint_eq(stats_of(s).polled, wait);
        EXPECT(fdslots_pause_index(s, 0), 0);
        EXPECT(fdslots_resume_index(s, 0), 0);
        EXPECT(fdslots_set_events(s, 0, POLLIN | POLLPRI | FDSLOTS_POLLED), 0);
    }
    EXPECT(fdslots_pause_index(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    EXPECT(fdslots_poll(s, NSLOTS, 0), 0);
    ck_assert_uint_eq(stats_of(s).polled, 5); /* no slot was left to be polled */
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, ctls);
    EXPECT(fdslots_close_index(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 0);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, ctls);
    ready = event_fd(true);
}
END_TEST

static int by_flag(void)
{
    return dup(ready);
}

static int (*const ready_files[])(void) = {by_flag, open_null, regular_file};

START_TEST(oneshot_fires_once)
{
    e = entry_at(_i % entry_count());
    int fd = ready_files[_i / entry_count()]();
    const uint32_t events = POLLIN | FDSLOTS_ONESHOT | FDSLOTS_POLLED;
    EXPECT(fdslots_set_index(s, 0, fd, events), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_get_revents(s, 0), POLLIN);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_events(s, 0, events), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_resume_index(s, 0), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_index(s, 0, fd, events), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    close(fd);
}
END_TEST

static const uint32_t flags_without_effect[] = {FDSLOTS_EDGE, FDSLOTS_EXCLUSIVE,
                                                FDSLOTS_EDGE | FDSLOTS_EXCLUSIVE};

START_TEST(edge_is_level_and_exclusive_ordinary)
{
    e = entry_at(_i % entry_count());
    int fd = ready_files[_i / entry_count()]();
    for (int f = 0; e->is_epoll && f < LENGTH(flags_without_effect); f++) {
        const uint32_t events = POLLIN | FDSLOTS_POLLED | flags_without_effect[f];
        if ((events & FDSLOTS_EXCLUSIVE) != 0 && !have_exclusive())
            continue;
        EXPECT(fdslots_set_index(s, 0, fd, events), 0);
        EXPECT(fdslots_get_events(s, 0), (int)events);
        for (int again = 0; again < 3; again++) {
            EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
            EXPECT(fdslots_get_revents(s, 0), POLLIN);
        }
        EXPECT(fdslots_pause_index(s, 0), 0);
        EXPECT(e->wait(s, 0, NULL), 0);
        EXPECT(fdslots_resume_index(s, 0), 0);
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    }
    close(fd);
}
END_TEST

/* ---- one fd in several slots, all of which are polled if one is ---- */

START_TEST(slots_that_share_are_all_polled)
{
    e = entry_at(_i);
    struct pollfd want[] = {
        {ready, POLLIN, 0}, {ready, POLLOUT, 0}, {ready, POLLPRI, 0}, {dup(ready), POLLIN, 0}};
    oracle_fill(s, want, 4);
    oracle_check(e, s, want, 4);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    ck_assert_int_eq(sets_hold(ready), 1);
    EXPECT(fdslots_set_events(s, 1, POLLOUT | FDSLOTS_POLLED), 0);
    oracle_check(e, s, want, 4);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    ck_assert_int_eq(sets_hold(ready), 0);
    /* Another number for the same file is not affected. */
    ck_assert_int_eq(sets_hold(want[3].fd), 1);
    event_clear(ready);
    oracle_check(e, s, want, 4);
    event_set(ready);
    oracle_check(e, s, want, 4);
    EXPECT(fdslots_rebuild(s), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 3);
    ck_assert_int_eq(sets_hold(ready), 0);
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    want[1].fd = -1;
    oracle_check(e, s, want, 4);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
    ck_assert_int_eq(sets_hold(ready), 1); /* without the polled slot, the fd is registered again */
    close(want[3].fd);
}
END_TEST

START_TEST(an_edge_beside_a_polled_one_is_level)
{
    e = entry_at(_i);
    if (!e->is_epoll)
        return;
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN | FDSLOTS_EDGE), 0);
    EXPECT(e->wait(s, 0, NULL), 1);
    EXPECT(e->wait(s, 0, NULL), 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLOUT | FDSLOTS_POLLED), 0);
    for (int again = 0; again < 3; again++) {
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
        EXPECT(fdslots_get_revents(s, 0), POLLIN);
        EXPECT(fdslots_get_revents(s, 1), POLLOUT);
    }
    EXPECT(fdslots_invalidate_index(s, 1), 0);
    EXPECT(e->wait(s, 0, NULL), 1); /* registered again, so the kernel looks at the file */
    EXPECT(e->wait(s, 0, NULL), 0);
}
END_TEST

/* The flag says what the file does, so it holds for the others while its slot is paused, or is
 * one-shot and was reported. */
START_TEST(slots_that_share_stay_polled_while_it_is_hidden)
{
    e = entry_at(_i % entry_count());
    const bool oneshot = _i >= entry_count();
    EXPECT(
        fdslots_set_index(s, 0, ready, POLLIN | FDSLOTS_POLLED | (oneshot ? FDSLOTS_ONESHOT : 0)),
        0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 2);
    EXPECT(oneshot ? 0 : fdslots_pause_index(s, 0), 0);
    for (int again = 0; again < 3; again++)
        EXPECT(e->wait(s, FDSLOTS_FOREVER, NULL), 1);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, 0);
    EXPECT(fdslots_invalidate_index(s, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    ck_assert_uint_eq(stats_of(s).epoll_ctl_calls, 1);
}
END_TEST

/* Another loop watches the set. A polled slot does not wake it. */
START_TEST(polled_slots_do_not_show_through_the_nested_fd)
{
    EXPECT(fdslots_set_index(s, 0, ready, POLLIN | FDSLOTS_POLLED), 0);
    EXPECT(fdslots_set_index(s, 1, idle, POLLIN), 0);
    struct pollfd outer = {.fd = fdslots_epoll_fd(s), .events = POLLIN};
    ck_assert_int_ge(outer.fd, 0);
    ck_assert_int_eq(poll(&outer, 1, 0), 0);
    EXPECT(fdslots_epoll_wait(s, 0), 1);
    event_set(idle);
    ck_assert_int_eq(poll(&outer, 1, 0), 1);
    EXPECT(fdslots_epoll_wait(s, 0), 2);
}
END_TEST

/* A closed number reads POLLNVAL. If the slot is left out of that wait, and the number is a file by
 * the next one, only the answer for that file counts. */
START_TEST(a_number_that_becomes_a_file_is_not_invalid)
{
    enum { NUMBER = 90 };
    e = entry_at(_i);
    int file = regular_file();
    int event = event_fd(true);
    struct fdslots *two = make_slots(2);
    EXPECT(fdslots_set_index(two, 0, file, POLLIN), 0);
    EXPECT(fdslots_set_index(two, 1, NUMBER, POLLIN), 0);
    EXPECT(fdslots_set_max_ready(two, 1), 0);
    while (fdslots_get_revents(two, 0) == 0)
        EXPECT(e->wait(two, 0, NULL), 1);
    ck_assert_int_eq(dup2(event, NUMBER), NUMBER);
    while (fdslots_get_revents(two, 1) == 0)
        EXPECT(e->wait(two, 0, NULL), 1);
    EXPECT(fdslots_get_revents(two, 1), POLLIN);
    fdslots_destroy(two);
    close(NUMBER), close(file), close(event);
}
END_TEST

Suite *suite_polled(void)
{
    Suite *suite = suite_create("polled slots");
    if (!have_epoll())
        return suite;
    const int entries = entry_count();
    TCase *tcase = add_case(suite, "polled slots");
    tcase_add_checked_fixture(tcase, setup, pair_teardown);
    tcase_add_loop_test(tcase, a_file_is_registered_or_polled_by_its_kind, 0, LENGTH(kinds));
    tcase_add_loop_test(tcase, a_number_gets_another_kind, 0, entries);
    tcase_add_loop_test(tcase, a_closed_number_is_polled, 0, entries);
    tcase_add_loop_test(tcase, any_file_may_be_polled, 0, fd_kind_count());
    tcase_add_test(tcase, the_flag_is_the_callers);
    tcase_add_test(tcase, what_it_costs);
    tcase_add_loop_test(tcase, oneshot_fires_once, 0, LENGTH(ready_files) * entries);
    tcase_add_loop_test(tcase, edge_is_level_and_exclusive_ordinary, 0,
                        LENGTH(ready_files) * entries);
    tcase_add_loop_test(tcase, slots_that_share_are_all_polled, 0, entries);
    tcase_add_loop_test(tcase, an_edge_beside_a_polled_one_is_level, 0, entries);
    tcase_add_loop_test(tcase, slots_that_share_stay_polled_while_it_is_hidden, 0, 2 * entries);
    tcase_add_test(tcase, polled_slots_do_not_show_through_the_nested_fd);
    tcase_add_loop_test(tcase, a_number_that_becomes_a_file_is_not_invalid, 0, entries);
    return suite;
}
