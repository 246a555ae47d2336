/* SPDX-License-Identifier: ISC
 *
 * Resources that the kernel may refuse for an epoll set: fds and memory. The entry point returns
 * the error, no slot is lost, and everything works again once the cause is gone.
 */
#include "child.h"
#include "env.h"
#include "filter.h"
#include "kernel/epoll.h"
#include "pair.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NSLOTS 4

static void setup(void)
{
    pair_setup(NSLOTS, 0);
    EXPECT(fdslots_set_index(s, 1, ready, POLLIN), 0);
    EXPECT(fdslots_set_index(s, 3, idle, POLLIN), 0);
}

/* ---- calls that return the kernel's error ---- */

static int by_epoll_wait(void)
{
    return fdslots_epoll_wait(s, -1);
}

static int by_epoll_pwait(void)
{
    return fdslots_epoll_pwait(s, NULL, NULL);
}

static int by_rebuild(void)
{
    return fdslots_rebuild(s);
}

static int by_epoll_fd(void)
{
    return fdslots_epoll_fd(s);
}

static const struct {
    int (*call)(void);
    bool waits;
} calls[] = {
    {by_epoll_wait, true}, {by_epoll_pwait, true}, {by_rebuild, false}, {by_epoll_fd, false}};

/* All calls fail and leave the slots unchanged; otherwise the child ends. */
static void all_refused(int error)
{
    for (int c = 0; c < LENGTH(calls); c++) {
        uint32_t count = 17;
        CHILD_EXPECT(fdslots_poll(s, NSLOTS, 0), 1);
        errno = ERRNO_BEFORE;
        CHILD_EXPECT(calls[c].call(), error);
        CHILD_EXPECT(errno, ERRNO_BEFORE);
        fdslots_ready(s, &count);
        CHILD_EXPECT(count, calls[c].waits ? 0 : 1); /* a wait that fails leaves nothing ready */
        CHILD_EXPECT(fdslots_get_revents(s, 1), calls[c].waits ? 0 : POLLIN);
        CHILD_EXPECT(fdslots_get_fd(s, 1), ready);
        CHILD_EXPECT(fdslots_get_events(s, 1), POLLIN);
        CHILD_EXPECT(fdslots_get_fd(s, 3), idle);
    }
}

/* ---- the creation of the set ---- */

static void set_limit(rlim_t most)
{
    struct rlimit limit;
    CHILD_EXPECT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Valgrind simulates the limit itself, for open(2) only. */
static void run_limited(void (*fn)(void))
{
    if (!under_valgrind())
        child_run(fn);
}

static void out_of_fds(void)
{
    int lowest = epoll_create1(0);
    close(lowest);
    set_limit((rlim_t)lowest);
    all_refused(-EMFILE);
    set_limit((rlim_t)lowest + 2);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
}

START_TEST(emfile)
{
    child_run(out_of_fds);
}
END_TEST

/* One fd is enough to wait. The fd for nesting takes a second one. */
static void one_fd_left(void)
{
    int lowest = epoll_create1(0);
    close(lowest);
    set_limit((rlim_t)lowest + 1);
    CHILD_EXPECT(fdslots_epoll_fd(s), -EMFILE);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
    set_limit((rlim_t)lowest + 2);
    CHILD_EXPECT(fdslots_epoll_fd(s) >= 0, true);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
}

START_TEST(emfile_for_the_outer_set)
{
    child_run(one_fd_left);
}
END_TEST

/* A slot that holds an epoll set and waits for POLLRDNORM alone is polled, because the wakes of an
 * epoll set say POLLIN. Polling takes no fd. */
static void one_fd_left_for_a_set(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int inner = epoll_create1(EPOLL_CLOEXEC);
    CHILD_EXPECT(epoll_ctl(inner, EPOLL_CTL_ADD, idle, &event), 0);
    int lowest = epoll_create1(0);
    close(lowest);
    CHILD_EXPECT(fdslots_set_index(s, 0, inner, POLLRDNORM), 0);
    set_limit((rlim_t)lowest + 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT((intmax_t)stats_of(s).epoll_ctl_calls, 2);
    CHILD_EXPECT((intmax_t)stats_of(s).polled, 1);
    event_set(idle);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 3);
    CHILD_EXPECT(fdslots_get_revents(s, 0), POLLRDNORM);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 3);
}

START_TEST(a_set_in_a_slot_takes_no_fd)
{
    child_run(one_fd_left_for_a_set);
}
END_TEST

/* If no fd is free, the old set is closed first. The rebuild still drops the ghost. */
static void rebuild_without_fds(void)
{
    int ghost = event_fd(true);
    int kept = dup(ghost);
    CHILD_EXPECT(fdslots_set_index(s, 2, ghost, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(fdslots_invalidate_index(s, 2), 0);
    close(ghost);
    int filler = dup(idle); /* takes the number, which is another file now */
    int lowest = epoll_create1(0);
    close(lowest);
    set_limit((rlim_t)lowest);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
    CHILD_EXPECT(fdslots_get_revents(s, 2), 0);
    CHILD_EXPECT(fdslots_pause_index(s, 1), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 0);
    set_limit((rlim_t)lowest + 1);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(fdslots_resume_index(s, 1), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 1);
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    close(filler);
    close(kept);
}

/* The number of the old set is above the limit by now, so the old set is kept. A wait that a ghost
 * holds up fails, with one file or two beside the ghost, or with a polled slot. */
static int files_beside_the_ghost;
static uint32_t flags_beside_the_ghost;

static void ghost_above_the_limit(void)
{
    int ghost = event_fd(true);
    int kept = dup(ghost);
    if (files_beside_the_ghost > 1 || flags_beside_the_ghost != 0)
        CHILD_EXPECT(fdslots_set_index(s, 0, dup(idle), POLLIN | flags_beside_the_ghost), 0);
    CHILD_EXPECT(fdslots_set_index(s, 2, ghost, POLLIN), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(fdslots_invalidate_index(s, 2), 0);
    CHILD_EXPECT(fdslots_pause_index(s, 1), 0);
    int filler = dup2(idle, ghost);
    set_limit(3);
    for (int again = 0; again < 3; again++)
        CHILD_EXPECT(fdslots_epoll_wait(s, -1), -EMFILE);
    CHILD_EXPECT(fdslots_rebuild(s), -EMFILE);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 0);
    CHILD_EXPECT(fdslots_resume_index(s, 1), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 0);
    set_limit(4); /* poll(2) takes no more slots than this */
    CHILD_EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
    CHILD_EXPECT(fdslots_get_fd(s, 3), idle);
    set_limit(1000);
    CHILD_EXPECT(fdslots_epoll_wait(s, -1), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 1), POLLIN);
    close(filler);
    close(kept);
}

START_TEST(emfile_with_a_ghost)
{
    files_beside_the_ghost = _i == 1 ? 2 : 1;
    flags_beside_the_ghost = _i == 2 ? FDSLOTS_POLLED : 0;
    child_run(ghost_above_the_limit);
}
END_TEST

/* The old set is closed because there is no fd for another one, and there is none for it even then,
 * because a slot holds the number that this has freed. Nothing is registered from then on, so
 * closing a slot's fd does not ask the kernel. */
static void no_set_at_all(void)
{
    const int number = dup(idle);
    close(number);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_set_index(s, 2, number, POLLIN), 0);
    set_limit((rlim_t)number + 1);
    CHILD_EXPECT(fdslots_rebuild(s), -EMFILE);
    CHILD_EXPECT(fcntl(number, F_GETFD), -1);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 1);
    const struct fdslots_stats before = stats_of(s);
    CHILD_EXPECT(fdslots_close_index(s, 1), 0);
    CHILD_EXPECT((intmax_t)(stats_of(s).epoll_ctl_calls - before.epoll_ctl_calls), 0);
    set_limit(1000);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    CHILD_EXPECT(fdslots_get_revents(s, 2), POLLNVAL);
}

START_TEST(emfile_with_the_old_set_gone)
{
    child_run(no_set_at_all);
}
END_TEST

/* A program forbids itself any new fd when it is set up, as sandboxes do. Files that outlive their
 * fds after that, exclusive ones too, make no wait fail, and an outer loop still sees the set. */
static void no_fd_any_more(void)
{
    int ghosts[2];
    for (uint32_t i = 0; i < 2; i++) {
        ghosts[i] = event_fd(true);
        CHILD_EXPECT(dup(ghosts[i]) >= 0, true);
    }
    const uint32_t exclusive = have_exclusive() ? FDSLOTS_EXCLUSIVE : 0;
    CHILD_EXPECT(fdslots_set_index(s, 0, ghosts[0], POLLIN | exclusive), 0);
    CHILD_EXPECT(fdslots_set_index(s, 2, ghosts[1], POLLIN), 0);
    struct pollfd outer = {.fd = fdslots_epoll_fd(s), .events = POLLIN};
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 3);
    set_limit(1);
    for (uint32_t i = 0; i < 2; i++) {
        CHILD_EXPECT(fdslots_invalidate_index(s, 2 * i), 0);
        close(ghosts[i]);
    }
    for (int again = 0; again < 20; again++) {
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
        CHILD_EXPECT(fdslots_epoll_pwait(s, NULL, NULL), 1);
        CHILD_EXPECT(fdslots_wait(s, FDSLOTS_FOREVER, NULL), 1);
        CHILD_EXPECT(fdslots_rebuild(s), -EMFILE);
    }
    CHILD_EXPECT(fdslots_epoll_fd(s), outer.fd);
    set_limit(1000); /* for poll(2), which takes no more pollfds than this */
    CHILD_EXPECT(poll(&outer, 1, 0), 1);
}

START_TEST(emfile_for_ever)
{
    run_limited(no_fd_any_more);
}
END_TEST

/* The caller has closed the set, and its number is another file. A rebuild replaces the set and
 * leaves that file alone. */
static void number_of_the_set_reused(void)
{
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    const int number = s->kernel->fd;
    CHILD_EXPECT(dup2(idle, number), number);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), -EINVAL);
    CHILD_EXPECT(fdslots_rebuild(s), 0);
    CHILD_EXPECT(fcntl(number, F_GETFD) >= 0, true);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
}

START_TEST(a_rebuild_closes_no_file_of_the_caller)
{
    child_run(number_of_the_set_reused);
}
END_TEST

/* The last number that is allowed is closed and in a slot, so no set may have it. A new set has to
 * take the number of the old one. */
static void last_number_in_a_slot(void)
{
    const int exclusive = event_fd(false);
    CHILD_EXPECT(dup(exclusive) >= 0, true);
    CHILD_EXPECT(fdslots_set_index(s, 2, exclusive, POLLIN | FDSLOTS_EXCLUSIVE), 0);
    CHILD_EXPECT(fdslots_epoll_wait(s, 0), 1);
    const int last = 200;
    set_limit((rlim_t)last + 1);
    while (dup(idle) < last - 1)
        continue;
    CHILD_EXPECT(fdslots_set_index(s, 0, last, POLLIN), 0);
    CHILD_EXPECT(fdslots_invalidate_index(s, 2), 0);
    CHILD_EXPECT(dup2(idle, exclusive), exclusive);
    for (int again = 0; again < 3; again++)
        CHILD_EXPECT(fdslots_epoll_wait(s, 0), 2);
    CHILD_EXPECT(fdslots_get_revents(s, 0), POLLNVAL);
    CHILD_EXPECT((intmax_t)stats_of(s).rebuilds, 1);
}

START_TEST(the_last_number_is_in_a_slot)
{
    if (under_valgrind() || !have_exclusive())
        return; /* valgrind simulates the limit itself, for open(2) only */
    child_run(last_number_in_a_slot);
}
END_TEST

/* fdslots_wait() avoids poll(2), which was refused. Then the set fails, because the caller has
 * closed it, but poll(2) works again. fdslots_wait() falls back to it as it would in any other
 * case. */
static void refused_in_turn(void)
{
    struct fdslots *many = make_slots(100);
    CHILD_EXPECT(fdslots_set_index(many, 99, ready, POLLIN), 0);
    set_limit(64);
    CHILD_EXPECT(fdslots_wait(many, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT((intmax_t)stats_of(many).fallbacks, 1);
    set_limit(1000);
    close(many->kernel->fd);
    CHILD_EXPECT(fdslots_wait(many, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT((intmax_t)stats_of(many).fallbacks, 2);
    CHILD_EXPECT((intmax_t)stats_of(many).poll_calls, 2);
    fdslots_destroy(many);
}

START_TEST(each_refusal_counts)
{
    run_limited(refused_in_turn);
}
END_TEST

START_TEST(emfile_at_a_rebuild)
{
    child_run(rebuild_without_fds);
}
END_TEST

static int refusal;

static void creation_refused(void)
{
    filter_refuse(SYS_epoll_create1, FILTER_ANY, refusal);
    all_refused(-refusal);
    CHILD_EXPECT(fdslots_wait(s, 0, NULL), 1);
    CHILD_EXPECT(fdslots_has(FDSLOTS_HAS_EPOLL), 0);
}

static const int refusals[] = {ENOMEM, ENFILE, EPERM, ENOSYS};

START_TEST(creation_fails)
{
    if (!filter_works())
        return;
    refusal = refusals[_i];
    child_run(creation_refused);
}
END_TEST

/* ---- fdslots_wait() has a fallback ---- */

static struct fdslots *wide;

/* poll(2) refuses more slots than RLIMIT_NOFILE; epoll does not. */
static void few_fds_many_slots(void)
{
    wide = make_slots(2000);
    CHILD_EXPECT(fdslots_set_index(wide, 1999, ready, POLLIN), 0);
    set_limit(64);
    CHILD_EXPECT(fdslots_poll(wide, 2000, 0), -EINVAL);
    CHILD_EXPECT(fdslots_epoll_wait(wide, -1), 1);
    for (int again = 0; again < 5; again++)
        CHILD_EXPECT(fdslots_wait(wide, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_revents(wide, 1999), POLLIN);
    fdslots_destroy(wide);
}

START_TEST(wait_goes_on_by_epoll)
{
    run_limited(few_fds_many_slots);
}
END_TEST

static void neither_works(void)
{
    wide = make_slots(2000);
    CHILD_EXPECT(fdslots_set_index(wide, 1999, ready, POLLIN), 0);
    set_limit(3);
    CHILD_EXPECT(fdslots_wait(wide, FDSLOTS_FOREVER, NULL) < 0, true);
    CHILD_EXPECT((intmax_t)stats_of(wide).fallbacks, 0);
    set_limit(1000);
    CHILD_EXPECT(fdslots_wait(wide, FDSLOTS_FOREVER, NULL), 1);
    CHILD_EXPECT(fdslots_get_fd(wide, 1999), ready);
    fdslots_destroy(wide);
}

START_TEST(an_error_only_where_neither_can)
{
    run_limited(neither_works);
}
END_TEST

Suite *suite_epoll_limits(void)
{
    Suite *suite = suite_create("limits of epoll");
    if (!have_epoll())
        return suite;
    TCase *tcase = add_case(suite, "fds and memory");
    tcase_add_checked_fixture(tcase, setup, pair_teardown);
    tcase_add_loop_test(tcase, creation_fails, 0, LENGTH(refusals));
    tcase_add_test(tcase, emfile);
    tcase_add_test(tcase, emfile_for_the_outer_set);
    tcase_add_test(tcase, a_set_in_a_slot_takes_no_fd);
    tcase_add_test(tcase, emfile_at_a_rebuild);
    tcase_add_loop_test(tcase, emfile_with_a_ghost, 0, 3);
    tcase_add_test(tcase, emfile_with_the_old_set_gone);
    tcase_add_test(tcase, emfile_for_ever);
    tcase_add_test(tcase, a_rebuild_closes_no_file_of_the_caller);
    tcase_add_test(tcase, the_last_number_is_in_a_slot);
    tcase_add_test(tcase, each_refusal_counts);
    tcase_add_test(tcase, wait_goes_on_by_epoll);
    tcase_add_test(tcase, an_error_only_where_neither_can);
    return suite;
}
